/* trace.h - the way to a TCP port: the routers on it, and what answers at its end
 *
 * Each probe is a connection of its own whose packets may pass so many routers only (IP_TTL,
 * IPV6_UNICAST_HOPS). The router where that runs out says so by ICMP, which the error queue of the
 * socket has (icmp.h): no privilege is needed. All hops are asked at once, or, as one flow, one
 * probe after the other from the same port. One more, without a limit, tells what the port is where
 * that is farther away.
 */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "net/dial.h"
#include "net/probe.h"
#include "sock/icmp.h"

#define TRACE_HOPS 30	    /* the usual limit; */
#define TRACE_HOPS_MOST 255 /* and what a packet can pass */
#define TRACE_WAIT SECOND
#define TRACE_COUNT 3
#define TRACE_COUNT_MOST 10
#define TRACE_SILENT 5 /* so many silent hops in a row end a trace of one flow */

struct trace;

enum trace_kind {
	TRACE_NOTHING, /* nobody answered */
	TRACE_ROUTER,  /* the packet's hops ran out there: `icmp` says where */
	TRACE_ANSWER   /* any other: the target's, or one in its place */
};

/* What came of one probe. */
struct trace_reply {
	enum trace_kind kind;
	/* Of TRACE_ANSWER, as in a struct probe_result: */
	enum probe_state state;
	int error;		/* 0: the target took the connection */
	const char *what;	/* the option or step that failed; NULL: connecting itself */
	struct icmp_error icmp; /* its family is 0: the target's TCP itself answered */
	int64_t ns;		/* from the probe to the answer */
};

struct trace_hop {
	int number;			   /* from 1 */
	const struct trace_reply *replies; /* in the order of the probes */
	size_t n;
};

/* How it ended. */
struct trace_end {
	/* What the port is. Of TRACE_NOTHING `state` is PROBE_FILTERED. */
	struct trace_reply reply;
	int hop;  /* the one at which it, or one in its place, answered; 0: beyond those asked */
	int last; /* the last hop of which a router was heard, where a silence begins; 0: none */
	int told; /* so many hops were told of: those behind it were silent, or not asked */
	struct address router; /* at `last`; of length 0: none */
	bool failed;	       /* this machine does not let us ask: `reply` has why, */
	struct address source; /* and where it was to be bound; of length 0: nowhere */
};

/* All pointers must live until the end. */
struct trace_config {
	struct address target; /* of IP, with its port; not IPv4's in one of IPv6 */
	const struct socket_options *socket;
	struct dial_sources sources;
	int hops;      /* up to TRACE_HOPS_MOST */
	int count;     /* probes of a hop, up to TRACE_COUNT_MOST */
	int64_t wait;  /* ns that each has */
	bool patient;  /* and keeps, however soon others are answered */
	bool one_flow; /* one after the other; `sources` has a port */
	/* A router or the target is heard, perhaps not for the first time, before its hop is told.
	 * NULL: nobody wants to know. */
	void (*heard)(void *arg, const struct address *who);
	/* A hop is known, and all before it were told. Its replies stay until trace_free(). Of
	 * silent hops at the end not more than TRACE_SILENT are told. */
	void (*hop)(void *arg, const struct trace_hop *h);
	/* All is known. Nothing else will come. */
	void (*over)(void *arg, const struct trace_end *e);
	void *arg;
};

/* Starts a trace. It calls back from the loop, never from in here. It ends at the first hop that
 * has an answer which is not a router's. A hop that is silent is asked once more. Once a hop, or
 * one behind it, was heard, the slowest answer so far says how long the others may take: unless it
 * is `patient`, a silent hop is asked again after that time, and given up after two and a half of
 * it. Else that is a second after the first time, since routers limit how often they answer, and in
 * vain after ten times the slowest answer, but 300 ms at least. None has longer than `wait`.
 * Returns NULL with errno ENOMEM. Where `icmp_queues` is false the trace fails with ENOTSUP. */
struct trace *trace_start(struct loop *loop, const struct trace_config *c);

/* Gives up what is under way without calling back; NULL: does nothing. */
void trace_free(struct trace *t);

#endif
