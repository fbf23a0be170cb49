/* trace.c - connections that may pass so many routers only, and who says that they did */
#include "net/trace.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "sock/sockopt.h"
#include "sock/stream.h"

#define PROBES_MOST 512		    /* at a time */
#define DESCRIPTORS_SPARED 64	    /* of the limit, for look-ups and those that we inherited */
#define ASK_AGAIN SECOND	    /* what a router that limits its answers needs for one more */
#define LEAST (300 * MILLISECOND)   /* what those asked again have where nothing else is known */
#define ALLOWANCE (3 * MILLISECOND) /* beyond the slowest answer, for a router's own time */

struct trace_probe {
	struct trace *t;
	struct watch watch;
	int hop;
	bool again; /* it is one of those of a hop that was silent */
	bool wanted, pending;
	int64_t start;
	struct trace_reply *reply;
};

/* What is known of a hop. */
struct trace_state {
	int left;   /* so many of its probes are wanted or pending */
	bool heard; /* one was answered */
	bool again; /* it was silent, and is asked once more */
};

struct trace {
	struct loop *loop;
	struct trace_config c;
	struct timer turn;
	struct address source; /* of the last socket; of length 0: it was not bound */
	int64_t slowest;       /* of all answers, ns; 0: there was none */
	int farthest;	       /* the last hop that was heard */
	int end; /* the first hop with an answer that is no router's; at first c.hops + 1 */
	int told, silent;	  /* so many hops were told, and so many of the last were silent */
	size_t wanted;		  /* so many probes are to begin, */
	size_t next;		  /* none before this one, */
	size_t pending;		  /* so many have, */
	size_t most;		  /* and so many may at a time */
	size_t all;		  /* so many there are for the first time, and as many once more */
	struct trace_state *hops; /* from 1 to c.hops + 1: that one is without a limit */
	struct trace_probe *probes;
	struct trace_reply *replies; /* those of a hop stand together; each is of two probes */
};

/* ---- a probe ---- */

/* B, which is pending, is over. */
static void trace_drop_probe(struct trace_probe *b)
{
	struct trace *t = b->t;

	watch_drop(t->loop, &b->watch);
	/* Who has taken the connection shall not wait for data. */
	stream_break(b->watch.fd);
	close(b->watch.fd);
	b->pending = false;
	t->pending--;
	t->hops[b->hop].left--;
	timer_set(t->loop, &t->turn, loop_now(t->loop));
}

static void trace_stop(struct trace *t)
{
	for (size_t i = 0; t->probes && i < 2 * t->all; i++)
		if (t->probes[i].pending)
			trace_drop_probe(&t->probes[i]);
	timer_drop(t->loop, &t->turn);
}

/* B was answered, by what its reply has: an error, and a message of ICMP. */
static void trace_take_reply(struct trace *t, const struct trace_probe *b)
{
	struct trace_reply *r = b->reply;
	bool router = b->hop <= t->c.hops && icmp_is_time_exceeded(&r->icmp);

	r->kind = router ? TRACE_ROUTER : TRACE_ANSWER;
	r->state = probe_state_of(r->error, &r->icmp, t->c.target.u.sa.sa_family);
	t->hops[b->hop].heard = true;
	t->slowest = r->ns > t->slowest ? r->ns : t->slowest;
	t->farthest = b->hop > t->farthest ? b->hop : t->farthest;
	if (t->c.heard)
		t->c.heard(t->c.arg, r->icmp.sender.length ? &r->icmp.sender : &t->c.target);
	if (!router && b->hop < t->end)
		t->end = b->hop;
}

static void trace_probe_ready(void *arg, short events)
{
	struct trace_probe *b = arg;
	struct trace *t = b->t;
	struct address local;
	struct icmp_error icmp;
	int error = stream_connect_error(b->watch.fd, &t->c.target, events, &icmp);

	if (error == EINPROGRESS)
		return;
	if (probe_was_connected(error))
		error = 0;
	if (!error && dial_to_oneself(b->watch.fd, &t->c.target, &local))
		error = ECONNREFUSED;
	trace_drop_probe(b);
	/* The kernel may have less patience than -w: that is no answer. Its twin may have one. */
	if (error == ETIMEDOUT || b->reply->kind != TRACE_NOTHING)
		return;
	*b->reply =
		(struct trace_reply){ .error = error, .icmp = icmp, .ns = clock_now() - b->start };
	trace_take_reply(t, b);
}

/* Opens the socket of a probe of the hop number HOP. Returns it, or -1 with errno and *WHAT. */
static int trace_socket(struct trace *t, int hop, const char **what)
{
	int family = t->c.target.u.sa.sa_family;
	int fd = dial_socket(family, SOCK_STREAM, t->c.socket, &t->c.sources, &t->source, what);

	if (fd < 0)
		return -1;
	stream_hesitate(fd);
	*what = "trace";
	if (icmp_collect(fd, family) == 0 &&
	    (hop > t->c.hops || sockopt_set_hops(fd, family, hop) == 0))
		return fd;
	close_keeping_errno(fd);
	return -1;
}

/* Begins B. Returns 0, or -1 with errno and *WHAT: this machine does not let us. */
static int trace_begin_probe(struct trace_probe *b, const char **what)
{
	struct trace *t = b->t;
	size_t none = 0;
	int fd = trace_socket(t, b->hop, what), error;

	if (fd < 0)
		return -1;
	*what = NULL;
	b->start = clock_now();
	error = dial_connect(fd, &t->c.target, "", &none);
	if (error && error != EINPROGRESS) {
		close(fd);
		errno = error;
		return -1;
	}
	b->watch = (struct watch){ .fd = fd, .fn = trace_probe_ready, .arg = b };
	b->pending = true;
	t->pending++;
	watch_set(t->loop, &b->watch, POLLOUT);
	return 0;
}

/* ---- the hops ---- */

/* Where those of the hop number HOP begin. */
static size_t trace_place(const struct trace *t, int hop)
{
	return (size_t)(hop - 1) * (size_t)t->c.count;
}

static const struct trace_reply *trace_replies(const struct trace *t, int hop)
{
	return &t->replies[trace_place(t, hop)];
}

/* The last hop that matters. */
static int trace_last(const struct trace *t)
{
	return t->end < t->c.hops ? t->end : t->c.hops;
}

/* Was anybody heard behind the hop number AFTER? */
static bool trace_heard_behind(const struct trace *t, int after)
{
	for (int hop = trace_last(t); hop > after; hop--)
		if (t->hops[hop].heard)
			return true;
	return false;
}

static void trace_tell(struct trace *t)
{
	while (t->told < trace_last(t)) {
		const int hop = t->told + 1;
		const struct trace_state *s = &t->hops[hop];

		if (s->left || (!s->heard && !t->c.one_flow && !s->again))
			return;
		if (!s->heard && t->silent >= TRACE_SILENT && !trace_heard_behind(t, hop))
			return;
		t->silent = s->heard ? 0 : t->silent + 1;
		t->told = hop;
		t->c.hop(t->c.arg, &(struct trace_hop){ .number = hop,
							.replies = trace_replies(t, hop),
							.n = (size_t)t->c.count });
	}
}

/* Returns the first answer of HOP that is no router's, one that is open before others; NULL: there
 * is none. */
static const struct trace_reply *trace_answer(const struct trace *t, int hop)
{
	const struct trace_reply *r = trace_replies(t, hop), *found = NULL;

	for (int i = 0; i < t->c.count; i++)
		if (r[i].kind == TRACE_ANSWER && (!found || (found->error && !r[i].error)))
			found = &r[i];
	return found;
}

/* Finds the last router that was heard. */
static void trace_find_last(const struct trace *t, struct trace_end *e)
{
	for (int hop = trace_last(t); hop && !e->last; hop--)
		for (int i = 0; i < t->c.count; i++) {
			const struct trace_reply *r = &trace_replies(t, hop)[i];
			if (r->kind != TRACE_ROUTER)
				continue;
			e->last = hop;
			e->router = r->icmp.sender;
		}
}

/* Ends T. FAILED, unless it is NULL, is how this machine does not let us. */
static void trace_finish(struct trace *t, const struct trace_reply *failed)
{
	static const struct trace_reply silence = { .state = PROBE_FILTERED };
	const struct trace_reply *reply = failed ? failed : trace_answer(t, t->end);
	struct trace_end e = { .reply = reply ? *reply : silence,
			       .hop = !failed && t->end <= t->c.hops ? t->end : 0,
			       .told = t->told,
			       .failed = failed,
			       .source = t->source };

	trace_find_last(t, &e);
	trace_stop(t);
	t->c.over(t->c.arg, &e);
}

/* ---- patience ---- */

/* How long after it was asked a hop answers, if it does, by all that is known. */
static int64_t trace_usual(const struct trace *t)
{
	int64_t ns = t->slowest + ALLOWANCE;

	return ns < t->c.wait / 5 * 2 ? ns : t->c.wait / 5 * 2;
}

/* Was the hop number HOP heard, or one behind it? Then what still misses is probably lost. */
static bool trace_is_reached(const struct trace *t, int hop)
{
	return !t->c.patient && hop <= t->farthest;
}

/* May B find what is not known yet? */
static bool trace_may_matter(const struct trace *t, const struct trace_probe *b)
{
	return b->hop <= t->end && b->reply->kind == TRACE_NOTHING;
}

/* When is B, which is pending, given up? */
static int64_t trace_due(const struct trace *t, const struct trace_probe *b)
{
	const bool late = b->again || (t->c.one_flow && b->hop <= t->c.hops);
	int64_t wait = t->c.wait;

	/* Only now: answers that still matter were to be read first. */
	if (!trace_may_matter(t, b))
		return 0;
	if (trace_is_reached(t, b->hop)) {
		wait = (b->again ? 3 : t->hops[b->hop].heard ? 4 : 5) * (trace_usual(t) / 2);
	} else if (late && t->slowest && !t->c.patient) {
		int64_t least = 10 * t->slowest > LEAST ? 10 * t->slowest : LEAST;
		wait = least < wait ? least : wait;
	}
	return clock_after(b->start, wait);
}

/* When is the hop number HOP asked again? NEVER: there is no need so far. */
static int64_t trace_again_at(const struct trace *t, int hop)
{
	const struct trace_probe *first = &t->probes[trace_place(t, hop)];
	const struct trace_state *s = &t->hops[hop];

	if (t->c.one_flow || s->heard || s->again || first->wanted)
		return NEVER;
	return clock_after(first->start, trace_is_reached(t, hop) ? trace_usual(t) : ASK_AGAIN);
}

/* ---- one turn after the other ---- */

/* Wants the probes of the hop number HOP: those of the first time, or AGAIN. */
static void trace_want(struct trace *t, int hop, bool again)
{
	const int n = hop > t->c.hops && !t->c.one_flow ? 1 : t->c.count;
	struct trace_probe *b = &t->probes[(again ? t->all : 0) + trace_place(t, hop)];

	for (int i = 0; i < n; i++)
		b[i].wanted = true;
	t->hops[hop].again = again;
	t->hops[hop].left += n;
	t->wanted += (size_t)n;
	t->next = b < &t->probes[t->next] ? (size_t)(b - t->probes) : t->next;
}

/* Gives up the probes, and wants those of silent hops again, whose time has come. Returns when
 * there will be more of that. */
static int64_t trace_settle(struct trace *t)
{
	/* An answer that has come since then is not too late. */
	const int64_t now = loop_now(t->loop);
	int64_t next = NEVER;

	for (size_t i = 0; i < 2 * t->all; i++) {
		struct trace_probe *b = &t->probes[i];
		int64_t at = b->pending ? trace_due(t, b) : NEVER;
		if (at <= now)
			trace_drop_probe(b);
		else if (at < next)
			next = at;
	}
	for (int hop = 1; hop <= t->end; hop++) {
		int64_t at = trace_again_at(t, hop);
		if (at <= now)
			trace_want(t, hop, true);
		else if (at < next)
			next = at;
	}
	return next;
}

/* Does it still matter what B, which is wanted, would find? */
static bool trace_matters(const struct trace *t, const struct trace_probe *b)
{
	if (!trace_may_matter(t, b))
		return false;
	if (b->hop > t->c.hops)
		return !t->hops[b->hop].heard;
	return !t->c.one_flow || t->silent < TRACE_SILENT;
}

/* Begins the next probe, hop by hop: whoever answers for all that lies behind may not do so often.
 * It is one alone since the time of an answer is when it is read, which none shall wait for, and
 * the target's makes many others needless. Returns whether there was one, or -1 with errno and
 * *WHAT. */
static int trace_begin(struct trace *t, const char **what)
{
	for (; t->wanted && t->pending < t->most; t->next++) {
		struct trace_probe *b = &t->probes[t->next];
		const bool matters = b->wanted && trace_matters(t, b);

		if (!b->wanted)
			continue;
		if (matters && trace_begin_probe(b, what) < 0) {
			/* Those that are pending will make room. */
			if ((errno != EMFILE && errno != ENFILE) || !t->pending)
				return -1;
			t->most = t->pending;
			return 0;
		}
		b->wanted = false;
		t->wanted--;
		if (matters)
			return 1;
		t->hops[b->hop].left--;
	}
	return 0;
}

static void trace_take_turn(void *arg)
{
	struct trace *t = arg;
	struct trace_reply failed = { .state = PROBE_UNREACHABLE };
	/* While there is more to begin none is late. */
	const bool busy = t->wanted && t->pending < t->most;
	int64_t next = busy ? NEVER : trace_settle(t);
	int begun;

	trace_tell(t);
	begun = trace_begin(t, &failed.what);
	if (begun < 0) {
		failed.error = errno;
		failed.kind = TRACE_ANSWER;
		trace_finish(t, &failed);
	} else if (begun || busy) {
		timer_set(t->loop, &t->turn, loop_now(t->loop));
	} else if (t->pending || next != NEVER) {
		timer_set(t->loop, &t->turn, next);
	} else {
		trace_finish(t, NULL);
	}
}

struct trace *trace_start(struct loop *loop, const struct trace_config *c)
{
	struct trace *t = calloc(1, sizeof *t);
	long limit = sysconf(_SC_OPEN_MAX);

	if (!t)
		return NULL;
	*t = (struct trace){ .loop = loop, .c = *c, .end = c->hops + 1, .most = PROBES_MOST };
	t->all = (size_t)(c->hops + 1) * (size_t)c->count;
	t->hops = calloc((size_t)c->hops + 2, sizeof *t->hops);
	t->probes = calloc(2 * t->all, sizeof *t->probes);
	t->replies = calloc(t->all, sizeof *t->replies);
	if (!t->hops || !t->probes || !t->replies) {
		trace_free(t);
		errno = ENOMEM;
		return NULL;
	}
	if (c->one_flow)
		t->most = 1;
	else if (limit > 0 && t->most + DESCRIPTORS_SPARED > (size_t)limit)
		t->most = limit > 2 * DESCRIPTORS_SPARED ? (size_t)limit - DESCRIPTORS_SPARED :
							   (size_t)limit / 2;
	for (size_t i = 0; i < t->all; i++) {
		struct trace_probe b = { .t = t,
					 .hop = (int)i / c->count + 1,
					 .reply = &t->replies[i] };
		t->probes[i] = b;
		b.again = true;
		t->probes[t->all + i] = b;
	}
	for (int hop = 1; hop <= c->hops + 1; hop++)
		trace_want(t, hop, false);
	t->turn = (struct timer){ .fn = trace_take_turn, .arg = t };
	timer_set(loop, &t->turn, loop_now(loop));
	return t;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	trace_stop(t);
	free(t->hops);
	free(t->probes);
	free(t->replies);
	free(t);
}
