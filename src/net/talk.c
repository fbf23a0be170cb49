/* talk.c - sends and hears what the steps of a dialogue say */
#include "net/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

struct talk {
	struct loop *loop;
	struct dialogue_run *run;
	struct text out; /* not sent yet */
	struct watch watch;
	struct timer timer;
	int64_t limit;
	size_t step; /* the one whose time runs */
	void (*over)(void *arg, const struct dialogue_run *r, int error);
	void *arg;
};

/* Sends what it can. Returns 0, or an errno. */
static int talk_send(struct talk *t)
{
	ssize_t n;

	if (t->out.length == 0)
		return 0;
	n = send(t->watch.fd, t->out.data, t->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	memmove(t->out.data, t->out.data + n, t->out.length - (size_t)n);
	t->out.length -= (size_t)n;
	return 0;
}

/* Hears what has come. Returns 0, or an errno. */
static int talk_hear(struct talk *t)
{
	char data[4096];
	ssize_t n = recv(t->watch.fd, data, sizeof data, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;
	dialogue_take(t->run, data, (size_t)n, &t->out);
	if (n == 0)
		dialogue_give_up(t->run, DIALOGUE_ENDED);
	return t->out.failed ? ENOMEM : 0;
}

/* Waits for what is next, unless that was all, or the connection broke by ERROR. */
static void talk_proceed(struct talk *t, int error)
{
	enum dialogue_end end = t->run->end;

	if (error || (end != DIALOGUE_GOES_ON && (end != DIALOGUE_DONE || t->out.length == 0))) {
		t->over(t->arg, t->run, error);
		return;
	}
	if (t->step != t->run->step)
		timer_set(t->loop, &t->timer, clock_after(clock_now(), t->limit));
	t->step = t->run->step;
	watch_set(t->loop, &t->watch,
		  (short)((end == DIALOGUE_GOES_ON ? POLLIN : 0) | (t->out.length ? POLLOUT : 0)));
}

static void talk_ready(void *arg, short events)
{
	struct talk *t = arg;
	int error = (events & POLLOUT) ? talk_send(t) : 0;

	if (!error && events & ~POLLOUT)
		error = talk_hear(t);
	if (!error)
		error = talk_send(t);
	talk_proceed(t, error);
}

/* Not all could be sent, or what was waited for has not come. */
static void talk_late(void *arg)
{
	struct talk *t = arg;

	dialogue_give_up(t->run, DIALOGUE_TIMED_OUT);
	talk_proceed(t, t->run->end == DIALOGUE_DONE && t->out.length ? ETIMEDOUT : 0);
}

struct talk *talk_start(struct loop *loop, int fd, const struct dialogue *d, int64_t limit,
			void (*over)(void *arg, const struct dialogue_run *r, int error), void *arg)
{
	struct talk *t = malloc(sizeof *t);

	if (!t) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	*t = (struct talk){ .loop = loop, .limit = limit, .over = over, .arg = arg };
	t->watch = (struct watch){ .fd = fd, .fn = talk_ready, .arg = t };
	t->timer = (struct timer){ .fn = talk_late, .arg = t };
	t->run = dialogue_start(d, &t->out);
	if (!t->run || t->out.failed) {
		talk_free(t);
		errno = ENOMEM;
		return NULL;
	}
	timer_set(loop, &t->timer, clock_after(clock_now(), limit));
	watch_set(loop, &t->watch, POLLIN | POLLOUT);
	return t;
}

int talk_leave(struct talk *t)
{
	int fd = t->watch.fd;

	watch_drop(t->loop, &t->watch);
	timer_drop(t->loop, &t->timer);
	free(t->run);
	text_free(&t->out);
	free(t);
	return fd;
}

void talk_free(struct talk *t)
{
	if (t)
		close(talk_leave(t));
}
