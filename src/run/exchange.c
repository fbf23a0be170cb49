/* exchange.c - a command for one message, and its answer */
#include "run/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"

#define PIECE (64 << 10) /* read at a time */

struct exchange {
	struct exchange_config c;
	struct job job;
	struct watch in, out; /* our ends of its stdin and stdout; -1: closed */
	struct framer answer; /* what it writes */
	bool exited, answered;
	bool refused; /* it did not run, or wrote what is no answer */
	struct outcome outcome;
	size_t size, taken; /* of the message, the latter by the command */
	char data[];
};

static void exchange_close(struct exchange *x, struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_drop(x->c.loop, w);
	close(w->fd);
	w->fd = -1;
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	job_free(&x->job);
	exchange_close(x, &x->in);
	exchange_close(x, &x->out);
	framer_free(&x->answer);
	free(x);
}

/* X is over, if there is nothing left to be done. */
static void exchange_settle(struct exchange *x)
{
	const struct exchange_config c = x->c;
	struct outcome outcome = x->outcome;
	bool answered = !x->refused;

	if (!x->exited || !x->answered)
		return;
	exchange_free(x);
	c.ended(c.arg, outcome, answered);
}

/* ---- the answer ---- */

/* The command's output makes no message: says so, and sends nothing more of it. */
static void exchange_refuse(struct exchange *x)
{
	const struct messages *m = x->c.messages;
	const char *name = spawn_name(x->c.command);
	struct framer *f = &x->answer;
	char fault[FRAMER_FAULT];
	int error = errno;

	if (error == EMSGSIZE && f->found == FRAME_FOUND && x->c.carrier) {
		f->found = FRAME_UNCARRIED;
		f->carrier = x->c.carrier;
	}
	if (error == ENOMEM)
		report_error(m, name, ENOMEM);
	else if (f->found == FRAME_INVALID || f->found == FRAME_UNCARRIED)
		message_fail(m, OUTCOME_FAILED, errno_name(error), "%s: its output: %s", name,
			     framer_fault(f, x->c.most, fault));
	else if (error == EMSGSIZE)
		message_fail(m, OUTCOME_FAILED, errno_name(EMSGSIZE),
			     "%s: an answer of %zu bytes or more, and %s carries %zu", name,
			     f->next.size, x->c.unit, x->c.most);
	else
		message_fail(m, OUTCOME_FAILED, errno_name(EINVAL), "%s: its output ends within %s",
			     name, x->c.unit);
	if (x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
	exchange_close(x, &x->out);
	x->answered = x->refused = true;
}

/* Passes on what there is of the answer. */
static void exchange_answer(struct exchange *x)
{
	const char *data;
	size_t size;
	int found = 0;

	while (!x->answered && x->answer.length > 0) {
		found = framer_next(&x->answer, x->c.most, &data, &size);
		if (found <= 0)
			break;
		found = x->c.answer(x->c.arg, data, &size);
		x->answer.next.size = size;
		if (found < 0)
			break;
		if (found == 0) {
			watch_drop(x->c.loop, &x->out);
			return;
		}
		framer_took(&x->answer);
	}
	if (found < 0)
		exchange_refuse(x);
	else if (x->answer.ended)
		x->answered = true;
}

/* Reads once from the command's stdout. Returns whether there may be more at once. */
static bool exchange_read(struct exchange *x)
{
	struct endpoint from;
	ssize_t n;

	endpoint_pipe(&from, x->out.fd, false, "");
	n = framer_fill(&x->answer, &from, SIZE_MAX);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n < 0) {
		exchange_refuse(x);
	} else if (n == 0) {
		x->answer.ended = true;
		exchange_close(x, &x->out);
	}
	return n > 0;
}

static void exchange_readable(void *arg, short events)
{
	struct exchange *x = arg;

	(void)events;
	exchange_read(x);
	exchange_answer(x);
	exchange_settle(x);
}

void exchange_resume(struct exchange *x)
{
	if (x->out.fd >= 0)
		watch_set(x->c.loop, &x->out, POLLIN);
	exchange_answer(x);
	exchange_settle(x);
}

/* ---- the command ---- */

static void exchange_job_ended(void *arg, int status)
{
	struct exchange *x = arg;
	struct endpoint from;
	size_t reads;

	/* One whose answer was refused may have died of that. */
	if (status && x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_COMMAND, status };
	x->exited = true;
	exchange_close(x, &x->in);
	/* All that it wrote is there by now. A process that it has left behind is not waited for,
	 * which may write for ever. */
	endpoint_pipe(&from, x->out.fd, false, "");
	reads = endpoint_unread(&from) / PIECE + 1;
	while (reads-- > 0 && x->out.fd >= 0 && exchange_read(x))
		exchange_answer(x);
	exchange_close(x, &x->out);
	x->answer.ended = true;
	exchange_answer(x);
	exchange_settle(x);
}

/* Gives the command what it takes of the message. */
static void exchange_feed(void *arg, short events)
{
	struct exchange *x = arg;

	(void)events;
	while (x->taken < x->size) {
		ssize_t n = write(x->in.fd, x->data + x->taken, x->size - x->taken);
		if (n < 0 && errno != EINTR)
			break;
		x->taken += n > 0 ? (size_t)n : 0;
	}
	/* It need not read all of that. */
	if (x->taken == x->size || errno != EAGAIN)
		exchange_close(x, &x->in);
	else
		watch_set(x->c.loop, &x->in, POLLOUT);
}

static int exchange_open(void *arg, int *in, int *out)
{
	struct exchange *x = arg;

	*in = job_pipe(&x->in.fd, true);
	*out = *in < 0 ? -1 : job_pipe(&x->out.fd, false);
	return *out < 0 ? -1 : 0;
}

static void exchange_started(void *arg, struct outcome failure)
{
	struct exchange *x = arg;

	if (failure.kind != OUTCOME_DONE) {
		x->outcome = failure;
		x->exited = x->answered = x->refused = true;
		exchange_settle(x);
		return;
	}
	watch_set(x->c.loop, &x->out, POLLIN);
	exchange_feed(x, 0);
}

int exchange_start(struct exchange **out, const struct exchange_config *c, const char *data,
		   size_t size)
{
	struct exchange *x = *out = calloc(1, sizeof *x + size);
	/* Where nothing cuts it all of the output is one, however many reads that takes. */
	struct frame_options one = { .frame = c->frame, .size = UNSET };

	if (!x)
		return -1;
	if (one.frame.mode == FRAME_READ)
		one.frame.mode = FRAME_ALL;
	if (size)
		memcpy(x->data, data, size);
	x->c = *c;
	x->size = size;
	framer_start(&x->answer, &one, 0, PIECE);
	x->in = (struct watch){ .fd = -1, .fn = exchange_feed, .arg = x };
	x->out = (struct watch){ .fd = -1, .fn = exchange_readable, .arg = x };
	x->job = (struct job){ .loop = c->loop,
			       .messages = c->messages,
			       .command = c->command,
			       .subject = c->subject,
			       .proto = c->proto,
			       .local = c->local,
			       .open = exchange_open,
			       .started = exchange_started,
			       .ended = exchange_job_ended,
			       .arg = x,
			       .passed = -1 };
	job_start(&x->job, c->peer_name, c->numeric);
	return 0;
}
