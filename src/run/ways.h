/* ways.h - what can be found out about the ways to a place: each address by itself, side by side
 *
 * A way is taken step by step (the table in ways_steps.c): its route, the connection, who listens,
 * what the service says first. Each address is connected to, not only the first that answers.
 */
#ifndef RUN_WAYS_H
#define RUN_WAYS_H

#include "loop/loop.h"
#include "net/dial.h"
#include "run/steps.h"
#include "system/route.h"

struct ways;

/* All pointers must live until the end. */
struct ways_config {
	struct loop *loop;
	const struct messages *messages;
	const struct socket_options *socket;
	const char *host, *port; /* have passed address_operands() */
	int family;		 /* AF_UNSPEC: both */
	const struct proxy *proxy;
	const struct address *sources; /* `socket`'s, looked up */
	size_t n_sources;
	int64_t wait; /* for each step, ns */
	struct events events;
	void (*changed)(void *arg); /* there may be more for ways_tell(); called from the loop */
	void *arg;
};

/* Tries C's N ADDRESSES, with their ports: those of its host, or, if there is a proxy, of the first
 * proxy, and then the host through that. Returns NULL with errno ENOMEM. */
struct ways *ways_start(const struct ways_config *c, const struct address *addresses, size_t n);

/* Tells S the steps that are done and whose turn it is: by steps, and of each by addresses. Returns
 * whether all have been told. */
bool ways_tell(struct ways *w, struct steps *s);

/* All has been told: tells S what is wrong. */
void ways_judge(struct ways *w, struct steps *s);

/* Returns whether a way is open. Where none is *R becomes what one dial to all of them would tell;
 * what it points to is W's. */
bool ways_result(struct ways *w, struct dial_result *r);

/* Adds the member `open`, the addresses that are, if there are any. */
void ways_json(const struct ways *w, struct json *json);

/* Adds to TEXT the steps that are under way. */
void ways_waits(const struct ways *w, struct text *text);

/* Frees W; NULL: does nothing. */
void ways_free(struct ways *w);

#endif
