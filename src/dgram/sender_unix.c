/* sender_unix.c - the socket of a run that sends to a UNIX socket, and its name */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/report.h"
#include "dgram/sender_places.h"

/* Makes the path of A absolute, so that the peer can find it from whatever directory, if A has room
 * for that. */
static void sender_unix_make_absolute(struct address *a)
{
	char path[sizeof a->u.un.sun_path], directory[PATH_MAX];
	const char *given = unix_path(a);

	if (!given || *given == '/' || !getcwd(directory, sizeof directory) || *directory != '/' ||
	    snprintf(path, sizeof path, "%s/%s", directory, given) >= (int)sizeof path)
		return;
	*a = (struct address){ .length = sizeof a->u.un, .u.un.sun_family = AF_UNIX };
	memcpy(a->u.un.sun_path, path, sizeof path);
}

/* Binds the socket to the word SOURCE, or to a name of its own (NULL). Returns 0, or -1 with errno
 * and R filled. */
static int sender_unix_bind(struct sender_places *p, const char *source, struct binding_result *r)
{
	static const struct unix_rights usual = UNIX_RIGHTS_DEFAULT;

	if (!source) {
		r->what = "bind";
		if (unix_bind_own(p->socket.fd, 0, p->own_path, &p->own) < 0)
			return -1;
		dgram_learn_local(&p->socket);
		return 0;
	}
	address_parse_unix(source, &r->address);
	p->own_address = r->address;
	sender_unix_make_absolute(&p->own_address);
	if (unix_bind(p->socket.fd, &p->own_address, &usual, &p->own, &r->why) < 0)
		return -1;
	p->socket.local = r->address;
	return 0;
}

int sender_places_open_unix(struct sender_places *p)
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
			run_end(p->run, report_binding(p->run->messages, p->c->port, &r));
			return -1;
		}
		if (dgram_connect(&p->socket, &p->v->to) == 0)
			return 0;
	}
	run_end(p->run, sender_places_report(p, errno, what));
	return -1;
}
