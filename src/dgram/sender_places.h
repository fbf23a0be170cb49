/* sender_places.h - where a sender's datagrams go: the places, how each that was tried has failed,
 * and the socket
 *
 * The addresses of a host are tried one after the other until datagrams reach somebody. The places
 * of a broadcast get each datagram, all of them by one socket.
 */
#ifndef DGRAM_SENDER_PLACES_H
#define DGRAM_SENDER_PLACES_H

#include "sock/datagram.h"
#include "sock/unix.h"
#include "dgram/sender.h"

struct sender_places {
	struct run *run;
	const struct sender_config *c;
	struct places_lookup *lookup;
	struct address *sources; /* each may be bound to by a socket of its family */
	size_t n_sources;
	struct sender_place *v;
	size_t n, at;  /* `at`: the one that is sent to now */
	bool together; /* each datagram goes to all of them */
	struct dial_failure *failures;
	size_t n_failures; /* of those before `at` */
	struct dgram_socket socket;
	struct unix_place own; /* a UNIX socket's name, for replies: to be removed in the end */
	struct address own_address; /* `own` points to one of these */
	char own_path[UNIX_OWN];
	dgram_error_fn *told;
	void (*opened)(void *arg);
	void *arg;
};

/* Looks up what C names and opens the socket for the first place that allows it; then calls OPENED,
 * from the loop or from in here. If there is none, says why and ends R. TOLD is the socket's error
 * function. C stays the caller's. */
void sender_places_start(struct sender_places *p, struct run *r, const struct sender_config *c,
			 dgram_error_fn *told, void (*opened)(void *arg), void *arg);

/* The place that is sent to now. */
static inline struct sender_place *sender_places_current(const struct sender_places *p)
{
	return &p->v[p->at];
}

/* Is there another place, which is tried only if this one fails? */
bool sender_places_left(const struct sender_places *p);

/* Closes the socket, since the current place has failed with ERROR, and opens one for the first
 * place behind it that allows it. Returns 0, or -1: that was the last, which has been said, and R
 * has ended. */
int sender_places_next(struct sender_places *p, int error);

/* Says how all places up to the current one have failed, which ERROR in WHAT is about (NULL:
 * sending itself). */
struct outcome sender_places_report(struct sender_places *p, int error, const char *what);

void sender_places_free(struct sender_places *p);

/* ---- sender_unix.c ---- */

/* Opens P's socket for its first place, a UNIX socket: connected, so that a full queue is waited
 * for, and bound to the source or to a name of its own, so that replies come back. Returns 0, or -1
 * having said why not and ended the run. */
int sender_places_open_unix(struct sender_places *p);

#endif
