/* exchange.h - a command for one message: that is its stdin, and what it writes is the answer
 *
 * The answer is one message, or several as a frame cuts it.
 */
#ifndef RUN_EXCHANGE_H
#define RUN_EXCHANGE_H

#include <stddef.h>

#include "base/outcome.h"
#include "flow/framer.h"
#include "run/job.h"

struct exchange;

/* All pointers must live until the exchange is over. */
struct exchange_config {
	struct loop *loop;
	const struct messages *messages;
	const struct spawn_command *command;
	struct subject subject;	     /* whom it is for */
	const char *proto;	     /* "TCP", "UDP" */
	const struct address *local; /* to which the peer sent; NULL: not known */
	const char *peer_name;	     /* NULL: to be looked up, unless `numeric` */
	bool numeric;
	struct frame frame;	     /* cuts the answer */
	size_t most;		     /* bytes in a piece of it at most */
	const char *unit;	     /* what a piece is, for messages: "a datagram" */
	const struct frame *carrier; /* for messages: what cannot say the pieces for which `answer`
					returns EMSGSIZE; NULL: they are larger than `most` */
	/* A piece of the answer. Returns 1 if it was taken; 0 if that has to wait for
	 * exchange_resume(); or -1 with errno ENOMEM or, with *SIZE what it would become, EMSGSIZE.
	 */
	int (*answer)(void *arg, const char *data, size_t *size);
	/* The exchange is over, with OUTCOME, and is gone after this. ANSWERED: the command ran,
	 * and all that it wrote was taken. */
	void (*ended)(void *arg, struct outcome outcome, bool answered);
	void *arg;
};

/* Runs the command for the message of SIZE bytes at DATA, which is copied. To be called after
 * spawn_prepare(). Says itself what goes wrong with it. Sets *X before anything is called; may call
 * `ended` before it returns. Returns 0, or -1 with errno ENOMEM: then nothing is called. */
int exchange_start(struct exchange **x, const struct exchange_config *c, const char *data,
		   size_t size);

/* Goes on with the pieces of the answer that had to wait. May call `ended`. */
void exchange_resume(struct exchange *x);

/* Forgets X: its command runs on. Without effect if X is NULL. */
void exchange_free(struct exchange *x);

#endif
