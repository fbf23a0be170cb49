/* resolve_source.h - where `sockit resolve` has its questions from: operands, and the lines of
 * stdin
 */
#ifndef CMD_RESOLVE_SOURCE_H
#define CMD_RESOLVE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "flow/endpoint.h"
#include "loop/loop.h"

/* Start with the operands, the loop and what to call when more of stdin has come. */
struct source {
	struct loop *loop;
	const struct operands *operands; /* `-` stands for stdin */
	const char *self;		 /* not NULL: this alone is asked for */
	void (*more)(void *arg);
	void *arg;
	int error; /* errno of reading stdin, 0: none */
	/* its own: */
	int next;
	struct endpoint in;
	struct watch watch;
	char *data;
	size_t start, end;
	bool reading, ended,
		skipping; /* of stdin; skipping: the rest of a line that was too long */
};

/* The next word to ask for, which is gone with the next call; NULL: there is none, or *WAITS for
 * stdin, and its `more` is called once. Of a line that is too long for any name the beginning is
 * the word; a NUL becomes another control character. */
const char *source_next(struct source *s, bool *waits);

/* Frees what S has. */
void source_free(struct source *s);

#endif
