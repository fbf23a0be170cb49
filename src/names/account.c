/* account.c - a list under a lock, and a pipe that wakes the loop */
#include "names/account.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"

struct entry {
	struct entry *next;
	struct sight sight;
	char data[];
};

struct account {
	atomic_int users;
	pthread_mutex_t lock;
	struct entry *first, **last; /* those that were not taken */
	struct entry *taken;	     /* the one that was taken last */
	int error;
	int fds[2];
	struct loop *loop;
	struct watch watch;
	void (*fn)(void *arg);
	void *arg;
};

static void account_ready(void *arg, short events)
{
	struct account *a = arg;
	char bytes[64];

	(void)events;
	while (read(a->fds[0], bytes, sizeof bytes) == sizeof bytes)
		;
	a->fn(a->arg);
}

struct account *account_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct account *a = malloc(sizeof *a);

	if (!a)
		return NULL;
	*a = (struct account){ .loop = loop, .fn = fn, .arg = arg };
	if (open_pipe(a->fds) < 0) {
		free(a);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		fcntl(a->fds[i], F_SETFL, O_NONBLOCK);
	atomic_init(&a->users, 1);
	pthread_mutex_init(&a->lock, NULL);
	a->last = &a->first;
	a->watch = (struct watch){ .fd = a->fds[0], .fn = account_ready, .arg = a };
	watch_set(loop, &a->watch, POLLIN);
	return a;
}

struct account *account_hold(struct account *a)
{
	if (a)
		atomic_fetch_add(&a->users, 1);
	return a;
}

void account_end(struct account *a)
{
	if (a)
		watch_drop(a->loop, &a->watch);
	account_release(a);
}

void account_release(struct account *a)
{
	if (!a || atomic_fetch_sub(&a->users, 1) > 1)
		return;
	while (a->first) {
		struct entry *e = a->first;
		a->first = e->next;
		free(e);
	}
	free(a->taken);
	pthread_mutex_destroy(&a->lock);
	close(a->fds[0]);
	close(a->fds[1]);
	free(a);
}

const struct sight *account_next(struct account *a)
{
	free(a->taken);
	pthread_mutex_lock(&a->lock);
	a->taken = a->first;
	if (a->first) {
		a->first = a->first->next;
		if (!a->first)
			a->last = &a->first;
	}
	pthread_mutex_unlock(&a->lock);
	return a->taken ? &a->taken->sight : NULL;
}

int account_error(struct account *a)
{
	int error;

	pthread_mutex_lock(&a->lock);
	error = a->error;
	pthread_mutex_unlock(&a->lock);
	return error;
}

/* ---- in the look-up's thread ---- */

static void account_wake(const struct account *a)
{
	/* If it is full the loop will wake anyway. */
	while (write(a->fds[1], "", 1) < 0 && errno == EINTR)
		;
}

static void account_add(void *arg, const struct sight *s)
{
	struct account *a = arg;
	struct entry *e = malloc(sizeof *e + s->n + 1);

	if (e) {
		e->next = NULL;
		e->sight = *s;
		e->sight.data = e->data;
		memcpy(e->data, s->data, s->n + 1);
	}
	pthread_mutex_lock(&a->lock);
	if (e) {
		*a->last = e;
		a->last = &e->next;
	} else {
		a->error = ENOMEM;
	}
	pthread_mutex_unlock(&a->lock);
	account_wake(a);
}

int account_run(struct account *a, witness_fn *fn, void *arg, struct text *out)
{
	int status = witness_run(fn, arg, account_add, a, out), error = errno;

	if (status < 0) {
		pthread_mutex_lock(&a->lock);
		a->error = error;
		pthread_mutex_unlock(&a->lock);
		account_wake(a);
		errno = error;
	}
	return status;
}
