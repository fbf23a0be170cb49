/* pump_account.c - who holds a connection up: the account that --stats asks for
 *
 * The pump's functions are called by way of those here, which charge the time since the last call
 * to what was waited for meanwhile.
 */
#include "flow/pump_account.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "flow/pump_parts.h"
#include "sock/stream.h"

/* Nagle's algorithm holds back less than a segment though the network would take it. */
#define SEGMENT 1500

/* Reads what the kernel tells of P's connection into *T. Returns whether it does: not of a UNIX
 * socket, nor of MPTCP, whose windows are not those of the connections that it is made of. */
static bool account_ask(const struct pump *p, struct pump_times *t)
{
	struct stream_tcp tcp;

	if (p->peer->kind != ENDPOINT_TCP || p->peer->rfd < 0 ||
	    stream_protocol(p->peer->rfd) != IPPROTO_TCP || stream_tcp(p->peer->rfd, &tcp) < 0 ||
	    tcp.busy_us == UNSET)
		return false;
	t->ns[TIME_BUSY] = tcp.busy_us * MICROSECOND;
	t->ns[TIME_RECEIVER] = tcp.receiver_us * MICROSECOND;
	t->ns[TIME_SEND_BUFFER] = tcp.send_buffer_us * MICROSECOND;
	return true;
}

static bool account_receives(const struct pump *p)
{
	return p->down.state == FLOW_OPEN && !p->terms.send_only && pump_counts(p);
}

/* Is there more in the kernel than it may send now? */
static bool account_unsent(const struct pump *p)
{
	return p->peer->wfd >= 0 && stream_unsent(p->peer->wfd) >= SEGMENT;
}

/* Charges the time up to NOW to what was waited for. */
static void account_charge(const struct pump *p, int64_t now)
{
	struct pump_account *a = p->extras->account;
	int64_t ns = now - a->since;

	a->since = now;
	if (!a->sent_all)
		a->times.ns[a->up] += ns;
	/* Where all is sent at the end of a pause that was longer than the network needed. */
	if (!a->sent_all && a->unsent && (a->up != TIME_PAUSE || account_unsent(p)))
		a->times.ns[TIME_UNSENT] += ns;
	if (account_receives(p))
		a->times.ns[TIME_DOWN + a->down] += ns;
}

static enum pump_time account_state(const struct flow *f)
{
	return flow_resume(f) ? TIME_PAUSE : f->transfer.sink_full ? TIME_SINK : TIME_SOURCE;
}

/* Notes what P waits for from here on. */
static void account_look(const struct pump *p)
{
	struct pump_account *a = p->extras->account;

	a->down = account_state(&p->down);
	if (a->sent_all)
		return;
	if (p->side->up.state == FLOW_OPEN) {
		a->up = account_state(&p->side->up);
		a->unsent = a->up != TIME_SINK && account_unsent(p);
	} else {
		struct pump_times t = { 0 };
		account_ask(p, &t);
		a->busy_at_end = t.ns[TIME_BUSY];
		a->sent_all = true;
	}
}

/* ---- around the pump's functions ---- */

/* A call of one of them. */
struct account_call {
	bool gone;   /* the pump is */
	bool *outer; /* the same of the call in which this one is made */
};

static void account_enter(const struct pump *p, struct account_call *call)
{
	*call = (struct account_call){ .outer = p->extras->account->gone };
	p->extras->account->gone = &call->gone;
	account_charge(p, clock_now());
}

static void account_leave(const struct pump *p, const struct account_call *call)
{
	if (!call->gone) {
		account_look(p);
		p->extras->account->gone = call->outer;
	} else if (call->outer) {
		*call->outer = true;
	}
}

static void account_in_ready(void *arg, short events)
{
	struct pump *p = arg;
	struct account_call call;

	account_enter(p, &call);
	p->extras->account->in_ready(p, events);
	account_leave(p, &call);
}

static void account_out_ready(void *arg, short events)
{
	struct pump *p = arg;
	struct account_call call;

	account_enter(p, &call);
	p->extras->account->out_ready(p, events);
	account_leave(p, &call);
}

static void account_peer_ready(void *arg, short events)
{
	struct pump *p = arg;
	struct account_call call;

	account_enter(p, &call);
	p->extras->account->peer_ready(p, events);
	account_leave(p, &call);
}

static void account_time(void *arg)
{
	struct pump *p = arg;
	struct account_call call;

	account_enter(p, &call);
	p->extras->account->time(p);
	account_leave(p, &call);
}

void pump_account_start(struct pump *p)
{
	struct pump_account *a = p->extras->account;

	*a = (struct pump_account){ .since = clock_now(),
				    .in_ready = p->side->in_watch.fn,
				    .out_ready = p->side->out_watch.fn,
				    .peer_ready = p->peer_watch.fn,
				    .time = p->timer.fn };
	p->side->in_watch.fn = account_in_ready;
	p->side->out_watch.fn = account_out_ready;
	p->peer_watch.fn = account_peer_ready;
	p->timer.fn = account_time;
	account_look(p);
}

/* ---- what it comes to ---- */

/* Returns what P's account says by now. *KERNEL: does the kernel tell its part? */
static struct pump_times account_now(const struct pump *p, bool *kernel)
{
	struct pump_account *a = p->extras->account;
	struct pump_times t;

	account_charge(p, clock_now());
	t = a->times;
	*kernel = account_ask(p, &t);
	if (*kernel && a->sent_all && t.ns[TIME_BUSY] > a->busy_at_end)
		t.ns[TIME_AFTER] = t.ns[TIME_BUSY] - a->busy_at_end;
	return t;
}

void pump_account_mark(const struct pump *p)
{
	bool kernel;

	p->extras->account->last = account_now(p, &kernel);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Shares NS, in which our side had nothing to send, among the reasons for that. */
static void share_own(int64_t *limits, int64_t ns, const struct pump_times *t)
{
	int64_t own = t->ns[TIME_SOURCE] + t->ns[TIME_PAUSE];
	double part = own > 0 ? (double)t->ns[TIME_SOURCE] / (double)own : 0;

	if (own == 0) {
		limits[PUMP_BY_NETWORK] += ns;
		return;
	}
	limits[PUMP_BY_END] = (int64_t)(part * (double)ns);
	limits[PUMP_BY_PAUSE] = ns - limits[PUMP_BY_END];
}

/* The kernel tells the receiver's time and the buffer's. What else it was busy is the network's
 * only while something waited to be sent: acknowledgements alone hold nobody up. */
static void share_kernel(int64_t *limits, const struct pump_times *t)
{
	int64_t waiting = t->ns[TIME_SINK] + t->ns[TIME_UNSENT] + t->ns[TIME_AFTER];
	int64_t rest =
		t->ns[TIME_SOURCE] + t->ns[TIME_SINK] + t->ns[TIME_PAUSE] + t->ns[TIME_AFTER];
	int64_t known = t->ns[TIME_RECEIVER] + t->ns[TIME_SEND_BUFFER];
	int64_t network = least(t->ns[TIME_BUSY], waiting) - known;

	limits[PUMP_BY_RECEIVER] = least(t->ns[TIME_RECEIVER], rest);
	rest -= limits[PUMP_BY_RECEIVER];
	limits[PUMP_BY_SEND_BUFFER] = least(t->ns[TIME_SEND_BUFFER], rest);
	rest -= limits[PUMP_BY_SEND_BUFFER];
	limits[PUMP_BY_NETWORK] = network > 0 ? least(network, rest) : 0;
	share_own(limits, rest - limits[PUMP_BY_NETWORK], t);
}

struct pump_limits pump_limits(const struct pump *p, bool since_mark)
{
	const struct pump_account *a = p->extras->account;
	struct pump_limits limits = { 0 };
	struct pump_times t;
	bool kernel;

	if (!a || !a->since)
		return limits;
	t = account_now(p, &kernel);
	for (int i = 0; since_mark && i < TIMES; i++)
		t.ns[i] -= a->last.ns[i];
	if (kernel) {
		share_kernel(limits.sending, &t);
	} else {
		limits.sending[PUMP_BY_OTHER_SIDE] = t.ns[TIME_SINK];
		limits.sending[PUMP_BY_END] = t.ns[TIME_SOURCE];
		limits.sending[PUMP_BY_PAUSE] = t.ns[TIME_PAUSE];
	}
	limits.receiving[PUMP_BY_OTHER_SIDE] = t.ns[TIME_DOWN + TIME_SOURCE];
	limits.receiving[PUMP_BY_END] = t.ns[TIME_DOWN + TIME_SINK];
	limits.receiving[PUMP_BY_PAUSE] = t.ns[TIME_DOWN + TIME_PAUSE];
	return limits;
}

void pump_limits_add(struct pump_limits *sum, const struct pump_limits *more)
{
	for (int i = 0; i < PUMP_LIMITS; i++) {
		sum->sending[i] += more->sending[i];
		sum->receiving[i] += more->receiving[i];
	}
}
