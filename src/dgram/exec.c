#define _GNU_SOURCE /* pipe2, which POSIX has since 2024 */
#include "dgram/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/text.h"
#include "names/lookup.h"
#include "run/ucspi.h"

#define NAME_LIMIT SECOND	 /* for the look-up of the sender's name */
#define PIECE (size_t)(64 << 10) /* read at a time */

struct datagram_job {
	struct datagram_exec *exec;
	struct datagram_job *next;
	struct dgram_socket *socket;
	struct address peer, asked, local; /* of length 0: not known */
	char *data;			   /* the payload, and what the command has taken of it */
	size_t size, taken;
	struct lookup *lookup;
	struct timer lookup_timer;
	struct child child;
	struct watch in, out; /* our ends of its stdin and stdout; -1: closed */
	struct text answer;
	size_t sent; /* of the answer */
	bool exited, answered;
	bool over_read; /* its stdout has ended */
	struct outcome outcome;
};

static void close_watch(struct datagram_job *x, struct watch *w)
{
	if (w->fd < 0)
		return;
	watch_drop(x->exec->c.loop, w);
	close(w->fd);
	w->fd = -1;
}

static void free_job(struct datagram_job *x)
{
	struct loop *loop = x->exec->c.loop;

	lookup_cancel(x->lookup);
	timer_drop(loop, &x->lookup_timer);
	if (x->child.pid)
		child_drop(loop, &x->child);
	close_watch(x, &x->in);
	close_watch(x, &x->out);
	text_free(&x->answer);
	free(x->data);
	free(x);
}

/* X is over, if there is nothing left to be done. */
static void settle(struct datagram_job *x)
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
	free_job(x);
	e->c.ended(e->c.arg, outcome);
}

/* ---- the answer ---- */

static void fail(struct datagram_job *x)
{
	if (x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_FAILED, 0 };
}

/* What the command has written makes no datagram: nothing more of it is sent. */
static void refuse(struct datagram_job *x, enum frame_found found, size_t size)
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
	fail(x);
	close_watch(x, &x->out);
	x->answered = true;
}

/* Sends what there is of the answer. */
static void answer(struct datagram_job *x)
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
		refuse(x, found, piece.size);
	else if (x->over_read)
		x->answered = true;
	/* What was sent needs no room any more. */
	x->answer.length -= x->sent;
	if (x->sent && x->answer.length)
		memmove(x->answer.data, x->answer.data + x->sent, x->answer.length);
	x->sent = 0;
}

/* Reads once from the command's stdout. Returns whether there may be more at once. */
static bool read_answer(struct datagram_job *x)
{
	char piece[PIECE];
	ssize_t n = read(x->out.fd, piece, sizeof piece);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		x->over_read = true;
		close_watch(x, &x->out);
		return false;
	}
	text_put(&x->answer, piece, (size_t)n);
	return true;
}

static void answer_ready(void *arg, short events)
{
	struct datagram_job *x = arg;

	(void)events;
	read_answer(x);
	answer(x);
	settle(x);
}

/* ---- the command ---- */

static void command_ended(void *arg, int status)
{
	struct datagram_job *x = arg;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	char peer[ADDRESS_TEXT];
	struct notice n;

	/* One whose answer was refused may have died of that. */
	if (code && x->outcome.kind == OUTCOME_DONE)
		x->outcome = (struct outcome){ OUTCOME_COMMAND, code };
	x->exited = true;
	notice_begin(&n, x->exec->c.messages, MESSAGE_STEP, "exited");
	address_json(&n.json, "peer", &x->peer);
	json_number(&n.json, "status", code);
	notice_end(&n, "%s: the command has ended: status %d", address_text(&x->peer, peer), code);
	close_watch(x, &x->in);
	/* What it wrote is there by now; whom it has left behind with its stdout nobody waits for.
	 */
	while (x->out.fd >= 0 && read_answer(x))
		answer(x);
	close_watch(x, &x->out);
	x->over_read = true;
	answer(x);
	settle(x);
}

/* Gives the command what it takes of the payload. */
static void feed(void *arg, short events)
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
		close_watch(x, &x->in);
	else
		watch_set(x->exec->c.loop, &x->in, POLLOUT);
}

/* A pipe, whose end number OURS is *W's from now on. Returns the other, or -1 with errno. */
static int open_way(struct watch *w, int ours)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[ours], F_SETFL, O_NONBLOCK);
	w->fd = fds[ours];
	return fds[!ours];
}

static pid_t spawn(struct datagram_job *x, const char *host)
{
	struct spawn_environment environment = { 0 };
	int in = open_way(&x->in, 1), out = in < 0 ? -1 : open_way(&x->out, 0), error;
	pid_t pid = -1;

	ucspi_inherit(&environment);
	if (x->socket->family == AF_UNIX)
		ucspi_describe_unix(&environment, &x->peer, &x->asked);
	else
		ucspi_describe(&environment, "UDP", &x->peer, x->asked.length ? &x->asked : NULL,
			       host);
	if (out >= 0)
		pid = spawn_start(x->exec->c.command, &environment, in, out, -1);
	error = errno;
	spawn_environment_free(&environment);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	errno = error;
	return pid;
}

static void run(struct datagram_job *x, const char *host)
{
	const struct datagram_exec_config *c = &x->exec->c;
	const char *name = spawn_name(c->command);
	char peer[ADDRESS_TEXT];
	struct notice n;
	pid_t pid;

	timer_drop(c->loop, &x->lookup_timer);
	pid = spawn(x, host);
	if (pid < 0) {
		int error = errno;
		notice_begin(&n, c->messages, MESSAGE_ERROR, "error");
		notice_error(&n, OUTCOME_FAILED, errno_name(error));
		address_json(&n.json, "peer", &x->peer);
		notice_end(&n, "%s: %s (%s)", name, strerror(error), errno_name(error));
		x->outcome = (struct outcome){ OUTCOME_COMMAND, error == ENOENT ? 127 : 126 };
		x->exited = x->answered = true;
		settle(x);
		return;
	}
	notice_begin(&n, c->messages, MESSAGE_STEP, "started");
	address_json(&n.json, "peer", &x->peer);
	json_number(&n.json, "pid", pid);
	notice_end(&n, "%s: %s has started: process %ld", address_text(&x->peer, peer), name,
		   (long)pid);
	x->child = (struct child){ .pid = pid, .fn = command_ended, .arg = x };
	child_watch(c->loop, &x->child);
	watch_set(c->loop, &x->out, POLLIN);
	feed(x, 0);
}

static void name_found(void *arg, const char *name)
{
	struct datagram_job *x = arg;

	x->lookup = NULL;
	run(x, name);
}

static void name_is_late(void *arg)
{
	struct datagram_job *x = arg;

	lookup_cancel(x->lookup);
	x->lookup = NULL;
	run(x, NULL);
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
	x->in = (struct watch){ .fd = -1, .fn = feed, .arg = x };
	x->out = (struct watch){ .fd = -1, .fn = answer_ready, .arg = x };
	x->lookup_timer = (struct timer){ .fn = name_is_late, .arg = x };
	x->next = e->jobs;
	e->jobs = x;
	e->n++;
	if (e->c.numeric || s->family == AF_UNIX ||
	    lookup_name_start(e->c.loop, &x->peer, name_found, x, &x->lookup) < 0)
		run(x, NULL);
	else
		timer_set(e->c.loop, &x->lookup_timer, clock_after(clock_now(), NAME_LIMIT));
}

void datagram_exec_resume(struct datagram_exec *e)
{
	struct datagram_job *next;

	for (struct datagram_job *x = e->jobs; x; x = next) {
		next = x->next;
		if (x->out.fd >= 0)
			watch_set(e->c.loop, &x->out, POLLIN);
		answer(x);
		settle(x);
	}
}

void datagram_exec_free(struct datagram_exec *e)
{
	while (e->jobs) {
		struct datagram_job *x = e->jobs;
		e->jobs = x->next;
		free_job(x);
	}
}
