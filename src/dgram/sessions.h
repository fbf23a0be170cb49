/* sessions.h - who sends to a forwarder: a session for each, found by its addresses, in the order
 * in which they were last of use
 */
#ifndef DGRAM_SESSIONS_H
#define DGRAM_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "net/sources.h"
#include "run/report.h"
#include "sock/datagram.h"
#include "sock/unix.h"

struct dgram_forward;

/* By what a session is found: its sender, or the name of its own socket. */
enum session_key { SESSION_BY_CLIENT, SESSION_BY_OWN, SESSION_KEYS };

/* The name that the socket of a session towards a UNIX socket has, for its answers. */
struct session_name {
	struct unix_place place;
	char path[UNIX_OWN];
};

/* There may be thousands: what is the same for all of them stands in the forwarder. */
struct session {
	struct dgram_forward *forward;
	struct watch watch; /* of its socket, which is connected to the target */
	struct dgram_socket *by;
	struct address client, asked; /* `asked`: where it has sent to; of length 0: not known */
	bool local;		      /* and answers leave from there: it is no group */
	struct session_name *name;    /* NULL: none that must be removed */
	struct source *source;	      /* where it counts; NULL: nowhere */
	size_t place;		      /* number of the target's address */
	uint64_t id;
	int64_t start, last; /* `last`: when something moved */
	uint64_t sent, received;
	struct datagram_counts counts;
	int error;     /* what has ended it, 0: nothing */
	int hops;      /* that what came last had left; 0: nothing has */
	int own;       /* TTL that its socket has by itself, once `hops` is set; 0: to a group */
	int name_hops; /* that the name of its socket tells; 0: it has none */
	struct session *resting; /* the next one of those that are not read for a while */
	bool rests;
	/* the table's */
	uint64_t hashes[SESSION_KEYS];
	struct session *next[SESSION_KEYS];
	struct session *newer, *older;
};

/* Start with all members zero. */
struct sessions {
	size_t n;
	struct session *newest, *oldest; /* moved last; idle longest */
	struct session **buckets[SESSION_KEYS];
	size_t mask;
	uint64_t secret[2]; /* so that nobody can send what falls together */
};

/* Makes room for about MOST sessions to be found at once; more take longer. Returns 0, or -1 with
 * errno. */
int sessions_start(struct sessions *t, size_t most);

/* Frees the table. There must be no session left. */
void sessions_free(struct sessions *t);

/* Returns the session of D's sender, and of where it was sent to, which is the socket BY; NULL:
 * there is none. All senders without a name are one. */
struct session *sessions_find(const struct sessions *t, const struct dgram_received *d,
			      const struct dgram_socket *by);

/* Returns a session of CLIENT, whatever it has asked; NULL: there is none. */
struct session *sessions_of(const struct sessions *t, const struct address *client);

/* Is A the address of a session's own socket? */
bool sessions_own(const struct sessions *t, const struct address *a);

/* Adds S, whose `client`, `asked` and `by` are set, and whose socket is bound to OWN, as the
 * newest. It stays the caller's. */
void sessions_add(struct sessions *t, struct session *s, const struct address *own);

void sessions_remove(struct sessions *t, struct session *s);

/* Something of S has moved at the time NOW. */
void sessions_touch(struct sessions *t, struct session *s, int64_t now);

#endif
