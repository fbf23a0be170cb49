/* loop.h - descriptors, timers and processes, each with a function to call
 *
 * One loop runs in the program, around the one wait of base/wait.h. Watches and timers stand in
 * their owners' structs, zero before their first use; the loop keeps pointers to them until they
 * are dropped. A function that is called may set and drop any of them.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;

/* EVENTS are poll(2)'s revents. */
typedef void watch_fn(void *arg, short events);
typedef void timer_fn(void *arg);
typedef void signal_fn(void *arg, int signal);
/* STATUS as of waitpid(2). */
typedef void child_fn(void *arg, int status);

struct watch {
	int fd;
	/* The loop's: its place plus 1, 0 while it is not watched */
	unsigned slot;
	watch_fn *fn;
	void *arg;
	bool terminal; /* not called while terminal_holds() */
	/* The loop's: */
	unsigned char wakes;  /* how often it was ready in `period`, */
	unsigned char period; /* the last one in which it was */
	short events;	      /* what it is watched for */
	unsigned short seen;  /* the last wake-up for it, or at which it was set */
};

struct timer {
	timer_fn *fn;
	void *arg;
	int64_t at;    /* see clock.h */
	unsigned slot; /* the loop's, as above */
};

/* A child process whose end is waited for. */
struct child {
	pid_t pid; /* 0: none */
	child_fn *fn;
	void *arg;
	struct child *next; /* the loop's */
};

/* A new loop, or NULL with errno ENOMEM. Free it with loop_free(). */
struct loop *loop_new(void);
void loop_free(struct loop *l);

/* Makes room for N more watches and N more timers than are set now, so that setting them cannot
 * fail. Returns 0, or -1 with errno ENOMEM. */
int loop_reserve(struct loop *l, size_t n);

/* Watches W's descriptor for EVENTS of poll(2) from now on, in place of those before; 0: for errors
 * and hang-ups alone. If there is no room for one more, and no memory, loop_run() ends and fails.
 */
void watch_set(struct loop *l, struct watch *w, short events);

/* Stops watching W's descriptor. */
void watch_drop(struct loop *l, struct watch *w);

/* Calls T once at time AT (see clock.h; NEVER: not at all), in place of a time set before. Room is
 * made as by watch_set(). */
void timer_set(struct loop *l, struct timer *t, int64_t at);
void timer_drop(struct loop *l, struct timer *t);

/* Calls FN for each signal that signals.h catches, never in the middle of another call. */
void loop_on_signal(struct loop *l, signal_fn *fn, void *arg);

/* Calls C's function from the loop once its process has ended. The process must be started after
 * signals_catch_children(). */
void child_watch(struct loop *l, struct child *c);

/* Forgets C; its process runs on. */
void child_drop(struct loop *l, struct child *c);

/* The time of the last wake-up, see clock.h. The clock is read at most once for each wake-up. */
int64_t loop_now(struct loop *l);

/* The number of the last wake-up. */
unsigned loop_wake(const struct loop *l);

/* Waits for something to happen and makes the calls, until loop_stop() was called or there is
 * nothing left to wait for. Returns 0, or -1 with errno where the wait itself failed, or with
 * ENOMEM where there was no room for a watch or a timer. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
