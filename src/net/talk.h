/* talk.h - a dialogue with whoever was connected to only to see whether it answers so */
#ifndef NET_TALK_H
#define NET_TALK_H

#include <stdint.h>

#include "loop/loop.h"
#include "proto/dialogue.h"

struct talk;

/* Has the dialogue D over FD, a connected, non-blocking socket, which is T's from here on. Each
 * step has the time LIMIT, ns. At its end OVER is called from the loop, never from in here, with
 * the run as it ended; ERROR is why the connection broke before that, else 0. To be freed by then,
 * or before, by talk_free(). Returns NULL with errno ENOMEM; FD is closed then. */
struct talk *talk_start(struct loop *loop, int fd, const struct dialogue *d, int64_t limit,
			void (*over)(void *arg, const struct dialogue_run *r, int error),
			void *arg);

/* Closes the connection. Without effect where T is NULL. */
void talk_free(struct talk *t);

/* Frees T. Returns its connection, which goes on. */
int talk_leave(struct talk *t);

#endif
