#include "serve/session.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/errname.h"
#include "net/rights.h"
#include "serve/broker.h"
#include "serve/builtin.h"
#include "serve/exec.h"
#include "serve/forward.h"
#include "serve/proxy.h"
#include "serve/stdio.h"

static void (*const starts[])(struct session *x) = {
	[SERVICE_STDIO] = stdio_start,	   [SERVICE_COMMAND] = exec_start,
	[SERVICE_ECHO] = builtin_start,	   [SERVICE_DISCARD] = builtin_start,
	[SERVICE_FORWARD] = forward_start, [SERVICE_BROKER] = broker_start,
	[SERVICE_PROXY] = proxy_start,
};

void session_start(struct session *x, int fd)
{
	const struct data_options *d = x->server->run->data;

	x->start = clock_now();
	x->counts = true;
	x->passed = -1;
	x->name = address_text(&x->peer, x->name_text);
	endpoint_none(&x->in);
	endpoint_none(&x->out);
	endpoint_socket(&x->connection, fd, x->name);
	if (x->server->service->send_fd != UNSET)
		endpoint_pass(&x->connection, (int)x->server->service->send_fd);
	x->up = (struct filter){ .sent = true, .crlf = d->crlf, .telnet = d->telnet };
	x->up.delay = d->delay == UNSET ? 0 : d->delay;
	x->up.heartbeat = d->heartbeat == UNSET ? 0 : d->heartbeat;
	x->up.beat = d->beat;
	x->down = (struct filter){ .telnet = d->telnet, .answers = d->telnet ? &x->up : NULL };
	x->up.id = x->down.id = x->server->keep ? x->id : 0;
	for (int i = 0; i < 2; i++)
		if (x->server->run->copies[i].out.loop)
			x->up.copies[i] = x->down.copies[i] = &x->server->run->copies[i];
	starts[service_kind(x->server->service)](x);
}

struct pump_config session_pump_config(const struct session *x)
{
	const struct data_options *d = x->server->run->data;

	return (struct pump_config){
		.fastopen = x->server->socket->fastopen && !x->server->listening,
		.recv_only = d->recv_only,
		.send_only = d->send_only,
		.no_shutdown = d->no_shutdown,
		.peer_end_ends = d->close_on_peer_eof,
		.keepalive_is_set = x->server->socket->keepalive,
		.quit_after_eof = d->quit_after_eof,
		.linger = d->linger,
		.idle = d->idle_timeout,
		.read_bytes = d->read_bytes == UNSET ? FLOW_NO_LIMIT : (uint64_t)d->read_bytes,
		.buffer = d->buffer == UNSET ? 0 : (size_t)d->buffer,
		.rate = d->rate,
		.frame = x->server->frame,
		.up = (struct filter *)&x->up,
		.down = (struct filter *)&x->down,
	};
}

static void closing(void *arg, struct pump *p)
{
	struct session *x = arg;

	(void)p;
	/* What counts of a command is the process. */
	if (x->child.pid <= 0)
		session_ending(x);
}

void session_pump(struct session *x, const struct pump_config *c, const struct pump_calls *calls,
		  struct endpoint *in, struct endpoint *out)
{
	struct pump_calls all = *calls;

	all.closing = closing;
	all.arg = x;
	pump_start(&x->pump, x->server->run->loop, c, &all, in, out, &x->connection);
	x->pumping = x->pumped = true;
}

void session_ending(struct session *x)
{
	if (x->counts)
		server_session_ending(x->server);
	x->counts = false;
}

void session_peer_ended(struct session *x)
{
	x->peer_ended = true;
	server_session_may_go(x->server);
}

void session_waiting(struct session *x, bool waiting)
{
	if (waiting && !x->waiting)
		x->server->n_waiting++;
	else if (!waiting && x->waiting)
		x->server->n_waiting--;
	x->waiting = waiting;
	/* The descriptors that were free when it was accepted are for what it waits for. */
	transfer_reserve(x->server->n_waiting ? server_spare(x->server) : 0);
}

bool session_may_go(const struct session *x)
{
	return x->counts && x->peer_ended;
}

void session_close(struct session *x)
{
	session_ending(x);
	x->why = "replaced";
	if (x->pumping)
		pump_close(&x->pump);
}

void session_leave(struct session *x)
{
	if (x->child.pid > 0 && !x->relayed)
		endpoint_leave(&x->connection);
}

void session_signal(struct session *x, int signal)
{
	if (x->child.pid > 0)
		kill(x->child.pid, signal);
}

uint64_t session_sent(const struct session *x)
{
	return x->pumped ? pump_sent(&x->pump) : 0;
}

uint64_t session_received(const struct session *x)
{
	return x->pumped ? pump_received(&x->pump) : 0;
}

static struct subject subject_of(const struct session *x)
{
	return (struct subject){ x->name, &x->peer, x->server->keep ? x->id : 0 };
}

void session_notice(const struct session *x, struct notice *n, enum message_level level,
		    const char *event)
{
	const struct subject subject = subject_of(x);

	notice_begin(n, x->server->run->messages, level, event);
	report_subject(n, &subject);
}

struct outcome session_report(const struct session *x)
{
	const struct subject subject = subject_of(x);
	struct outcome outcome = report_pump(x->server->run->messages, &x->pump, &subject);
	struct notice n;

	if (outcome.kind != OUTCOME_DONE || !x->connection.passes)
		return outcome;
	session_notice(x, &n, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(ENODATA));
	notice_end(&n,
		   "%s: --send-fd: not handed over: nothing was sent that it could go along with",
		   x->name);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

/* Why X was closed. What went wrong with the connection counts more than how its command ended, and
 * that more than who ended it first. */
static const char *why(const struct session *x)
{
	static const char *const of_pump[] = {
		[PUMP_DONE] = "both ended",	   [PUMP_RESET] = "reset",
		[PUMP_UNSENT] = "unacknowledged",  [PUMP_IDLE] = "idle",
		[PUMP_IN_FAILED] = "input failed", [PUMP_OUT_FAILED] = "output failed",
	};
	enum outcome_kind of_run = x->server->run->outcome.kind;

	if (x->why)
		return x->why;
	if (x->pump.end == PUMP_RESET && x->pump.error != ECONNRESET && x->pump.error != EPIPE)
		return "broken";
	if (x->pump.end > PUMP_DONE)
		return of_pump[x->pump.end];
	if (x->exited)
		return "command ended";
	if (x->pump.end == PUMP_DONE)
		return x->pump.peer_ended && !x->pump.closing ? of_pump[PUMP_DONE] : "ended here";
	return of_run == OUTCOME_SIGNAL	 ? "signal" :
	       of_run == OUTCOME_TIMEOUT ? "time limit" :
					   "end of the run";
}

void session_figures(const struct session *x, enum message_level level, bool closed)
{
	const struct figures f = {
		.sent = session_sent(x),
		.received = session_received(x),
		.ns = clock_now() - x->start,
		.fd = x->connection.rfd,
		.id = x->server->keep ? x->id : 0,
		.peer = &x->peer,
		.local = &x->local,
		.unseen = service_kind(x->server->service) == SERVICE_COMMAND && !x->relayed,
		.why = closed ? why(x) : NULL,
		.status = closed && x->exited ? x->status : -1,
	};

	report_figures(x->server->run->messages, level, &f, closed ? "closed" : "stats");
}

/* Why X's pump pauses. */
static void add_pause(const struct session *x, struct text *text)
{
	const struct transcript *copies = x->server->run->copies;
	bool full = false;

	for (int i = 0; i < 2; i++)
		if (output_full(&copies[i].out)) {
			text_add(text, "; %s to take its copy (--timeout)", copies[i].out.to.name);
			full = true;
		}
	if (!full)
		text_add(text, "; the end of a pause (--delay, --rate)");
}

void session_waits(const struct session *x, struct text *text)
{
	struct pump_waits w = { 0 };

	if (x->pumping)
		w = pump_waits(&x->pump);
	if (x->proxy)
		proxy_waits(x, text);
	else if (x->dial)
		text_add(text, "; %s to answer (-w)", x->server->service->forward);
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

void session_free(struct session *x)
{
	struct loop *loop = x->server->run->loop;

	session_waiting(x, false);
	if (x->pumped)
		pump_free(&x->pump);
	/* What it was to be relayed to has not been reached. */
	if (x->dial)
		endpoint_break(&x->connection);
	dial_cancel(x->dial);
	lookup_cancel(x->lookup);
	timer_drop(loop, &x->lookup_timer);
	timer_drop(loop, &x->kill_timer);
	proxy_session_free(x);
	watch_drop(loop, &x->passed_watch);
	if (x->passed >= 0)
		rights_drop(x->passed);
	child_drop(loop, &x->child);
	/* What came of a line is still the others'. */
	sender_end(&x->sender);
	fanout_leave(&x->receiver);
	sender_free(&x->sender);
	filter_free(&x->up);
	filter_free(&x->down);
	endpoint_close(&x->connection);
	endpoint_close(&x->in);
	endpoint_close(&x->out);
}
