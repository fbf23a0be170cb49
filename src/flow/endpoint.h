/* endpoint.h - one end of a flow: descriptors, and what is known of them
 *
 * What a descriptor is gets asked once, here. Descriptors that came from our parent keep their
 * flags: other processes share them. So an inherited pipe or terminal is either opened again with
 * flags of its own, or read and written in pieces that cannot block after poll(2) said so.
 */
#ifndef FLOW_ENDPOINT_H
#define FLOW_ENDPOINT_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "sock/rights.h"

enum endpoint_kind {
	ENDPOINT_NULL, /* /dev/null: gives nothing, takes everything */
	ENDPOINT_FILE, /* regular file or block device: always ready */
	ENDPOINT_PIPE, /* pipe or FIFO */
	ENDPOINT_TERMINAL,
	ENDPOINT_TCP,	 /* connected stream socket of an IP family */
	ENDPOINT_STREAM, /* any other connected stream socket */
	ENDPOINT_VSOCK,	 /* connected stream socket between machines */
	ENDPOINT_PACKET, /* connected socket of our own that keeps boundaries (SOCK_SEQPACKET) */
	ENDPOINT_OTHER,	 /* devices, datagram sockets, closed descriptors */
	ENDPOINT_SUBSCRIBER, /* no descriptor: what a fan-out has for one of its subscribers */
	ENDPOINT_PUBLISHER,  /* no descriptor: what goes to all subscribers but one */
};

/* What an endpoint without a descriptor does; OBJECT is the one that stands behind it. */
struct endpoint_ops {
	ssize_t (*read)(void *object, void *data, size_t n);	    /* as read(2); NULL: never */
	ssize_t (*write)(void *object, const void *data, size_t n); /* as write(2); NULL: never */
	bool (*ready)(const void *object); /* would that give or take something now? */
	void (*end)(void *object);	   /* nothing more will be written. NULL: never */
};

struct endpoint {
	int rfd, wfd; /* to read from and to write to; -1: not there */
	int original; /* the descriptor as it was inherited */
	int reopened; /* the same opened again with flags of our own, or -1 */
	enum endpoint_kind kind;
	bool owned : 1;	    /* closed by us: our own descriptors */
	bool may_block : 1; /* unless poll(2) has just said that it is ready */
	bool joined : 1;   /* inherited, a connection whose other direction is another endpoint's */
	bool shared : 1;   /* several transfers write to it: its end is not theirs to pass on */
	bool sent_end : 1; /* of a connection: our end has been sent */
	bool got_end : 1;  /* of a connection: the peer's end was read */
	bool armed : 1;	   /* of a TCP connection: to be reset, see endpoint_arm() */
	bool inlined : 1;  /* of a TCP connection: see endpoint_inline_urgent() */
	bool broken : 1;   /* its end is not to look like that of a stream */
	const void *writer;   /* of those who share it, who has a piece to finish */
	struct rights *gives; /* descriptors, the caller's: they go along with the next write */
	struct rights *takes; /* where those go that come along; NULL: nobody asks for them */
	const struct endpoint_ops *ops; /* of an endpoint without a descriptor, else NULL */
	void *object;			/* theirs */
	const char *name;		/* for messages: "stdin" */
};

/* Nothing that could be read or written, for all who have no other end. */
extern struct endpoint endpoint_nowhere;

/* *E is nothing that could be read or written, and nothing to close. */
void endpoint_none(struct endpoint *e);

/* *E for the inherited descriptor FD, to be read from or, if WRITING, written to; NAME stays the
 * caller's. */
void endpoint_inherit(struct endpoint *e, int fd, bool writing, const char *name);

/* IN and OUT are inherited. Where both are the same connection, as under inetd, the end of OUT is
 * passed on by shutdown(2): closing it would not end what IN still has open. */
void endpoint_join(const struct endpoint *in, struct endpoint *out);

/* *E for our own connected, non-blocking socket FD, which it owns. FAMILY is that of its address: a
 * socket of IP is a stream; AF_UNSPEC: not known, which costs a look. */
void endpoint_socket(struct endpoint *e, int fd, int family, const char *name);

/* Does a descriptor wait to go along with the next write to E? */
bool endpoint_passes(const struct endpoint *e);

/* Does the kernel put what is written to E into its peer's queue at once, so that there is nothing
 * to wait for? */
bool endpoint_delivers(const struct endpoint *e);

/* *E for our own, non-blocking end FD of a pipe, which it owns. */
void endpoint_pipe(struct endpoint *e, int fd, bool writing, const char *name);

/* *E for OBJECT, the caller's, which has no descriptor: OPS read and write it. */
void endpoint_object(struct endpoint *e, enum endpoint_kind kind, const struct endpoint_ops *ops,
		     void *object, const char *name);

/* A watch on E, whose descriptor for one direction it takes: both, if there are two, are one. */
struct watch endpoint_watch(const struct endpoint *e, watch_fn *fn, void *arg);

/* Is E a terminal that we must not read now (EVENTS: POLLIN), or not write to (POLLOUT), since we
 * are in its background? See terminal_holds(). */
bool endpoint_is_held(const struct endpoint *e, short events);

/* Has E an end when the processes that write to it do? */
static inline bool endpoint_may_be_cut(const struct endpoint *e)
{
	return e->kind == ENDPOINT_PIPE || (e->kind == ENDPOINT_STREAM && !e->owned);
}

/* Is there anything to be read from E now, the end too? */
bool endpoint_readable(const struct endpoint *e);

/* Would E, if it has no descriptor, take something now? Others: true, poll(2) tells. */
bool endpoint_writable(const struct endpoint *e);

/* How many bytes can be read from E at once, as far as the system tells. */
size_t endpoint_unread(const struct endpoint *e);

/* Opens an inherited pipe or terminal again, non-blocking, where that is possible; else E may block
 * as before. To be called before a flow copies from or to E. */
void endpoint_reopen(struct endpoint *e);

/* As read(2) and write(2), without blocking unless E may block: -1 with EAGAIN where nothing can be
 * moved now, be it that E is held. Writing may move less than N. */
ssize_t endpoint_read(const struct endpoint *e, void *data, size_t n);
ssize_t endpoint_write(struct endpoint *e, const void *data, size_t n);

/* No more will be written to E: shutdown(2) of a socket of ours, else close(2); an inherited
 * descriptor of 0 to 2 becomes /dev/null, so that nothing else takes its place; an inherited file
 * stays open. */
void endpoint_end(struct endpoint *e);

/* However E, a TCP connection, is closed before endpoint_end() or endpoint_disarm(), be it by the
 * death of this process: it is reset, so that its other side takes no part for the whole. Without
 * effect on other kinds. */
void endpoint_arm(struct endpoint *e);

/* Leaves urgent data that come to E, a TCP connection, in their place among the other data. Without
 * effect on other kinds. */
void endpoint_inline_urgent(struct endpoint *e);

/* E was accepted, and if it is a TCP connection both has been done to it before. */
void endpoint_come_armed(struct endpoint *e);

/* What the other side has is the whole: from here on closing E loses nothing, and is no reset. */
void endpoint_disarm(struct endpoint *e);

/* When E, a connection, is closed, its other side shall not take that for an end of stream,
 * whatever becomes of it until then: where it is TCP, it is reset. What it has not acknowledged is
 * lost. */
void endpoint_break(struct endpoint *e);

/* Ends a connection both ways, without losing what was sent, whoever else may have it open. Without
 * effect where closing it is to be a reset. */
void endpoint_hang_up(struct endpoint *e);

/* Closes what E owns, a connection after endpoint_hang_up(). */
void endpoint_close(struct endpoint *e);

/* Closes what E owns and no more: another process has the connection. */
void endpoint_leave(struct endpoint *e);

#endif
