/* sender_unix.c - the socket of a run that sends to a UNIX socket, and its name */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "run/report.h"
#include "dgram/sender_places.h"

/* Sets *OUT to SOURCE, `unix:PATH`, as the peer can find it from whatever directory: as an absolute
 * path, if *OUT has room for one. */
static void sender_unix_absolute(struct sender_places *p, const struct address *source,
				 struct address *out)
{
	const char *path = unix_path(source);
	size_t n;

	*out = *source;
	if (!path || *path == '/' || !getcwd(p->own_path, sizeof p->own_path))
		return;
	n = strlen(p->own_path);
	if (*p->own_path != '/' || n + 1 + strlen(path) >= sizeof out->u.un.sun_path)
		return;
	out->u.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->u.un.sun_path, p->own_path, n);
	out->u.un.sun_path[n] = '/';
	memcpy(out->u.un.sun_path + n + 1, path, strlen(path));
	out->length = sizeof out->u.un;
}

/* Binds the socket to the word SOURCE, or to a name of its own (NULL). Returns 0, or -1 with errno
 * and R filled. */
static int sender_unix_bind(struct sender_places *p, const char *source, struct binding_result *r)
{
	static const struct unix_rights usual = UNIX_RIGHTS_DEFAULT;
	struct address absolute;

	if (!source) {
		r->what = "bind";
		if (unix_bind_own(p->socket.fd, p->own_path, &p->own) < 0)
			return -1;
		dgram_bound(&p->socket, NULL);
		return 0;
	}
	address_parse_unix(source, &r->address);
	sender_unix_absolute(p, &r->address, &absolute);
	if (unix_bind(p->socket.fd, &absolute, &usual, &p->own, &r->why) < 0)
		return -1;
	if (p->own.path) {
		/* It points into `absolute`, which is about to go. */
		memmove(p->own_path, p->own.path, strlen(p->own.path) + 1);
		p->own.path = p->own_path;
	}
	dgram_bound(&p->socket, &r->address);
	return 0;
}

int sender_places_open_unix(struct sender_places *p, struct outcome *outcome)
{
	const struct dgram_config c = {
		.family = AF_UNIX,
		.socket = p->c->socket,
		.wants = message_wanted(p->run->messages, MESSAGE_STEP) ? DGRAM_WHO : 0,
	};
	struct binding_result r = { 0 };
	const char *what = NULL;

	if (dgram_open(&p->socket, &c, p->told, p->arg, &what) == 0) {
		if (sender_unix_bind(p, p->c->socket->source, &r) < 0) {
			r.error = errno;
			*outcome = report_binding(p->run->messages, p->c->port, &r);
			return -1;
		}
		if (dgram_connect(&p->socket, &p->v->to) == 0)
			return 0;
	}
	*outcome = sender_places_report(p, errno, what);
	return -1;
}
