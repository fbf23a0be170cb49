/* lines.c - reading a file line by line, to its end */
#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>

void lines_open(struct lines *l, const char *path)
{
	*l = (struct lines){ .file = fopen(path, "re") };
	if (!l->file)
		l->error = errno;
}

bool lines_next(struct lines *l)
{
	ssize_t n = l->error ? -1 : getline(&l->line, &l->size, l->file);

	if (n < 0) {
		/* Want of memory is not the stream's error, but it is not the end either. */
		if (!l->error && !feof(l->file))
			l->error = errno;
		return false;
	}
	/* A line of which only the beginning could be read comes as if it were the last one. */
	if (ferror(l->file)) {
		l->error = errno;
		return false;
	}
	if (n > 0 && l->line[n - 1] == '\n')
		n--;
	l->line[n] = '\0';
	l->length = (size_t)n;
	l->n++;
	return true;
}

int lines_close(struct lines *l)
{
	free(l->line);
	if (l->file)
		fclose(l->file);
	errno = l->error;
	return l->error ? -1 : 0;
}
