/* dns_window.h - how many questions may be in flight to a DNS server
 *
 * What a server has not read yet waits in its receive buffer. Where Linux is left as it is, that
 * has room for 249 usual questions and for 166 long ones; what comes on top is lost, to others who
 * ask there as well. So at first 128 may be unread. A question is read once it or a later one is
 * answered: those that a server holds up do not keep others back.
 *
 * Where answers come in order and late, but then quickly, the way is long, or the server slow by
 * design: more are unread only because they are on their way, and it takes as many as it can answer
 * in the least time that an answer took. They are sent no faster than it has answered. Where
 * answers take longer by and by it has become slower, and fewer may be unread. After a loss few are
 * in flight, and slowly more.
 */
#ifndef NAMES_DNS_WINDOW_H
#define NAMES_DNS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_window {
	size_t size;   /* so many may be unread; after a loss: in flight */
	size_t flying; /* so many are in flight */
	/* Its own: */
	size_t widened;	       /* so many of `size` came by dns_window_widen() */
	uint64_t sent, latest; /* questions so far, and the last one of them that was answered */
	uint64_t answered;     /* answers so far */
	/* The least times in ns, 0: not known yet. */
	int64_t least, recent; /* of an answer where others were unread before; in this group */
	int64_t pace, since;   /* of a group of answers; when this one began */
	bool lost;
	int64_t cut_at, grown_at;
};

/* What a window keeps of a question, all zero at first. */
struct dns_flight {
	bool flying;
	uint64_t number, unread; /* of all that were sent, and of those that were unread then */
	int64_t sent;		 /* when, by clock_wall(); 0: not yet */
};

/* Makes *W one for a server of which nothing is known. */
void dns_window_start(struct dns_window *w);

/* May one more be sent? */
bool dns_window_is_open(const struct dns_window *w);

/* F is sent; `sent` is the caller's to set once it is. */
void dns_window_depart(struct dns_window *w, struct dns_flight *f);

/* F, which need not be in flight, does not count any more. */
void dns_window_land(struct dns_window *w, struct dns_flight *f);

/* F is answered, perhaps after it was given up; TIME says when, by clock_wall(). */
void dns_window_answered(struct dns_window *w, const struct dns_flight *f, int64_t time);

/* Is the window too small for the server? Then returns the time in ns from one call of
 * dns_window_widen() to the next, each of which lets a few more in; otherwise UNSET. */
int64_t dns_window_wait(const struct dns_window *w);
void dns_window_widen(struct dns_window *w);

/* No answer has come to a question sent at SENT; NOW, both by loop_now(), it counts as lost: for
 * want of room, or its server is slow. */
void dns_window_lost(struct dns_window *w, int64_t sent, int64_t now);

#endif
