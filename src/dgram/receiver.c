/* receiver.c - a run that receives: its sockets, what it waits for, its limits and its end */
#include "dgram/receiver.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "run/report.h"
#include "run/sandbox.h"
#include "dgram/receiver_state.h"

#define BATCHES 8		   /* written together */
#define DRAIN_MOST 4096		   /* batches at the end */
#define SESSIONS 4096		   /* of --forward, unless -m says how many */
#define SESSION_IDLE (60 * SECOND) /* unless -i does */
#define FINISH_LIMIT (5 * SECOND)  /* for a stdout that is slow, at the end */

/* ---- what it waits for ---- */

static struct outcome receiver_result(const struct receiver *x)
{
	/* Not so many have come as were asked for, and they could not be written. */
	if (x->out.broken && !x->finishing && x->c->options->count != UNSET)
		return report_output_error(x->run.messages, "stdout", EPIPE);
	if (x->timed_out)
		return (struct outcome){ OUTCOME_TIMEOUT, 0 };
	/* One datagram was handed to one command: its status is ours. */
	if (x->command.kind != OUTCOME_DONE && x->c->options->count == 1)
		return x->command;
	if (x->failed || x->forward.unsent || x->command.kind != OUTCOME_DONE)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	return (struct outcome){ OUTCOME_DONE, 0 };
}

/* Has stdin given something that is not sent yet, or does it give something now? */
static bool receiver_has_input(const struct receiver *x)
{
	const struct dgram_stdin *i = &x->in;

	return i->batch.at < i->batch.n || i->state == STDIN_OPEN ||
	       (i->state == STDIN_IDLE && endpoint_readable(&i->in));
}

void receiver_go_on(void *arg)
{
	struct receiver *x = arg;
	bool full = dgram_output_full(&x->out), pending = receiver_is_pending(x);
	bool receives = !x->finishing && !pending && !full && !dgram_exec_full(&x->exec) &&
			!x->pace_timer.slot;

	dgram_forward_resume(&x->forward);
	for (size_t i = 0; i < x->n_sockets; i++) {
		struct receiver_socket *s = &x->sockets[i];
		watch_set(x->run.loop, &s->watch,
			  (short)((receives ? POLLIN : 0) | (s->watch.events & POLLOUT)));
	}
	dgram_stdin_watch(&x->in, x->in.batch.at == x->in.batch.n && !x->in_pace_timer.slot);
	if ((x->finishing && !pending && !x->exec.n && !output_waits(&x->out.out)) ||
	    (x->out.broken && !receiver_has_input(x)))
		run_end(&x->run, receiver_result(x));
}

void receiver_pace(struct receiver *x, struct timer *t, uint64_t bytes)
{
	int64_t at;

	if (!rate_is_set(&x->rate) || bytes == 0)
		return;
	at = clock_after(clock_now(), rate_cost(&x->rate, (int64_t)bytes));
	dgram_traffic_rest(&x->traffic, at);
	timer_set(x->run.loop, t, at);
}

/* ---- events ---- */

static void receiver_resume(void *arg)
{
	struct receiver *x = arg;

	receiver_handle(x);
	dgram_output_flush(&x->out);
	dgram_exec_resume(&x->exec);
	receiver_go_on(x);
}

static void receiver_retry(void *arg)
{
	receiver_send_stdin(arg);
	receiver_resume(arg);
}

static void receiver_on_socket(void *arg, short events)
{
	struct receiver_socket *s = arg;
	struct receiver *x = s->receiver;

	if (events & POLLERR)
		dgram_errors(s->socket);
	if (events & POLLOUT) {
		watch_set(x->run.loop, &s->watch, (short)(s->watch.events & ~POLLOUT));
		receiver_retry(x);
	}
	if (events & POLLIN && s->watch.events & POLLIN && !receiver_is_pending(x)) {
		int batches = 1;
		while (receiver_receive(x, s) && batches < BATCHES)
			batches++;
		dgram_output_flush(&x->out);
	}
	receiver_go_on(x);
}

static bool receiver_answer(void *arg, const struct dgram_socket *socket, const struct dgram *d)
{
	struct receiver *x = arg;

	/* Each socket of X stands where it has been bound. */
	return receiver_send(x, &x->sockets[socket - x->sockets->socket], d, 1) == 1;
}

static size_t receiver_pass_back(void *arg, const struct dgram_socket *socket,
				 const struct dgram *d, size_t n)
{
	struct receiver *x = arg;
	uint64_t before = x->traffic.sent;
	size_t done = receiver_send(x, &x->sockets[socket - x->sockets->socket], d, n);

	receiver_pace(x, &x->in_pace_timer, x->traffic.sent - before);
	return done;
}

static bool receiver_may_pass_back(void *arg)
{
	struct receiver *x = arg;

	return !x->in_pace_timer.slot && !dgram_output_full(&x->out);
}

static void receiver_command_ended(void *arg, struct outcome outcome)
{
	struct receiver *x = arg;

	if (outcome.kind != OUTCOME_DONE)
		x->command = outcome;
	/* Not in here: whoever calls this may be at it. */
	timer_set(x->run.loop, &x->next_timer, loop_now(x->run.loop));
}

static void receiver_wait_over(void *arg)
{
	struct receiver *x = arg;
	int64_t count = x->c->options->count, received = (int64_t)x->traffic.counts.received;
	int64_t end = clock_after(x->last ? x->last : x->traffic.start, x->c->wait);
	char time[32];

	if (x->finishing)
		return;
	/* As long as we do not receive ourselves nobody is late. */
	if (receiver_is_pending(x) || dgram_output_full(&x->out) || x->pace_timer.slot)
		end = clock_after(clock_now(), x->c->wait);
	if (end > clock_now()) {
		timer_set(x->run.loop, &x->wait_timer, end);
		return;
	}
	duration_format(time, sizeof time, x->c->wait);
	x->finishing = true;
	x->timed_out = received == 0 || count != UNSET;
	if (received == 0)
		message_timeout(x->run.messages, "no datagram within %s (-w)", time);
	else if (count != UNSET)
		message_timeout(x->run.messages, "no datagram for %s (-w), after %lld of %lld",
				time, (long long)received, (long long)count);
	receiver_go_on(x);
}

/* Something was typed at a terminal that is not read: says what would read it, once. */
static void receiver_typed(void *arg, short events)
{
	struct receiver *x = arg;

	watch_drop(x->run.loop, &x->typed_watch);
	if (events & POLLIN)
		message(x->run.messages, MESSAGE_NOTE, "note",
			"stdin is not read: --reply latest would send it to whoever sent last");
}

static void receiver_idle(void *arg, struct outcome outcome)
{
	struct receiver *x = arg;

	run_end(&x->run, outcome);
}

/* ---- what the run asks ---- */

static void receiver_figures(void *arg, enum run_figures when)
{
	struct receiver *x = arg;

	if (when != FIGURES_END || x->run.data->stats.on)
		dgram_traffic_report(&x->traffic, MESSAGE_NOTE, when, "stats", NULL,
				     x->n_sockets == 1 ? &x->sockets->socket->local : NULL, NULL);
}

static bool receiver_hangup(void *arg)
{
	struct receiver *x = arg;

	return reload_hangup(&x->reload);
}

static void receiver_totals(void *arg, struct run_totals *t)
{
	const struct receiver *x = arg;

	dgram_traffic_totals(&x->traffic, x->in.read, UNSET, t);
}

static void receiver_waits(void *arg, struct text *text)
{
	const struct receiver *x = arg;
	const char *word = access_looks_up(x->lookup);

	if (!word)
		word = dgram_listener_looks_up(x->listener);
	if (word)
		text_add(text, RUN_LOOKUP, word, "--timeout");
	else if (!x->n_sockets)
		return;
	else if (output_waits(&x->out.out))
		text_add(text, "stdout to take what came (-i)");
	else if (x->exec.n)
		text_add(text, "%zu command%s", x->exec.n, x->exec.n == 1 ? "" : "s");
	else
		text_add(text, "a datagram (-w)");
}

/* Returns how many datagrams the kernel had no room for, 0 if it does not tell. *LEAST: there may
 * be more. */
static int64_t receiver_dropped(const struct receiver *x, bool *least)
{
	int64_t all = dgram_forward_dropped(&x->forward, least);

	for (size_t i = 0; i < x->n_sockets; i++) {
		int64_t n = dgram_dropped(x->sockets[i].socket);
		if (n < 0)
			return 0;
		all += n;
		*least = *least || x->sockets[i].socket->grouped;
	}
	return all;
}

/* Says what was lost. Returns whether anything was. */
static bool receiver_say_losses(const struct receiver *x)
{
	const enum message_level level = x->c->options->strict ? MESSAGE_ERROR : MESSAGE_NOTE;
	bool least;
	int64_t lost = receiver_dropped(x, &least);
	uint64_t cut = x->cut + x->forward.cut;
	struct notice n;

	if (lost > 0) {
		notice_begin(&n, x->run.messages, level, "lost");
		json_number(&n.json, least ? "at_least" : "count", lost);
		notice_end(&n, "%s%lld datagram%s lost: the receive buffer was full (see --rcvbuf)",
			   least ? "at least " : "", (long long)lost, lost == 1 ? "" : "s");
	}
	if (cut > 0) {
		notice_begin(&n, x->run.messages, level, "cut");
		json_number(&n.json, "count", (int64_t)cut);
		notice_end(&n, "%llu datagram%s cut to %zu byte%s (--size)",
			   (unsigned long long)cut, cut == 1 ? "" : "s", x->room,
			   x->room == 1 ? "" : "s");
	}
	if (x->forward.unsent > 0) {
		notice_begin(&n, x->run.messages, level, "lost");
		json_number(&n.json, "count", (int64_t)x->forward.unsent);
		notice_end(&n, "%llu datagram%s could not be sent on",
			   (unsigned long long)x->forward.unsent,
			   x->forward.unsent == 1 ? "" : "s");
	}
	return lost > 0 || cut > 0 || x->forward.unsent > 0;
}

/* Is nothing done with datagrams but to write them to stdout? */
static bool receiver_is_plain(const struct receiver_options *o)
{
	return !receiver_runs_command(o) && !o->echo && !o->forward;
}

/* The loop has ended. What has been received, by the kernel too, belongs to whoever reads stdout.
 */
static void receiver_ending(void *arg)
{
	struct receiver *x = arg;
	struct outcome *outcome = &x->run.outcome;
	bool stopped = outcome->kind == OUTCOME_SIGNAL || outcome->kind == OUTCOME_TIMEOUT;

	if (!x->n_sockets)
		return;
	dgram_forward_end(&x->forward);
	for (size_t i = 0;
	     stopped && receiver_is_plain(x->c->options) && !x->out.out.error && i < x->n_sockets;
	     i++) {
		receiver_handle(x);
		for (int k = 0; k < DRAIN_MOST && !x->finishing; k++)
			if (!receiver_receive(x, &x->sockets[i]))
				break;
	}
	if (dgram_output_finish(&x->out, FINISH_LIMIT) < 0) {
		struct outcome failed = report_output_error(x->run.messages, "stdout", errno);
		if (outcome->kind == OUTCOME_DONE)
			*outcome = failed;
	}
	if (receiver_say_losses(x) && x->c->options->strict && outcome->kind == OUTCOME_DONE)
		*outcome = (struct outcome){ OUTCOME_FAILED, 0 };
}

/* ---- the beginning and the end ---- */

/* Tells what of the N sockets at S this kernel cannot do. */
static void receiver_say_lacks(const struct receiver *x, const struct dgram_socket *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < s[i].n_lacks; k++)
			message(x->run.messages, MESSAGE_VERBOSE, "note",
				"this kernel has no %s: going on without", s[i].lacks[k]);
}

/* Receives by the N sockets at S, which are bound. Returns 0, or -1 with errno ENOMEM. */
static int receiver_begin(struct receiver *x, struct dgram_socket *s, size_t n)
{
	x->room = x->c->frame->size != UNSET ? (size_t)x->c->frame->size : dgram_room(s->family);
	x->most = x->exec.most = dgram_most_by(s);
	x->batch = dgram_batch_new(x->room);
	x->sockets = calloc(n, sizeof *x->sockets);
	if (!x->batch || !x->sockets) {
		errno = ENOMEM;
		return -1;
	}
	x->n_sockets = n;
	receiver_say_lacks(x, s, n);
	for (size_t i = 0; i < n; i++) {
		struct receiver_socket *to = &x->sockets[i];
		*to = (struct receiver_socket){ .receiver = x, .socket = &s[i] };
		s[i].watched = true;
		to->watch = (struct watch){ .fd = s[i].fd, .fn = receiver_on_socket, .arg = to };
	}
	/* With --forward -i is about each session. */
	dgram_traffic_start(&x->traffic, &x->run, x->c->options->forward ? NULL : receiver_idle, x);
	timer_set(x->run.loop, &x->wait_timer, clock_after(x->traffic.start, x->c->wait));
	x->typed_watch = (struct watch){
		.fd = STDIN_FILENO, .terminal = true, .fn = receiver_typed, .arg = x
	};
	if (!x->c->options->reply && receiver_is_plain(x->c->options) && isatty(STDIN_FILENO))
		watch_set(x->run.loop, &x->typed_watch, POLLIN);
	receiver_go_on(x);
	return 0;
}

/* All is there: datagrams come. */
static void receiver_confine(const struct receiver *x)
{
	static const uint16_t no_port;
	bool is_unix = x->c->family == AF_UNIX;
	struct address a = { .length = 0 };
	/* if_indextoname(3) has a socket of its own. */
	struct confine_wish wish = { .keeps = is_unix			   ? KEEP_UNIX :
					      x->c->messages->options.json ? KEEP_SOCKETS :
									     0,
				     .ports = &no_port };

	if (is_unix && x->c->host && address_parse_direct(x->c->host, &a) == WORD_NUMBER)
		wish.place = unix_path(&a);
	sandbox_enter(x->c->messages, &wish);
}

static void receiver_bound(void *arg, struct dgram_socket *s, size_t n,
			   const struct binding_result *result)
{
	struct receiver *x = arg;

	if (binding_failed(result))
		run_end(&x->run, report_binding(x->run.messages, x->c->port, result));
	else if (receiver_begin(x, s, n) < 0)
		run_end(&x->run, report_error(x->run.messages, "start", errno));
	else if (x->c->options->forward)
		for (size_t i = 0; i < n && !dgram_forward_is_loop(&x->forward, &s[i]); i++)
			;
	if (!x->run.ended)
		receiver_confine(x);
}

/* Is nobody told who sends, and is it the same to us? */
static bool receiver_ignores_senders(const struct receiver_config *c)
{
	const struct receiver_options *o = c->options;

	return receiver_is_plain(o) && !o->reply && !o->from && !c->messages->options.json &&
	       !message_wanted(c->messages, MESSAGE_STEP) && !receiver_chooses(c);
}

/* Returns the facts (DGRAM_...) to be told with each datagram. The kernel is asked who sends from a
 * UNIX socket only if somebody is to know. */
static unsigned receiver_wants(const struct receiver_config *c)
{
	const struct receiver_options *o = c->options;
	unsigned wants = 0;

	if (c->messages->options.json)
		wants |= DGRAM_TO | DGRAM_TTL | DGRAM_TIME | DGRAM_WHO;
	if (o->echo || o->reply || o->forward || receiver_runs_command(o))
		wants |= DGRAM_TO;
	if (o->forward)
		wants |= DGRAM_TTL | DGRAM_CLASS;
	if (o->timestamp)
		wants |= DGRAM_TIME;
	if (c->family == AF_UNIX && (c->access->users.n || receiver_runs_command(o) ||
				     message_wanted(c->messages, MESSAGE_VERBOSE)))
		wants |= DGRAM_WHO;
	if (receiver_ignores_senders(c))
		wants |= DGRAM_NAMELESS;
	return wants;
}

static void receiver_listen(void *arg)
{
	struct receiver *x = arg;
	const struct receiver_config *c = x->c;
	const struct dgram_listener_config place = {
		.place = { .host = c->host,
			   .port = c->port,
			   .family = c->family,
			   .options = c->listen,
			   .events = { report_event, (void *)c->messages },
			   .inherited = c->inherited },
		.socket = c->socket,
		.groups = c->groups,
		.wants = receiver_wants(c),
		/* Without it nobody would be let in. */
		.needs = c->access->users.n ? DGRAM_WHO : 0,
		.error = receiver_on_error,
	};

	x->listener = dgram_listener_start(x->run.loop, &place, receiver_bound, x);
	if (!x->listener)
		run_end(&x->run, report_error(c->messages, "start", errno));
}

/* It is known whose datagrams are taken. */
static void receiver_access_found(void *arg, const struct places_failure *f)
{
	struct receiver *x = arg;

	if (f)
		run_end(&x->run, report_lookup(x->c->messages, f));
	else
		reload_ready(&x->reload);
	if (!f && x->c->options->forward)
		dgram_forward_start(&x->forward);
	else if (!f)
		receiver_listen(x);
}

int receiver_check(const struct receiver_config *c, struct option_error *error)
{
	const struct receiver_options *o = c->options;
	bool sends_text = o->reply || receiver_runs_command(o);

	if (c->data->crlf && !sends_text)
		return option_fail(error, "-C, --crlf: nothing is sent that it could change: it "
					  "needs --reply or a command");
	if (c->frame->frame.mode != FRAME_READ && !sends_text &&
	    (o->echo || c->messages->options.json))
		return option_fail(error,
				   "--frame and --%s exclude each other without --reply or "
				   "a command",
				   o->echo ? "echo" : "json");
	if (access_check(c->access, c->numeric, error) < 0 ||
	    listen_options_check(c->listen, error) < 0)
		return -1;
	return run_check(c->messages, c->data, error);
}

static void receiver_start(struct receiver *x)
{
	const struct receiver_options *o = x->c->options;
	int64_t idle = x->c->data->idle_timeout;

	x->run.calls = (struct run_calls){ .figures = receiver_figures,
					   .totals = receiver_totals,
					   .waits = receiver_waits,
					   .ending = receiver_ending,
					   .hangup = receiver_hangup,
					   .confines = true,
					   .arg = x };
	x->reload =
		(struct reload){ .run = &x->run, .access = x->c->access, .numeric = x->c->numeric };
	x->traffic.run = &x->run;
	rate_start(&x->rate, x->c->data->rate, UNSET);
	x->wait_timer = (struct timer){ .fn = receiver_wait_over, .arg = x };
	x->pace_timer = x->next_timer = (struct timer){ .fn = receiver_resume, .arg = x };
	x->retry_timer = (struct timer){ .fn = receiver_retry, .arg = x };
	x->out = (struct dgram_output){ .run = &x->run,
					.frame = &x->c->frame->frame,
					.from = o->from,
					.timestamp = o->timestamp,
					.json = x->c->messages->options.json && !o->forward,
					.silent = o->echo || o->forward || receiver_runs_command(o),
					.changed = receiver_go_on,
					.arg = x };
	dgram_output_start(&x->out);
	x->exec = (struct dgram_exec){ .loop = x->run.loop,
				       .c = x->c,
				       .send = receiver_answer,
				       .ended = receiver_command_ended,
				       .arg = x };
	x->forward = (struct dgram_forward){
		.run = &x->run,
		.to = &o->forward_to,
		.family = x->c->family == AF_UNIX ? AF_UNSPEC : x->c->family,
		.socket = x->c->socket,
		.most = o->max_conns == UNSET ? SESSIONS : (size_t)o->max_conns,
		.per_source = &o->per_source,
		.idle = idle == UNSET ? SESSION_IDLE : idle,
		.traffic = &x->traffic,
		.found = receiver_listen,
		.send = receiver_pass_back,
		.may = receiver_may_pass_back,
		.changed = receiver_resume,
		.arg = x
	};
	if (o->forward)
		x->in_pace_timer = (struct timer){ .fn = receiver_resume, .arg = x };
	if (receiver_runs_command(o))
		spawn_prepare();
	access_start(x->run.loop, x->c->access, receiver_access_found, x, &x->lookup);
}

static void receiver_free(struct receiver *x)
{
	struct timer *const timers[] = { &x->wait_timer, &x->pace_timer, &x->retry_timer,
					 &x->in_pace_timer, &x->next_timer };

	access_cancel(x->lookup);
	reload_free(&x->reload);
	dgram_exec_free(&x->exec);
	dgram_forward_free(&x->forward);
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		timer_drop(x->run.loop, timers[i]);
	for (size_t i = 0; i < x->n_sockets; i++)
		watch_drop(x->run.loop, &x->sockets[i].watch);
	watch_drop(x->run.loop, &x->typed_watch);
	dgram_traffic_end(&x->traffic);
	dgram_output_free(&x->out);
	dgram_stdin_free(&x->in);
	dgram_batch_free(x->batch);
	dgram_listener_close(x->listener);
	free(x->sockets);
}

struct outcome receiver_run(const struct receiver_config *c)
{
	struct receiver *x;
	struct outcome outcome = { OUTCOME_FAILED, 0 };

	if (listen_options_check_fd(c->listen) < 0)
		return report_error(c->messages, "--notify-fd", errno);
	x = calloc(1, sizeof *x);
	if (!x)
		return report_error(c->messages, "start", errno);
	x->c = c;
	if (run_start(&x->run, c->messages, c->data) == 0) {
		receiver_start(x);
		outcome = run_wait(&x->run);
		receiver_free(x);
		run_free(&x->run);
	}
	free(x);
	return outcome;
}
