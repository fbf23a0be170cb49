/* pipes_portable.c - no way but reading and writing */
#include "flow/pipes.h"

#include <errno.h>

void pipes_free(void)
{
}

void pipes_reserve(size_t n)
{
	(void)n;
}

ssize_t pages_take(struct pages *p, int source, size_t n)
{
	(void)p, (void)source, (void)n;
	return 0;
}

ssize_t pages_send(const struct pages *p, int fd)
{
	(void)p, (void)fd;
	errno = ENOTSUP;
	return -1;
}

int pages_empty(struct pages *p, char *data)
{
	(void)p, (void)data;
	errno = ENOTSUP;
	return -1;
}
