/* resolve_explain.h - `sockit resolve --explain`: the whole way of a look-up */
#ifndef CMD_RESOLVE_EXPLAIN_H
#define CMD_RESOLVE_EXPLAIN_H

#include "cmd/resolve_show.h"

struct explain;

/* Tells in SHOW how C's question about WORD is answered, each step as soon as the one before it has been told.
 * FN is called once, from the loop, with what it means. Returns NULL with errno ENOMEM. */
struct explain *explain_start(const struct resolution_config *c, const char *word,
			      struct show *show, void (*fn)(void *arg, enum outcome_kind kind),
			      void *arg);

/* Gives it up. NULL: does nothing. */
void explain_cancel(struct explain *e);

#endif
