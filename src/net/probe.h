/* probe.h - many connections that are made only to see whether they can be
 *
 * A prober asks its owner for one target after the other, has as many under way at a time as it
 * may, and tells how each came out. Of a target's addresses the first that answers is enough: they
 * are tried as dial.h does it (RFC 8305). The connection is closed at once.
 */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "sock/address.h"
#include "net/event.h"
#include "net/places.h"
#include "sock/sockopt.h"

struct prober;

struct probe_target {
	const struct address *addresses; /* stay the owner's until it is told */
	size_t n;			 /* from 1 */
	uint16_t port;			 /* in place of theirs */
	void *tag;			 /* the owner's, */
	int64_t number;			 /* and so is this */
};

enum probe_state {
	PROBE_OPEN,
	PROBE_CLOSED,	   /* refused; a UNIX socket that is not there too */
	PROBE_FILTERED,	   /* no answer in time, of one address at least */
	PROBE_UNREACHABLE, /* any other error */
};

/* `open`, `closed`, `filtered`, `unreachable`. */
const char *probe_state_name(enum probe_state state);

struct probe_result {
	enum probe_state state;
	int error;	  /* an errno; 0 where it is open */
	const char *what; /* the option or step that failed, NULL: connecting itself */
	size_t index;	  /* of the address that this is about */
	int64_t ns;	  /* how long connecting to that one took, or failing to */
	void *tag;	  /* of the target */
	int64_t number;
};

/* All pointers must stay until the end. */
struct probe_config {
	const struct socket_options *socket;
	int family;   /* AF_UNSPEC: both, for the source */
	int64_t wait; /* how long a target may take, ns */
	size_t jobs;  /* so many addresses at a time, from 1; fewer where descriptors are short */
	struct events events;
	/* The next target into *T; false: there is none now, see prober_wake(). */
	bool (*next)(void *arg, struct probe_target *t);
	void (*over)(void *arg, const struct probe_result *r);
	/* The source to connect from cannot be looked up. Nothing else will come. */
	void (*failed)(void *arg, const struct places_failure *f);
	void *arg;
};

/* Starts a prober. The calls come from the loop, never from in here. Connections to oneself, which
 * happen in the range of ports that connect(2) itself uses, and of two of its own sockets with each
 * other, count as refused. Where there is no local port or descriptor left it tries again, until
 * nothing could be started for the time of `wait`. Returns NULL with errno ENOMEM. */
struct prober *prober_start(struct loop *loop, const struct probe_config *c);

/* There may be targets again. */
void prober_wake(struct prober *p);

/* Gives up what is under way, without a word. Not from one of P's calls. */
void prober_free(struct prober *p);

#endif
