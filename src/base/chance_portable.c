/* chance_portable.c - random numbers from the device that all systems have */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/chance.h"
#include "base/descriptors.h"

int chance_fill(void *bytes, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, bytes, n);
	if (got >= 0 && (size_t)got != n)
		errno = EIO;
	close_keeping_errno(fd);
	return got < 0 || (size_t)got != n ? -1 : 0;
}
