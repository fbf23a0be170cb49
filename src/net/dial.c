/* dial.c - connecting to the addresses of a name in a race */
#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "names/lookup.h"
#include "sock/stream.h"
#include "sock/unix.h"

#define FULL_DELAY (10 * MILLISECOND) /* until a full backlog is tried again */

struct attempt {
	struct dial *dial;
	struct watch watch;
	struct timer again;
	struct dial_failure state;
	int socktype;
	bool pending;
	bool told;   /* see icmp_want() */
	size_t sent; /* of what is sent first */
};

struct dial {
	struct loop *loop;
	struct dial_config c;
	dial_fn *fn;
	void *arg;
	struct places_lookup *lookup;
	struct timer deadline, stagger, finish;
	struct dial_sources sources;
	struct attempt *attempts;
	size_t n, started, pending;
	struct dial_result result;
};

static void dial_next_attempt(void *arg);

/* Closes FD, over which nothing goes. Who may be there by now shall not take that for the end of an
 * empty input. */
static void dial_drop(int fd)
{
	stream_break(fd);
	close(fd);
}

/* Ends the look-up and all attempts, and with them whatever could lead to another result. */
static void dial_stop(struct dial *d)
{
	places_cancel(d->lookup);
	d->lookup = NULL;
	timer_drop(d->loop, &d->deadline);
	timer_drop(d->loop, &d->stagger);
	timer_drop(d->loop, &d->finish);
	for (size_t i = 0; i < d->started; i++)
		if (d->attempts[i].pending) {
			watch_drop(d->loop, &d->attempts[i].watch);
			timer_drop(d->loop, &d->attempts[i].again);
			dial_drop(d->attempts[i].watch.fd);
			d->attempts[i].pending = false;
		}
	d->pending = 0;
}

static void dial_free(struct dial *d)
{
	dial_stop(d);
	free(d->attempts);
	free(d->sources.addresses);
	free(d);
}

void dial_cancel(struct dial *d)
{
	if (d && d->result.fd >= 0)
		dial_drop(d->result.fd);
	if (d)
		dial_free(d);
}

/* Tells the result and frees the dial. */
static void dial_tell(void *arg)
{
	struct dial *d = arg;
	size_t n = d->result.fd < 0 ? d->started : 0;
	struct dial_failure *failures = n ? calloc(n, sizeof *failures) : NULL;

	for (size_t i = 0; failures && i < n; i++)
		failures[d->result.n++] = d->attempts[i].state;
	d->result.failures = failures;
	if (n && !failures)
		d->result.error = ENOMEM;
	d->fn(d->arg, &d->result);
	free(failures);
	dial_free(d);
}

static void dial_finish(struct dial *d)
{
	dial_stop(d);
	timer_set(d->loop, &d->finish, loop_now(d->loop));
}

static void dial_expired(void *arg)
{
	struct dial *d = arg;

	d->result.timed_out = true;
	dial_finish(d);
}

static void attempt_failed(struct dial *d, struct attempt *a, int error, const char *what)
{
	a->state.error = error;
	a->state.what = what;
	event_tell(&d->c.events, .kind = EVENT_FAILED, .address = &a->state.address, .error = error,
		   .what = what, .icmp = &a->state.icmp);
}

int dial_connect(int fd, const struct address *to, const void *first, size_t *n)
{
	int error = unix_connect(fd, to) < 0 ? errno : 0;

	/* Only a connect(2) that succeeded is asked about: that would take an error away. */
	if (!error && address_is_ip(to))
		return stream_connected(fd, first, n) ? 0 : EINPROGRESS;
	*n = 0;
	return error == EISCONN ? 0 : error == EALREADY ? EINPROGRESS : error;
}

bool dial_to_oneself(int fd, const struct address *to, struct address *local)
{
	struct address peer = { .length = sizeof peer.u };

	local->length = sizeof local->u;
	/* TO may be a wildcard, which is connected to another address. */
	return getsockname(fd, &local->u.sa, &local->length) == 0 &&
	       address_port(local) == address_port(to) &&
	       getpeername(fd, &peer.u.sa, &peer.length) == 0 && address_equal(local, &peer);
}

/* The attempt is connected, or has failed with ERROR. */
static void attempt_over(struct attempt *a, int error)
{
	struct dial *d = a->dial;
	const char *what = NULL;
	int fd = a->watch.fd;

	watch_drop(d->loop, &a->watch);
	a->pending = false;
	d->pending--;
	if (!error && dial_to_oneself(fd, &a->state.address, &d->result.local))
		error = ECONNREFUSED;
	if (!error && sockopt_apply(fd, a->state.address.u.sa.sa_family, d->c.socket,
				    PHASE_CONNECTED, false, &what) < 0)
		error = errno;
	else if (!error) {
		/* getpeername(2) fails on a socket that TCP Fast Open has left to its first data.
		 */
		d->result.peer = a->state.address;
		d->result.fd = fd;
		if (a->told)
			icmp_want(fd, a->state.address.u.sa.sa_family, false);
		stream_who(fd, &d->result.peer);
		event_tell(&d->c.events, .kind = EVENT_CONNECTED, .address = &d->result.peer,
			   .local = &d->result.local);
		dial_finish(d);
		return;
	}
	dial_drop(fd);
	attempt_failed(d, a, error, what);
	dial_next_attempt(d);
}

/* The attempt is connected, perhaps to itself: sends what the SYN has not taken of what is sent
 * first. Returns 0, EINPROGRESS if not all could be sent by now, or another errno. */
static int attempt_send_first(struct attempt *a)
{
	const struct dial_config *c = &a->dial->c;
	struct address local;
	ssize_t n;

	if (a->sent == c->first_n || dial_to_oneself(a->watch.fd, &a->state.address, &local))
		return 0;
	n = send(a->watch.fd, c->first + a->sent, c->first_n - a->sent,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? EINPROGRESS : errno;
	a->sent += (size_t)n;
	return a->sent == c->first_n ? 0 : EINPROGRESS;
}

/* The attempt's socket is connected, or has failed to. */
static void attempt_ready(void *arg, short events)
{
	struct attempt *a = arg;
	int error = stream_connect_error(a->watch.fd, &a->state.address, events, &a->state.icmp);

	if (!error)
		error = attempt_send_first(a);
	if (error != EINPROGRESS)
		attempt_over(a, error);
}

/* Connects. Returns 0 with the connection under way, or -1 with errno. */
static int attempt_connect(struct attempt *a)
{
	const struct address *to = &a->state.address;
	struct dial *d = a->dial;
	struct loop *loop = d->loop;
	/* Two addresses may be two machines, and who loses the race need not have it too. */
	size_t n = a == d->attempts ? d->c.first_n : 0;
	int error = dial_connect(a->watch.fd, to, d->c.first, &n);

	a->sent = n;
	/* A UNIX socket whose backlog is full does not tell when it has room again. */
	if (!error || error == EINPROGRESS) {
		watch_set(loop, &a->watch, POLLOUT);
	} else if (error == EAGAIN && to->u.sa.sa_family == AF_UNIX) {
		timer_set(loop, &a->again, clock_after(clock_now(), FULL_DELAY));
	} else {
		errno = error;
		return -1;
	}
	return 0;
}

static void attempt_connect_again(void *arg)
{
	struct attempt *a = arg;

	if (attempt_connect(a) < 0)
		attempt_over(a, errno);
}

static int dial_bind_source(const struct dial_sources *sources, int fd, int family,
			    struct address *source)
{
	if (!sources->n)
		return 0;
	for (size_t i = 0; i < sources->n; i++) {
		const struct address *s = &sources->addresses[i];
		if (s->u.sa.sa_family != family)
			continue;
		if (source)
			*source = *s;
		/* Without this a port given by -p could not be used again for a minute. */
		if (address_port(s))
			sockopt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		return bind(fd, &s->u.sa, s->length);
	}
	errno = EAFNOSUPPORT;
	return -1;
}

int dial_socket(int family, int socktype, const struct socket_options *o,
		const struct dial_sources *sources, struct address *source, const char **what)
{
	int fd = sockopt_socket(family, socktype, o, what);

	if (fd < 0)
		return -1;
	if (sockopt_apply(fd, family, o, PHASE_BIND, false, what) < 0)
		goto fail;
	*what = "source";
	if (dial_bind_source(sources, fd, family, source) < 0)
		goto fail;
	if (sockopt_apply(fd, family, o, PHASE_CONNECT, false, what) < 0)
		goto fail;
	*what = NULL;
	return fd;
fail:
	close_keeping_errno(fd);
	return -1;
}

/* Starts A with a socket of its type. Returns 0 with the connection under way, or -1 with errno and
 * *WHAT. */
static int attempt_start_as(struct dial *d, struct attempt *a, const char **what)
{
	const struct address *to = &a->state.address;
	int fd = dial_socket(to->u.sa.sa_family, a->socktype, d->c.socket, &d->sources,
			     &a->state.source, what);

	if (fd < 0)
		return -1;
	event_tell(&d->c.events, .kind = EVENT_CONNECTING, .address = to);
	a->watch = (struct watch){ .fd = fd, .fn = attempt_ready, .arg = a };
	a->again = (struct timer){ .fn = attempt_connect_again, .arg = a };
	a->told = icmp_want(fd, to->u.sa.sa_family, true);
	if (attempt_connect(a) < 0) {
		close_keeping_errno(fd);
		return -1;
	}
	a->pending = true;
	d->pending++;
	return 0;
}

/* Starts A; with `any_type` a UNIX socket of the wrong type is tried again by the other. Returns as
 * above. */
static int attempt_start(struct dial *d, struct attempt *a, const char **what)
{
	bool is_unix = a->state.address.u.sa.sa_family == AF_UNIX;

	a->socktype = is_unix && d->c.socktype ? d->c.socktype : SOCK_STREAM;
	if (attempt_start_as(d, a, what) == 0)
		return 0;
	if (!is_unix || !d->c.any_type || errno != EPROTOTYPE)
		return -1;
	a->socktype = a->socktype == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	return attempt_start_as(d, a, what);
}

/* Starts an attempt at the next address that does not fail at once; ends the race if none is left.
 */
static void dial_next_attempt(void *arg)
{
	struct dial *d = arg;
	const char *what;

	while (d->started < d->n) {
		struct attempt *a = &d->attempts[d->started++];

		what = d->c.permit ? d->c.permit(d->c.permit_arg, &a->state.address) : NULL;
		a->state.forbidden = what;
		if (what) {
			errno = EACCES;
		} else if (attempt_start(d, a, &what) == 0) {
			if (d->started < d->n)
				timer_set(d->loop, &d->stagger,
					  clock_after(loop_now(d->loop), DIAL_ATTEMPT_DELAY));
			/* Within one machine the handshake is over when connect(2) returns. One
			 * that has failed waits for its turn: its end starts the next. */
			if (stream_has_peer(a->watch.fd))
				attempt_ready(a, POLLOUT);
			return;
		}
		attempt_failed(d, a, errno, what);
	}
	timer_drop(d->loop, &d->stagger);
	if (!d->pending)
		dial_finish(d);
}

/* The host is looked up: limits the connection. */
static void dial_limit(struct dial *d)
{
	int64_t now, deadline;

	if (d->c.wait == UNSET && d->c.deadline == NEVER)
		return;
	now = clock_now();
	deadline = clock_after(now, d->c.wait);
	if (deadline < d->result.deadline)
		d->result.deadline = deadline;
	d->result.given = d->result.deadline > now ? d->result.deadline - now : 0;
	timer_set(d->loop, &d->deadline, d->result.deadline);
}

static void dial_places_found(void *arg, struct places_answer *found)
{
	struct dial *d = arg;

	d->result.lookup = found->failure;
	d->sources = (struct dial_sources){ found->sources, found->n_sources };
	d->attempts = calloc(found->n ? found->n : 1, sizeof *d->attempts);
	if (!found->failure.eai && !d->attempts)
		d->result.lookup = (struct places_failure){ EAI_MEMORY, ENOMEM, PLACE_HOST,
							    d->c.host, d->c.family };
	if (d->result.lookup.eai) {
		dial_finish(d);
		goto out;
	}
	dial_limit(d);
	lookup_interleave(found->addresses, found->n);
	for (; d->n < found->n; d->n++) {
		d->attempts[d->n].dial = d;
		d->attempts[d->n].state.address = found->addresses[d->n];
	}
	dial_next_attempt(d);
out:
	free(found->addresses);
}

struct dial *dial_start(struct loop *loop, const struct dial_config *c, dial_fn *fn, void *arg)
{
	const struct places_question q = { .host = c->host,
					   .port = c->port,
					   .family = c->family,
					   .socktype = SOCK_STREAM,
					   .source = c->socket->source,
					   .source_port = c->socket->source_port,
					   .events = c->events };
	struct dial *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = loop;
	d->c = *c;
	d->fn = fn;
	d->arg = arg;
	d->result.fd = -1;
	d->result.deadline = c->deadline;
	d->result.given = UNSET;
	d->deadline = (struct timer){ .fn = dial_expired, .arg = d };
	d->stagger = (struct timer){ .fn = dial_next_attempt, .arg = d };
	d->finish = (struct timer){ .fn = dial_tell, .arg = d };
	timer_set(loop, &d->deadline, c->deadline);
	places_find(loop, &q, dial_places_found, d, &d->lookup);
	return d;
}

const char *dial_looks_up(const struct dial *d)
{
	return d ? places_word(d->lookup) : NULL;
}
