#include "flow/pool.h"

#include <errno.h>
#include <stdlib.h>

#define KEEP 4

/* The few that were used last are kept: to map new pages for each read would cost more than it. */
static struct {
	char *buffer;
	size_t size;
} kept[KEEP];

char *pool_take(size_t size)
{
	char *buffer;

	for (size_t i = 0; i < KEEP; i++)
		if (kept[i].buffer && kept[i].size == size) {
			buffer = kept[i].buffer;
			kept[i].buffer = NULL;
			return buffer;
		}
	buffer = malloc(size);
	if (!buffer)
		errno = ENOMEM;
	return buffer;
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
