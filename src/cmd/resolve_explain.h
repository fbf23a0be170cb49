/* resolve_explain.h - `sockit resolve --explain`: the whole way of a look-up */
#ifndef CMD_RESOLVE_EXPLAIN_H
#define CMD_RESOLVE_EXPLAIN_H

#include "cmd/resolve_show.h"

struct explain;

struct explain_calls {
	void (*done)(void *arg,
		     enum outcome_kind kind); /* once, from the loop, with what it means */
	void (*progress)(void *arg);	      /* there is more in SHOW */
};

/* Tells in SHOW how C's question about WORD is answered, each step as soon as it and those before
 * it are done. Returns NULL with errno ENOMEM. */
struct explain *explain_start(const struct resolution_config *c, const char *word,
			      struct show *show, const struct explain_calls *calls, void *arg);

/* Gives it up. NULL: does nothing. */
void explain_cancel(struct explain *e);

#endif
