/* exec.c - a command for each datagram */
#include "dgram/exec.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/text.h"
#include "run/job.h"

#define PIECE (size_t)(64 << 10) /* read at a time */

struct datagram_job {
	struct datagram_exec *exec;
	struct datagram_job *next;
	struct dgram_socket *socket;
	struct address peer, asked, local; /* of length 0: not known */
	char *data;			   /* the payload, and what the command has taken of it */
	size_t size, taken;
	char peer_name[ADDRESS_TEXT];
	struct job job;
	struct watch in, out; /* our ends of its stdin and stdout; -1: closed */
	struct text answer;
	size_t sent; /* of the answer */
	bool exited, answered;
	bool over_read; /* its stdout has ended */
	struct outcome outcome;
};

static void datagram_job_close(struct datagram_job *x, struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_drop(x->exec->c.loop, w);
	close(w->fd);
	w->fd = -1;
}

static void datagram_job_free(struct datagram_job *x)
{
	job_free(&x->job);
	datagram_job_close(x, &x->in);
	datagram_job_close(x, &x->out);
	text_free(&x->answer);
	free(x->data);
	free(x);
}

/* X is over, if there is nothing left to be done. */
static void datagram_job_settle(struct datagram_job *x)
{
	struct datagram_exec *e = x->exec;
	struct outcome outcome = x->outcome;

	if (!x->exited || !x->answered)
		return;
	for (struct datagram_job **p = &e->jobs; *p; p = &(*p)->next)
		if (*p == x) {
			*p = x->next;
			break;
		}
	e->n--;
	datagram_job_free(x);
	e->c.ended(e->c.arg, outcome);
}

/* ---- the answer ---- */

/* What the command has written makes no datagram: nothing more of it is sent. */
static void datagram_job_refuse(struct datagram_job *x, enum frame_found found, size_t size)
{
	const struct messages *m = x->exec->c.messages;
	const char *name = spawn_name(x->exec->c.command);

	if (found == FRAME_TOO_LARGE)
		message_fail(m, OUTCOME_FAILED, errno_name(EMSGSIZE),
			     "%s: an answer of %zu bytes or more, and a datagram carries %zu", name,
			     size, x->exec->c.most);
	else
		message_fail(m, OUTCOME_FAILED, errno_name(EINVAL),
			     "%s: its output ends within a datagram", name);
	if (x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
	datagram_job_close(x, &x->out);
	x->answered = true;
}

/* Sends what there is of the answer. */
static void datagram_job_answer(struct datagram_job *x)
{
	const struct datagram_exec_config *c = &x->exec->c;
	struct frame frame = *c->frame;
	enum frame_found found = FRAME_PARTIAL;
	struct frame_piece piece = { 0 };

	/* How much a read gives is chance: all that it writes is one. */
	if (frame.mode == FRAME_READ)
		frame.mode = FRAME_ALL;
	while (!x->answered) {
		size_t left = x->answer.length - x->sent;
		if (left == 0)
			break;
		found = frame_cut(&frame, x->answer.data + x->sent, left, x->over_read, c->most,
				  &piece);
		if (found != FRAME_FOUND)
			break;
		const struct dgram d = { .data = x->answer.data + x->sent + piece.offset,
					 .size = piece.size,
					 .to = &x->peer,
					 .from = x->local.length ? &x->local : NULL };
		if (!c->send(c->arg, x->socket, &d)) {
			watch_drop(c->loop, &x->out);
			return;
		}
		x->sent += piece.taken;
	}
	if (x->answered)
		return;
	if (found == FRAME_TOO_LARGE || found == FRAME_CUT_OFF)
		datagram_job_refuse(x, found, piece.size);
	else if (x->over_read)
		x->answered = true;
	/* What was sent needs no room any more. */
	x->answer.length -= x->sent;
	if (x->sent && x->answer.length)
		memmove(x->answer.data, x->answer.data + x->sent, x->answer.length);
	x->sent = 0;
}

/* Reads once from the command's stdout. Returns whether there may be more at once. */
static bool datagram_job_read(struct datagram_job *x)
{
	char piece[PIECE];
	ssize_t n = read(x->out.fd, piece, sizeof piece);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		x->over_read = true;
		datagram_job_close(x, &x->out);
		return false;
	}
	text_put(&x->answer, piece, (size_t)n);
	return true;
}

static void datagram_job_readable(void *arg, short events)
{
	struct datagram_job *x = arg;

	(void)events;
	datagram_job_read(x);
	datagram_job_answer(x);
	datagram_job_settle(x);
}

/* ---- the command ---- */

static void datagram_job_ended(void *arg, int status)
{
	struct datagram_job *x = arg;

	/* One whose answer was refused may have died of that. */
	if (status && x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_COMMAND, status };
	x->exited = true;
	datagram_job_close(x, &x->in);
	/* What it wrote is there by now; whom it has left behind with its stdout nobody waits for.
	 */
	while (x->out.fd >= 0 && datagram_job_read(x))
		datagram_job_answer(x);
	datagram_job_close(x, &x->out);
	x->over_read = true;
	datagram_job_answer(x);
	datagram_job_settle(x);
}

/* Gives the command what it takes of the payload. */
static void datagram_job_feed(void *arg, short events)
{
	struct datagram_job *x = arg;

	(void)events;
	while (x->taken < x->size) {
		ssize_t n = write(x->in.fd, x->data + x->taken, x->size - x->taken);
		if (n < 0 && errno != EINTR)
			break;
		x->taken += n > 0 ? (size_t)n : 0;
	}
	/* Whether it wants to read that is its own business. */
	if (x->taken == x->size || errno != EAGAIN)
		datagram_job_close(x, &x->in);
	else
		watch_set(x->exec->c.loop, &x->in, POLLOUT);
}

static int datagram_job_open(void *arg, int *in, int *out)
{
	struct datagram_job *x = arg;

	*in = job_pipe(&x->in.fd, true);
	*out = *in < 0 ? -1 : job_pipe(&x->out.fd, false);
	return *out < 0 ? -1 : 0;
}

static void datagram_job_started(void *arg, struct outcome failure)
{
	struct datagram_job *x = arg;

	if (failure.kind != OUTCOME_DONE) {
		x->outcome = failure;
		x->exited = x->answered = true;
		datagram_job_settle(x);
		return;
	}
	watch_set(x->exec->c.loop, &x->out, POLLIN);
	datagram_job_feed(x, 0);
}

/* ---- all of them ---- */

void datagram_exec_start(struct datagram_exec *e, const struct datagram_exec_config *c)
{
	*e = (struct datagram_exec){ .c = *c };
	spawn_prepare();
}

bool datagram_exec_full(const struct datagram_exec *e)
{
	return e->n >= e->c.jobs;
}

void datagram_exec_run(struct datagram_exec *e, struct dgram_socket *s,
		       const struct dgram_received *d)
{
	struct datagram_job *x = calloc(1, sizeof *x);

	if (x)
		x->data = malloc(d->size + 1);
	if (!x || !x->data) {
		free(x);
		message_fail(e->c.messages, OUTCOME_FAILED, errno_name(ENOMEM), "%s: %s (%s)",
			     spawn_name(e->c.command), strerror(ENOMEM), errno_name(ENOMEM));
		e->c.ended(e->c.arg, (struct outcome){ OUTCOME_FAILED, 0 });
		return;
	}
	memcpy(x->data, d->data, d->size);
	x->exec = e;
	x->socket = s;
	x->size = d->size;
	x->peer = *d->from;
	x->asked = d->to ? *d->to : s->local;
	if (d->local)
		x->local = *d->local;
	x->in = (struct watch){ .fd = -1, .fn = datagram_job_feed, .arg = x };
	x->out = (struct watch){ .fd = -1, .fn = datagram_job_readable, .arg = x };
	x->job = (struct job){ .loop = e->c.loop,
			       .messages = e->c.messages,
			       .command = e->c.command,
			       .subject = { address_text(&x->peer, x->peer_name), &x->peer, 0 },
			       .proto = "UDP",
			       .local = x->asked.length ? &x->asked : NULL,
			       .open = datagram_job_open,
			       .started = datagram_job_started,
			       .ended = datagram_job_ended,
			       .arg = x,
			       .passed = -1 };
	x->next = e->jobs;
	e->jobs = x;
	e->n++;
	job_start(&x->job, NULL, e->c.numeric);
}

void datagram_exec_resume(struct datagram_exec *e)
{
	struct datagram_job *next;

	for (struct datagram_job *x = e->jobs; x; x = next) {
		next = x->next;
		if (x->out.fd >= 0)
			watch_set(e->c.loop, &x->out, POLLIN);
		datagram_job_answer(x);
		datagram_job_settle(x);
	}
}

void datagram_exec_free(struct datagram_exec *e)
{
	while (e->jobs) {
		struct datagram_job *x = e->jobs;
		e->jobs = x->next;
		datagram_job_free(x);
	}
}
