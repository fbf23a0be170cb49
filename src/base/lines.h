/* lines.h - reading a file line by line, to its end */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Start with lines_open(); lines_close() in the end. */
struct lines {
	FILE *file;
	char *line;    /* the last one that was read, without what ends it; a NUL may be in it */
	size_t length; /* its bytes */
	size_t n;      /* its number, from 1 */
	size_t size;
	int error; /* why no more can be read; 0: nothing has failed */
};

/* Opens the file PATH. A failure is told by lines_close(). */
void lines_open(struct lines *l, const char *path);

/* Reads the next line. Returns whether there is one: there is none at the end, or where the file
 * cannot be read any further. */
bool lines_next(struct lines *l);

/* Closes the file. Returns 0, or -1 with errno of fopen(3) or getline(3): then what was read is not
 * all. */
int lines_close(struct lines *l);

#endif
