/* resolve_source.h - the words that `sockit resolve` looks up: operands, and the lines of stdin */
#ifndef CMD_RESOLVE_SOURCE_H
#define CMD_RESOLVE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "flow/endpoint.h"
#include "loop/loop.h"

/* Start with the loop, the operands, and what to call when more of stdin has come. */
struct source {
	struct loop *loop;
	const struct operands *operands; /* `-` stands for stdin */
	const char *self;		 /* not NULL: the only word */
	void (*more)(void *arg);
	void *arg;
	int error; /* errno of reading stdin; 0: none */
	/* its own: */
	int next;
	struct endpoint in;
	struct watch watch;
	char *data;
	size_t start, end;
	bool reading, ended, skipping; /* of stdin; skipping: within a line that was too long */
};

/* Opens stdin for S, of whose operands one is `-`. */
void source_open(struct source *s);

/* Returns the next word, valid until the next call. NULL: there is none, or stdin is waited for
 * (*WAITS), and `more` will be called once. Of a line that is longer than any name only the
 * beginning is the word; a NUL becomes another control character. */
const char *source_next(struct source *s, bool *waits);

/* Frees what S holds. */
void source_free(struct source *s);

#endif
