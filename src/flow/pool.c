/* pool.c - a few buffers are kept between their uses */
#include "flow/pool.h"

#include <stdlib.h>

#define KEEP 4

/* The buffers used last: to map new pages for each read would cost more than the read itself. */
static struct {
	char *buffer;
	size_t size;
} kept[KEEP];

char *pool_take(size_t size)
{
	for (size_t i = 0; i < KEEP; i++)
		if (kept[i].buffer && kept[i].size == size) {
			char *buffer = kept[i].buffer;
			kept[i].buffer = NULL;
			return buffer;
		}
	return malloc(size);
}

void pool_give(char *buffer, size_t size)
{
	for (size_t i = 0; buffer && i < KEEP; i++)
		if (!kept[i].buffer) {
			kept[i].buffer = buffer;
			kept[i].size = size;
			return;
		}
	free(buffer);
}

void pool_free(void)
{
	for (size_t i = 0; i < KEEP; i++) {
		free(kept[i].buffer);
		kept[i].buffer = NULL;
	}
}
