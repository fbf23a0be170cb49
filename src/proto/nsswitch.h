/* nsswitch.h - nsswitch.conf(5): where names are looked up, and in which order */
#ifndef PROTO_NSSWITCH_H
#define PROTO_NSSWITCH_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/words.h"

#define NSSWITCH_MOST 16

struct nsswitch {
	size_t line;	  /* its number in the file, from 1; 0: there is no such line */
	struct word text; /* what stands behind the colon, in the file's text */
	size_t n;
	struct word sources[NSSWITCH_MOST]; /* such as `files` or `dns`; more are skipped */
};

/* Reads the line of DATABASE (`hosts`), or the last of several, from the N bytes at TEXT into *OUT.
 * As glibc does: a comment is a whole line. */
void nsswitch_read(struct nsswitch *out, const char *database, const char *text, size_t n);

#endif
