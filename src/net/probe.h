/* probe.h - many connections, made only to see whether they can be made; by UDP many questions,
 * sent only to see whether they are answered
 *
 * A prober asks its owner for one target after the other, tries as many at a time as it may, and
 * tells how each has ended. A target's addresses are tried as dial.h does it (RFC 8305) until one
 * answers. The connection is closed at once, or after a dialogue, or asked for TLS before that. By
 * way of proxies it is they who are asked to connect to the target, by its name.
 */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "net/dial.h"
#include "net/event.h"
#include "net/places.h"
#include "net/proxy_client.h"
#include "net/tls_asker.h"
#include "proto/dialogue.h"
#include "sock/icmp.h"

struct prober;

struct probe_target {
	const struct address *addresses; /* must live until the target's result */
	size_t n;			 /* at least one */
	uint16_t port;			 /* in place of the addresses' */
	const char *name;		 /* of the host, for proxies and TLS, see net/tls_asker.h */
	void *tag;			 /* the owner's own, as is */
	int64_t number;			 /* this */
};

enum probe_state {
	PROBE_OPEN,
	PROBE_CLOSED,	   /* refused, or a UNIX socket that is not there */
	PROBE_FILTERED,	   /* (by UDP no answer) at least one address did not answer in time */
	PROBE_PROHIBITED,  /* a firewall, a route or the system's rules do not permit it */
	PROBE_UNREACHABLE, /* any other error */
	PROBE_UNEXPECTED,  /* connected, but the dialogue came to nothing: ETIMEDOUT where that was
			    * by silence */
	PROBE_STATES
};

/* `open`, `closed`, `filtered` (SOCKTYPE SOCK_STREAM) or `no-answer`, `prohibited`, `unreachable`,
 * `unexpected`. */
const char *probe_state_name(enum probe_state state, int socktype);

/* Returns what the port is whose connection has failed with ERROR (0: it has not), by the message
 * ICMP, to an address of FAMILY. */
enum probe_state probe_state_of(int error, const struct icmp_error *icmp, int family);

/* Is ERROR one that only a connected socket has? Whoever refuses a connection is told by
 * ECONNREFUSED. */
bool probe_was_connected(int error);

struct probe_result {
	enum probe_state state;
	int error;		/* an errno; 0 if it is open */
	const char *what;	/* the option or step that failed; NULL: connecting itself */
	struct icmp_error icmp; /* the message behind the error; its family is 0: there was none */
	const char *said;	/* how the dialogue, or the way by proxies, has failed, in words,
				 * gone after the call; NULL */
	size_t index;		/* of the address that decided */
	const struct dial_failure *failures; /* of all that were tried, error 0 for silence; gone
					      * after the call, and none of a target that is open */
	size_t n;
	struct tls_result *tls; /* what an open one said, as of tls_fn; NULL: it was not asked */
	int64_t ns;		/* how long connecting took */
	void *tag;		/* of the target */
	int64_t number;
};

/* All pointers must live until the end. */
struct probe_config {
	const struct socket_options *socket;
	const struct proxy *proxy; /* by way of it and those behind it; NULL: directly */
	int socktype;		   /* SOCK_STREAM: connect; SOCK_DGRAM: ask */
	const void *question; /* what, of `question_size` bytes; NULL: what question_for() has */
	size_t question_size;
	bool tls; /* ask for TLS, within `wait` too */
	/* After which a port is open, and then asked for TLS; NULL: once it is connected. */
	const struct dialogue *dialogue;
	int family;   /* of the source; AF_UNSPEC: both */
	int64_t wait; /* ns that a target may take, and then each step of the dialogue */
	size_t jobs;  /* how many addresses at a time, at least one; fewer if descriptors are short
		       */
	struct events events;
	/* Puts the next target into *T; false: there is none now, see prober_wake(). */
	bool (*next)(void *arg, struct probe_target *t);
	void (*over)(void *arg, const struct probe_result *r);
	/* The source to connect from cannot be looked up. Nothing else will come. */
	void (*failed)(void *arg, const struct places_failure *f);
	void *arg;
};

/* Starts a prober. It calls back from the loop, never from in here. A connection of a socket to
 * itself, or of two of the prober's sockets to each other, counts as refused: both happen in the
 * range of ports from which connect(2) chooses. If no local port or descriptor is left, it tries
 * again until nothing could be started for the time of `wait`. Returns NULL with errno ENOMEM. */
struct prober *prober_start(struct loop *loop, const struct probe_config *c);

/* Tells P that there may be targets again. */
void prober_wake(struct prober *p);

/* Gives up what is under way without calling back. Not to be called from one of P's calls. */
void prober_free(struct prober *p);

#endif
