/* arrivals.c - waiting for the PROXY headers of clients */
#include "net/arrivals.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/text.h"
#include "net/told.h"
#include "sock/stream.h"

#define PIECE 4096 /* of a header at a time */

struct arrival {
	struct arrivals *arrivals;
	struct arrival *next, *previous;
	struct watch watch;
	struct timer limit;
	struct text begun; /* what has come of the header, and is taken out of the socket */
	struct arrived is;
};

static void arrival_free(struct arrival *a)
{
	struct arrivals *all = a->arrivals;

	watch_drop(all->loop, &a->watch);
	timer_drop(all->loop, &a->limit);
	text_free(&a->begun);
	if (a->next)
		a->next->previous = a->previous;
	if (a->previous)
		a->previous->next = a->next;
	else
		all->first = a->next;
	all->n--;
	free(a);
}

/* Tells the owner of A, which is gone then. FAULT: as in struct arrived. */
static void arrival_over(struct arrival *a, const char *fault)
{
	struct arrivals *all = a->arrivals;
	struct arrived is = a->is;

	is.fault = fault;
	arrival_free(a);
	all->arrived(all->arg, &is);
}

static void arrival_failed(struct arrival *a, int error)
{
	char text[ERRNO_TEXT];

	arrival_over(a, errno_text(error, text));
}

/* A's header has come whole: H, whose last N bytes are still in the socket. */
static void arrival_told(struct arrival *a, const struct proxy_header *h, size_t n)
{
	const struct address peer = a->is.peer;

	if (stream_skip(a->is.fd, n) < 0) {
		arrival_failed(a, errno);
		return;
	}
	if (told_read(h, &a->is.peer, &a->is.local))
		a->is.via = peer;
	arrival_over(a, NULL);
}

/* Looks at what has come. Returns false if A is over, and gone. */
static bool arrival_look(struct arrival *a)
{
	unsigned char in[PIECE];
	const ssize_t n = recv(a->is.fd, in, sizeof in, MSG_PEEK | MSG_DONTWAIT);
	const size_t before = a->begun.length;
	const unsigned char *whole = in;
	struct proxy_header h;
	enum handshake went;
	const char *why;
	size_t used;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		arrival_failed(a, errno);
		return false;
	}
	if (n == 0) {
		arrival_over(a, "it has ended before that was whole");
		return false;
	}
	if (before) {
		text_put(&a->begun, in, (size_t)n);
		whole = (const unsigned char *)a->begun.data;
	}
	went = a->begun.failed ? HANDSHAKE_FAILED :
				 proxy_header_parse(whole, before + (size_t)n, &h, &used, &why);
	/* All of it belongs to the header: else poll(2) would tell of it again and again. */
	if (went == HANDSHAKE_MORE && !before)
		text_put(&a->begun, in, (size_t)n);
	if (a->begun.failed)
		arrival_failed(a, ENOMEM);
	else if (went == HANDSHAKE_FAILED)
		arrival_over(a, why);
	else if (went == HANDSHAKE_DONE)
		arrival_told(a, &h, used - before);
	else if (stream_skip(a->is.fd, (size_t)n) < 0)
		arrival_failed(a, errno);
	else
		return true;
	return false;
}

static void arrival_ready(void *arg, short events)
{
	(void)events;
	arrival_look(arg);
}

static void arrival_late(void *arg)
{
	struct arrival *a = arg;

	arrival_over(a, a->begun.length ? "not whole within 5 s" : "none within 5 s");
}

int arrivals_take(struct arrivals *all, struct loop *loop, const struct arrived *client)
{
	struct arrival *a = malloc(sizeof *a);

	if (!a)
		return -1;
	*a = (struct arrival){ .arrivals = all,
			       .next = all->first,
			       .watch = { .fd = client->fd, .fn = arrival_ready, .arg = a },
			       .limit = { .fn = arrival_late, .arg = a },
			       .is = *client };
	if (a->next)
		a->next->previous = a;
	all->first = a;
	all->n++;
	all->loop = loop;
	/* Mostly it has come together with the connection. */
	if (!arrival_look(a))
		return 0;
	watch_set(loop, &a->watch, POLLIN);
	timer_set(loop, &a->limit, clock_after(clock_now(), ARRIVAL_LIMIT));
	return 0;
}

const struct address *arrivals_wait(const struct arrivals *all)
{
	return all->first ? &all->first->is.peer : NULL;
}

void arrivals_drop(struct arrivals *all)
{
	for (struct arrival *next, *a = all->first; a; a = next) {
		next = a->next;
		stream_break(a->is.fd);
		close(a->is.fd);
		arrival_free(a);
	}
}
