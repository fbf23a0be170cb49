#define _DEFAULT_SOURCE /* EAI_NODATA and the like for the callers of getaddrinfo */
#include "net/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/signals.h"

/* Shared by the loop's side and the thread; whoever comes last frees it. */
struct job {
	atomic_int users;
	int wfd;
	struct lookup_question q;
	char *words; /* copies: the question's may be gone before the thread is */
	struct addrinfo *list;
	int eai, error;
};

struct lookup {
	struct loop *loop;
	struct watch watch;
	struct job *job;
	lookup_fn *fn;
	void *arg;
};

static void job_release(struct job *job)
{
	if (atomic_fetch_sub(&job->users, 1) > 1)
		return;
	if (job->list)
		freeaddrinfo(job->list);
	free(job->words);
	free(job);
}

static void *job_run(void *arg)
{
	struct job *job = arg;
	struct address numeric;
	/* No AI_ADDRCONFIG: it takes the loopback for no address, so that names fail in containers.
	 * A socket type, else each address comes three times. */
	struct addrinfo hints = { .ai_family = job->q.family, .ai_socktype = job->q.socktype };
	const char *host = job->q.host;
	int wfd = job->wfd;

	if (!host)
		hints.ai_flags = AI_PASSIVE;
	else if (address_parse_host(host, &numeric) == WORD_NUMBER)
		hints.ai_flags = AI_NUMERICHOST;
	job->eai = getaddrinfo(host, job->q.port, &hints, &job->list);
	job->error = errno;
	if (job->eai)
		job->list = NULL;
	/* The end of the pipe is the message: it comes whatever happens here. */
	job_release(job);
	close(wfd);
	return NULL;
}

static bool is_known(const struct lookup_answer *answer, const struct address *a)
{
	for (size_t i = 0; i < answer->n; i++)
		if (address_equal(&answer->addresses[i], a))
			return true;
	return false;
}

/* Each address once: a hosts file may well name one twice. */
static int copy_list(const struct addrinfo *list, struct lookup_answer *answer)
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
		if (!is_known(answer, &new))
			answer->addresses[answer->n++] = new;
	}
	return 0;
}

static void done(void *arg, short events)
{
	struct lookup *l = arg;
	struct lookup_answer answer = { .eai = l->job->eai, .error = l->job->error };
	lookup_fn *fn = l->fn;
	void *fn_arg = l->arg;

	(void)events;
	if (!answer.eai && copy_list(l->job->list, &answer) < 0)
		answer.eai = EAI_MEMORY;
	lookup_cancel(l);
	fn(fn_arg, &answer);
}

void lookup_cancel(struct lookup *l)
{
	if (!l)
		return;
	watch_drop(l->loop, &l->watch);
	close(l->watch.fd);
	job_release(l->job);
	free(l);
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

static int start_thread(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t before;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* What an NSS module needs nobody says; pages that it does not touch cost nothing. */
	pthread_attr_setstacksize(&attr, 1 << 20);
	signals_block(&before);
	error = pthread_create(&thread, &attr, job_run, job);
	signals_unblock(&before);
	pthread_attr_destroy(&attr);
	return error;
}

static int ask(struct lookup *l, const struct lookup_question *q)
{
	int fds[2], error;

	l->job = job_new(q);
	if (!l->job)
		return -1;
	if (pipe(fds) < 0) {
		free(l->job->words);
		free(l->job);
		return -1;
	}
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	l->job->wfd = fds[1];
	error = start_thread(l->job);
	if (error) {
		close(fds[0]);
		close(fds[1]);
		atomic_store(&l->job->users, 1);
		job_release(l->job);
		errno = error;
		return -1;
	}
	l->watch = (struct watch){ .fd = fds[0], .fn = done, .arg = l };
	watch_set(l->loop, &l->watch, POLLIN);
	return 0;
}

/* The wildcard addresses of Q's family, or the one that HOST is. */
static int answer_numbers(const struct lookup_question *q, uint16_t port, struct lookup_answer *out)
{
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
		if (q->family != AF_INET6) {
			out->addresses[out->n].u.in.sin_family = AF_INET;
			out->addresses[out->n++].length = sizeof host.u.in;
		}
		if (q->family != AF_INET) {
			out->addresses[out->n].u.in6.sin6_family = AF_INET6;
			out->addresses[out->n++].length = sizeof host.u.in6;
		}
	}
	for (size_t i = 0; i < out->n; i++)
		address_set_port(&out->addresses[i], port);
	return 0;
}

int lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		 struct lookup **out)
{
	struct lookup_answer answer = { 0 };
	struct address address;
	struct lookup *l;
	uint16_t port;

	*out = NULL;
	if (address_parse_port(q->port, &port) == WORD_NUMBER &&
	    (!q->host || address_parse_host(q->host, &address) == WORD_NUMBER)) {
		if (answer_numbers(q, port, &answer) < 0)
			return -1;
		fn(arg, &answer);
		return 0;
	}
	l = calloc(1, sizeof *l);
	if (!l)
		return -1;
	*l = (struct lookup){ .loop = loop, .fn = fn, .arg = arg };
	if (ask(l, q) < 0) {
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}
