/* exec.c - a command for each datagram */
#include "dgram/exec.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/number.h"
#include "dgram/crlf.h"
#include "flow/framer.h"
#include "run/job.h"
#include "run/report.h"

#define PIECE (64 << 10) /* read at a time */
#define JOBS 16

struct dgram_job {
	struct dgram_exec *exec;
	struct dgram_job *next;
	struct dgram_socket *socket;
	struct address peer, asked, local; /* of length 0: not known */
	char peer_name[ADDRESS_TEXT];
	struct job job;
	struct watch in, out;	/* our ends of its stdin and stdout; -1: closed */
	struct framer answer;	/* what it writes, */
	struct dgram_crlf crlf; /* with -C */
	bool exited, answered;
	struct outcome outcome;
	size_t size, taken; /* of the payload, the latter by the command */
	char data[];
};

static void dgram_job_close(struct dgram_job *x, struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_drop(x->exec->loop, w);
	close(w->fd);
	w->fd = -1;
}

static void dgram_job_free(struct dgram_job *x)
{
	job_free(&x->job);
	dgram_job_close(x, &x->in);
	dgram_job_close(x, &x->out);
	framer_free(&x->answer);
	dgram_crlf_free(&x->crlf);
	free(x);
}

/* X is over, if there is nothing left to be done. */
static void dgram_job_settle(struct dgram_job *x)
{
	struct dgram_exec *e = x->exec;
	struct outcome outcome = x->outcome;

	if (!x->exited || !x->answered)
		return;
	for (struct dgram_job **p = &e->jobs; *p; p = &(*p)->next)
		if (*p == x) {
			*p = x->next;
			break;
		}
	e->n--;
	dgram_job_free(x);
	e->ended(e->arg, outcome);
}

/* ---- the answer ---- */

/* The command's output makes no datagram: says so, and sends nothing more of it. */
static void dgram_job_refuse(struct dgram_job *x)
{
	const struct messages *m = x->exec->c->messages;
	const char *name = spawn_name(&x->exec->c->options->command);

	if (errno == ENOMEM)
		report_error(m, name, ENOMEM);
	else if (x->answer.found == FRAME_TOO_LARGE)
		message_fail(m, OUTCOME_FAILED, errno_name(EMSGSIZE),
			     "%s: an answer of %zu bytes or more, and a datagram carries %zu", name,
			     x->answer.next.size, x->exec->most);
	else
		message_fail(m, OUTCOME_FAILED, errno_name(EINVAL),
			     "%s: its output ends within a datagram", name);
	if (x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
	dgram_job_close(x, &x->out);
	x->answered = true;
}

/* Fills D with the next datagram of the answer. Returns as framer_next(). */
static int dgram_job_next(struct dgram_job *x, struct dgram *d)
{
	struct framer *f = &x->answer;
	const char *data;
	int found;

	if (dgram_crlf_reserve(&x->crlf, f->length, 1) < 0)
		return -1;
	found = framer_next(f, x->exec->most, &data, &d->size);
	if (found <= 0)
		return found;
	d->data = data;
	dgram_crlf_change(&x->crlf, d);
	if (d->size <= x->exec->most)
		return 1;
	f->found = FRAME_TOO_LARGE;
	f->next.size = d->size;
	errno = EMSGSIZE;
	return -1;
}

/* Sends what there is of the answer. */
static void dgram_job_answer(struct dgram_job *x)
{
	struct dgram d = { .to = &x->peer, .from = x->local.length ? &x->local : NULL };
	int found = 0;

	while (!x->answered && x->answer.length > 0) {
		bool after_cr = x->crlf.after_cr;
		found = dgram_job_next(x, &d);
		if (found <= 0)
			break;
		if (!x->exec->send(x->exec->arg, x->socket, &d)) {
			x->crlf.after_cr = after_cr;
			watch_drop(x->exec->loop, &x->out);
			return;
		}
		framer_took(&x->answer);
	}
	if (found < 0)
		dgram_job_refuse(x);
	else if (x->answer.ended)
		x->answered = true;
}

/* Reads once from the command's stdout. Returns whether there may be more at once. */
static bool dgram_job_read(struct dgram_job *x)
{
	struct endpoint from;
	ssize_t n;

	endpoint_pipe(&from, x->out.fd, false, "");
	n = framer_fill(&x->answer, &from, SIZE_MAX);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n < 0) {
		dgram_job_refuse(x);
	} else if (n == 0) {
		x->answer.ended = true;
		dgram_job_close(x, &x->out);
	}
	return n > 0;
}

static void dgram_job_readable(void *arg, short events)
{
	struct dgram_job *x = arg;

	(void)events;
	dgram_job_read(x);
	dgram_job_answer(x);
	dgram_job_settle(x);
}

/* ---- the command ---- */

static void dgram_job_ended(void *arg, int status)
{
	struct dgram_job *x = arg;

	/* One whose answer was refused may have died of that. */
	if (status && x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_COMMAND, status };
	x->exited = true;
	dgram_job_close(x, &x->in);
	/* All that it wrote is there by now. A process that it has left behind is not waited for.
	 */
	while (x->out.fd >= 0 && dgram_job_read(x))
		dgram_job_answer(x);
	dgram_job_close(x, &x->out);
	x->answer.ended = true;
	dgram_job_answer(x);
	dgram_job_settle(x);
}

/* Gives the command what it takes of the payload. */
static void dgram_job_feed(void *arg, short events)
{
	struct dgram_job *x = arg;

	(void)events;
	while (x->taken < x->size) {
		ssize_t n = write(x->in.fd, x->data + x->taken, x->size - x->taken);
		if (n < 0 && errno != EINTR)
			break;
		x->taken += n > 0 ? (size_t)n : 0;
	}
	/* It need not read all of that. */
	if (x->taken == x->size || errno != EAGAIN)
		dgram_job_close(x, &x->in);
	else
		watch_set(x->exec->loop, &x->in, POLLOUT);
}

static int dgram_job_open(void *arg, int *in, int *out)
{
	struct dgram_job *x = arg;

	*in = job_pipe(&x->in.fd, true);
	*out = *in < 0 ? -1 : job_pipe(&x->out.fd, false);
	return *out < 0 ? -1 : 0;
}

static void dgram_job_started(void *arg, struct outcome failure)
{
	struct dgram_job *x = arg;

	if (failure.kind != OUTCOME_DONE) {
		x->outcome = failure;
		x->exited = x->answered = true;
		dgram_job_settle(x);
		return;
	}
	watch_set(x->exec->loop, &x->out, POLLIN);
	dgram_job_feed(x, 0);
}

/* ---- all of them ---- */

bool dgram_exec_full(const struct dgram_exec *e)
{
	int64_t jobs = e->c->options->jobs;

	return e->n >= (jobs == UNSET ? JOBS : (size_t)jobs);
}

void dgram_exec_run(struct dgram_exec *e, struct dgram_socket *s, const struct dgram_received *d)
{
	const struct spawn_command *command = &e->c->options->command;
	const struct frame *frame = &e->c->frame->frame;
	/* Without --frame all of its output is one datagram, however many reads that takes. */
	const struct frame_options one = {
		.frame = { frame->mode == FRAME_READ ? FRAME_ALL : frame->mode, frame->size },
		.size = UNSET,
	};
	struct dgram_job *x = calloc(1, sizeof *x + d->size);

	if (!x) {
		e->ended(e->arg, report_error(e->c->messages, spawn_name(command), ENOMEM));
		return;
	}
	memcpy(x->data, d->data, d->size);
	framer_start(&x->answer, &one, 0, PIECE);
	x->crlf = (struct dgram_crlf){ .wanted = e->c->data->crlf, .mode = one.frame.mode };
	x->exec = e;
	x->socket = s;
	x->size = d->size;
	x->peer = *d->from;
	x->asked = d->to ? *d->to : s->local;
	if (d->local)
		x->local = *d->local;
	x->in = (struct watch){ .fd = -1, .fn = dgram_job_feed, .arg = x };
	x->out = (struct watch){ .fd = -1, .fn = dgram_job_readable, .arg = x };
	x->job = (struct job){ .loop = e->loop,
			       .messages = e->c->messages,
			       .command = command,
			       .subject = { address_text(&x->peer, x->peer_name), &x->peer, 0 },
			       .proto = "UDP",
			       .local = x->asked.length ? &x->asked : NULL,
			       .open = dgram_job_open,
			       .started = dgram_job_started,
			       .ended = dgram_job_ended,
			       .arg = x,
			       .passed = -1 };
	x->next = e->jobs;
	e->jobs = x;
	e->n++;
	job_start(&x->job, NULL, e->c->numeric);
}

void dgram_exec_resume(struct dgram_exec *e)
{
	struct dgram_job *next;

	for (struct dgram_job *x = e->jobs; x; x = next) {
		next = x->next;
		if (x->out.fd >= 0)
			watch_set(e->loop, &x->out, POLLIN);
		dgram_job_answer(x);
		dgram_job_settle(x);
	}
}

void dgram_exec_free(struct dgram_exec *e)
{
	while (e->jobs) {
		struct dgram_job *x = e->jobs;
		e->jobs = x->next;
		dgram_job_free(x);
	}
}
