/* event.h - the events on the way to a connection
 *
 * Below the commands nothing prints: this one callback carries what -v and -vv tell.
 */
#ifndef NET_EVENT_H
#define NET_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "sock/address.h"
#include "sock/icmp.h"

enum event_kind {
	EVENT_LOOKUP,	     /* a look-up of `host` and `port` begins */
	EVENT_RESOLVED,	     /* it has found `count` addresses */
	EVENT_CONNECTING,    /* to `address` */
	EVENT_FAILED,	     /* connecting to `address` has, by `error` of `what` */
	EVENT_CONNECTED,     /* to `address`, from `local` */
	EVENT_LISTENING,     /* on `local`, where `chosen` tells who chose the port */
	EVENT_READY_FAILED,  /* NOTIFY_SOCKET, `what`, could not be told of it: `error` */
	EVENT_ACCEPT_FAILED, /* by `error` of `what`; accepting goes on */
	EVENT_ACCEPT_OVER,   /* by `error`, for good: the socket at `local` listens no more */
	EVENT_PROXY,	     /* connected to `proxy`, at `address`, from `local` */
	EVENT_ASKING,	     /* `proxy` is asked to connect to `host` and `port` */
	EVENT_NOT_REACHED,   /* it could not: `what`, with `error` */
	EVENT_THROUGH,	     /* connected to `address` from `local`, through `proxy` and the next */
	EVENT_TOLD,	     /* whoever is there now, by `header` of version `count` */
};

struct proxy;
struct proxy_header;

struct event {
	enum event_kind kind;
	const char *host, *port;
	const struct address *address, *local;
	size_t count;
	int error;
	const char *what;	       /* NULL: the call itself */
	const struct icmp_error *icmp; /* the message behind `error`; NULL: there is none */
	bool again;		       /* it repeats the last event */
	bool chosen;		       /* the kernel chose the port */
	const struct proxy *proxy;
	const struct proxy_header *header;
};

typedef void event_fn(void *arg, const struct event *event);

/* Whom to tell of events; without FN nobody. */
struct events {
	event_fn *fn;
	void *arg;
};

static inline void event_send(const struct events *to, const struct event *e)
{
	if (to->fn)
		to->fn(to->arg, e);
}

/* Tells whoever wants to hear of it an event, whose members follow as in an initializer. */
#define event_tell(to, ...) event_send((to), &(struct event){ __VA_ARGS__ })

#endif
