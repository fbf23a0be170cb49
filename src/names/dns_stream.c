/* dns_stream.c - sending one question by TCP, and reading its answer */
#include "names/dns_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "sock/stream.h"
#include "proto/dns.h"

struct dns_stream {
	struct loop *loop;
	struct watch watch;
	unsigned char out[2 + DNS_QUERY_MOST], length[2];
	size_t out_n, out_done;
	unsigned char *in; /* NULL while the length is read */
	size_t in_n, done;
	dns_stream_fn *fn;
	void *arg;
};

/* Sends what is left of the question. Returns 0, or -1 with errno. */
static int stream_send(struct dns_stream *s)
{
	int error = s->out_done == 0 ? stream_error(s->watch.fd) : 0;
	ssize_t n;

	if (error) {
		errno = error;
		return -1;
	}
	n = send(s->watch.fd, s->out + s->out_done, s->out_n - s->out_done,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	s->out_done += (size_t)n;
	if (s->out_done == s->out_n)
		watch_set(s->loop, &s->watch, POLLIN);
	return 0;
}

/* Reads more of the answer: its length, then the rest. Returns 1 once it is whole, 0 if not yet, or
 * -1 with errno. */
static int stream_receive(struct dns_stream *s)
{
	unsigned char *to = s->in ? s->in : s->length;
	size_t want = s->in ? s->in_n : sizeof s->length;
	ssize_t n = recv(s->watch.fd, to + s->done, want - s->done, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) {
		errno = EBADMSG;
		return -1;
	}
	s->done += (size_t)n;
	if (s->done < want)
		return 0;
	if (s->in)
		return 1;
	s->in_n = (size_t)(s->length[0] << 8 | s->length[1]);
	s->done = 0;
	s->in = malloc(s->in_n ? s->in_n : 1);
	return s->in ? s->in_n == 0 : -1;
}

static void stream_ready(void *arg, short events)
{
	struct dns_stream *s = arg;
	int done = s->out_done < s->out_n ? stream_send(s) : stream_receive(s);
	unsigned char *in = s->in;

	(void)events;
	if (done < 0) {
		s->fn(s->arg, NULL, 0, errno);
	} else if (done) {
		s->in = NULL;
		s->fn(s->arg, in, s->in_n, 0);
		free(in);
	}
}

struct dns_stream *dns_stream_start(struct loop *loop, const struct address *to,
				    const unsigned char *query, size_t n, dns_stream_fn *fn,
				    void *arg)
{
	struct dns_stream *s = calloc(1, sizeof *s);
	int fd;

	if (!s)
		return NULL;
	fd = open_socket(to->u.sa.sa_family, SOCK_STREAM, 0);
	if (fd < 0 ||
	    (connect(fd, &to->u.sa, to->length) < 0 && errno != EINPROGRESS && errno != EINTR)) {
		close_keeping_errno(fd);
		free(s);
		return NULL;
	}
	s->loop = loop;
	s->fn = fn;
	s->arg = arg;
	s->out_n = 2 + n;
	s->out[0] = (unsigned char)(n >> 8);
	s->out[1] = (unsigned char)n;
	memcpy(s->out + 2, query, n);
	s->watch = (struct watch){ .fd = fd, .fn = stream_ready, .arg = s };
	watch_set(loop, &s->watch, POLLOUT);
	return s;
}

void dns_stream_free(struct dns_stream *s)
{
	if (!s)
		return;
	watch_drop(s->loop, &s->watch);
	close(s->watch.fd);
	free(s->in);
	free(s);
}
