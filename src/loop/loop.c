/* loop.c - the loop around the one wait: watches, timers, children, signals */
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/wait.h"
#include "loop/pollset.h"
#include "loop/signals.h"

#define FEW 8	  /* so many watches may be polled one by one for long, */
#define MANY 256  /* and so many at first: most that are new are busy, and soon gone */
#define VAIN 8	  /* wake-ups for others, after which one of more than FEW goes to the pollset */
#define BUSY 4	  /* ready so often in a period: worth being one of the few */
#define PERIOD 64 /* wake-ups */
#define SIGNAL_LOOK 16	/* wake-ups */
#define READY_MOST 64	/* of the pollset at a time */
#define ROOM 32		/* watches, and timers, at first: enough for what serves one connection */
#define IN_SET UINT_MAX /* the slot of a watch in the pollset */

struct loop {
	struct pollfd *fds;	/* what is polled one by one; the pollset is one of them. In the
				 * same memory stand `watches` and `timers` */
	struct watch **watches; /* theirs, in the same order */
	size_t n;
	size_t size; /* so many have room, and so many timers */
	struct pollset pollset;
	struct watch set_watch; /* on the pollset */
	size_t n_set;		/* how many watches are in it */
	struct pollset_ready ready[READY_MOST];
	size_t n_ready;
	unsigned wake;	       /* the number of this wake-up */
	unsigned busy;	       /* times in a row that something was ready at once */
	struct timer **timers; /* a binary heap, the next one first */
	size_t n_timers;
	struct timer look_timer; /* for terminals that are left out */
	struct child *children;
	int64_t now;
	bool stopped;
	int error; /* by which it cannot go on; 0: none */
	signal_fn *on_signal;
	void *signal_arg;
};

static void loop_set_ready(void *arg, short events);
static void loop_look_again(void *arg);

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->now = clock_now();
	pollset_start(&l->pollset);
	l->set_watch = (struct watch){ .fn = loop_set_ready, .arg = l };
	l->look_timer = (struct timer){ .fn = loop_look_again, .arg = l };
	if (loop_reserve(l, ROOM) == 0)
		return l;
	loop_free(l);
	return NULL;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		l->watches[i]->slot = 0;
	for (size_t i = 0; i < l->n_timers; i++)
		l->timers[i]->slot = 0;
	pollset_stop(&l->pollset);
	free(l->watches);
	free(l);
}

/* Makes room for N of each in all. Returns as loop_reserve(). Only what is in use is copied: pages
 * that are there for what may be set take no memory until it is. */
static int loop_grow(struct loop *l, size_t n)
{
	struct watch **watches;
	struct timer **timers;
	struct pollfd *fds;

	if (n <= l->size)
		return 0;
	if (n < 2 * l->size)
		n = 2 * l->size;
	/* All in one piece, which the watches begin. */
	watches = malloc(n * (sizeof(struct watch *) + sizeof(struct timer *) + sizeof *fds));
	if (!watches)
		return -1;
	timers = (struct timer **)(watches + n);
	fds = (struct pollfd *)(timers + n);
	if (l->size) {
		memcpy(watches, l->watches, l->n * sizeof(struct watch *));
		memcpy(timers, l->timers, l->n_timers * sizeof(struct timer *));
		memcpy(fds, l->fds, l->n * sizeof *fds);
	}
	free(l->watches);
	l->watches = watches;
	l->timers = timers;
	l->fds = fds;
	l->size = n;
	return 0;
}

int loop_reserve(struct loop *l, size_t n)
{
	return loop_grow(l, n + (l->n > l->n_timers ? l->n : l->n_timers));
}

/* Is there room for one more than N? Else L is at its end. */
static bool loop_has_room(struct loop *l, size_t n)
{
	if (loop_grow(l, n + 1) == 0)
		return true;
	l->error = ENOMEM;
	l->stopped = true;
	return false;
}

static void loop_add_one(struct loop *l, struct watch *w, short events)
{
	if (!loop_has_room(l, l->n))
		return;
	w->seen = (unsigned short)l->wake;
	l->watches[l->n] = w;
	l->fds[l->n] = (struct pollfd){ .fd = w->fd, .events = events };
	w->slot = (unsigned)++l->n;
}

static void loop_drop_one(struct loop *l, struct watch *w)
{
	size_t i = w->slot - 1;

	w->slot = 0;
	if (i != --l->n) {
		l->fds[i] = l->fds[l->n];
		l->watches[i] = l->watches[l->n];
		l->watches[i]->slot = (unsigned)i + 1;
	}
}

/* Adds W to the pollset, and drops it from the few. Returns false where it cannot be in one. */
static bool loop_add_to_set(struct loop *l, struct watch *w, short events)
{
	/* A terminal stays where it can be left out. */
	if (w->terminal || !pollset_add(&l->pollset, w, events))
		return false;
	if (w->slot)
		loop_drop_one(l, w);
	w->slot = IN_SET;
	l->n_set++;
	l->set_watch.fd = l->pollset.fd;
	if (!l->set_watch.slot)
		loop_add_one(l, &l->set_watch, POLLIN);
	return true;
}

void watch_set(struct loop *l, struct watch *w, short events)
{
	if (w->slot == IN_SET && w->events != events)
		pollset_change(&l->pollset, w, events);
	else if (w->slot && w->slot != IN_SET)
		l->fds[w->slot - 1].events = events;
	else if (!w->slot && (l->n < MANY || !loop_add_to_set(l, w, events)))
		loop_add_one(l, w, events);
	/* When it is needed there may be no descriptor for it. */
	if (l->n > FEW)
		pollset_open(&l->pollset);
	w->events = events;
}

static void loop_drop_from_set(struct loop *l, struct watch *w)
{
	pollset_remove(&l->pollset, w);
	w->slot = 0;
	/* Its turn may still be to come. */
	for (size_t i = 0; i < l->n_ready; i++)
		if (l->ready[i].watch == w)
			l->ready[i].watch = NULL;
	if (--l->n_set == 0 && l->set_watch.slot)
		loop_drop_one(l, &l->set_watch);
}

void watch_drop(struct loop *l, struct watch *w)
{
	if (w->slot == IN_SET)
		loop_drop_from_set(l, w);
	else if (w->slot)
		loop_drop_one(l, w);
}

/* W is ready. Returns how often it was in this period. */
static unsigned loop_count_wake(const struct loop *l, struct watch *w)
{
	unsigned char period = (unsigned char)(l->wake / PERIOD);

	if (w->period != period)
		w->wakes = 0;
	w->period = period;
	w->seen = (unsigned short)l->wake;
	return w->wakes < UCHAR_MAX ? ++w->wakes : w->wakes;
}

/* Those that were polled one by one in VAIN wake-ups for others go to the pollset. Returns whether
 * there were any. */
static bool loop_gather(struct loop *l, unsigned vain)
{
	size_t before = l->n_set;

	for (size_t i = l->n; i-- > 0;) {
		struct watch *w = l->watches[i];
		/* The one that takes its place has been looked at already. */
		if (w != &l->set_watch && (unsigned short)(l->wake - w->seen) >= vain)
			loop_add_to_set(l, w, w->events);
	}
	return l->n_set > before;
}

static void loop_set_ready(void *arg, short events)
{
	struct loop *l = arg;

	(void)events;
	l->n_ready = pollset_collect(&l->pollset, l->ready, READY_MOST);
	for (size_t i = 0; i < l->n_ready && !l->stopped; i++) {
		struct watch *w = l->ready[i].watch;
		if (!w)
			continue;
		if (loop_count_wake(l, w) >= BUSY && l->n < FEW) {
			loop_drop_from_set(l, w);
			loop_add_one(l, w, w->events);
		}
		w->fn(w->arg, l->ready[i].events);
	}
	l->n_ready = 0;
}

static void timer_place(struct loop *l, size_t i, struct timer *t)
{
	l->timers[i] = t;
	t->slot = (unsigned)i + 1;
}

/* Puts T where it belongs in the heap, beginning at the free place I. */
static void timer_sift(struct loop *l, size_t i, struct timer *t)
{
	for (; i > 0 && l->timers[(i - 1) / 2]->at > t->at; i = (i - 1) / 2)
		timer_place(l, i, l->timers[(i - 1) / 2]);
	for (size_t child; (child = 2 * i + 1) < l->n_timers; i = child) {
		if (child + 1 < l->n_timers && l->timers[child + 1]->at < l->timers[child]->at)
			child++;
		if (l->timers[child]->at >= t->at)
			break;
		timer_place(l, i, l->timers[child]);
	}
	timer_place(l, i, t);
}

void timer_set(struct loop *l, struct timer *t, int64_t at)
{
	if (at == NEVER) {
		timer_drop(l, t);
		return;
	}
	t->at = at;
	if (!t->slot) {
		if (!loop_has_room(l, l->n_timers))
			return;
		t->slot = (unsigned)++l->n_timers;
	}
	timer_sift(l, t->slot - 1, t);
}

void timer_drop(struct loop *l, struct timer *t)
{
	size_t i = t->slot;

	if (!i--)
		return;
	t->slot = 0;
	if (i != --l->n_timers)
		timer_sift(l, i, l->timers[l->n_timers]);
}

void child_watch(struct loop *l, struct child *c)
{
	c->next = l->children;
	l->children = c;
}

void child_drop(struct loop *l, struct child *c)
{
	for (struct child **p = &l->children; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			return;
		}
}

/* One signal may stand for several children. */
static void loop_reap(struct loop *l)
{
	pid_t pid;
	int status;

	while (!l->stopped && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct child *c = l->children; c; c = c->next)
			if (c->pid == pid) {
				child_drop(l, c);
				c->pid = 0;
				c->fn(c->arg, status);
				break;
			}
}

void loop_on_signal(struct loop *l, signal_fn *fn, void *arg)
{
	l->on_signal = fn;
	l->signal_arg = arg;
}

int64_t loop_now(struct loop *l)
{
	if (!l->now)
		l->now = clock_now();
	return l->now;
}

unsigned loop_wake(const struct loop *l)
{
	return l->wake;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

static void loop_call_timers(struct loop *l)
{
	/* A timer that sets itself to now again waits for the next round. */
	int64_t now = l->n_timers ? loop_now(l) : 0;

	while (l->n_timers && l->timers[0]->at <= now && !l->stopped) {
		struct timer *t = l->timers[0];
		timer_drop(l, t);
		t->fn(t->arg);
		now--;
	}
}

/* Is the terminal of watch I not ours to use now? Then it is left out for a while: it is ready all
 * the time, for others. */
static bool loop_leave_out(struct loop *l, size_t i, short events)
{
	if (!terminal_holds(l->fds[i].fd, events))
		return false;
	l->fds[i].fd = -1;
	if (!l->look_timer.slot)
		timer_set(l, &l->look_timer, clock_after(loop_now(l), TERMINAL_LOOK));
	return true;
}

static void loop_look_again(void *arg)
{
	struct loop *l = arg;

	for (size_t i = 0; i < l->n; i++)
		l->fds[i].fd = l->watches[i]->fd;
}

static void loop_call_watches(struct loop *l, int ready)
{
	/* A watch that a call drops is replaced by the last one, which then waits for the next
	 * round. */
	for (size_t i = 0; i < l->n && ready > 0 && !l->stopped; i++) {
		short events = l->fds[i].revents;
		if (!events)
			continue;
		ready--;
		l->fds[i].revents = 0;
		if (l->watches[i]->terminal && loop_leave_out(l, i, events))
			continue;
		loop_count_wake(l, l->watches[i]);
		l->watches[i]->fn(l->watches[i]->arg, events);
	}
}

/* As wait_for(). If something is always ready ppoll(2) returns before it lets a signal in, so now
 * and then it is called with nothing else to look at. */
static int loop_wait(struct loop *l, int64_t timeout)
{
	int ready = wait_for(l->fds, (nfds_t)l->n, timeout, signals_open());

	if (ready <= 0)
		l->busy = 0;
	else if (++l->busy % SIGNAL_LOOK == 0)
		wait_for(NULL, 0, 0, signals_open());
	return ready;
}

static void loop_take_signals(struct loop *l)
{
	for (int s; !l->stopped && (s = signals_next());)
		if (s == SIGCHLD)
			loop_reap(l);
		else if (l->on_signal)
			l->on_signal(l->signal_arg, s);
}

/* A signal comes before what a descriptor has: whoever made that end may have been ended by the
 * same. */
int loop_run(struct loop *l)
{
	l->stopped = l->error != 0;
	while (!l->stopped && (l->n || l->n_timers || l->children)) {
		int64_t timeout = -1;
		int ready;

		if (l->wake % VAIN == 0 && (l->n > FEW || l->n_set))
			loop_gather(l, l->n > FEW ? VAIN : PERIOD);
		if (l->n_timers) {
			timeout = l->timers[0]->at - clock_now();
			if (timeout < 0)
				timeout = 0;
		}
		if (signals_wait())
			timeout = 0;
		ready = loop_wait(l, timeout);
		/* The limit of descriptors may have become lower than what is polled. */
		if (ready < 0 && errno == EINVAL && loop_gather(l, 0))
			continue;
		if (ready < 0 && errno != EINTR)
			return -1;
		l->now = 0; /* read when somebody wants it */
		l->wake++;
		if (signals_wait())
			loop_take_signals(l);
		else
			loop_call_watches(l, ready);
		loop_call_timers(l);
	}
	errno = l->error;
	return l->error ? -1 : 0;
}
