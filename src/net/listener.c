#define _GNU_SOURCE /* accept4, which POSIX has since 2024 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/user.h"
#include "system/interfaces.h"
#include "sock/stream.h"
#include "sock/vsock.h"

#define FIRST_INHERITED 3		 /* sd_listen_fds(3) */
#define PORT_TRIES 32			 /* for a port that is free in both families */
#define ACCEPT_PAUSE (100 * MILLISECOND) /* after an error that will not pass at once */
#define SHORTAGE SECOND			 /* without one so long it is over */

static const struct option_row rows[] = {
	{ .name = "user",
	  .kind = OPTION_STRING,
	  .arg = "NAME",
	  .field = offsetof(struct listen_options, user),
	  .help = "after binding, become this user" },
	{ .name = "notify-fd",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 3,
	  .max = INT_MAX,
	  .field = offsetof(struct listen_options, notify_fd),
	  .help = "once ready, write ADDRESS PORT to this descriptor, a line for each socket, and "
		  "close it" },
};

static const struct option_row port_rows[] = {
	{ .name = "reuseport",
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct listen_options, reuseport),
	  .help = "share the port with others that ask for it too (SO_REUSEPORT)" },
	{ .name = "ipv6-only",
	  .kind = OPTION_FLAG,
	  .field = offsetof(struct listen_options, ipv6_only),
	  .excludes = "ipv4",
	  .help = "an IPv6 address takes no IPv4 (IPV6_V6ONLY)" },
};

static const struct option_row backlog_rows[] = {
	{ .name = "backlog",
	  .kind = OPTION_NUMBER,
	  .arg = "N",
	  .min = 0,
	  .max = INT_MAX,
	  .field = offsetof(struct listen_options, backlog),
	  .help = "how many may wait to be accepted (the system's largest)" },
};

const struct option_group backlog_group = { "Backlog", backlog_rows,
					    sizeof backlog_rows / sizeof *backlog_rows };
static int parse_mode(void *field, const char *word, struct option_error *error)
{
	int64_t mode = 0;

	for (const char *p = word; *p; p++) {
		if (*p < '0' || *p > '7' || mode > 0777)
			return option_fail(error, "--mode: '%s' is not from 0 to 777, in octal",
					   word);
		mode = mode << 3 | (*p - '0');
	}
	if (mode > 0777)
		return option_fail(error, "--mode: '%s' is not from 0 to 777, in octal", word);
	*(int64_t *)field = mode;
	return 0;
}

static int parse_owner(void *field, const char *word, struct option_error *error)
{
	struct unix_rights *r = field;

	return user_parse_owner(word, &r->uid, &r->gid, error);
}

static const struct option_row rights_rows[] = {
	{ .name = "mode",
	  .kind = OPTION_PARSED,
	  .arg = "OCTAL",
	  .field = offsetof(struct listen_options, rights.mode),
	  .parser = parse_mode,
	  .help = "the socket's permissions (who may write to it may connect)" },
	{ .name = "owner",
	  .kind = OPTION_PARSED,
	  .arg = "USER[:GROUP]",
	  .field = offsetof(struct listen_options, rights),
	  .parser = parse_owner,
	  .help = "the socket's user and group: names or numbers" },
};

const struct option_group listen_group = { "Listening", rows, sizeof rows / sizeof *rows };
const struct option_group port_group = { "Port", port_rows, sizeof port_rows / sizeof *port_rows };
const struct option_group rights_group = { "Rights", rights_rows,
					   sizeof rights_rows / sizeof *rights_rows };

struct listening {
	struct listener *listener;
	struct watch watch;
	struct address local;
	struct unix_place place;
	bool open;
};

struct listener {
	struct loop *loop;
	struct listener_config c;
	listener_opened_fn *opened;
	listener_accept_fn *accept;
	void *arg;
	struct places_lookup *lookup;
	struct timer pause;
	struct listening *sockets;
	size_t n;
	bool paused;
	int shortage;	/* the error for which it waited last before it tried again, 0: none, */
	int64_t failed; /* and when that was */
};

static void close_sockets(struct listener *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->sockets[i].open)
			continue;
		watch_drop(l->loop, &l->sockets[i].watch);
		unix_remove(&l->sockets[i].place);
		close(l->sockets[i].watch.fd);
		l->sockets[i].open = false;
	}
}

void listener_close(struct listener *l)
{
	if (!l)
		return;
	places_cancel(l->lookup);
	timer_drop(l->loop, &l->pause);
	close_sockets(l);
	free(l->sockets);
	free(l);
}

static void watch_all(void *arg)
{
	struct listener *l = arg;

	for (size_t i = 0; i < l->n && !l->paused; i++)
		if (l->sockets[i].open)
			watch_set(l->loop, &l->sockets[i].watch, POLLIN);
}

static void watch_none(struct listener *l)
{
	for (size_t i = 0; i < l->n; i++)
		watch_drop(l->loop, &l->sockets[i].watch);
}

void listener_pause(struct listener *l, bool paused)
{
	if (paused == l->paused)
		return;
	l->paused = paused;
	if (paused)
		watch_none(l);
	else if (!l->pause.slot)
		watch_all(l);
}

void listener_retry(struct listener *l)
{
	if (l->pause.slot)
		timer_set(l->loop, &l->pause, loop_now(l->loop));
}

static void accept_failed(struct listener *l, int error)
{
	int64_t now = loop_now(l->loop);

	if (error == EAGAIN || error == EINTR)
		return;
	/* One place after another may come and be taken: that is the same shortage. */
	event_tell(&l->c.events,
		   &(struct event){ .kind = EVENT_ACCEPT_FAILED,
				    .error = error,
				    .again = error == l->shortage && now - l->failed < SHORTAGE });
	/* One that was gone before we came costs nothing; for the rest there is no descriptor or no
	 * memory now, and the client waits in the backlog meanwhile. */
	if (error == ECONNABORTED || error == EPROTO)
		return;
	l->shortage = error;
	l->failed = now;
	watch_none(l);
	timer_set(l->loop, &l->pause, clock_after(now, ACCEPT_PAUSE));
}

/* Can a client be accepted, and what it needs be opened? Nobody can be given back to the backlog.
 * Returns 0, or -1 with errno. */
static int look_for_room(const struct listener *l, int fd)
{
	size_t spare = l->c.spare ? l->c.spare(l->arg) : 0;

	/* The client's own, too. */
	return spare ? descriptors_try(fd, spare + 1) : 0;
}

/* What the listening socket has, those that it accepts have too, but for UNIX sockets. */
static int set_accepted(const struct listener *l, int fd, int family, const char **what)
{
	if (family == AF_UNIX && sockopt_apply(fd, family, l->c.socket, PHASE_BIND, true, what) < 0)
		return -1;
	return sockopt_apply(fd, family, l->c.socket, PHASE_CONNECTED, true, what);
}

static void acceptable(void *arg, short events)
{
	struct listening *s = arg;
	struct listener *l = s->listener;
	struct address peer = { .length = sizeof peer.u }, local = { .length = sizeof local.u };
	const char *what = NULL;
	int fd = look_for_room(l, s->watch.fd);

	(void)events;
	if (fd == 0)
		fd = accept4(s->watch.fd, &peer.u.sa, &peer.length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		accept_failed(l, errno);
		return;
	}
	/* A UNIX socket's name is the listening one's, which the kernel may know by another path.
	 */
	if (s->local.u.sa.sa_family == AF_UNIX)
		local = s->local;
	else
		getsockname(fd, &local.u.sa, &local.length);
	stream_who(fd, &peer);
	address_unmap(&peer);
	address_unmap(&local);
	if (set_accepted(l, fd, s->local.u.sa.sa_family, &what) == 0) {
		l->accept(l->arg, fd, &peer, &local);
		return;
	}
	event_tell(&l->c.events,
		   &(struct event){ .kind = EVENT_ACCEPT_FAILED, .error = errno, .what = what });
	close(fd);
}

static int v6only(const struct listener *l)
{
	/* `listen ::` alone is for both families, as everywhere. */
	return l->c.options->ipv6_only || l->c.family == AF_INET6 || l->n > 1;
}

/* Binds FD, and asks what it was given. Returns 0, or -1 with errno and R filled. */
static int bind_socket(struct listener *l, struct listening *s, int fd, struct listener_result *r)
{
	if (s->local.u.sa.sa_family == AF_UNIX)
		return unix_bind(fd, &s->local, &l->c.options->rights, &s->place, &r->why);
	if (bind(fd, &s->local.u.sa, s->local.length) < 0)
		return -1;
	s->local.length = sizeof s->local.u;
	return getsockname(fd, &s->local.u.sa, &s->local.length);
}

static int set_options(struct listener *l, int fd, int family, const char **what)
{
	const struct listener_config *c = &l->c;
	int on = 1;

	/* Connections of a server before us that linger must not keep its port. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (family == AF_INET6) {
		int only = v6only(l);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
	}
	*what = "reuseport";
	if (c->options->reuseport && sockopt_reuseport(fd) < 0)
		return -1;
	if (sockopt_apply(fd, family, c->socket, PHASE_BIND, true, what) < 0 ||
	    sockopt_apply(fd, family, c->socket, PHASE_CONNECT, true, what) < 0)
		return -1;
	*what = NULL;
	return 0;
}

/* Binds and listens. Returns 0, or -1 with errno and R filled. */
static int open_socket(struct listener *l, struct listening *s, struct listener_result *r)
{
	const struct listener_config *c = &l->c;
	int family = s->local.u.sa.sa_family;
	int type = family == AF_UNIX && c->socktype ? c->socktype : SOCK_STREAM;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			sockopt_protocol(c->socket, family));

	r->what = "socket";
	if (fd < 0)
		return -1;
	if (set_options(l, fd, family, &r->what) < 0 || bind_socket(l, s, fd, r) < 0 ||
	    listen(fd, c->options->backlog == UNSET ? INT_MAX : (int)c->options->backlog) < 0) {
		unix_remove(&s->place);
		close_keeping_errno(fd);
		return -1;
	}
	s->watch = (struct watch){ .fd = fd, .fn = acceptable, .arg = s };
	s->open = true;
	return 0;
}

/* Does this machine simply not have the family of this wildcard address? */
static bool no_such_family(const struct listener *l, int error)
{
	return !l->c.host && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* All addresses, on PORT if that is not 0, else on the one that the first is given.
 * Returns 0, or an errno with R filled. */
static int open_all(struct listener *l, uint16_t port, struct listener_result *r)
{
	bool any = false;
	int skipped = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct listening *s = &l->sockets[i];
		address_set_port(&s->local, port);
		if (open_socket(l, s, r) == 0) {
			any = true;
			port = address_port(&s->local);
			continue;
		}
		r->error = errno;
		r->address = s->local;
		if (!no_such_family(l, r->error))
			goto fail;
		skipped = r->error;
	}
	r->error = any ? 0 : skipped;
	if (any)
		return 0;
fail:
	close_sockets(l);
	return r->error;
}

/* Is A a wildcard address, and such are not wanted? */
static bool is_forbidden(const struct listener *l, const struct address *a,
			 struct listener_result *r)
{
	uint32_t cid, port;
	bool any = vsock_get(a, &cid, &port) ? cid == VSOCK_CID_ANY : address_is_any(a);

	r->any = l->c.not_any && any;
	if (!r->any)
		return false;
	r->error = EACCES;
	r->address = *a;
	return true;
}

static void open_listener(struct listener *l, const struct places_answer *found,
			  struct listener_result *r)
{
	uint16_t port = found->n ? address_port(&found->addresses[0]) : 0;

	l->sockets = calloc(found->n ? found->n : 1, sizeof *l->sockets);
	if (!l->sockets) {
		r->error = ENOMEM;
		return;
	}
	for (size_t i = 0; i < found->n; i++)
		if (is_forbidden(l, &found->addresses[i], r))
			return;
	for (size_t i = 0; i < found->n; i++) {
		l->sockets[i].listener = l;
		l->sockets[i].local = found->addresses[i];
	}
	l->n = found->n;
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		int error = open_all(l, port, r);
		/* The port that one family gave was taken in the other. */
		if (error != EADDRINUSE || port != 0)
			break;
	}
}

/* The sockets that we were given. Their flags stay: others have them too. */
static int take_inherited(struct listener *l, struct listener_result *r)
{
	l->sockets = calloc((size_t)l->c.inherited, sizeof *l->sockets);
	if (!l->sockets)
		return r->error = ENOMEM;
	for (; l->n < (size_t)l->c.inherited; l->n++) {
		struct listening *s = &l->sockets[l->n];
		int fd = FIRST_INHERITED + (int)l->n, listens = 0;
		socklen_t size = sizeof listens;

		r->what = "LISTEN_FDS";
		s->local.length = sizeof s->local.u;
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 ||
		    getsockname(fd, &s->local.u.sa, &s->local.length) < 0)
			return r->error = errno;
		if (!listens)
			return r->error = EINVAL;
		if (is_forbidden(l, &s->local, r))
			return r->error;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		s->listener = l;
		s->watch = (struct watch){ .fd = fd, .fn = acceptable, .arg = s };
		s->open = true;
	}
	r->what = NULL;
	return 0;
}

/* Whoever needs rights to bind does not need them any more. */
static void become(const struct listener *l, struct listener_result *r)
{
	if (!l->c.options->user || user_become(l->c.options->user) == 0)
		return;
	r->error = errno;
	r->what = "--user";
	r->address.length = 0;
}

static void begin(struct listener *l, struct listener_result *r)
{
	if (!r->lookup.eai && !r->error)
		become(l, r);
	if (!r->lookup.eai && !r->error) {
		for (size_t i = 0; i < l->n; i++)
			if (l->sockets[i].open)
				event_tell(&l->c.events,
					   &(struct event){ .kind = EVENT_LISTENING,
							    .local = &l->sockets[i].local });
		watch_all(l);
	}
	l->opened(l->arg, l, r);
}

static void places_found(void *arg, struct places_answer *found)
{
	struct listener *l = arg;
	struct listener_result r = { .lookup = found->failure };

	if (!r.lookup.eai)
		open_listener(l, found, &r);
	free(found->addresses);
	begin(l, &r);
}

struct listener *listener_start(struct loop *loop, const struct listener_config *c,
				listener_opened_fn *opened, listener_accept_fn *accept, void *arg)
{
	struct listener *l = calloc(1, sizeof *l);
	const struct places_question q = {
		.host = c->host,
		.port = c->port,
		.family = !c->host && c->options->ipv6_only ? AF_INET6 : c->family,
		.socktype = SOCK_STREAM,
	};

	if (!l)
		return NULL;
	*l = (struct listener){
		.loop = loop, .c = *c, .opened = opened, .accept = accept, .arg = arg
	};
	l->pause = (struct timer){ .fn = watch_all, .arg = l };
	if (c->inherited) {
		struct listener_result r = { 0 };
		take_inherited(l, &r);
		begin(l, &r);
	} else {
		places_find(loop, &q, places_found, l, &l->lookup);
	}
	return l;
}

/* Does A, which is no wildcard, belong to this machine? */
static bool is_ours(const struct address *a)
{
	struct address own = { .length = sizeof own.u };
	struct interface *list;
	bool found = false;
	size_t n;

	if (a->u.sa.sa_family == AF_INET && ntohl(a->u.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
		return true;
	if (interfaces_get(&list, &n) < 0)
		return false;
	for (size_t i = 0; i < n && !found; i++) {
		memcpy(&own.u, &list[i].address, sizeof own.u);
		address_set_port(&own, address_port(a));
		found = address_equal(&own, a);
	}
	free(list);
	return found;
}

bool listener_has(const struct listener *l, const struct address *a)
{
	for (size_t i = 0; i < l->n; i++) {
		struct address to = *a, local = l->sockets[i].local;

		address_unmap(&to);
		address_unmap(&local);
		if (!l->sockets[i].open || address_port(&to) != address_port(&local))
			continue;
		if (to.u.sa.sa_family != AF_INET && to.u.sa.sa_family != AF_INET6)
			continue;
		/* Who connects to the wildcard address comes to the loopback. */
		if (address_equal(&to, &local) || address_is_any(&to))
			return true;
		if (address_is_any(&local) && is_ours(&to))
			return true;
	}
	return false;
}

void listener_notify_address(struct text *lines, const struct address *a)
{
	char text[ADDRESS_TEXT];
	const char *host = address_host(a, text);
	uint32_t cid, port;

	if (a->u.sa.sa_family == AF_UNIX)
		text_add(lines, "unix %s\n", host + strlen("unix:"));
	else
		text_add(lines, "%s %lu\n", host,
			 (unsigned long)(vsock_get(a, &cid, &port) ? port : address_port(a)));
}

int listener_notify_write(struct text *lines, int fd)
{
	int result = text_write(lines, fd);

	text_free(lines);
	return result < 0 ? -1 : close(fd);
}

int listener_notify(const struct listener *l, int fd)
{
	struct text lines = { 0 };

	for (size_t i = 0; i < l->n; i++)
		if (l->sockets[i].open)
			listener_notify_address(&lines, &l->sockets[i].local);
	return listener_notify_write(&lines, fd);
}
