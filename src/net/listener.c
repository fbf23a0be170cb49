/* listener.c - sockets that listen, and accepting from them */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "system/interfaces.h"
#include "sock/stream.h"

#define ACCEPT_PAUSE (100 * MILLISECOND) /* after an error that does not pass at once */
#define SHORTAGE SECOND			 /* failures so close together are one incident */
#define BURST_MOST 16			 /* clients at a time */

struct listening {
	struct listener *listener;
	struct watch watch;
	unsigned wake;	/* the last wake-up of the loop for clients, */
	unsigned burst; /* and how many were accepted then, 0: and there were no more */
	struct address local;
	struct unix_place place;
	bool own;   /* nobody had it before us */
	bool fixed; /* `local` is that of all clients too */
};

struct listener {
	struct loop *loop;
	struct listener_config c;
	listener_opened_fn *opened;
	listener_accept_fn *accept;
	void *arg;
	struct binding binding;
	struct timer pause;
	bool paused;
	int shortage;	/* the last error after which it paused; 0: none */
	int64_t failed; /* when that was */
	bool *gone;	/* set when it is closed while it accepts; NULL: it does not */
};

void listener_close(struct listener *l)
{
	if (!l)
		return;
	if (l->gone)
		*l->gone = true;
	timer_drop(l->loop, &l->pause);
	binding_close(&l->binding);
	free(l);
}

static void listener_watch(void *arg)
{
	struct listener *l = arg;
	struct listening *sockets = l->binding.sockets;

	for (size_t i = 0; i < l->binding.n && !l->paused; i++)
		watch_set(l->loop, &sockets[i].watch, POLLIN);
}

static void listener_unwatch(struct listener *l)
{
	struct listening *sockets = l->binding.sockets;

	for (size_t i = 0; i < l->binding.n; i++)
		watch_drop(l->loop, &sockets[i].watch);
}

void listener_pause(struct listener *l, bool paused)
{
	if (paused == l->paused)
		return;
	l->paused = paused;
	if (paused)
		listener_unwatch(l);
	else if (!l->pause.slot)
		listener_watch(l);
}

void listener_retry(struct listener *l)
{
	if (l->pause.slot)
		timer_set(l->loop, &l->pause, loop_now(l->loop));
}

/* Will accept(2) never succeed again? The socket is none that listens: somebody who has it too has
 * shut it down. */
static bool listener_is_over(int error)
{
	return error == EINVAL || error == EBADF || error == ENOTSOCK || error == EOPNOTSUPP;
}

/* S could not accept, by ERROR. L may be gone when this returns. */
static void listener_accept_failed(struct listener *l, const struct listening *s, int error)
{
	int64_t now = loop_now(l->loop);

	if (error == EAGAIN || error == EINTR)
		return;
	if (listener_is_over(error)) {
		listener_unwatch(l);
		event_tell(&l->c.place.events, .kind = EVENT_ACCEPT_OVER, .error = error,
			   .local = &s->local);
		return;
	}
	/* Failures within SHORTAGE of each other are one incident, told once. */
	event_tell(&l->c.place.events, .kind = EVENT_ACCEPT_FAILED, .error = error,
		   .again = error == l->shortage && now - l->failed < SHORTAGE);
	/* A client that left before it was accepted costs nothing; otherwise there is no descriptor
	 * or no memory now, and the client waits in the backlog. */
	if (error == ECONNABORTED || error == EPROTO)
		return;
	l->shortage = error;
	l->failed = now;
	listener_unwatch(l);
	timer_set(l->loop, &l->pause, clock_after(now, ACCEPT_PAUSE));
}

/* Checks for descriptors before accept(2): an accepted client cannot be put back. Returns 0, or -1
 * with errno. */
static int listener_look_for_room(const struct listener *l, int fd)
{
	size_t spare = l->c.spare ? l->c.spare(l->arg) : 0;

	/* The client's own, too. */
	return spare ? descriptors_try(fd, spare + 1) : 0;
}

/* Arms FD, of FAMILY, which is a client or listens: what it accepts inherits that. */
static void listener_arm(const struct listener *l, int fd, int family)
{
	if (!l->c.arms || !address_family_is_ip(family))
		return;
	stream_break(fd);
	stream_inline_urgent(fd);
}

/* Sets the options that an accepted socket does not inherit from the listening one: on UNIX sockets
 * all. Returns 0, or -1 with errno and *WHAT. */
static int listener_set_accepted(const struct listener *l, int fd, int family, const char **what)
{
	if (family == AF_UNIX && sockopt_apply(fd, family, l->c.socket, PHASE_BIND, true, what) < 0)
		return -1;
	return sockopt_apply(fd, family, l->c.socket, PHASE_CONNECTED, true, what);
}

/* Accepts a client of S. Returns whether there may be another. L may be gone then. */
static bool listening_accept(const struct listening *s)
{
	struct listener *l = s->listener;
	struct address peer = { .length = sizeof peer.u }, local = { .length = sizeof local.u };
	const char *what = NULL;
	int fd = listener_look_for_room(l, s->watch.fd);

	if (fd == 0)
		fd = open_accepted(s->watch.fd, &peer.u.sa, &peer.length);
	if (fd < 0) {
		listener_accept_failed(l, s, errno);
		return false;
	}
	if (s->fixed)
		local = s->local;
	else
		getsockname(fd, &local.u.sa, &local.length);
	/* What others have listened with is theirs too. */
	if (!s->own)
		listener_arm(l, fd, s->local.u.sa.sa_family);
	stream_who(fd, &peer);
	address_unmap(&peer);
	address_unmap(&local);
	if (listener_set_accepted(l, fd, s->local.u.sa.sa_family, &what) == 0) {
		l->accept(l->arg, fd, &peer, &local);
		return true;
	}
	event_tell(&l->c.place.events, .kind = EVENT_ACCEPT_FAILED, .error = errno, .what = what);
	close(fd);
	return true;
}

/* How many clients to accept from S at this wake-up: twice as many as at the last one, if all of
 * those were there. To find out that there are no more takes a call too. */
static unsigned listening_burst(struct listening *s)
{
	unsigned wake = loop_wake(s->listener->loop), last = s->wake + 1 == wake ? s->burst : 0;

	s->wake = wake;
	/* What others have listened with may block. */
	return !last || !s->own ? 1 : last < BURST_MOST ? 2 * last : BURST_MOST;
}

static void listening_ready(void *arg, short events)
{
	struct listening *s = arg;
	struct listener *l = s->listener;
	unsigned n = listening_burst(s);
	bool gone = false, more = true;

	(void)events;
	l->gone = &gone;
	for (unsigned i = 0; i < n && more; i++)
		more = listening_accept(s) && !gone && !l->paused;
	if (gone)
		return;
	l->gone = NULL;
	s->burst = more ? n : 0;
}

static int listening_set_options(const struct listener *l, int fd, int family, const char **what)
{
	const struct binding_config *c = &l->c.place;

	/* Lingering connections of an earlier server must not keep its port. */
	sockopt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (family == AF_INET6) {
		/* `listen ::` alone is for both families, as everywhere. */
		int only =
			c->options->ipv6_only || c->family == AF_INET6 || l->binding.n_places > 1;
		sockopt_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
	}
	*what = "reuseport";
	if (c->options->reuseport && sockopt_reuseport(fd) < 0)
		return -1;
	if (sockopt_apply(fd, family, l->c.socket, PHASE_BIND, true, what) < 0 ||
	    sockopt_apply(fd, family, l->c.socket, PHASE_CONNECT, true, what) < 0)
		return -1;
	listener_arm(l, fd, family);
	*what = NULL;
	return 0;
}

/* Binds FD to A. Returns 0, or -1 with errno and *WHY. */
static int listening_bind(const struct listener *l, struct unix_place *place, int fd,
			  const struct address *a, const char **why)
{
	if (a->u.sa.sa_family == AF_UNIX)
		return unix_bind(fd, a, &l->c.place.options->rights, place, why);
	return bind(fd, &a->u.sa, a->length);
}

/* Makes FD, which is bound to *A, listen; *A becomes what it was given. Returns 0, or -1 with
 * errno. */
static int listening_begin(const struct listener *l, int fd, struct address *a)
{
	int64_t backlog = l->c.place.options->backlog;

	if (listen(fd, backlog == UNSET ? INT_MAX : (int)backlog) < 0)
		return -1;
	/* getsockname(2) may tell a UNIX socket by another path. */
	if (a->u.sa.sa_family == AF_UNIX)
		return 0;
	/* With IP_BIND_ADDRESS_NO_PORT it has got its port only now. */
	a->length = sizeof a->u;
	return getsockname(fd, &a->u.sa, &a->length);
}

static void listening_take(struct listener *l, struct listening *s, int fd, const struct address *a,
			   bool own)
{
	const struct socket_options *o = l->c.socket;

	s->listener = l;
	s->own = own;
	/* The kernel may know the listening UNIX socket by another path. */
	s->fixed = a->u.sa.sa_family == AF_UNIX || (own && address_is_ip(a) && !address_is_any(a) &&
						    !sockopt_is_given(o, "IP_TRANSPARENT") &&
						    !sockopt_is_given(o, "IPV6_TRANSPARENT"));
	s->local = *a;
	s->watch = (struct watch){ .fd = fd, .fn = listening_ready, .arg = s };
}

/* Opens a socket that listens at *A. */
static int listening_open(void *arg, void *socket_arg, struct address *a, struct binding_result *r)
{
	struct listener *l = arg;
	struct listening *s = socket_arg;
	int family = a->u.sa.sa_family;
	int type = family == AF_UNIX && l->c.socktype ? l->c.socktype : SOCK_STREAM;
	int fd = sockopt_socket(family, type, l->c.socket, &r->what);

	if (fd < 0)
		return -1;
	if (listening_set_options(l, fd, family, &r->what) < 0 ||
	    listening_bind(l, &s->place, fd, a, &r->why) < 0 || listening_begin(l, fd, a) < 0) {
		unix_remove(&s->place);
		close_keeping_errno(fd);
		return -1;
	}
	listening_take(l, s, fd, a, true);
	return 0;
}

/* FD keeps its flags: other processes have it too. */
static int listening_inherit(void *arg, void *socket_arg, int fd, struct address *a)
{
	int listens = sockopt_get(fd, SOL_SOCKET, SO_ACCEPTCONN);

	if (listens < 0 || getsockname(fd, &a->u.sa, &a->length) < 0)
		return -1;
	if (!listens) {
		errno = EINVAL;
		return -1;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	listening_take(arg, socket_arg, fd, a, false);
	return 0;
}

static void listening_close(void *arg, void *socket_arg)
{
	struct listener *l = arg;
	struct listening *s = socket_arg;

	watch_drop(l->loop, &s->watch);
	unix_remove(&s->place);
	close(s->watch.fd);
}

static void listening_bound(void *arg, const struct binding_result *r)
{
	struct listener *l = arg;

	if (!binding_failed(r))
		listener_watch(l);
	l->opened(l->arg, l, r);
}

struct listener *listener_start(struct loop *loop, const struct listener_config *c,
				listener_opened_fn *opened, listener_accept_fn *accept, void *arg)
{
	static const struct binding_kind kind = {
		sizeof(struct listening), listening_open, listening_inherit,
		listening_close,	  NULL,		  listening_bound,
	};
	struct listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	*l = (struct listener){
		.loop = loop, .c = *c, .opened = opened, .accept = accept, .arg = arg
	};
	l->c.place.socktype = SOCK_STREAM;
	l->pause = (struct timer){ .fn = listener_watch, .arg = l };
	binding_start(&l->binding, loop, &l->c.place, &kind, l);
	return l;
}

const char *listener_path(const struct listener *l)
{
	const struct listening *sockets = l->binding.sockets;
	const char *path = NULL;

	for (size_t i = 0; i < l->binding.n && !path; i++)
		path = sockets[i].place.path;
	return path;
}

/* Is A the file of S? */
static bool listening_has_file(const struct listening *s, const struct address *a)
{
	const char *path = unix_path(a);
	struct stat file;

	return path && s->place.path && stat(path, &file) == 0 && file.st_dev == s->place.device &&
	       file.st_ino == s->place.inode;
}

bool listener_has(const struct listener *l, const struct address *a)
{
	const struct listening *sockets = l->binding.sockets;

	for (size_t i = 0; i < l->binding.n; i++) {
		struct address to = *a, local = sockets[i].local;

		if (listening_has_file(&sockets[i], a))
			return true;
		address_unmap(&to);
		address_unmap(&local);
		if (address_port(&to) != address_port(&local))
			continue;
		if (address_equal(&to, &local))
			return true;
		if (!address_is_ip(&to))
			continue;
		/* A connection to the wildcard address goes to the loopback. */
		if (address_is_any(&to))
			return true;
		if (address_is_any(&local) && interfaces_have(&to))
			return true;
	}
	return false;
}

const char *listener_looks_up(const struct listener *l)
{
	return binding_looks_up(&l->binding);
}
