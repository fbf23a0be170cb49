#include "conn/connection.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/errname.h"
#include "sock/rights.h"
#include "conn/broker.h"
#include "conn/builtin.h"
#include "conn/exec.h"
#include "conn/forward.h"
#include "proxyd/proxyd.h"
#include "conn/stdio.h"

static void (*const starts[])(struct connection *x) = {
	[SERVICE_STDIO] = stdio_start,	   [SERVICE_COMMAND] = exec_start,
	[SERVICE_ECHO] = builtin_start,	   [SERVICE_DISCARD] = builtin_start,
	[SERVICE_FORWARD] = forward_start, [SERVICE_BROKER] = broker_start,
	[SERVICE_PROXY] = proxyd_start,
};

void connection_start(struct connection *x, int fd)
{
	const struct data_options *d = x->connections->run->data;

	x->start = clock_now();
	x->counts = true;
	x->passed = -1;
	x->name = address_text(&x->peer, x->name_text);
	endpoint_none(&x->in);
	endpoint_none(&x->out);
	endpoint_socket(&x->socket, fd, x->name);
	if (x->connections->service->send_fd != UNSET)
		endpoint_pass(&x->socket, (int)x->connections->service->send_fd);
	x->up = (struct filter){ .sent = true, .crlf = d->crlf, .telnet = d->telnet };
	x->up.delay = d->delay == UNSET ? 0 : d->delay;
	x->up.heartbeat = d->heartbeat == UNSET ? 0 : d->heartbeat;
	x->up.heartbeat_text = d->heartbeat_text;
	x->down = (struct filter){ .telnet = d->telnet, .answers = d->telnet ? &x->up : NULL };
	x->up.id = x->down.id = x->connections->keep ? x->id : 0;
	for (int i = 0; i < 2; i++)
		if (x->connections->run->copies[i].out.loop)
			x->up.copies[i] = x->down.copies[i] = &x->connections->run->copies[i];
	starts[service_kind(x->connections->service)](x);
}

struct pump_config connection_pump_config(const struct connection *x)
{
	const struct data_options *d = x->connections->run->data;

	return (struct pump_config){
		.fastopen = x->connections->socket->fastopen && !x->connections->listening,
		.terms.recv_only = d->recv_only,
		.terms.send_only = d->send_only,
		.terms.no_shutdown = d->no_shutdown,
		.terms.peer_end_ends = d->close_on_peer_eof,
		.keepalive_is_set = x->connections->socket->keepalive,
		.quit_after_eof = d->quit_after_eof,
		.linger = d->linger,
		.idle = d->idle_timeout,
		.read_bytes = d->read_bytes == UNSET ? FLOW_NO_LIMIT : (uint64_t)d->read_bytes,
		.buffer = d->buffer == UNSET ? 0 : (size_t)d->buffer,
		.rate = d->rate,
		.frame = x->connections->frame,
		.up = (struct filter *)&x->up,
		.down = (struct filter *)&x->down,
	};
}

static void closing(void *arg, struct pump *p)
{
	struct connection *x = arg;

	(void)p;
	/* What counts of a command is the process. */
	if (x->child.pid <= 0)
		connection_ending(x);
}

void connection_pump(struct connection *x, const struct pump_config *c,
		     const struct pump_calls *calls, struct endpoint *in, struct endpoint *out)
{
	struct pump_calls all = *calls;

	all.closing = closing;
	all.arg = x;
	pump_start(&x->pump, x->connections->run->loop, c, &all, in, out, &x->socket);
	x->pumping = x->pumped = true;
}

void connection_ending(struct connection *x)
{
	if (x->counts)
		connections_one_ending(x->connections);
	x->counts = false;
}

void connection_peer_ended(struct connection *x)
{
	x->peer_ended = true;
	connections_one_may_go(x->connections);
}

void connection_waiting(struct connection *x, bool waiting)
{
	if (waiting && !x->waiting)
		x->connections->n_waiting++;
	else if (!waiting && x->waiting)
		x->connections->n_waiting--;
	x->waiting = waiting;
	/* The descriptors that were free when it was accepted are for what it waits for. */
	transfer_reserve(x->connections->n_waiting ? connections_spare(x->connections) : 0);
}

bool connection_may_go(const struct connection *x)
{
	return x->counts && x->peer_ended;
}

void connection_close(struct connection *x)
{
	connection_ending(x);
	x->why = "replaced";
	if (x->pumping)
		pump_close(&x->pump);
}

void connection_leave(struct connection *x)
{
	if (x->child.pid > 0 && !x->relayed)
		endpoint_leave(&x->socket);
}

void connection_signal(struct connection *x, int signal)
{
	if (x->child.pid > 0)
		kill(x->child.pid, signal);
}

uint64_t connection_sent(const struct connection *x)
{
	return x->pumped ? pump_sent(&x->pump) : 0;
}

uint64_t connection_received(const struct connection *x)
{
	return x->pumped ? pump_received(&x->pump) : 0;
}

static struct subject subject_of(const struct connection *x)
{
	return (struct subject){ x->name, &x->peer, x->connections->keep ? x->id : 0 };
}

void connection_notice(const struct connection *x, struct notice *n, enum message_level level,
		       const char *event)
{
	const struct subject subject = subject_of(x);

	notice_begin(n, x->connections->run->messages, level, event);
	report_subject(n, &subject);
}

struct outcome connection_report(const struct connection *x)
{
	const struct subject subject = subject_of(x);
	struct outcome outcome = report_pump(x->connections->run->messages, &x->pump, &subject);
	struct notice n;

	if (outcome.kind != OUTCOME_DONE || !x->socket.passes)
		return outcome;
	connection_notice(x, &n, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(ENODATA));
	notice_end(&n,
		   "%s: --send-fd: not handed over: nothing was sent that it could go along with",
		   x->name);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

/* Why X was closed. What went wrong with the connection counts more than how its command ended, and
 * that more than who ended it first. */
static const char *why(const struct connection *x)
{
	static const char *const of_pump[] = {
		[PUMP_DONE] = "both ended",	   [PUMP_RESET] = "reset",
		[PUMP_UNSENT] = "unacknowledged",  [PUMP_IDLE] = "idle",
		[PUMP_IN_FAILED] = "input failed", [PUMP_OUT_FAILED] = "output failed",
	};
	enum outcome_kind of_run = x->connections->run->outcome.kind;

	if (x->why)
		return x->why;
	if (x->pump.end == PUMP_RESET && x->pump.error != ECONNRESET && x->pump.error != EPIPE)
		return "broken";
	if (x->pump.end > PUMP_DONE)
		return of_pump[x->pump.end];
	if (x->exited)
		return "command ended";
	if (x->pump.end == PUMP_DONE)
		return pump_peer_ended(&x->pump) && !pump_was_closed(&x->pump) ?
			       of_pump[PUMP_DONE] :
			       "ended here";
	return of_run == OUTCOME_SIGNAL	 ? "signal" :
	       of_run == OUTCOME_TIMEOUT ? "time limit" :
					   "end of the run";
}

void connection_figures(const struct connection *x, enum message_level level, bool closed)
{
	const struct figures f = {
		.sent = connection_sent(x),
		.received = connection_received(x),
		.ns = clock_now() - x->start,
		.fd = x->socket.rfd,
		.id = x->connections->keep ? x->id : 0,
		.peer = &x->peer,
		.local = &x->local,
		.unseen = service_kind(x->connections->service) == SERVICE_COMMAND && !x->relayed,
		.why = closed ? why(x) : NULL,
		.status = closed && x->exited ? x->status : -1,
	};

	report_figures(x->connections->run->messages, level, &f, closed ? "closed" : "stats");
}

/* Why X's pump pauses. */
static void add_pause(const struct connection *x, struct text *text)
{
	const struct transcript *copies = x->connections->run->copies;
	bool full = false;

	for (int i = 0; i < 2; i++)
		if (output_full(&copies[i].out)) {
			text_add(text, "; %s to take its copy (--timeout)", copies[i].out.to.name);
			full = true;
		}
	if (!full)
		text_add(text, "; the end of a pause (--delay, --rate)");
}

void connection_waits(const struct connection *x, struct text *text)
{
	struct pump_waits w = { 0 };

	if (x->pumping)
		w = pump_waits(&x->pump);
	if (x->proxied)
		proxyd_waits(x, text);
	else if (x->dial)
		text_add(text, "; %s to answer (-w)", x->connections->service->forward);
	if (x->passed_watch.slot)
		text_add(text, "; %s's first data (--timeout)", x->name);
	if (x->child.pid > 0 && !w.in)
		text_add(text, "; the command's end (--kill-after, once %s has ended)", x->name);
	if (w.in)
		text_add(text, "; %s's data or end (%s)", x->pump.in->name,
			 x->child.pid > 0 ? "--timeout" : "-i, --recv-only");
	if (w.peer)
		text_add(text, "; %s's data or end (-i, %s--send-only)", x->name,
			 x->pump.up.source_ended ? "-q, " : "");
	if (w.peer_reading)
		text_add(text, "; %s to take what is sent (-i)", x->name);
	if (w.out)
		text_add(text, "; %s to take what came (--timeout)", x->pump.out->name);
	if (w.paused)
		add_pause(x, text);
	if (w.acknowledged)
		text_add(text, "; %s to acknowledge what was sent (-q)", x->name);
}

void connection_free(struct connection *x)
{
	struct loop *loop = x->connections->run->loop;

	connection_waiting(x, false);
	if (x->pumped)
		pump_free(&x->pump);
	/* What it was to be relayed to has not been reached. */
	if (x->dial)
		endpoint_break(&x->socket);
	dial_cancel(x->dial);
	lookup_cancel(x->lookup);
	timer_drop(loop, &x->lookup_timer);
	timer_drop(loop, &x->kill_timer);
	proxyd_free(x);
	watch_drop(loop, &x->passed_watch);
	if (x->passed >= 0)
		rights_drop(x->passed);
	child_drop(loop, &x->child);
	/* What came of a line is still the others'. */
	publisher_end(&x->publisher);
	fanout_leave(&x->subscriber);
	publisher_free(&x->publisher);
	filter_free(&x->up);
	filter_free(&x->down);
	endpoint_close(&x->socket);
	endpoint_close(&x->in);
	endpoint_close(&x->out);
}
