/* stdio.c - the service on stdin and stdout
 *
 * A single connection has both for itself. With several what they send goes to one stdout, and
 * stdin to each of them, by way of a fan-out.
 */
#include "conn/stdio.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sock/packet.h"
#include "run/report.h"
#include "conn/messages.h"

#define BROKEN_LOOK (50 * MILLISECOND) /* whether the rest has been sent */

/* ---- several connections ---- */

struct share *stdio_share_of(struct connection *x)
{
	struct share *share = x->own;

	share->connection = x;
	x->subscriber = &share->subscriber;
	return share;
}

static struct connection *stdio_connection(struct subscriber *r)
{
	const struct share *share = (void *)((char *)r - offsetof(struct share, subscriber));

	return share->connection;
}

static void stdio_stalled(void *arg, struct subscriber *r)
{
	struct connections *s = arg;
	struct connection *x = stdio_connection(r);
	char time[32];
	struct notice n;

	x->why = "dropped";
	connection_notice(x, &n, MESSAGE_NOTE, "dropped");
	notice_end(&n, "%s: dropped: took nothing for %s (--stall)", x->name,
		   duration_format(time, sizeof time, s->options->stall));
	/* It is not to take what it has for all. */
	endpoint_break(&x->socket);
	connections_one_over(s, x, (struct outcome){ OUTCOME_DONE, 0 });
}

static int64_t stdio_last_taken(void *arg, struct subscriber *r)
{
	(void)arg;
	return pump_last_taken(&stdio_connection(r)->pump);
}

static void stdio_input_ended(void *arg, int error)
{
	struct connections *s = arg;

	if (s->service->settle)
		s->service->settle(s);
	if (!error)
		return;
	report_input_error(s->c->messages, "stdin", error, &s->fanout.framer,
			   s->fanout.c.packet_most);
	s->failed = true;
}

/* Is all that was read from stdin on its way, and nothing more ready there? */
static bool stdio_nothing_to_send(const struct connections *s)
{
	for (const struct connection *x = s->first; x; x = x->next)
		if (x->pumping &&
		    (flow_holds(&x->pump.side->up) || connection_subscriber(x)->bytes > 0))
			return false;
	return !s->fanout.subscribers || s->fanout.ended || !endpoint_readable(&s->in);
}

/* Nobody reads stdout any more: as soon as what came from stdin is sent, that is the end. */
static void stdio_output_broken(void *arg)
{
	struct connections *s = arg;

	if (stdio_nothing_to_send(s))
		connections_lose_output(s);
	else
		timer_set(s->run.loop, &s->out_timer, clock_after(clock_now(), BROKEN_LOOK));
}

static void stdio_output_event(void *arg, short events)
{
	struct connections *s = arg;

	(void)events;
	watch_drop(s->run.loop, &s->out_watch);
	stdio_output_broken(s);
}

/* Whoever waits to send may go on. */
static void stdio_room(void *arg)
{
	const struct connections *s = arg;

	for (struct connection *x = s->first; x; x = x->next)
		if (x->pumping)
			pump_wake(&x->pump);
}

void stdio_share(struct connections *s)
{
	bool joins = s->service->joins, framed = messages_are_framed(s->c);
	const struct data_options *d = s->c->data;
	struct fanout_config c = {
		.limit = d->buffer == UNSET ? 0 : (size_t)d->buffer,
		.stall = s->options->live ? UNSET : s->options->stall,
		.live = s->options->live,
		.filter = &s->read_copies,
		.last_taken = stdio_last_taken,
		.stalled = stdio_stalled,
		.ended = stdio_input_ended,
		.room = joins ? stdio_room : NULL,
		.arg = s,
		.packets = framed || s->c->socktype == SOCK_SEQPACKET,
		.frame = s->c->frame,
		.packet_most = framed ? (size_t)s->c->frame->size : packet_most_with(s->c->socket),
		.carrier = framed ? &s->c->frame->wire : NULL,
		.endless = joins,
		.chat = s->service->chat,
	};
	bool reads;

	endpoint_inherit(&s->in, STDIN_FILENO, false, "stdin");
	reads = !d->recv_only && s->in.kind != ENDPOINT_NULL;
	if (reads || joins)
		fanout_start(&s->fanout, s->run.loop, &c, reads ? &s->in : NULL);
	s->read_copies = (struct filter){ .sent = true, .crlf = d->crlf, .telnet = d->telnet };
	/* Of messages what goes to each is copied, with its marks. */
	s->read_copies.copies = framed ? NULL : s->run.copies;
	if (joins)
		return;
	endpoint_inherit(&s->out, STDOUT_FILENO, true, "stdout");
	s->out.shared = true;
	s->out_watch = endpoint_watch(&s->out, stdio_output_event, s);
	s->out_timer = (struct timer){ .fn = stdio_output_broken, .arg = s };
	if (s->out.kind != ENDPOINT_FILE && s->out.kind != ENDPOINT_NULL && !d->send_only)
		watch_set(s->run.loop, &s->out_watch, 0);
}

void stdio_leave(struct connection *x)
{
	struct share *share = x->own;

	/* What came of a line is still the others'. */
	publisher_end(&share->publisher);
	fanout_leave(&share->subscriber);
	chat_free(&share->publisher.chat);
}

void stdio_unshare(struct connections *s)
{
	fanout_stop(&s->fanout);
	watch_drop(s->run.loop, &s->out_watch);
	timer_drop(s->run.loop, &s->out_timer);
	endpoint_close(&s->in);
	endpoint_close(&s->out);
}

/* ---- each of them ---- */

static void stdio_over(void *arg)
{
	struct connection *x = arg;
	struct connections *s = x->connections;
	struct outcome outcome;

	if (!s->keep)
		connections_raw(s, false);
	/* That stdin cannot be read has been told once. */
	outcome = s->keep && x->pump.end == PUMP_IN_FAILED && !connection_subscriber(x)->error ?
			  (struct outcome){ OUTCOME_FAILED, 0 } :
			  connection_report(x);
	/* There is only one stdout: without it nobody is served. */
	if (s->keep &&
	    (x->pump.end == PUMP_OUT_FAILED || (x->extras->filters && x->extras->filters->up.quit)))
		run_end(&s->run, outcome);
	connections_one_over(s, x, outcome);
}

static void stdio_waiting(void *arg)
{
	struct connection *x = arg;
	struct notice n;

	if (x->connections->keep)
		return;
	connection_notice(x, &n, MESSAGE_NOTE, "waiting");
	notice_end(&n,
		   "%s has ended; still waiting for stdin's end (see --recv-only and "
		   "--close-on-peer-eof)",
		   x->name);
}

/* Some servers take the end of what a client sends for that of the client. */
static void stdio_peer_ended(void *arg)
{
	struct connection *x = arg;
	struct notice n;

	if (x->connections->keep)
		connection_peer_ended(x);
	if (x->connections->listening || !pump_unanswered(&x->pump))
		return;
	connection_notice(x, &n, MESSAGE_VERBOSE, "no_answer");
	notice_end(&n,
		   "%s ended after stdin's end without a byte: some servers take that for a client "
		   "that is gone (--no-shutdown)",
		   x->name);
}

/* How much stdin will give, with the SENT bytes that it has given, UNSET where that is not known.
 */
static int64_t stdio_input_size(const struct endpoint *in, size_t sent)
{
	struct stat s;
	off_t at;

	if (in->kind != ENDPOINT_FILE || fstat(in->rfd, &s) < 0 || !S_ISREG(s.st_mode))
		return UNSET;
	at = lseek(in->rfd, 0, SEEK_CUR);
	return at < 0 || at > s.st_size ? UNSET : (int64_t)(s.st_size - at) + (int64_t)sent;
}

/* X has stdin and stdout for itself. */
static void stdio_open(struct connection *x, struct pump_config *c)
{
	endpoint_inherit(x->in, STDIN_FILENO, false, "stdin");
	endpoint_inherit(x->out, STDOUT_FILENO, true, "stdout");
	endpoint_join(x->in, x->out);
	if (x->connections->listening && x->in->kind == ENDPOINT_NULL)
		c->terms.recv_only = true;
	if (!c->terms.recv_only)
		x->connections->expected = stdio_input_size(x->in, x->connections->sent_before);
}

/* X, one of several, gets what stdin says from now on. Returns whether that is anything. */
static bool stdio_subscribe(struct connection *x)
{
	struct connections *s = x->connections;
	bool reads = s->fanout.loop && !s->fanout.ended;

	if (reads)
		fanout_join(&s->fanout, x->subscriber);
	connection_copied_before(x);
	return reads;
}

/* X is one of several. */
static void stdio_join(struct connection *x, struct pump_config *c)
{
	struct connections *s = x->connections;

	stdio_share_of(x);
	/* Who comes after stdin's end would see an end at once, and may take it for that of all. */
	if (!s->fanout.loop || s->fanout.ended)
		c->terms.recv_only = true;
	else
		subscriber_endpoint(x->in, x->subscriber, "stdin");
	if (!x->extras->dialogue)
		stdio_subscribe(x);
}

/* X's dialogue is over. */
static bool stdio_spoken(void *arg)
{
	struct connection *x = arg;
	struct connections *s = x->connections;

	connections_raw(s, true);
	return !s->keep || stdio_subscribe(x);
}

static void stdio_start(struct connection *x)
{
	struct connections *s = x->connections;
	static const struct pump_calls calls = {
		CONNECTION_CALLS,	.over = stdio_over,	  .closing = connection_ending,
		.spoken = stdio_spoken, .waiting = stdio_waiting, .peer_ended = stdio_peer_ended
	};
	const struct endpoint *in = s->keep ? &s->in : x->in;
	struct pump_config c = connection_pump_config(x);

	if (!x->extras->dialogue)
		connections_raw(s, true);
	messages_as_objects(x);
	if (s->keep)
		stdio_join(x, &c);
	else
		stdio_open(x, &c);
	if (in->kind == ENDPOINT_TERMINAL) {
		c.terms.peer_end_ends = true;
		c.terms.promises = false;
	}
	if (in->kind == ENDPOINT_TERMINAL && x->extras->filters) {
		x->extras->filters->up.escapes = s->c->data->raw && s->c->data->escape != UNSET;
		x->extras->filters->up.escape = (char)s->c->data->escape;
	}
	connection_pump(x, &c, &calls, x->in, s->keep ? &s->out : x->out);
}

static void stdio_prepare(struct connections *s)
{
	if (s->keep)
		stdio_share(s);
}

SERVICE(stdio) = { .option = "", /* none has to */
		   .prepare = stdio_prepare,
		   .end = stdio_unshare,
		   .size = sizeof(struct share),
		   .ends = 2,
		   .start = stdio_start,
		   .free = stdio_leave };
