/* tls_asker.c - a ClientHello out, and what comes of it */
#include "net/tls_asker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/chance.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "net/talk.h"
#include "proto/idna.h"
#include "sock/address.h"

#define LINE_WAIT (200 * MILLISECOND) /* for the rest of a line that is no TLS */
#define HELLO_HEAD (5 + 4 + 2 + 32)   /* bytes of a ClientHello up to the end of its random ones */

struct tls_asker {
	struct loop *loop;
	struct watch watch;
	struct talk *talk;  /* on the second connection, before it is asked; else NULL */
	struct timer timer; /* the deadline, or the end of LINE_WAIT */
	struct tls_question q;
	char name[IDNA_MOST]; /* that is sent; empty: none is */
	struct text hello;
	size_t sent; /* bytes of it */
	int error;   /* of sending it */
	bool second; /* it is the second connection */
	struct tls_server server;
	struct tls_result result;
	tls_fn *fn;
	void *arg;
};

static void asker_conclude(struct tls_asker *a, enum tls_none none, int error);

static void asker_hang_up(struct tls_asker *a)
{
	watch_drop(a->loop, &a->watch);
	close_keeping_errno(a->watch.fd);
	a->watch.fd = -1;
	talk_free(a->talk);
	a->talk = NULL;
}

void tls_ask_cancel(struct tls_asker *a)
{
	if (!a)
		return;
	asker_hang_up(a);
	timer_drop(a->loop, &a->timer);
	text_free(&a->hello);
	tls_free(&a->server);
	tls_free(&a->result.server);
	free(a);
}

/* Begins to ask on FD, which may still be connecting, by a ClientHello up to HIGHEST. Returns 0, or
 * -1 with errno: FD is A's all the same. */
static int asker_begin(struct tls_asker *a, int fd, unsigned highest)
{
	unsigned char chance[TLS_CHANCE];

	a->watch.fd = fd;
	a->hello.length = 0;
	a->sent = 0;
	a->error = 0;
	tls_start(&a->server);
	if (chance_fill(chance, sizeof chance) < 0)
		return -1;
	tls_put_hello(&a->hello, highest, chance, *a->name ? a->name : NULL);
	if (a->hello.failed) {
		errno = ENOMEM;
		return -1;
	}
	watch_set(a->loop, &a->watch, POLLOUT);
	timer_set(a->loop, &a->timer, a->q.deadline);
	return 0;
}

/* ---- the end ---- */

static void asker_end(struct tls_asker *a)
{
	a->fn(a->arg, &a->result);
	tls_ask_cancel(a);
}

/* The second connection has come as far as the first one had, or has failed. */
static void asker_talked(void *arg, const struct dialogue_run *r, int error)
{
	struct tls_asker *a = arg;
	bool done = !error && r->end == DIALOGUE_DONE;

	a->watch.fd = talk_leave(a->talk);
	a->talk = NULL;
	if (!done || asker_begin(a, a->watch.fd, TLS_1_2) < 0)
		asker_conclude(a, TLS_ENDED, error);
}

/* Begins the second connection, if there is to be one. */
static bool asker_again(struct tls_asker *a)
{
	int fd = a->q.again ? a->q.again(a->arg) : -1;

	if (fd < 0)
		return false;
	a->second = true;
	if (!a->q.dialogue)
		return asker_begin(a, fd, TLS_1_2) == 0;
	a->talk = talk_start(a->loop, fd, a->q.dialogue, a->q.step, asker_talked, a);
	timer_set(a->loop, &a->timer, a->q.deadline);
	return a->talk != NULL;
}

/* Takes what the second connection has told, if it has. */
static void asker_take_second(struct tls_asker *a)
{
	struct tls_server *to = &a->result.server, *from = &a->server;

	if (from->step == TLS_LACKING) {
		a->result.none = TLS_UNKNOWN;
		a->result.error = ENOMEM;
	}
	if (!from->version || from->version >= TLS_1_3)
		return;
	a->result.second = from->version;
	to->certificate = from->certificate;
	from->certificate = (struct text){ 0 };
	memcpy(to->alpn, from->alpn, from->alpn_n);
	to->alpn_n = from->alpn_n;
	memcpy(to->why, from->why, sizeof to->why);
}

/* Does the other side send back what it is sent? Nobody but us chose the random bytes in it. */
static bool asker_is_echoed(const struct tls_asker *a)
{
	size_t n = a->result.said_n < a->hello.length ? a->result.said_n : a->hello.length;

	return n > HELLO_HEAD && !memcmp(a->result.said, a->hello.data, n);
}

/* Is there TLS, and if not, why? NONE is what it is if nothing has come. */
static enum tls_none asker_judge(const struct tls_asker *a, enum tls_none none)
{
	const struct tls_server *s = &a->server;

	if (s->step == TLS_LACKING)
		return TLS_UNKNOWN;
	if (s->version || s->alert >= 0)
		return TLS_ANSWERED;
	if (s->step == TLS_FOREIGN)
		return TLS_SAYS;
	if (a->result.said_n == 0)
		return none;
	if (asker_is_echoed(a))
		return TLS_ECHOED;
	return s->step == TLS_MORE ? TLS_CUT : TLS_AGAINST;
}

/* No more will come of this connection, or there is nothing more to know. NONE is what that means
 * if nothing has come, ERROR that of the connection. */
static void asker_conclude(struct tls_asker *a, enum tls_none none, int error)
{
	struct tls_server *s = &a->server;

	if (s->step == TLS_MORE && a->result.said_n > 0)
		snprintf(s->why, sizeof s->why, "%s",
			 none == TLS_SILENT ? "nothing more came in time" :
					      "the connection ended too early");
	asker_hang_up(a);
	if (a->second) {
		asker_take_second(a);
		asker_end(a);
		return;
	}
	a->result.none = asker_judge(a, none);
	a->result.error = s->step == TLS_LACKING ? ENOMEM : error;
	text_free(&s->message);
	a->result.server = *s;
	tls_start(s);
	if (a->result.server.version < TLS_1_3 || !asker_again(a))
		asker_end(a);
}

/* ---- asking ---- */

/* Keeps the N bytes at IN if they are among the first. */
static void asker_keep(struct tls_result *r, const unsigned char *in, size_t n)
{
	if (n > TLS_SAID - r->said_n)
		n = TLS_SAID - r->said_n;
	memcpy(r->said + r->said_n, in, n);
	r->said_n += n;
}

/* What comes is no TLS: waits for the line's end, for a while. */
static void asker_read_line(struct tls_asker *a)
{
	struct tls_result *r = &a->result;
	const unsigned char *end = memchr(r->said, '\n', r->said_n);
	int64_t patience = clock_after(clock_now(), LINE_WAIT);

	if (end)
		r->said_n = (size_t)(end - r->said);
	if (end && r->said_n > 0 && end[-1] == '\r')
		r->said_n--;
	if (end || r->said_n == TLS_SAID)
		asker_conclude(a, TLS_ENDED, 0);
	else if (a->timer.at == a->q.deadline && patience < a->q.deadline)
		timer_set(a->loop, &a->timer, patience);
}

static void asker_read(struct tls_asker *a)
{
	unsigned char in[16384];
	ssize_t n = recv(a->watch.fd, in, sizeof in, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		int error = n < 0 ? errno : a->error;
		asker_conclude(a, error ? TLS_BROKEN : TLS_ENDED, error);
		return;
	}
	if (!a->second)
		asker_keep(&a->result, in, (size_t)n);
	switch (tls_take(&a->server, in, (size_t)n)) {
	case TLS_MORE:
		break;
	case TLS_FOREIGN:
		asker_read_line(a);
		break;
	default:
		asker_conclude(a, TLS_ENDED, 0);
	}
}

static void asker_send(struct tls_asker *a)
{
	ssize_t n = send(a->watch.fd, a->hello.data + a->sent, a->hello.length - a->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0) {
		a->sent += (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		/* What the other side has said before can still be read. */
		a->error = errno == EPIPE ? 0 : errno;
		a->sent = a->hello.length;
	}
	if (a->sent == a->hello.length)
		watch_set(a->loop, &a->watch, POLLIN);
}

static void asker_ready(void *arg, short events)
{
	struct tls_asker *a = arg;

	(void)events;
	if (a->sent < a->hello.length)
		asker_send(a);
	else
		asker_read(a);
}

static void asker_on_time(void *arg)
{
	asker_conclude(arg, TLS_SILENT, 0);
}

struct tls_asker *tls_ask(struct loop *loop, int fd, const struct tls_question *q, tls_fn *fn,
			  void *arg)
{
	struct tls_asker *a = calloc(1, sizeof *a);
	struct address address;

	if (!a) {
		close_keeping_errno(fd);
		return NULL;
	}
	*a = (struct tls_asker){ .loop = loop, .q = *q, .fn = fn, .arg = arg };
	a->watch = (struct watch){ .fd = -1, .fn = asker_ready, .arg = a };
	a->timer = (struct timer){ .fn = asker_on_time, .arg = a };
	tls_start(&a->result.server);
	if (q->name && address_parse_host(q->name, &address) == WORD_NAME) {
		char room[IDNA_MOST];
		snprintf(a->name, sizeof a->name, "%s", idna_name(q->name, room));
	}
	if (asker_begin(a, fd, TLS_1_3) == 0)
		return a;
	tls_ask_cancel(a);
	return NULL;
}
