/* nsswitch.h - nsswitch.conf(5): where names are looked up, and in which order */
#ifndef PROTO_NSSWITCH_H
#define PROTO_NSSWITCH_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/words.h"

#define NSSWITCH_MOST 16

/* A source, such as `files` or `dns`. */
struct nsswitch_source {
	struct word name; /* in the file's text */
	bool ends; /* `[NOTFOUND=return]` or the like: if it does not know a name, no source behind
		      it is asked */
};

struct nsswitch {
	size_t line; /* its number in the file, from 1; 0: there is no such line */
	size_t n;
	struct nsswitch_source sources[NSSWITCH_MOST]; /* more are skipped */
};

/* Reads the line of DATABASE (`hosts`), or the last of several, from the N bytes at TEXT into *OUT.
 */
void nsswitch_read(struct nsswitch *out, const char *database, const char *text, size_t n);

#endif
