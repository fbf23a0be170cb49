/* resolve_explain.h - `sockit resolve --explain`: prints the course of a look-up */
#ifndef CMD_RESOLVE_EXPLAIN_H
#define CMD_RESOLVE_EXPLAIN_H

#include "cmd/resolve_show.h"

struct explanation;

struct explanation_calls {
	/* The explanation is complete; KIND says how the look-up ended. Called once, from the loop;
	 * the explanation is freed after it. */
	void (*done)(void *arg, enum outcome_kind kind);
	/* There is more in SHOW. */
	void (*progress)(void *arg);
	/* What is in SHOW comes before a message that is about to be said. */
	void (*flush)(void *arg);
};

/* Explains in SHOW how C's question about WORD is answered, each step as soon as it and those
 * before it are done. C, SHOW and CALLS must stay. Returns NULL with errno ENOMEM. */
struct explanation *explanation_start(const struct resolution_config *c, const char *word,
				      struct show *show, const struct explanation_calls *calls,
				      void *arg);

/* Frees E before its end. NULL: does nothing. */
void explanation_cancel(struct explanation *e);

#endif
