#include "serve/receiving.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/wait.h"
#include "serve/datagram_report.h"
#include "serve/report.h"

#define ROUNDS 8		       /* batches that are written together */
#define DRAIN_MOST 4096		       /* batches at the end */
#define FINISH_LIMIT (5 * SECOND)      /* for a stdout that is slow, at the end */
#define RETRY_PAUSE MILLISECOND	       /* where the kernel has no room for what is sent */
#define BROKEN_LOOK (50 * MILLISECOND) /* whether stdin has nothing more for now */
#define JOBS 16

struct receiving_socket {
	struct receiving *receiving;
	struct dgram_socket *socket;
	struct watch watch;
	bool blocked; /* it takes no datagram for now */
};

static bool pending(const struct receiving *x)
{
	return x->at < x->n;
}

static const struct messages *messages(const struct receiving *x)
{
	return x->run->messages;
}

/* ---- the end ---- */

/* How many the kernel had no room for; -1: it does not tell. *LEAST: or more. */
static int64_t dropped(const struct receiving *x, bool *least)
{
	int64_t all = 0;

	*least = false;

	for (size_t i = 0; i < x->n_sockets; i++) {
		int64_t n = dgram_dropped(x->sockets[i].socket);
		if (n < 0)
			return -1;
		all += n;
		*least = *least || x->sockets[i].socket->grouped;
	}
	return all;
}

static struct outcome result(const struct receiving *x)
{
	if (x->timed_out)
		return (struct outcome){ OUTCOME_TIMEOUT, 0 };
	/* One datagram was handed to one command: its status is ours. */
	if (x->command.kind != OUTCOME_DONE && x->c.options->count == 1)
		return x->command;
	if (x->failed || x->command.kind != OUTCOME_DONE)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	return (struct outcome){ OUTCOME_DONE, 0 };
}

/* No more is wanted: is all that was received done with? */
static void settle(struct receiving *x)
{
	if (x->finishing && !pending(x) && !x->exec.n && !datagram_output_waits(&x->out))
		run_end(x->run, result(x));
}

/* ---- what is watched ---- */

static void update(struct receiving *x)
{
	bool full = datagram_output_full(&x->out),
	     busy = receiving_runs_command(x->c.options) && datagram_exec_full(&x->exec);
	bool receives = !x->finishing && !pending(x) && !full && !busy && !x->pace_timer.slot;

	for (size_t i = 0; i < x->n_sockets; i++) {
		struct receiving_socket *s = &x->sockets[i];
		watch_set(x->run->loop, &s->watch,
			  (short)((receives ? POLLIN : 0) | (s->blocked ? POLLOUT : 0)));
	}
	if (x->reading && x->w_at == x->w_n && !x->in_pace_timer.slot)
		watch_set(x->run->loop, &x->in_watch, POLLIN);
	else
		watch_drop(x->run->loop, &x->in_watch);
	settle(x);
}

/* ---- sending ---- */

/* The queue of TO is full, of which poll(2) tells nothing. Has it been so for too long? Who asks and does not listen must not
 * keep others waiting; what stdin gives waits for as long as it takes. */
static bool is_stuck(struct receiving *x, const struct address *to)
{
	int64_t now = clock_now();

	if (x->c.options->reply)
		return false;
	if (!x->stuck_since || !address_equal(&x->stuck, to)) {
		x->stuck = *to;
		x->stuck_since = now;
	}
	return now - x->stuck_since >= x->c.stall;
}

/* What a send of D that failed with ERROR means: may it be tried again when POLLOUT or a timer says so? */
static bool must_wait(struct receiving *x, struct receiving_socket *s, const struct dgram *d,
		      int error)
{
	bool local = s->socket->family == AF_UNIX;

	if (error == EAGAIN && !local) {
		s->blocked = true;
		return true;
	}
	if (error == ENOBUFS || error == ENOMEM || (error == EAGAIN && !is_stuck(x, d->to))) {
		timer_set(x->run->loop, &x->retry_timer, clock_after(clock_now(), RETRY_PAUSE));
		return true;
	}
	return false;
}

static void copy_sent(struct receiving *x, const struct dgram *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct transcript_piece piece = { .sent = true, .offset = x->sent_bytes };
		run_copy(x->run, &piece, d[i].data, d[i].size);
		x->sent_bytes += d[i].size;
		x->sent++;
	}
	x->last_move = loop_now(x->run->loop);
}

/* Says that D, an answer, has nobody to go to. */
static void say_nameless(const struct receiving *x, const struct dgram *d)
{
	char who[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, messages(x), MESSAGE_VERBOSE, "unanswered");
	if (notice_wants_facts(&n) && d->to->who.known)
		address_json(&n.json, "peer", d->to);
	notice_end(&n, "%s has no name: it cannot be answered", address_text(d->to, who));
}

/* Of sending an answer to a UNIX socket by S: does ERROR mean that whoever asked is not there for it any
 * more, or will not have it? */
static bool is_gone(const struct receiving_socket *s, int error)
{
	return s->socket->family == AF_UNIX &&
	       (error == ECONNREFUSED || error == ENOENT || error == ECONNRESET || error == EPERM ||
		error == EACCES || error == EPROTOTYPE);
}

/* D could not be sent by S, and will not be. */
static void give_up(struct receiving *x, const struct receiving_socket *s, const struct dgram *d,
		    int error)
{
	if (is_gone(s, error)) {
		receiving_error(x, &(struct dgram_error){ .error = error, .to = d->to });
		return;
	}
	report_unsent(messages(x), MESSAGE_ERROR, d->to, NULL, d->size, error);
	x->failed = true;
}

/* Sends N datagrams by S; one that cannot be sent is told and passed over. Returns how many are done with. */
static size_t send_some(struct receiving *x, struct receiving_socket *s, const struct dgram *d,
			size_t n)
{
	size_t done = 0;

	while (done < n && !s->blocked && !x->retry_timer.slot) {
		size_t named = 0;
		ssize_t sent;
		while (done + named < n && d[done + named].to->length > 0)
			named++;
		if (named == 0) {
			say_nameless(x, &d[done++]);
			continue;
		}
		sent = dgram_send(s->socket, d + done, named);
		if (sent > 0) {
			if (x->stuck_since && address_equal(&x->stuck, d[done].to))
				x->stuck_since = 0;
			copy_sent(x, d + done, (size_t)sent);
			done += (size_t)sent;
			continue;
		}
		if (must_wait(x, s, &d[done], errno))
			break;
		give_up(x, s, &d[done++], errno);
	}
	return done;
}

void receiving_error(struct receiving *x, const struct dgram_error *e)
{
	/* Who asked and did not wait for the answer is nobody's loss; what comes from stdin is. */
	bool matters = x->c.options->reply;

	x->errors++;
	report_datagram_error(messages(x), matters ? MESSAGE_ERROR : MESSAGE_VERBOSE, e, false);
	x->failed = x->failed || matters;
}

/* ---- what becomes of a datagram ---- */

/* Is D for us? */
static bool admits(struct receiving *x, const struct receiving_socket *s,
		   const struct dgram_received *d)
{
	const char *refusal = x->c.access ? access_refusal(x->c.access, d->from) : NULL;

	if (refusal) {
		x->refused++;
		report_refused(messages(x), d->from, d->to ? d->to : &s->socket->local, refusal);
		return false;
	}
	return x->c.options->reply != REPLY_FIRST || !x->to_by ||
	       (x->to_by == s && address_equal(&x->to, d->from));
}

/* Must each be looked at? */
static bool has_doors(const struct receiving *x)
{
	return x->c.options->reply == REPLY_FIRST ||
	       (x->c.access &&
		(x->c.access->allow.used || x->c.access->deny.used || x->c.access->users.n));
}

static void say_each(const struct receiving *x, const struct receiving_socket *s,
		     const struct dgram_received *v, size_t n)
{
	char from[ADDRESS_TEXT], who[ADDRESS_TEXT], to[ADDRESS_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct address *asked = v[i].to ? v[i].to : &s->socket->local;
		struct notice notice;
		notice_begin(&notice, messages(x), MESSAGE_STEP, "received");
		if (notice_wants_facts(&notice)) {
			if (v[i].from->length || v[i].from->who.known)
				address_json(&notice.json, "from", v[i].from);
			address_json(&notice.json, "to", asked);
			json_number(&notice.json, "size", (int64_t)v[i].true_size);
		}
		notice_end(&notice, "received %zu byte%s from %s%s on %s", v[i].true_size,
			   v[i].true_size == 1 ? "" : "s",
			   v[i].from->length || v[i].from->who.known ?
				   address_text(v[i].from, from) :
				   "a socket without a name",
			   address_who(v[i].from, who), address_text(asked, to));
	}
}

/* They are taken: shows them. */
static void show(struct receiving *x, const struct receiving_socket *s,
		 const struct dgram_received *v, size_t n)
{
	size_t untold;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		x->cut += v[i].true_size > v[i].size;
		x->received_bytes += v[i].size;
	}
	/* Nobody has asked for that. */
	x->failed = x->failed || (x->cut && x->c.frame->size == UNSET);
	x->received += n;
	x->last = x->last_move = loop_now(x->run->loop);
	if (message_wanted(messages(x), MESSAGE_STEP))
		say_each(x, s, v, n);
	untold = datagram_output_gather(&x->out, v, n);
	if (!untold)
		return;
	message_fail(messages(x), OUTCOME_FAILED, errno_name(EMSGSIZE),
		     "stdout: %zu datagram%s larger than --frame len16 can tell", untold,
		     untold == 1 ? "" : "s");
	x->failed = true;
}

/* --echo: returns how many were sent back. */
static size_t echo(struct receiving *x, struct receiving_socket *s, const struct dgram_received *v,
		   size_t n)
{
	struct dgram d[64];
	size_t most = sizeof d / sizeof *d, done = 0;

	while (done < n) {
		size_t some = n - done < most ? n - done : most, sent;
		for (size_t i = 0; i < some; i++) {
			const struct dgram_received *r = &v[done + i];
			d[i] = (struct dgram){
				.data = r->data, .size = r->size, .to = r->from, .from = r->local
			};
		}
		sent = send_some(x, s, d, some);
		done += sent;
		if (sent < some)
			break;
	}
	return done;
}

static size_t run_commands(struct receiving *x, struct receiving_socket *s,
			   const struct dgram_received *v, size_t n)
{
	size_t done = 0;

	for (; done < n && !datagram_exec_full(&x->exec); done++)
		datagram_exec_run(&x->exec, s->socket, &v[done]);
	return done;
}

static void begin_reading(struct receiving *x);

/* Where answers go from now on. */
static void aim(struct receiving *x, struct receiving_socket *s, const struct dgram_received *d)
{
	if (d->from->length == 0 || (x->to_by && x->c.options->reply == REPLY_FIRST))
		return;
	x->to = *d->from;
	x->local.length = 0;
	if (d->local)
		x->local = *d->local;
	if (!x->to_by) {
		x->to_by = s;
		begin_reading(x);
	}
	x->to_by = s;
}

/* Does with N of V what is to be done. Returns with how many it is done. */
static size_t handle(struct receiving *x, struct receiving_socket *s,
		     const struct dgram_received *v, size_t n)
{
	const struct receiving_options *o = x->c.options;

	if (o->count != UNSET && (uint64_t)o->count - x->received < n)
		n = (size_t)((uint64_t)o->count - x->received);
	if (o->reply && n)
		aim(x, s, &v[n - 1]);
	if (o->echo)
		n = echo(x, s, v, n);
	else if (receiving_runs_command(o))
		n = run_commands(x, s, v, n);
	show(x, s, v, n);
	if (o->count != UNSET && x->received >= (uint64_t)o->count)
		x->finishing = true;
	return n;
}

/* Does what can be done with what was received. */
static void work(struct receiving *x)
{
	while (pending(x) && !x->finishing) {
		const struct dgram_received *v = x->v + x->at;
		size_t n = x->n - x->at, done;
		if (has_doors(x)) {
			if (!admits(x, x->by, v)) {
				x->at++;
				continue;
			}
			n = 1;
		}
		done = handle(x, x->by, v, n);
		x->at += done;
		if (done == 0)
			break;
	}
	/* What came after the last that was wanted is not ours. */
	if (x->finishing)
		x->at = x->n;
}

/* ---- receiving ---- */

/* How long to wait, so that no more than --rate comes. */
static void pace(struct receiving *x, struct timer *t, uint64_t bytes)
{
	int64_t rate = x->run->data->rate;

	if (rate == UNSET || bytes == 0)
		return;
	timer_set(x->run->loop, t,
		  clock_after(clock_now(),
			      (int64_t)((double)bytes / (double)rate * (double)SECOND)));
}

/* Takes one batch from S. Returns whether there may be more at once. */
static bool receive(struct receiving *x, struct receiving_socket *s)
{
	ssize_t n = dgram_receive(s->socket, x->batch, &x->v);
	uint64_t before = x->received_bytes;

	x->n = x->at = 0;
	if (n < 0) {
		if (errno != EAGAIN)
			run_end(x->run, report_error(messages(x), "recvmsg", errno));
		return false;
	}
	x->n = (size_t)n;
	x->by = s;
	work(x);
	pace(x, &x->pace_timer, x->received_bytes - before);
	return dgram_batch_full(x->batch) && !pending(x) && !x->finishing && !x->pace_timer.slot;
}

static void resume(void *arg)
{
	struct receiving *x = arg;

	work(x);
	datagram_output_flush(&x->out);
	if (x->exec.n)
		datagram_exec_resume(&x->exec);
	update(x);
}

static void send_read(struct receiving *x);

static void socket_event(void *arg, short events)
{
	struct receiving_socket *s = arg;
	struct receiving *x = s->receiving;

	if (events & POLLERR)
		dgram_errors(s->socket);
	if (events & POLLOUT) {
		s->blocked = false;
		send_read(x);
		resume(x);
	}
	if (events & POLLIN && s->watch.events & POLLIN && !pending(x)) {
		int rounds = 1;
		while (receive(x, s) && rounds < ROUNDS)
			rounds++;
		datagram_output_flush(&x->out);
	}
	update(x);
}

static void retry(void *arg)
{
	struct receiving *x = arg;

	send_read(x);
	resume(x);
}

/* ---- stdin ---- */

static void stop_reading(struct receiving *x)
{
	x->reading = false;
	watch_drop(x->run->loop, &x->in_watch);
}

/* Sends what was read. */
static void send_read(struct receiving *x)
{
	uint64_t before = x->sent_bytes;

	if (x->w_at == x->w_n)
		return;
	for (size_t i = x->w_at; i < x->w_n; i++) {
		x->w[i].to = &x->to;
		x->w[i].from = x->local.length ? &x->local : NULL;
	}
	x->w_at += send_some(x, x->to_by, x->w + x->w_at, x->w_n - x->w_at);
	pace(x, &x->in_pace_timer, x->sent_bytes - before);
}

static void read_more(struct receiving *x)
{
	char text[256];
	ssize_t n = datagram_input_next(&x->input, x->w, DGRAM_BATCH);

	if (n == 0 && x->input.found == FRAME_PARTIAL) {
		int filled = datagram_input_fill(&x->input);
		if (filled == 0)
			return;
		n = filled < 0 ? -1 : datagram_input_next(&x->input, x->w, DGRAM_BATCH);
	}
	x->w_at = x->w_n = 0;
	if (n < 0) {
		report_error(messages(x), "stdin", errno);
		x->failed = true;
		stop_reading(x);
		return;
	}
	x->w_n = (size_t)n;
	send_read(x);
	if (n > 0 || x->input.found == FRAME_PARTIAL)
		return;
	if (datagram_input_error(&x->input, text, sizeof text)) {
		message_fail(messages(x), OUTCOME_FAILED, errno_name(EMSGSIZE), "%s", text);
		x->failed = true;
	}
	stop_reading(x);
}

static void in_ready(void *arg, short events)
{
	struct receiving *x = arg;

	(void)events;
	read_more(x);
	update(x);
}

static void in_paced(void *arg)
{
	struct receiving *x = arg;

	send_read(x);
	update(x);
}

/* There is somebody to send it to. */
static void begin_reading(struct receiving *x)
{
	endpoint_inherit(&x->in, STDIN_FILENO, false, "stdin");
	if (x->in.kind == ENDPOINT_NULL)
		return;
	x->w = calloc(DGRAM_BATCH, sizeof *x->w);
	if (!x->w) {
		report_error(messages(x), "stdin", ENOMEM);
		x->failed = true;
		return;
	}
	datagram_input_start(&x->input, &x->in, x->c.frame, x->run->data->crlf, x->c.most);
	x->in_watch = (struct watch){ .fd = x->in.rfd, .fn = in_ready, .arg = x };
	x->reading = true;
}

/* ---- stdout ---- */

static void room(void *arg)
{
	update(arg);
}

/* Nobody reads stdout any more: as soon as what came from stdin is sent, that is the end. */
static void out_broken(void *arg)
{
	struct receiving *x = arg;

	if (x->w_at < x->w_n || (x->reading && wait_ready(x->in.rfd, POLLIN, 0)))
		timer_set(x->run->loop, &x->out_timer, clock_after(clock_now(), BROKEN_LOOK));
	else
		run_end(x->run, report_output_error(messages(x), "stdout", EPIPE));
}

static void out_failed(void *arg, int error, bool idle)
{
	struct receiving *x = arg;

	if (idle)
		out_broken(x);
	else
		run_end(x->run, report_output_error(messages(x), "stdout", error));
}

/* ---- commands ---- */

static bool send_answer(void *arg, const struct dgram_socket *socket, const struct dgram *d)
{
	struct receiving *x = arg;

	for (size_t i = 0; i < x->n_sockets; i++)
		if (x->sockets[i].socket == socket)
			return send_some(x, &x->sockets[i], d, 1) == 1;
	return true;
}

static void command_over(void *arg, struct outcome outcome)
{
	struct receiving *x = arg;

	if (outcome.kind != OUTCOME_DONE)
		x->command = outcome;
	/* Not in here: whoever calls this may be at it. */
	timer_set(x->run->loop, &x->next_timer, loop_now(x->run->loop));
}

/* ---- limits ---- */

static void waited(void *arg)
{
	struct receiving *x = arg;
	int64_t count = x->c.options->count, last = x->last ? x->last : x->start;
	int64_t end = clock_after(last, x->c.wait);
	char time[32];

	if (x->finishing)
		return;
	/* While it is us who do not receive, nobody is late. */
	if (pending(x) || datagram_output_full(&x->out) || x->pace_timer.slot)
		end = clock_after(clock_now(), x->c.wait);
	if (end > clock_now()) {
		timer_set(x->run->loop, &x->wait_timer, end);
		return;
	}
	duration_format(time, sizeof time, x->c.wait);
	x->finishing = true;
	if (x->received == 0)
		message_fail(messages(x), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
			     "no datagram within %s (-w)", time);
	else if (count != UNSET)
		message_fail(messages(x), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
			     "no datagram for %s (-w), after %llu of %lld", time,
			     (unsigned long long)x->received, (long long)count);
	x->timed_out = x->received == 0 || count != UNSET;
	update(x);
}

static void idled(void *arg)
{
	struct receiving *x = arg;
	int64_t idle = x->run->data->idle_timeout;
	int64_t end = clock_after(x->last_move, idle);
	char time[32];

	if (end > clock_now()) {
		timer_set(x->run->loop, &x->idle_timer, end);
		return;
	}
	run_end(x->run, message_fail(messages(x), OUTCOME_TIMEOUT, errno_name(ETIMEDOUT),
				     "nothing moved for %s (--idle-timeout)",
				     duration_format(time, sizeof time, idle)));
}

/* ---- the run's questions ---- */

static void figures(void *arg, bool at_end)
{
	const struct receiving *x = arg;
	const struct datagram_figures f = {
		.sent = x->sent_bytes,
		.received = x->received_bytes,
		.sent_datagrams = x->sent,
		.received_datagrams = x->received,
		.errors = x->errors,
		.ns = x->start ? clock_now() - x->start : 0,
		.local = x->n_sockets == 1 ? &x->sockets[0].socket->local : NULL,
	};

	if (!at_end || x->run->data->stats)
		report_datagram_figures(messages(x), MESSAGE_NOTE, &f, "stats");
}

static void totals(void *arg, struct run_totals *t)
{
	const struct receiving *x = arg;

	*t = (struct run_totals){ .sent = x->sent_bytes,
				  .received = x->received_bytes,
				  .taken = x->input.read,
				  .expected = UNSET,
				  .start = x->start };
}

static void waits(void *arg, struct text *text)
{
	const struct receiving *x = arg;

	if (!x->start)
		return;
	if (datagram_output_waits(&x->out))
		text_add(text, "stdout to take what came (-i)");
	else if (x->exec.n)
		text_add(text, "%zu command%s", x->exec.n, x->exec.n == 1 ? "" : "s");
	else
		text_add(text, "a datagram (-w)");
}

/* Says what was lost. Returns whether anything was. */
static bool say_losses(const struct receiving *x)
{
	const enum message_level level = x->c.options->strict ? MESSAGE_ERROR : MESSAGE_NOTE;
	bool least;
	int64_t lost = dropped(x, &least);
	struct notice n;

	if (lost > 0) {
		notice_begin(&n, messages(x), level, "lost");
		notice_number(&n, least ? "at_least" : "count", lost);
		notice_end(&n, "%s%lld datagram%s lost: the receive buffer was full (see --rcvbuf)",
			   least ? "at least " : "", (long long)lost, lost == 1 ? "" : "s");
	}
	if (x->cut > 0) {
		notice_begin(&n, messages(x), level, "cut");
		notice_number(&n, "count", (int64_t)x->cut);
		notice_end(&n, "%llu datagram%s cut to %zu bytes (--size)",
			   (unsigned long long)x->cut, x->cut == 1 ? "" : "s", x->limit);
	}
	return lost > 0 || x->cut > 0;
}

/* The loop has ended. What has been received, by the kernel too, belongs to whoever reads stdout. */
static void ending(void *arg)
{
	struct receiving *x = arg;
	struct run *r = x->run;
	bool broken = x->out.out.error;
	bool stopped = r->outcome.kind == OUTCOME_SIGNAL || r->outcome.kind == OUTCOME_TIMEOUT;
	bool plain = !receiving_runs_command(x->c.options) && !x->c.options->echo;

	if (!x->start)
		return;
	for (size_t i = 0; stopped && plain && !broken && i < x->n_sockets; i++) {
		work(x);
		for (int k = 0; k < DRAIN_MOST && !x->finishing; k++)
			if (!receive(x, &x->sockets[i]))
				break;
	}
	if (!x->out.out.error && datagram_output_finish(&x->out, FINISH_LIMIT) < 0) {
		struct outcome failed = report_output_error(messages(x), "stdout", errno);
		if (r->outcome.kind == OUTCOME_DONE)
			r->outcome = failed;
	}
	if (say_losses(x) && x->c.options->strict && r->outcome.kind == OUTCOME_DONE)
		r->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
}

/* ---- the beginning ---- */

void receiving_start(struct receiving *x, struct run *r, const struct receiving_config *c)
{
	const struct receiving_options *o = c->options;
	const struct datagram_output_config out = {
		.frame = &c->frame->frame,
		.from = o->from,
		.timestamp = o->timestamp,
		.json = r->messages->options.json,
		.silent = o->echo || receiving_runs_command(o),
		.room = room,
		.emptied = room,
		.failed = out_failed,
		.arg = x,
	};
	const struct datagram_exec_config exec = {
		.loop = r->loop,
		.messages = r->messages,
		.command = &o->command,
		.frame = &c->frame->frame,
		.most = c->most,
		.jobs = o->jobs == UNSET ? JOBS : (size_t)o->jobs,
		.numeric = c->numeric,
		.send = send_answer,
		.ended = command_over,
		.arg = x,
	};

	*x = (struct receiving){ .run = r, .c = *c };
	x->in = (struct endpoint){ .rfd = -1, .wfd = -1, .anew = -1 };
	r->calls = (struct run_calls){
		.figures = figures, .totals = totals, .waits = waits, .ending = ending, .arg = x
	};
	x->wait_timer = (struct timer){ .fn = waited, .arg = x };
	x->idle_timer = (struct timer){ .fn = idled, .arg = x };
	x->pace_timer = x->next_timer = (struct timer){ .fn = resume, .arg = x };
	x->retry_timer = (struct timer){ .fn = retry, .arg = x };
	x->in_pace_timer = (struct timer){ .fn = in_paced, .arg = x };
	x->out_timer = (struct timer){ .fn = out_broken, .arg = x };
	datagram_output_start(&x->out, r, &out);
	if (receiving_runs_command(o))
		datagram_exec_start(&x->exec, &exec);
}

int receiving_begin(struct receiving *x, struct dgram_socket *s, size_t n)
{
	struct loop *loop = x->run->loop;

	x->limit = x->c.frame->size != UNSET ? (size_t)x->c.frame->size : dgram_room(s->family);
	if (s->family == AF_UNIX)
		x->c.most = x->exec.c.most = dgram_most_by(s);
	x->batch = dgram_batch_new(x->limit);
	x->sockets = calloc(n, sizeof *x->sockets);
	if (!x->batch || !x->sockets) {
		errno = ENOMEM;
		return -1;
	}
	x->n_sockets = n;
	for (size_t i = 0; i < n; i++) {
		x->sockets[i] = (struct receiving_socket){ .receiving = x, .socket = &s[i] };
		x->sockets[i].watch =
			(struct watch){ .fd = s[i].fd, .fn = socket_event, .arg = &x->sockets[i] };
	}
	x->start = x->last_move = clock_now();
	timer_set(loop, &x->wait_timer, clock_after(x->start, x->c.wait));
	timer_set(loop, &x->idle_timer, clock_after(x->start, x->run->data->idle_timeout));
	update(x);
	return 0;
}

void receiving_free(struct receiving *x)
{
	struct timer *const timers[] = { &x->wait_timer,  &x->idle_timer,    &x->pace_timer,
					 &x->retry_timer, &x->in_pace_timer, &x->next_timer,
					 &x->out_timer };

	if (!x->run)
		return;
	datagram_exec_free(&x->exec);
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		timer_drop(x->run->loop, timers[i]);
	for (size_t i = 0; i < x->n_sockets; i++)
		watch_drop(x->run->loop, &x->sockets[i].watch);
	watch_drop(x->run->loop, &x->in_watch);
	datagram_output_free(&x->out);
	datagram_input_free(&x->input);
	endpoint_close(&x->in);
	dgram_batch_free(x->batch);
	free(x->sockets);
	free(x->w);
}
