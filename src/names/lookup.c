/* lookup.c - a thread for each look-up, a queue of those that wait, and what needs no thread */
#define _GNU_SOURCE /* EAI_NODATA and the like */
#include "names/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/signals.h"
#include "names/services.h"

/* What a thread works on. The loop's side and the thread share it; the last one frees it. */
struct job {
	atomic_int users;
	int wfd;
	struct lookup_question q;
	char *words; /* copies: the question's words may be gone before the thread ends */
	struct addrinfo *list;
	int eai, error;
	struct address address; /* whose names are looked up; of length 0: Q is looked up */
	bool trusted;		/* only the one name that leads back to the address */
	char name[NI_MAXHOST];
	struct lookup_names names; /* of Q's host, or of the address */
};

struct lookup {
	struct loop *loop;
	struct watch watch; /* on the pipe; its descriptor is -1 while L waits for its turn */
	struct job *job;
	pthread_t thread;
	bool joined; /* the thread has ended */
	lookup_fn *fn;
	lookup_name_fn *name_fn;
	void *arg;
	struct lookup *next; /* in the queue */
};

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_FAMILY
#endif

#define LEFT_BEHIND_MOST 256

/* `running` look-ups, not counting those that were left behind, and those that wait, the oldest
 * first. Strangers can make us look up names: `names` counts those that were left behind too. */
static struct {
	int running, most;
	atomic_int names, threads;
	struct lookup *first;
} queue = { .most = LOOKUPS_MOST };

void lookup_at_once(int most)
{
	queue.most = most;
}

int lookup_names_add(struct lookup_names *l, const char *name)
{
	char **names;

	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->names[i], name))
			return 0;
	names = realloc(l->names, (l->n + 1) * sizeof *names);
	if (!names)
		return -1;
	l->names = names;
	names[l->n] = strdup(name);
	if (!names[l->n])
		return -1;
	l->n++;
	return 0;
}

void lookup_names_free(struct lookup_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct lookup_names){ 0 };
}

static void job_release(struct job *job)
{
	if (atomic_fetch_sub(&job->users, 1) > 1)
		return;
	if (job->list)
		freeaddrinfo(job->list);
	lookup_names_free(&job->names);
	free(job->words);
	free(job);
}

bool lookup_is_numeric(const char *name)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list;

	if (getaddrinfo(name, NULL, &hints, &list))
		return false;
	freeaddrinfo(list);
	return true;
}

/* Finds the name of the address, if the address is also one of the name's. */
static void job_find_name(struct job *job)
{
	const struct addrinfo hints = { .ai_family = job->address.u.sa.sa_family,
					.ai_socktype = SOCK_STREAM };
	bool found = false;

	job->eai = getnameinfo(&job->address.u.sa, job->address.length, job->name, sizeof job->name,
			       NULL, 0, NI_NAMEREQD);
	if (!job->eai && lookup_is_numeric(job->name))
		job->eai = EAI_NONAME;
	if (!job->eai)
		job->eai = getaddrinfo(job->name, NULL, &hints, &job->list);
	if (job->eai) {
		job->list = NULL;
		return;
	}
	for (const struct addrinfo *a = job->list; a && !found; a = a->ai_next) {
		struct address one = { .length = a->ai_addrlen };
		memcpy(&one.u, a->ai_addr, a->ai_addrlen);
		address_set_port(&one, address_port(&job->address));
		found = address_equal(&one, &job->address);
	}
	if (!found)
		job->eai = EAI_NONAME;
}

/* Has the host addresses of the other family? Of a name that hosts(5) has only with those,
 * getaddrinfo(3) says that there is no such name. */
static bool job_has_other_family(const struct job *job)
{
	const struct addrinfo hints = { .ai_family = job->q.family == AF_INET ? AF_INET6 : AF_INET,
					.ai_socktype = job->q.socktype };
	struct addrinfo *list;

	if (job->q.family == AF_UNSPEC || getaddrinfo(job->q.host, NULL, &hints, &list))
		return false;
	freeaddrinfo(list);
	return true;
}

static void job_find_host(struct job *job)
{
	struct address numeric;
	/* No AI_ADDRCONFIG: it takes the loopback for no address, so that names fail in containers.
	 * A socket type, else each address comes three times. */
	struct addrinfo hints = { .ai_family = job->q.family, .ai_socktype = job->q.socktype };
	const char *host = job->q.host;
	const char *protocol = job->q.socktype == SOCK_DGRAM ? "udp" : "tcp";
	uint16_t usual;

	if (!host)
		hints.ai_flags = AI_PASSIVE;
	else if (address_parse_host(host, &numeric) == WORD_NUMBER)
		hints.ai_flags = AI_NUMERICHOST;
	else if (job->q.all)
		hints.ai_flags = AI_CANONNAME;
	job->eai = getaddrinfo(host, job->q.port, &hints, &job->list);
	if (job->eai == EAI_SERVICE && services_usual_port(job->q.port, protocol, &usual)) {
		char digits[8];
		snprintf(digits, sizeof digits, "%u", usual);
		job->eai = getaddrinfo(host, digits, &hints, &job->list);
	}
	job->error = errno;
	if (job->eai == EAI_NONAME && host && job_has_other_family(job))
		job->eai = EAI_NODATA;
	if (job->eai)
		job->list = NULL;
	if (job->eai || !job->q.all || !host)
		return;
	if (job->list->ai_canonname)
		lookup_names_add(&job->names, job->list->ai_canonname);
	lookup_aliases(host, job->q.family, &job->names);
}

static void *job_run(void *arg)
{
	struct job *job = arg;
	int wfd = job->wfd;

	if (job->trusted) {
		job_find_name(job);
		atomic_fetch_sub(&queue.names, 1);
	} else if (job->address.length) {
		job->eai = lookup_address_names(&job->address, &job->names);
		job->error = errno;
	} else {
		job_find_host(job);
	}
	/* The message is that the pipe ends: it comes whatever happens here. */
	job_release(job);
	atomic_fetch_sub(&queue.threads, 1);
	close(wfd);
	return NULL;
}

static bool answer_has(const struct lookup_answer *answer, const struct address *a)
{
	for (size_t i = 0; i < answer->n; i++)
		if (address_equal(&answer->addresses[i], a))
			return true;
	return false;
}

/* Each address once: a hosts file may well name one twice. */
static int answer_copy_list(const struct addrinfo *list, struct lookup_answer *answer)
{
	size_t n = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		n++;
	answer->addresses = calloc(n ? n : 1, sizeof *answer->addresses);
	if (!answer->addresses)
		return -1;
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		struct address new = { .length = a->ai_addrlen };
		if (a->ai_addrlen > sizeof new.u)
			continue;
		memcpy(&new.u, a->ai_addr, a->ai_addrlen);
		if (!answer_has(answer, &new))
			answer->addresses[answer->n++] = new;
	}
	return 0;
}

static int queue_start_next(void);

/* Tells what L's thread has found, and frees L. */
static void lookup_answer(struct lookup *l)
{
	struct lookup_answer answer = { .eai = l->job->eai, .error = l->job->error };
	lookup_fn *fn = l->fn;
	lookup_name_fn *name_fn = l->name_fn;
	void *arg = l->arg;
	char name[NI_MAXHOST];

	if (!name_fn && !answer.eai && l->job->list && answer_copy_list(l->job->list, &answer) < 0)
		answer.eai = EAI_MEMORY;
	answer.names = l->job->names;
	l->job->names = (struct lookup_names){ 0 };
	if (!answer.eai && !name_fn && answer.n == 0 && answer.names.n == 0)
		answer.eai = EAI_NONAME;
	memcpy(name, l->job->name, sizeof name);
	lookup_cancel(l);
	if (name_fn)
		name_fn(arg, answer.eai ? NULL : name);
	else
		fn(arg, &answer);
}

static void lookup_done(void *arg, short events)
{
	struct lookup *l = arg;

	(void)events;
	/* All that is left is to free what libc keeps for a thread. */
	pthread_join(l->thread, NULL);
	l->joined = true;
	lookup_answer(l);
}

void lookup_cancel(struct lookup *l)
{
	if (!l)
		return;
	if (l->watch.fd >= 0) {
		watch_drop(l->loop, &l->watch);
		close(l->watch.fd);
		if (!l->joined)
			pthread_detach(l->thread);
		queue.running--;
	} else {
		for (struct lookup **p = &queue.first; *p; p = &(*p)->next)
			if (*p == l) {
				*p = l->next;
				break;
			}
		atomic_store(&l->job->users, 1); /* no thread has it */
	}
	job_release(l->job);
	free(l);
	queue_start_next();
}

static struct job *job_new(const struct lookup_question *q)
{
	size_t host = q->host ? strlen(q->host) + 1 : 0, port = strlen(q->port) + 1;
	size_t bracket = host && q->host[0] == '[';
	struct job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->words = malloc(host + port);
	if (!job->words) {
		free(job);
		return NULL;
	}
	job->q = *q;
	memcpy(job->words + host, q->port, port);
	job->q.port = job->words + host;
	if (host) {
		/* getaddrinfo takes no brackets */
		memcpy(job->words, q->host + bracket, host - bracket);
		if (bracket)
			job->words[host - 3] = '\0';
		job->q.host = job->words;
	}
	atomic_init(&job->users, 2);
	return job;
}

static int job_start_thread(struct job *job, pthread_t *thread)
{
	pthread_attr_t attr;
	sigset_t before;
	int error;

	pthread_attr_init(&attr);
	/* Nobody says how much an NSS module needs; pages that it does not touch cost nothing. */
	pthread_attr_setstacksize(&attr, 1 << 20);
	signals_block(&before);
	error = pthread_create(thread, &attr, job_run, job);
	signals_unblock(&before);
	pthread_attr_destroy(&attr);
	return error;
}

/* Starts L's thread. Returns 0, or -1 with errno. */
static int lookup_run(struct lookup *l)
{
	int fds[2], error;

	if (pipe(fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	l->job->wfd = fds[1];
	if (l->name_fn)
		atomic_fetch_add(&queue.names, 1);
	atomic_fetch_add(&queue.threads, 1);
	error = job_start_thread(l->job, &l->thread);
	if (error) {
		atomic_fetch_sub(&queue.threads, 1);
		if (l->name_fn)
			atomic_fetch_sub(&queue.names, 1);
		close(fds[0]);
		close(fds[1]);
		errno = error;
		return -1;
	}
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
	       (!l->name_fn || atomic_load(&queue.names) < queue.most);
}

/* Starts the look-ups whose turn it is. Returns 0, or -1 with errno if one cannot be started and
 * goes on waiting. */
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

/* Makes a look-up of JOB (NULL: no memory), else as START has it, into *OUT. It starts now, or when
 * its turn comes. Returns 0, or -1 with errno. */
static int lookup_queue(struct job *job, const struct lookup *start, struct lookup **out)
{
	struct lookup *l = job ? calloc(1, sizeof *l) : NULL, **last = &queue.first;

	if (!l)
		goto fail;
	*l = *start;
	l->watch.fd = -1;
	l->job = job;
	while (*last)
		last = &(*last)->next;
	*last = l;
	/* If it cannot start while others run, it will when they are done. */
	if (queue_start_next() < 0 && queue.running == 0) {
		*last = NULL;
		goto fail;
	}
	*out = l;
	return 0;
fail:
	if (job) {
		atomic_store(&job->users, 1);
		job_release(job);
	}
	free(l);
	return -1;
}

/* As lookup_queue(), but a failure is an answer as well. */
static void lookup_begin(struct job *job, const struct lookup *start, struct lookup **out)
{
	*out = NULL;
	if (lookup_queue(job, start, out) < 0)
		start->fn(start->arg, &(struct lookup_answer){ .eai = EAI_SYSTEM, .error = errno });
}

/* A job for the names of ADDRESS. */
static struct job *job_new_for_names(const struct address *address, bool trusted)
{
	struct job *job = calloc(1, sizeof *job);

	if (job) {
		job->address = *address;
		job->trusted = trusted;
		atomic_init(&job->users, 2);
	}
	return job;
}

int lookup_name_start(struct loop *loop, const struct address *address, lookup_name_fn *fn,
		      void *arg, struct lookup **out)
{
	return lookup_queue(job_new_for_names(address, true),
			    &(struct lookup){ .loop = loop, .name_fn = fn, .arg = arg }, out);
}

void lookup_names_start(struct loop *loop, const struct address *address, lookup_fn *fn, void *arg,
			struct lookup **out)
{
	lookup_begin(job_new_for_names(address, false),
		     &(struct lookup){ .loop = loop, .fn = fn, .arg = arg }, out);
}

/* Answers with the wildcard addresses of Q's family, or with the address that HOST is. */
static int answer_numbers(const struct lookup_question *q, uint16_t port, struct lookup_answer *out)
{
	static const struct in6_addr any; /* in6addr_any would have to be looked up at the start */
	struct address host;

	out->addresses = calloc(2, sizeof *out->addresses);
	if (!out->addresses)
		return -1;
	if (q->host) {
		address_parse_host(q->host, &host);
		if (q->family != AF_UNSPEC && q->family != host.u.sa.sa_family)
			out->eai = EAI_FAMILY;
		else
			out->addresses[out->n++] = host;
	} else {
		if (q->family != AF_INET6)
			address_set_ip(&out->addresses[out->n++], AF_INET, &any, port);
		if (q->family != AF_INET)
			address_set_ip(&out->addresses[out->n++], AF_INET6, &any, port);
	}
	for (size_t i = 0; i < out->n; i++)
		address_set_port(&out->addresses[i], port);
	return 0;
}

/* Answers Q without looking anything up. Returns 0, 1 if that cannot be, or -1 with errno. */
static int answer_at_once(const struct lookup_question *q, struct lookup_answer *out)
{
	struct address address;
	uint16_t port;

	if (q->host && address_parse_direct(q->host, &address) == WORD_NUMBER) {
		out->addresses = malloc(sizeof address);
		if (!out->addresses)
			return -1;
		out->addresses[out->n++] = address;
		return 0;
	}
	if (address_parse_port(q->port, &port) != WORD_NUMBER ||
	    (q->host && address_parse_host(q->host, &address) != WORD_NUMBER))
		return 1;
	return answer_numbers(q, port, out);
}

void lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		  struct lookup **out)
{
	struct lookup_answer answer = { 0 };
	int status = answer_at_once(q, &answer);

	*out = NULL;
	if (status > 0) {
		lookup_begin(job_new(q), &(struct lookup){ .loop = loop, .fn = fn, .arg = arg },
			     out);
		return;
	}
	if (status < 0)
		answer = (struct lookup_answer){ .eai = EAI_SYSTEM, .error = errno };
	fn(arg, &answer);
}

void lookup_interleave(const struct address *from, size_t n, struct address *to)
{
	sa_family_t first = n ? from[0].u.sa.sa_family : AF_UNSPEC;
	size_t next[2] = { 0, 0 }, count = 0;

	for (int want = 0; count < n; want = !want) {
		size_t i = next[want];
		while (i < n && (from[i].u.sa.sa_family == first) != !want)
			i++;
		next[want] = i + 1;
		if (i < n)
			to[count++] = from[i];
	}
}
