#include "net/system_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SIZE_MOST (16 << 20)

int system_file_read(const char *path, struct text *out)
{
	/* What is no file must not hold us up. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = 0;
	char piece[4096];
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (!error && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n > 0)
			text_put(out, piece, (size_t)n);
		else if (errno != EINTR)
			error = errno;
		if (out->length > SIZE_MOST)
			error = EFBIG;
		else if (out->failed)
			error = ENOMEM;
	}
	close(fd);
	if (error)
		errno = error;
	return error ? -1 : 0;
}
