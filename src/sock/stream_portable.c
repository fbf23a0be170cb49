/* stream_portable.c - nothing beyond what POSIX knows of a connected stream socket */
#include <errno.h>

#include "sock/stream.h"

const bool stream_knows_who = false;
const bool stream_connects_again = false;

int stream_tcp(int fd, struct stream_tcp *out)
{
	(void)fd;
	(void)out;
	errno = ENOTSUP;
	return -1;
}

bool stream_begins_small(void)
{
	return false;
}

int64_t stream_unsent(int fd)
{
	(void)fd;
	return 0;
}

void stream_hesitate(int fd)
{
	(void)fd;
}

int stream_protocol(int fd)
{
	(void)fd;
	errno = ENOTSUP;
	return -1;
}

bool stream_fell_back(int fd)
{
	(void)fd;
	return false;
}

int stream_credentials(int fd, int64_t *ids)
{
	(void)fd;
	(void)ids;
	errno = ENOTSUP;
	return -1;
}
