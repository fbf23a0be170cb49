/* lookup.c - threads for look-ups, a queue of those that wait, and what needs no thread */
#include "names/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/errname.h"
#include "loop/signals.h"
#include "names/account.h"

/* What a thread works on. The loop's side and the thread share it; the last one frees it. */
struct work {
	atomic_int users;
	atomic_bool begun; /* of the clerk's: its pipe is a user until it has been read */
	int wfd;
	char *words; /* copies: the question's words may be gone before the thread ends */
	struct lookup_task task;
};

struct lookup {
	struct loop *loop;
	struct watch watch; /* on the pipe; its descriptor is -1 while L waits for its turn */
	struct work *work;
	pthread_t thread;
	bool clerks; /* it was given to the clerk, and has no thread of its own */
	bool done;   /* its thread has ended, or the clerk has it no more */
	struct timer late;
	lookup_fn *fn;
	void *arg;
	struct lookup *next; /* in the queue */
};

#define LEFT_BEHIND_MOST 256
#define CLERK_LIMIT MILLISECOND /* what the clerk has not begun by then gets its own thread */

/* `running` look-ups, not counting those that were left behind, and those that wait, the oldest
 * first. Strangers can make us look up names: `names` counts those that were left behind too. */
static struct {
	int running, most;
	atomic_int names, threads;
	struct lookup *first;
	struct timer failed; /* none can be started, and none runs */
} queue = { .most = LOOKUPS_MOST };

/* A thread that does one look-up after the other: most take less time than a thread to start. What
 * it is to do comes to it by a pipe. */
static struct {
	bool wanted, there;
	bool hangs; /* it was left behind with a look-up */
	int rfd, wfd;
	pthread_t thread;
} clerk;

static void queue_go_on(struct loop *loop);

void lookup_at_once(int most)
{
	queue.most = most;
}

bool lookup_lacks_interface(const char *word, int eai, char *text)
{
	struct address a;

	if (eai != EAI_NONAME || address_parse_host(word, &a) != WORD_ZONE)
		return false;
	word = strchr(word, '%') + 1;
	snprintf(text, EAI_TEXT, "no interface %.*s", (int)strcspn(word, "]"), word);
	return true;
}

const char *lookup_text(const char *word, int eai, int error, int family, char *text)
{
	size_t n;

	if (!lookup_lacks_interface(word, eai, text))
		return eai_text(eai, error, family, text);
	n = strlen(text);
	snprintf(text + n, EAI_TEXT - n, " (%s)", eai_name(eai));
	return text;
}

/* ---- in the thread ---- */

static void work_release(struct work *w)
{
	if (atomic_fetch_sub(&w->users, 1) > 1)
		return;
	free(w->task.answer.addresses);
	lookup_names_free(&w->task.answer.names);
	account_release(w->task.q.account);
	free(w->words);
	free(w);
}

/* Nobody works on W any more. The message is that the pipe ends: it comes whatever happens. */
static void work_end(const struct work *w)
{
	atomic_fetch_sub(&queue.names, w->task.trusted);
	atomic_fetch_sub(&queue.threads, 1);
	close(w->wfd);
}

static void *work_run(void *arg)
{
	struct work *w = arg;

	lookup_task_do(&w->task);
	work_end(w);
	work_release(w);
	return NULL;
}

static void *clerk_run(void *arg)
{
	struct work *w;

	(void)arg;
	while (read(clerk.rfd, &w, sizeof w) == (ssize_t)sizeof w) {
		if (atomic_exchange(&w->begun, true))
			work_release(w);
		else
			work_run(w);
	}
	return NULL;
}

/* ---- threads, in the loop ---- */

/* Starts a thread that does FN with ARG. Returns 0, or an errno. */
static int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t before;
	int error;

	pthread_attr_init(&attr);
	/* Nobody says how much an NSS module needs; pages that it does not touch cost nothing. */
	pthread_attr_setstacksize(&attr, 1 << 20);
	signals_block(&before);
	error = pthread_create(thread, &attr, fn, arg);
	signals_unblock(&before);
	pthread_attr_destroy(&attr);
	return error;
}

void lookup_share_thread(void)
{
	clerk.wanted = true;
}

void lookup_end(void)
{
	struct work *w;

	clerk.wanted = false;
	if (!clerk.there)
		return;
	clerk.there = false;
	close(clerk.wfd);
	if (clerk.hangs) {
		/* Its end of the pipe stays its own. What it has not read was given up. */
		pthread_detach(clerk.thread);
		while (read(clerk.rfd, &w, sizeof w) == (ssize_t)sizeof w)
			work_release(w);
	} else {
		pthread_join(clerk.thread, NULL);
		close(clerk.rfd);
	}
}

/* Is there a clerk, or can there be one? */
static bool clerk_is_there(void)
{
	int fds[2];

	if (clerk.there || !clerk.wanted || open_pipe(fds) < 0)
		return clerk.there;
	clerk.rfd = fds[0];
	clerk.wfd = fds[1];
	clerk.there = thread_start(&clerk.thread, clerk_run, NULL) == 0;
	if (!clerk.there) {
		close(fds[0]);
		close(fds[1]);
	}
	return clerk.there;
}

/* Gives W to the clerk. Returns whether there is one. */
static bool clerk_give(struct work *w)
{
	if (!clerk_is_there())
		return false;
	atomic_store(&w->begun, false);
	return write(clerk.wfd, &w, sizeof w) == (ssize_t)sizeof w;
}

/* The clerk has had the time for L. */
static void lookup_late(void *arg)
{
	struct lookup *l = arg;
	struct work *w = l->work;
	int error;

	if (atomic_exchange(&w->begun, true))
		return;
	atomic_fetch_add(&w->users, 1);
	error = thread_start(&l->thread, work_run, w);
	l->clerks = error != 0;
	if (!error || clerk_give(w))
		return;
	w->task.answer.eai = EAI_SYSTEM;
	w->task.answer.error = error;
	work_end(w);
	work_release(w);
}

/* ---- in the loop ---- */

static void lookup_done(void *arg, short events)
{
	struct lookup *l = arg;
	struct lookup_answer answer;
	lookup_fn *fn = l->fn;
	void *fn_arg = l->arg;

	(void)events;
	/* All that is left is to free what libc keeps for a thread. */
	if (!l->clerks)
		pthread_join(l->thread, NULL);
	l->done = true;
	answer = l->work->task.answer;
	l->work->task.answer = (struct lookup_answer){ 0 };
	lookup_cancel(l);
	fn(fn_arg, &answer);
}

/* L is not done, and nobody waits for it any more. */
static void lookup_leave(struct lookup *l)
{
	if (!l->clerks)
		pthread_detach(l->thread);
	else if (atomic_exchange(&l->work->begun, true))
		clerk.hangs = true;
	else
		work_end(l->work);
}

/* Takes L away from its thread or out of the queue. */
static void lookup_free(struct lookup *l)
{
	if (l->watch.fd >= 0) {
		watch_drop(l->loop, &l->watch);
		timer_drop(l->loop, &l->late);
		close(l->watch.fd);
		if (!l->done)
			lookup_leave(l);
		queue.running--;
	} else {
		for (struct lookup **p = &queue.first; *p; p = &(*p)->next)
			if (*p == l) {
				*p = l->next;
				break;
			}
		atomic_store(&l->work->users, 1); /* no thread has it */
	}
	work_release(l->work);
	free(l);
}

void lookup_cancel(struct lookup *l)
{
	struct loop *loop;

	if (!l)
		return;
	loop = l->loop;
	lookup_free(l);
	queue_go_on(loop);
}

/* Puts copies of Q's words into W. Returns 0, or -1 with errno ENOMEM. */
static int work_ask(struct work *w, const struct lookup_question *q)
{
	size_t host = q->host ? strlen(q->host) + 1 : 0, port = strlen(q->port) + 1;
	size_t bracket = host && q->host[0] == '[';

	w->task.q = *q;
	w->words = malloc(host + port);
	if (!w->words)
		return -1;
	memcpy(w->words + host, q->port, port);
	w->task.q.port = w->words + host;
	if (host) {
		/* getaddrinfo takes no brackets */
		memcpy(w->words, q->host + bracket, host - bracket);
		if (bracket)
			w->words[host - 3] = '\0';
		w->task.q.host = w->words;
	}
	return 0;
}

/* Gives L to the clerk, or to a thread of its own. Returns 0, or -1 with errno. */
static int lookup_run(struct lookup *l)
{
	int fds[2], error;

	if (open_pipe(fds) < 0)
		return -1;
	l->work->wfd = fds[1];
	l->clerks = clerk_give(l->work);
	error = l->clerks ? 0 : thread_start(&l->thread, work_run, l->work);
	if (error) {
		close(fds[0]);
		close(fds[1]);
		errno = error;
		return -1;
	}
	l->late = (struct timer){ .fn = lookup_late, .arg = l };
	if (l->clerks)
		timer_set(l->loop, &l->late, clock_after(clock_now(), CLERK_LIMIT));
	/* A quick thread has subtracted itself before: below 0 for a moment, where nobody looks. */
	atomic_fetch_add(&queue.names, l->work->task.trusted);
	atomic_fetch_add(&queue.threads, 1);
	l->watch = (struct watch){ .fd = fds[0], .fn = lookup_done, .arg = l };
	watch_set(l->loop, &l->watch, POLLIN);
	queue.running++;
	return 0;
}

/* Is there a place for L? */
static bool lookup_may_run(const struct lookup *l)
{
	return queue.running < queue.most &&
	       atomic_load(&queue.threads) < queue.most + LEFT_BEHIND_MOST &&
	       (!l->work->task.trusted || atomic_load(&queue.names) < queue.most);
}

/* Starts the look-ups whose turn it is. Returns 0, or -1 with errno if the first cannot be started
 * and goes on waiting. */
static int queue_start_next(void)
{
	while (queue.first && lookup_may_run(queue.first)) {
		struct lookup *l = queue.first;
		if (lookup_run(l) < 0)
			return -1;
		queue.first = l->next;
	}
	return 0;
}

/* The first of those that wait gets its error, unless there is room by now. Its caller may start
 * others, or cancel them. */
static void queue_fail(void *arg)
{
	struct lookup_answer answer = { .eai = EAI_SYSTEM };
	struct lookup *l;
	lookup_fn *fn;
	void *fn_arg;

	if (queue_start_next() == 0 || queue.running > 0)
		return;
	answer.error = errno;
	l = queue.first;
	fn = l->fn;
	fn_arg = l->arg;
	lookup_free(l);
	queue_go_on(arg);
	fn(fn_arg, &answer);
}

/* A place is free for those that wait. If they cannot be started, and none runs that could make
 * room, they are told later: whoever gave the place up expects no call. */
static void queue_go_on(struct loop *loop)
{
	if (queue_start_next() == 0 || queue.running > 0)
		return;
	queue.failed.fn = queue_fail;
	queue.failed.arg = loop;
	timer_set(loop, &queue.failed, loop_now(loop));
}

/* Puts L into the queue, from where it starts now, or when its turn comes. Returns 0, or -1 with
 * errno. */
static int queue_add(struct lookup *l)
{
	struct lookup **last = &queue.first;

	while (*last)
		last = &(*last)->next;
	*last = l;
	/* If it cannot start while others run, it will when they are done. */
	if (queue_start_next() == 0 || queue.running > 0)
		return 0;
	*last = NULL;
	return -1;
}

/* Looks up Q or, if that is NULL, the names of ADDRESS, into *OUT. A failure is an answer. */
static void lookup_begin(const struct lookup *start, const struct lookup_question *q,
			 const struct address *address, bool trusted, struct account *account,
			 struct lookup **out)
{
	struct lookup *l = malloc(sizeof *l);
	struct work *w = calloc(1, sizeof *w);
	int error;

	*out = l;
	if (l && w) {
		*l = *start;
		l->watch.fd = -1;
		l->work = w;
		atomic_init(&w->users, 2);
		w->task.trusted = trusted;
		w->task.q.account = account_hold(account);
		if (address)
			address_keep(&w->task.address, address);
		if ((!q || work_ask(w, q) == 0) && queue_add(l) == 0)
			return;
	}
	error = errno;
	if (w) {
		atomic_store(&w->users, 1);
		work_release(w);
	}
	free(l);
	*out = NULL;
	start->fn(start->arg, &(struct lookup_answer){ .eai = EAI_SYSTEM, .error = error });
}

void lookup_names_start(struct loop *loop, const struct address *address, bool trusted,
			struct account *account, lookup_fn *fn, void *arg, struct lookup **out)
{
	lookup_begin(&(struct lookup){ .loop = loop, .fn = fn, .arg = arg }, NULL, address, trusted,
		     account, out);
}

/* ---- without looking anything up ---- */

/* Answers Q without looking anything up: with the address that the host is, or with the wildcard
 * addresses of Q's family. Returns 0, 1 if that cannot be, or -1 with errno. */
static int answer_at_once(const struct lookup_question *q, struct lookup_answer *out)
{
	static const struct in6_addr any; /* in6addr_any would have to be looked up at the start */
	struct address host;
	bool direct = q->host && address_parse_direct(q->host, &host) == WORD_NUMBER;
	uint16_t port = 0;

	if (!direct && (address_parse_port(q->port, &port) != WORD_NUMBER ||
			(q->host && address_parse_host(q->host, &host) != WORD_NUMBER)))
		return 1;
	out->addresses = calloc(2, sizeof *out->addresses);
	if (!out->addresses)
		return -1;
	if (!q->host) {
		if (q->family != AF_INET6)
			address_set_ip(&out->addresses[out->n++], AF_INET, &any, port);
		if (q->family != AF_INET)
			address_set_ip(&out->addresses[out->n++], AF_INET6, &any, port);
	} else if (direct || q->family == AF_UNSPEC || q->family == host.u.sa.sa_family) {
		if (!direct)
			address_set_port(&host, port);
		out->addresses[out->n++] = host;
	} else {
		out->eai = EAI_FAMILY;
	}
	return 0;
}

void lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		  struct lookup **out)
{
	struct lookup_answer answer = { 0 };
	int status = answer_at_once(q, &answer);

	if (status > 0) {
		lookup_begin(&(struct lookup){ .loop = loop, .fn = fn, .arg = arg }, q, NULL, false,
			     q->account, out);
		return;
	}
	*out = NULL;
	if (status < 0)
		answer = (struct lookup_answer){ .eai = EAI_SYSTEM, .error = errno };
	fn(arg, &answer);
}

void lookup_interleave(struct address *list, size_t n)
{
	for (size_t at = 1; at < n; at++) {
		struct address next;
		size_t i = at;
		while (i < n && list[i].u.sa.sa_family == list[at - 1].u.sa.sa_family)
			i++;
		if (i == n)
			return; /* only one family is left */
		next = list[i];
		memmove(&list[at + 1], &list[at], (i - at) * sizeof next);
		list[at] = next;
	}
}
