/* probe.c - many connections at once, each for one answer */
#include "net/probe_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "net/asking.h"
#include "net/dial.h"
#include "proto/question.h"
#include "sock/stream.h"

#define SHORT_DELAY (20 * MILLISECOND) /* before it tries again after there was no port left */
#define BATCH 512		       /* targets before others get their turn */
#define DESCRIPTORS_SPARED 24	       /* of the limit, for look-ups and those that we inherited */

/* A connection that is being made to one of a target's addresses. */
struct attempt {
	struct probe *probe;
	struct watch watch;
	size_t index;		/* of the address */
	struct address address; /* itself, with the target's port */
	int64_t start;
	bool crossed;		 /* it met another socket of ours */
	bool stuck;		 /* it has failed, and yet connect(2) says that it is under way */
	struct attempt *next;	 /* of the same probe */
	struct attempt *pending; /* of all that are under way */
	struct attempt **before; /* points to this one in that list */
};

static void probe_advance(struct probe *b);

static void prober_turn_soon(struct prober *p)
{
	if (!p->pumping)
		timer_set(p->loop, &p->turn, loop_now(p->loop));
}

/* Does P send questions, rather than connect? */
static bool prober_asks(const struct prober *p)
{
	return p->c.socktype == SOCK_DGRAM;
}

/* ---- attempts and probes ---- */

/* Forgets A, which its probe has no more. */
static void attempt_free(struct prober *p, struct attempt *a)
{
	*a->before = a->pending;
	if (a->pending)
		a->pending->before = a->before;
	watch_drop(p->loop, &a->watch);
	free(a);
}

static void attempt_drop(struct prober *p, struct attempt *a)
{
	struct attempt **at = &a->probe->attempts;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	attempt_free(p, a);
}

void probe_drop_attempts(struct probe *b)
{
	for (struct attempt *next, *a = b->attempts; a; a = next) {
		next = a->next;
		close(a->watch.fd);
		attempt_free(b->p, a);
	}
	b->attempts = NULL;
	timer_drop(b->p->loop, &b->timer);
}

/* Ends all that is under way for B, which P has no more. */
static void probe_detach(struct probe *b)
{
	struct prober *p = b->p;

	probe_drop_attempts(b);
	probe_leave(b);
	proxy_client_cancel(b->way);
	*b->before = b->next;
	if (b->next)
		b->next->before = b->before;
	p->reserved -= b->target.n;
}

static void probe_drop(struct probe *b)
{
	probe_detach(b);
	free(b);
}

void probe_conclude(struct probe *b)
{
	struct prober *p = b->p;
	struct probe_result *r = &b->result;

	r->tag = b->target.tag;
	r->number = b->target.number;
	r->failures = b->failures;
	r->n = r->state == PROBE_OPEN || r->state == PROBE_UNEXPECTED ? 0 : b->started;
	probe_detach(b);
	prober_turn_soon(p);
	p->c.over(p->c.arg, r);
	free(b);
}

/* ---- how an address fails ---- */

enum probe_state probe_state_of(int error, const struct icmp_error *icmp, int family)
{
	if (!error)
		return PROBE_OPEN;
	if (error == ECONNREFUSED || (error == ENOENT && family == AF_UNIX))
		return PROBE_CLOSED;
	if (error == EACCES || error == EPERM || icmp_prohibits(icmp))
		return PROBE_PROHIBITED;
	return error == ETIMEDOUT ? PROBE_FILTERED : PROBE_UNREACHABLE;
}

/* Address INDEX of B has failed by ERROR, NS after it was tried; ICMP is the message behind that,
 * or NULL. The result of B is a silence if there was one, since that leaves the answer open, else a
 * refusal if there was one. */
static void probe_address_failed(struct probe *b, size_t index, int error, const char *what,
				 const struct icmp_error *icmp, int64_t ns)
{
	static const int weights[] = { [PROBE_FILTERED] = 4,
				       [PROBE_CLOSED] = 3,
				       [PROBE_PROHIBITED] = 2,
				       [PROBE_UNREACHABLE] = 1 };
	static const struct icmp_error none;
	struct dial_failure *f = &b->failures[index];
	enum probe_state state;

	if (!icmp)
		icmp = &none;
	state = what ? PROBE_UNREACHABLE : probe_state_of(error, icmp, f->address.u.sa.sa_family);
	f->error = error;
	f->what = what;
	f->icmp = *icmp;
	event_tell(&b->p->c.events, .kind = EVENT_FAILED, .address = &f->address, .error = error,
		   .what = what, .icmp = icmp);
	if (b->failed && weights[state] <= weights[b->result.state])
		return;
	b->failed = true;
	b->result = (struct probe_result){ .state = state,
					   .error = error,
					   .what = what,
					   .icmp = *icmp,
					   .index = index,
					   .ns = ns };
}

/* ---- connections that are none ---- */

/* Two of our sockets can meet, each on its way to the port that the other happens to have; then
 * neither has found anybody who listens. Is one of ours bound to PEER? */
static bool prober_is_crossed(struct prober *p, const struct address *peer)
{
	for (struct attempt *a = p->pending; a; a = a->pending) {
		struct address local = { .length = sizeof local.u };
		if (getsockname(a->watch.fd, &local.u.sa, &local.length) == 0 &&
		    address_equal(&local, peer)) {
			a->crossed = true;
			return true;
		}
	}
	return false;
}

/* FD is connected, or was, to PEER. Is that somebody else's socket? */
static bool prober_met_somebody(struct prober *p, int fd, struct address *local,
				struct address peer)
{
	return !dial_to_oneself(fd, &peer, local) &&
	       !(address_same_host(local, &peer) && prober_is_crossed(p, &peer));
}

bool probe_was_connected(int error)
{
	return error == ECONNRESET || error == EPIPE;
}

/* ---- connecting ---- */

/* Returns the place of a spare socket of FAMILY; -1: none is kept. */
static int prober_spare_place(const struct prober *p, int family)
{
	return !p->reuses ? -1 : family == AF_INET ? 0 : family == AF_INET6 ? 1 : -1;
}

/* FD has failed to connect: keeps it for another address, or closes it. */
static void prober_keep_spare(struct prober *p, int fd, int family)
{
	int place = prober_spare_place(p, family);

	if (place >= 0 && p->spare[place] < 0)
		p->spare[place] = fd;
	else
		close(fd);
}

int prober_socket(struct prober *p, int family, struct address *source, const char **what)
{
	int place = prober_spare_place(p, family), fd = place >= 0 ? p->spare[place] : -1;

	if (fd >= 0) {
		p->spare[place] = -1;
		return fd;
	}
	fd = dial_socket(family, p->c.socktype, p->c.socket, &p->sources, source, what);
	if (fd >= 0 && !prober_asks(p))
		icmp_want(fd, family, true);
	return fd;
}

/* A, which no list has any more, is connected, or has failed with ERROR and ICMP, the message
 * behind that, or NULL. Returns whether that is the answer of its probe. */
static bool attempt_take_answer(const struct attempt *a, int error, const struct icmp_error *icmp)
{
	struct probe *b = a->probe;
	struct prober *p = b->p;
	struct address local = { 0 };
	int64_t ns = clock_now() - a->start;
	int fd = a->watch.fd;

	if (probe_was_connected(error))
		error = 0;
	if (!error && !prober_asks(p) &&
	    (!prober_met_somebody(p, fd, &local, a->address) || a->crossed)) {
		/* A connection to ourselves must not keep the port for a minute. */
		stream_break(fd);
		close(fd);
		probe_address_failed(b, a->index, ECONNREFUSED, NULL, NULL, ns);
		return false;
	}
	if (error) {
		if (a->stuck)
			close(fd);
		else
			prober_keep_spare(p, fd, a->address.u.sa.sa_family);
		probe_address_failed(b, a->index, a->crossed ? ECONNREFUSED : error, NULL, icmp,
				     ns);
		return false;
	}
	if (p->c.tls || p->c.dialogue)
		b->open = fd;
	else
		close(fd);
	if (!prober_asks(p))
		event_tell(&p->c.events, .kind = EVENT_CONNECTED, .address = &a->address,
			   .local = &local);
	b->result = (struct probe_result){ .state = PROBE_OPEN, .index = a->index, .ns = ns };
	return true;
}

/* As dial_connect(), for A. */
static int attempt_connect(const struct attempt *a)
{
	size_t none = 0;

	return dial_connect(a->watch.fd, &a->address, "", &none);
}

/* Sends A's question. Returns as asking_send(). */
static int attempt_ask(const struct attempt *a)
{
	const struct probe_config *c = &a->probe->p->c;
	unsigned char usual[QUESTION_MOST];

	if (c->question)
		return asking_send(a->watch.fd, &a->address, c->question, c->question_size);
	return asking_send(a->watch.fd, &a->address, usual,
			   question_for(a->probe->target.port, usual));
}

/* ---- the answer to an attempt ---- */

static void attempt_ready(void *arg, short events)
{
	struct attempt a = *(struct attempt *)arg;
	struct probe *b = a.probe;
	bool asks = prober_asks(b->p);
	bool again = stream_connects_again && address_is_ip(&a.address) && !asks;
	struct icmp_error icmp = { 0 };
	int error = asks  ? asking_answer(a.watch.fd, &icmp) :
		    again ? attempt_connect(&a) :
			    stream_error(a.watch.fd);

	a.stuck = error == EINPROGRESS;
	if (again && error && (events & POLLERR))
		error = stream_connect_icmp(a.watch.fd, &a.address, error, &icmp);
	if (error == EINPROGRESS)
		return;
	attempt_drop(b->p, arg);
	if (attempt_take_answer(&a, error, &icmp))
		probe_visit(b);
	else
		probe_advance(b);
}

/* Watches a copy of BEGUN, which is being connected. Returns 0, or -1 with errno ENOMEM. */
static int attempt_watch(const struct attempt *begun)
{
	struct probe *b = begun->probe;
	struct prober *p = b->p;
	struct attempt *a = malloc(sizeof *a);

	if (!a)
		return -1;
	*a = *begun;
	a->watch.fn = attempt_ready;
	a->watch.arg = a;
	a->next = b->attempts;
	b->attempts = a;
	a->pending = p->pending;
	a->before = &p->pending;
	if (p->pending)
		p->pending->before = &a->pending;
	p->pending = a;
	watch_set(p->loop, &a->watch, prober_asks(p) ? POLLIN : POLLOUT);
	return 0;
}

/* Has this machine an address to reach A from? If so, EADDRNOTAVAIL means that all its ports are in
 * use. Nothing is sent. */
static bool has_source(const struct address *a)
{
	int fd = open_socket(a->u.sa.sa_family, SOCK_DGRAM, 0);
	bool has = fd >= 0 && connect(fd, &a->u.sa, a->length) == 0;

	close_keeping_errno(fd);
	return has;
}

static bool is_short_of_descriptors(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

enum step {
	STEP_FAILED,	/* this address has failed */
	STEP_OPEN,	/* it is open: B's answer */
	STEP_UNDER_WAY, /* it is being connected to */
	STEP_BUSY,	/* a UNIX socket with a full backlog: try again soon */
	STEP_SHORT,	/* there is no port or descriptor now: errno */
};

/* Tries the next address of B. */
static enum step probe_try_next(struct probe *b)
{
	struct prober *p = b->p;
	struct attempt a = { .probe = b,
			     .index = b->started,
			     .address = b->failures[b->started].address,
			     .start = clock_now() };
	int family = a.address.u.sa.sa_family, fd, error;
	const char *what;

	fd = a.watch.fd = prober_socket(p, family, &b->failures[a.index].source, &what);
	if (fd < 0) {
		if (is_short_of_descriptors(errno))
			return STEP_SHORT;
		probe_address_failed(b, a.index, errno, what, NULL, clock_now() - a.start);
		return STEP_FAILED;
	}
	if (!prober_asks(p))
		event_tell(&p->c.events, .kind = EVENT_CONNECTING, .address = &a.address);
	error = prober_asks(p) ? attempt_ask(&a) : attempt_connect(&a);
	/* To an address of ours the answer is there already. */
	if (error == EINPROGRESS && !prober_asks(p) && stream_connects_again &&
	    address_is_ip(&a.address))
		error = attempt_connect(&a);
	if (error == EINPROGRESS && attempt_watch(&a) == 0)
		return STEP_UNDER_WAY;
	if (error == EINPROGRESS)
		error = ENOMEM;
	if (error == EAGAIN && family == AF_UNIX) {
		close(fd);
		return STEP_BUSY;
	}
	if ((error == EADDRNOTAVAIL || error == EAGAIN) && has_source(&a.address)) {
		close(fd);
		errno = EADDRNOTAVAIL;
		return STEP_SHORT;
	}
	return attempt_take_answer(&a, error, NULL) ? STEP_OPEN : STEP_FAILED;
}

/* B cannot be started because of ERROR, a want of ports or descriptors. Returns whether its target
 * waits for those: then B is gone. */
static bool probe_put_back(struct probe *b, int error)
{
	struct prober *p = b->p;
	int64_t now = clock_now();

	/* Those that are under way will make room. */
	if (is_short_of_descriptors(error) && p->reserved > b->target.n)
		p->jobs = p->reserved - b->target.n;
	else if (!p->short_since)
		p->short_since = now;
	else if (now - p->short_since >= p->c.wait)
		return false;
	p->held = b->target;
	p->holds = true;
	probe_drop(b);
	timer_set(p->loop, &p->turn, clock_after(now, SHORT_DELAY));
	return true;
}

static void probe_set_timer(struct probe *b)
{
	bool more = b->started < b->target.n && b->next_start < b->deadline;

	timer_set(b->p->loop, &b->timer, more ? b->next_start : b->deadline);
}

/* Goes on with B: tries the next addresses until one does not fail at once. */
static void probe_advance(struct probe *b)
{
	struct prober *p = b->p;

	while (b->started < b->target.n) {
		enum step step = probe_try_next(b);
		int64_t delay = step == STEP_UNDER_WAY ? DIAL_ATTEMPT_DELAY : SHORT_DELAY;

		if (step == STEP_SHORT && !b->attempts) {
			int error = errno;
			if (probe_put_back(b, error))
				return;
			probe_address_failed(b, b->started, error, "socket", NULL, 0);
			step = STEP_FAILED;
		} else if (step != STEP_SHORT) {
			p->short_since = 0;
		}
		if (step != STEP_SHORT && step != STEP_BUSY)
			b->started++;
		if (step == STEP_OPEN) {
			probe_visit(b);
			return;
		}
		if (step != STEP_FAILED) {
			b->next_start = clock_after(clock_now(), delay);
			probe_set_timer(b);
			return;
		}
	}
	if (b->attempts)
		probe_set_timer(b);
	else
		probe_conclude(b);
}

/* The time for B's next address has come, or its deadline. */
static void probe_on_time(void *arg)
{
	struct probe *b = arg;
	size_t silent = b->attempts ? b->attempts->index : b->started;

	if (clock_now() < b->deadline) {
		probe_advance(b);
		return;
	}
	if (silent < b->target.n) {
		probe_address_failed(b, silent, ETIMEDOUT, NULL, NULL, b->p->c.wait);
		b->failures[silent].error = 0;
		b->started += silent == b->started;
	}
	probe_conclude(b);
}

/* ---- by way of proxies ---- */

/* Returns the error of R. What is none of the target, so that it may be open, is of the step *WHAT.
 */
static int probe_way_error(const struct dial_result *r, const char **what)
{
	int error = r->n ? r->failures[0].error : r->lookup.eai ? EHOSTUNREACH : r->error;

	*what = NULL;
	if (r->timed_out)
		return ETIMEDOUT;
	if (!*r->why || (error != ECONNREFUSED && error != EHOSTUNREACH && error != ENETUNREACH &&
			 error != ETIMEDOUT))
		*what = "proxy";
	return error ? error : EHOSTUNREACH;
}

static void probe_dialled(void *arg, const struct dial_result *r)
{
	static const struct icmp_error none;
	struct probe *b = arg;
	struct text said = { 0 };

	b->way = NULL;
	b->result = (struct probe_result){ .ns = clock_now() - b->next_start };
	if (r->fd >= 0) {
		if (b->p->c.dialogue)
			b->open = r->fd;
		else
			close(r->fd);
		probe_visit(b);
		return;
	}
	b->result.error = probe_way_error(r, &b->result.what);
	b->result.state = b->result.what ? PROBE_UNREACHABLE :
					   probe_state_of(b->result.error, &none, AF_INET);
	proxy_client_add_why(r, &said);
	text_put(&said, "", 1);
	b->result.said = said.failed ? NULL : said.data;
	probe_conclude(b);
	text_free(&said);
}

/* Connects to B's target by way of the proxies. */
static void probe_dial(struct probe *b)
{
	struct prober *p = b->p;
	const struct dial_config c = { .host = b->target.name,
				       .port = b->port,
				       .family = p->c.family,
				       .socket = p->c.socket,
				       .deadline = b->deadline,
				       .wait = UNSET,
				       .events = p->c.events };

	digits_format(b->port, b->target.port);
	b->next_start = clock_now();
	b->way = proxy_client_start(p->loop, &c, p->c.proxy, probe_dialled, b);
	if (b->way)
		return;
	probe_address_failed(b, 0, errno, "proxy", NULL, 0);
	probe_conclude(b);
}

/* Starts T. Returns false if it had to be put back. */
static bool probe_start(struct prober *p, const struct probe_target *t)
{
	struct probe *b = malloc(sizeof *b + t->n * sizeof *b->failures);

	if (!b) {
		const struct probe_result failed = { .state = PROBE_UNREACHABLE,
						     .error = ENOMEM,
						     .tag = t->tag };
		p->c.over(p->c.arg, &failed);
		return true;
	}
	*b = (struct probe){
		.p = p, .target = *t, .open = -1, .next = p->probes, .before = &p->probes
	};
	b->deadline = clock_after(clock_now(), p->c.wait);
	b->timer = (struct timer){ .fn = probe_on_time, .arg = b };
	for (size_t i = 0; i < t->n; i++) {
		b->failures[i] = (struct dial_failure){ .address = t->addresses[i] };
		address_set_port(&b->failures[i].address, t->port);
	}
	if (b->next)
		b->next->before = &b->next;
	p->probes = b;
	p->reserved += t->n;
	if (p->c.proxy)
		probe_dial(b);
	else
		probe_advance(b);
	return !p->holds;
}

/* Starts as many targets as may be under way. */
static void prober_take_turn(void *arg)
{
	struct prober *p = arg;
	int i = 0;

	p->pumping = true;
	for (; i < BATCH && p->ready; i++) {
		struct probe_target t = p->held;
		if (!p->holds && !p->c.next(p->c.arg, &t))
			break;
		p->holds = p->probes && p->reserved + t.n > p->jobs;
		p->held = t;
		if (p->holds || !probe_start(p, &t))
			break;
	}
	p->pumping = false;
	if (i == BATCH)
		prober_turn_soon(p);
}

void prober_wake(struct prober *p)
{
	prober_turn_soon(p);
}

static void prober_source_found(void *arg, struct places_answer *found)
{
	struct prober *p = arg;

	p->sources = (struct dial_sources){ found->sources, found->n_sources };
	p->ready = !found->failure.eai;
	if (p->ready)
		prober_turn_soon(p);
	else
		p->c.failed(p->c.arg, &found->failure);
}

static void prober_find_source(void *arg)
{
	struct prober *p = arg;
	const struct places_question q = { .family = p->c.family,
					   .socktype = p->c.socktype,
					   .source = p->c.socket->source,
					   .source_port = p->c.socket->source_port };

	p->turn.fn = prober_take_turn;
	places_find(p->loop, &q, prober_source_found, p, &p->lookup);
}

struct prober *prober_start(struct loop *loop, const struct probe_config *c)
{
	struct prober *p = calloc(1, sizeof *p);
	bool source = c->socket->source || c->socket->source_port;
	long limit = sysconf(_SC_OPEN_MAX);

	if (!p)
		return NULL;
	*p = (struct prober){
		.loop = loop, .c = *c, .ready = !source, .jobs = c->jobs, .spare = { -1, -1 }
	};
	if (limit > 0 && p->jobs + DESCRIPTORS_SPARED > (size_t)limit)
		p->jobs = limit > 2 * DESCRIPTORS_SPARED ? (size_t)limit - DESCRIPTORS_SPARED :
							   (size_t)limit / 2;
	p->reuses = stream_connects_again && !prober_asks(p) && !source && !c->socket->protocol;
	p->turn = (struct timer){ .fn = source ? prober_find_source : prober_take_turn, .arg = p };
	prober_turn_soon(p);
	return p;
}

void prober_free(struct prober *p)
{
	if (!p)
		return;
	places_cancel(p->lookup);
	timer_drop(p->loop, &p->turn);
	for (struct probe *next, *b = p->probes; b; b = next) {
		next = b->next;
		probe_drop(b);
	}
	close_keeping_errno(p->spare[0]);
	close_keeping_errno(p->spare[1]);
	free(p->sources.addresses);
	free(p);
}

const char *probe_state_name(enum probe_state state, int socktype)
{
	static const char names[][12] = {
		[PROBE_OPEN] = "open",
		[PROBE_CLOSED] = "closed",
		[PROBE_FILTERED] = "filtered",
		[PROBE_PROHIBITED] = "prohibited",
		[PROBE_UNREACHABLE] = "unreachable",
		[PROBE_UNEXPECTED] = "unexpected",
	};

	return state == PROBE_FILTERED && socktype == SOCK_DGRAM ? "no-answer" : names[state];
}
