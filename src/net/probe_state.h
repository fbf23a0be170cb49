/* probe_state.h - what the parts of a prober share
 *
 * probe.c is its course: which targets are connected to, and how that ends. probe_open.c has what
 * is done with a port that is open.
 */
#ifndef NET_PROBE_STATE_H
#define NET_PROBE_STATE_H

#include "net/probe.h"

struct attempt; /* a connection that is being made, see probe.c */

/* A target that is being tried. */
struct probe {
	struct prober *p;
	struct probe_target target;
	struct timer timer;
	struct attempt *attempts;
	struct proxy_client *way; /* by which it is connected to; NULL: by `attempts` */
	char port[6];		  /* for that */
	struct talk *talk;	  /* once it is connected, the dialogue; else NULL */
	size_t started;		  /* how many addresses have been tried */
	int64_t next_start, deadline;
	bool failed; /* an address has: see `result` */
	int open;    /* the connection, before it is talked with or asked for TLS; -1: none */
	struct tls_asker *asker;
	struct probe_result result;
	struct probe *next, **before;
	struct dial_failure failures[]; /* of the target's addresses, with its port */
};

struct prober {
	struct loop *loop;
	struct probe_config c;
	struct places_lookup *lookup;
	struct dial_sources sources;
	bool ready; /* the sources are known */
	struct timer turn;
	struct probe *probes;
	struct attempt *pending;
	size_t jobs, reserved; /* how many addresses may be under way at once, and how many the
				* probes have */
	bool reuses;	       /* a socket that was refused may connect again */
	int spare[2];	       /* such a socket for each family, or -1 */
	struct probe_target held;
	bool holds;	     /* `held` could not be started yet */
	bool pumping;	     /* targets are being started */
	int64_t short_since; /* since when ports or descriptors are wanting; 0: they are not */
};

/* ---- probe.c ---- */

/* Ends all attempts of B, and its timer. */
void probe_drop_attempts(struct probe *b);

/* Tells the owner B's result, and frees B. */
void probe_conclude(struct probe *b);

/* Returns a socket of FAMILY that does not block, bound to *SOURCE if that is given, or -1 with
 * errno and *WHAT. */
int prober_socket(struct prober *p, int family, struct address *source, const char **what);

/* ---- probe_open.c ---- */

/* B's target is open: talks with it, and asks it for TLS, as far as that is wanted; then concludes
 * B, perhaps from in here. */
void probe_visit(struct probe *b);

/* Gives that up. Without effect where it is not under way. */
void probe_leave(struct probe *b);

#endif
