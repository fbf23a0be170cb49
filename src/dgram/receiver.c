#include "dgram/receiver_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/wait.h"
#include "dgram/report.h"
#include "run/report.h"

#define ROUNDS 8		       /* batches that are written together */
#define DRAIN_MOST 4096		       /* batches at the end */
#define FINISH_LIMIT (5 * SECOND)      /* for a stdout that is slow, at the end */
#define BROKEN_LOOK (50 * MILLISECOND) /* whether stdin has nothing more for now */
#define JOBS 16

static bool pending(const struct receiver *x)
{
	return x->at < x->n;
}

/* ---- the end ---- */

static struct outcome result(const struct receiver *x)
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
static void settle(struct receiver *x)
{
	if (x->finishing && !pending(x) && !x->exec.n && !datagram_output_waits(&x->out))
		run_end(x->run, result(x));
}

/* ---- what is watched ---- */

void receiver_go_on(struct receiver *x)
{
	bool full = datagram_output_full(&x->out),
	     busy = receiver_runs_command(x->c.options) && datagram_exec_full(&x->exec);
	bool receives = !x->finishing && !pending(x) && !full && !busy && !x->pace_timer.slot;

	for (size_t i = 0; i < x->n_sockets; i++) {
		struct receiver_socket *s = &x->sockets[i];
		watch_set(x->run->loop, &s->watch,
			  (short)((receives ? POLLIN : 0) | (s->blocked ? POLLOUT : 0)));
	}
	if (x->reading && x->w_at == x->w_n && !x->in_pace_timer.slot)
		watch_set(x->run->loop, &x->in_watch, POLLIN);
	else
		watch_drop(x->run->loop, &x->in_watch);
	settle(x);
}

/* ---- what becomes of a datagram ---- */

/* Is D for us? */
static bool admits(struct receiver *x, const struct receiver_socket *s,
		   const struct dgram_received *d)
{
	const char *refusal = x->c.access ? access_refusal(x->c.access, d->from) : NULL;

	if (refusal) {
		x->refused++;
		report_refused(x->run->messages, d->from, d->to ? d->to : &s->socket->local,
			       refusal);
		return false;
	}
	return x->c.options->reply != REPLY_FIRST || !x->to_by ||
	       (x->to_by == s && address_equal(&x->to, d->from));
}

/* Must each be looked at? */
static bool has_doors(const struct receiver *x)
{
	return x->c.options->reply == REPLY_FIRST || (x->c.options->echo && run_copies(x->run)) ||
	       (x->c.access &&
		(x->c.access->allow.used || x->c.access->deny.used || x->c.access->users.n));
}

/* They are taken: shows them. */
static void show(struct receiver *x, const struct receiver_socket *s,
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
	if (message_wanted(x->run->messages, MESSAGE_STEP))
		receiver_say(x, s, v, n);
	untold = datagram_output_gather(&x->out, v, n);
	if (!untold)
		return;
	message_fail(x->run->messages, OUTCOME_FAILED, errno_name(EMSGSIZE),
		     "stdout: %zu datagram%s larger than --frame len16 can tell", untold,
		     untold == 1 ? "" : "s");
	x->failed = true;
}

/* --echo: returns how many were sent back. */
static size_t echo(struct receiver *x, struct receiver_socket *s, const struct dgram_received *v,
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
		sent = receiver_send(x, s, d, some);
		done += sent;
		if (sent < some)
			break;
	}
	return done;
}

static size_t run_commands(struct receiver *x, struct receiver_socket *s,
			   const struct dgram_received *v, size_t n)
{
	size_t done = 0;

	for (; done < n && !datagram_exec_full(&x->exec); done++)
		datagram_exec_run(&x->exec, s->socket, &v[done]);
	return done;
}

/* Where answers go from now on. */
static void aim(struct receiver *x, struct receiver_socket *s, const struct dgram_received *d)
{
	if (d->from->length == 0 || (x->to_by && x->c.options->reply == REPLY_FIRST))
		return;
	x->to = *d->from;
	x->local.length = 0;
	if (d->local)
		x->local = *d->local;
	if (!x->to_by) {
		x->to_by = s;
		receiver_begin_reading(x);
	}
	x->to_by = s;
}

/* Does with N of V what is to be done. Returns with how many it is done. */
static size_t handle(struct receiver *x, struct receiver_socket *s, const struct dgram_received *v,
		     size_t n)
{
	const struct receiver_options *o = x->c.options;
	uint64_t sent = x->sent;

	if (o->count != UNSET && (uint64_t)o->count - x->received < n)
		n = (size_t)((uint64_t)o->count - x->received);
	if (o->reply && n)
		aim(x, s, &v[n - 1]);
	if (o->echo)
		n = echo(x, s, v, n);
	else if (receiver_runs_command(o))
		n = run_commands(x, s, v, n);
	show(x, s, v, n);
	if (o->echo && run_copies(x->run) && x->sent > sent)
		receiver_copy_last(x, v->data, v->size);
	if (o->count != UNSET && x->received >= (uint64_t)o->count)
		x->finishing = true;
	return n;
}

/* Does what can be done with what was received. */
static void work(struct receiver *x)
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

void receiver_pace(struct receiver *x, struct timer *t, uint64_t bytes)
{
	const struct rate *r = &x->rate;

	if (rate_is_set(r) && bytes > 0)
		timer_set(x->run->loop, t, clock_after(clock_now(), rate_cost(r, (int64_t)bytes)));
}

/* Takes one batch from S. Returns whether there may be more at once. */
static bool receive(struct receiver *x, struct receiver_socket *s)
{
	ssize_t n = dgram_receive(s->socket, x->batch, &x->v);
	uint64_t before = x->received_bytes;

	x->n = x->at = 0;
	if (n < 0) {
		if (errno != EAGAIN)
			run_end(x->run, report_error(x->run->messages, "recvmsg", errno));
		return false;
	}
	x->n = (size_t)n;
	x->by = s;
	work(x);
	receiver_pace(x, &x->pace_timer, x->received_bytes - before);
	return dgram_batch_full(x->batch) && !pending(x) && !x->finishing && !x->pace_timer.slot;
}

static void resume(void *arg)
{
	struct receiver *x = arg;

	work(x);
	datagram_output_flush(&x->out);
	if (x->exec.n)
		datagram_exec_resume(&x->exec);
	receiver_go_on(x);
}

static void socket_event(void *arg, short events)
{
	struct receiver_socket *s = arg;
	struct receiver *x = s->receiving;

	if (events & POLLERR)
		dgram_errors(s->socket);
	if (events & POLLOUT) {
		s->blocked = false;
		receiver_send_read(x);
		resume(x);
	}
	if (events & POLLIN && s->watch.events & POLLIN && !pending(x)) {
		int rounds = 1;
		while (receive(x, s) && rounds < ROUNDS)
			rounds++;
		datagram_output_flush(&x->out);
	}
	receiver_go_on(x);
}

static void retry(void *arg)
{
	struct receiver *x = arg;

	receiver_send_read(x);
	resume(x);
}

/* ---- stdout ---- */

static void room(void *arg)
{
	receiver_go_on(arg);
}

/* Nobody reads stdout any more: as soon as what came from stdin is sent, that is the end. */
static void out_broken(void *arg)
{
	struct receiver *x = arg;

	if (x->w_at < x->w_n || (x->reading && wait_ready(x->in.rfd, POLLIN, 0)))
		timer_set(x->run->loop, &x->out_timer, clock_after(clock_now(), BROKEN_LOOK));
	else
		run_end(x->run, report_output_error(x->run->messages, "stdout", EPIPE));
}

static void out_failed(void *arg, int error, bool idle)
{
	struct receiver *x = arg;

	if (idle)
		out_broken(x);
	else
		run_end(x->run, report_output_error(x->run->messages, "stdout", error));
}

/* ---- commands ---- */

static bool send_answer(void *arg, const struct dgram_socket *socket, const struct dgram *d)
{
	struct receiver *x = arg;

	for (size_t i = 0; i < x->n_sockets; i++)
		if (x->sockets[i].socket == socket)
			return receiver_send(x, &x->sockets[i], d, 1) == 1;
	return true;
}

static void command_over(void *arg, struct outcome outcome)
{
	struct receiver *x = arg;

	if (outcome.kind != OUTCOME_DONE)
		x->command = outcome;
	/* Not in here: whoever calls this may be at it. */
	timer_set(x->run->loop, &x->next_timer, loop_now(x->run->loop));
}

/* ---- limits ---- */

static void waited(void *arg)
{
	struct receiver *x = arg;
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
		message_timeout(x->run->messages, "no datagram within %s (-w)", time);
	else if (count != UNSET)
		message_timeout(x->run->messages, "no datagram for %s (-w), after %llu of %lld",
				time, (unsigned long long)x->received, (long long)count);
	x->timed_out = x->received == 0 || count != UNSET;
	receiver_go_on(x);
}

static void idled(void *arg)
{
	struct receiver *x = arg;
	int64_t idle = x->run->data->idle_timeout;
	int64_t in = x->in_pace_timer.at, out = x->pace_timer.at, end;
	char time[32];

	/* The pauses of --rate are no idleness. */
	end = x->last_move > in ? x->last_move : in;
	end = clock_after(end > out ? end : out, idle);
	if (end > clock_now()) {
		timer_set(x->run->loop, &x->idle_timer, end);
		return;
	}
	run_end(x->run, message_timeout(x->run->messages, "nothing moved for %s (--idle-timeout)",
					duration_format(time, sizeof time, idle)));
}

/* ---- the run's questions ---- */

/* The loop has ended. What has been received, by the kernel too, belongs to whoever reads stdout.
 */
static void ending(void *arg)
{
	struct receiver *x = arg;
	struct run *r = x->run;
	bool broken = x->out.out.error;
	bool stopped = r->outcome.kind == OUTCOME_SIGNAL || r->outcome.kind == OUTCOME_TIMEOUT;
	bool plain = !receiver_runs_command(x->c.options) && !x->c.options->echo;

	if (!x->start)
		return;
	for (size_t i = 0; stopped && plain && !broken && i < x->n_sockets; i++) {
		work(x);
		for (int k = 0; k < DRAIN_MOST && !x->finishing; k++)
			if (!receive(x, &x->sockets[i]))
				break;
	}
	if (!x->out.out.error && datagram_output_finish(&x->out, FINISH_LIMIT) < 0) {
		struct outcome failed = report_output_error(x->run->messages, "stdout", errno);
		if (r->outcome.kind == OUTCOME_DONE)
			r->outcome = failed;
	}
	if (receiver_say_losses(x) && x->c.options->strict && r->outcome.kind == OUTCOME_DONE)
		r->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
}

/* ---- the beginning ---- */

void receiver_start(struct receiver *x, struct run *r, const struct receiver_config *c)
{
	const struct receiver_options *o = c->options;
	const struct datagram_output_config out = {
		.frame = &c->frame->frame,
		.from = o->from,
		.timestamp = o->timestamp,
		.json = r->messages->options.json,
		.silent = o->echo || receiver_runs_command(o),
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

	*x = (struct receiver){ .run = r, .c = *c };
	endpoint_none(&x->in);
	rate_start(&x->rate, r->data->rate, UNSET);
	receiver_report_start(x, r);
	r->calls.ending = ending;
	x->wait_timer = (struct timer){ .fn = waited, .arg = x };
	x->idle_timer = (struct timer){ .fn = idled, .arg = x };
	x->pace_timer = x->next_timer = (struct timer){ .fn = resume, .arg = x };
	x->retry_timer = (struct timer){ .fn = retry, .arg = x };
	x->out_timer = (struct timer){ .fn = out_broken, .arg = x };
	datagram_output_start(&x->out, r, &out);
	if (receiver_runs_command(o))
		datagram_exec_start(&x->exec, &exec);
}

int receiver_begin(struct receiver *x, struct dgram_socket *s, size_t n)
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
		x->sockets[i] = (struct receiver_socket){ .receiving = x, .socket = &s[i] };
		x->sockets[i].watch =
			(struct watch){ .fd = s[i].fd, .fn = socket_event, .arg = &x->sockets[i] };
	}
	x->start = x->last_move = clock_now();
	timer_set(loop, &x->wait_timer, clock_after(x->start, x->c.wait));
	timer_set(loop, &x->idle_timer, clock_after(x->start, x->run->data->idle_timeout));
	receiver_go_on(x);
	return 0;
}

void receiver_free(struct receiver *x)
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
