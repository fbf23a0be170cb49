/* The way of a sending run to a UNIX socket: connected, so that a queue that is full is waited for,
 * and with a name, so that replies come back. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/report.h"
#include "dgram/sender_state.h"

/* SOURCE, `unix:PATH`, as the other side can find it wherever that stands: a whole path, if it has
 * room for one. */
static void find_whole(struct sender *s, const struct address *source, struct address *out)
{
	const char *path = unix_path(source);
	size_t n;

	*out = *source;
	if (!path || *path == '/' || !getcwd(s->own_path, sizeof s->own_path))
		return;
	n = strlen(s->own_path);
	if (*s->own_path != '/' || n + 1 + strlen(path) >= sizeof out->u.un.sun_path)
		return;
	out->u.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->u.un.sun_path, s->own_path, n);
	out->u.un.sun_path[n] = '/';
	memcpy(out->u.un.sun_path + n + 1, path, strlen(path));
	out->length = sizeof out->u.un;
}

/* Binds S's socket to the word SOURCE, or to a name of its own (NULL). Returns whether it did,
 * having said why not. */
static bool bind_name(struct sender *s, const char *source)
{
	static const struct unix_rights usual = UNIX_RIGHTS_DEFAULT;
	struct binding_result r = { .what = "bind" };
	struct address whole;
	int result;

	if (source) {
		address_parse_unix(source, &r.address);
		find_whole(s, &r.address, &whole);
		r.what = NULL;
		result = unix_bind(s->sock.fd, &whole, &usual, &s->own, &r.why);
		if (result == 0 && s->own.path) {
			/* It stands in what is about to go. */
			memmove(s->own_path, s->own.path, strlen(s->own.path) + 1);
			s->own.path = s->own_path;
		}
	} else {
		result = unix_bind_own(s->sock.fd, s->own_path, &s->own);
	}
	if (result == 0) {
		dgram_bound(&s->sock, source ? &r.address : NULL);
		return true;
	}
	r.error = errno;
	run_end(s->run, report_binding(s->run->messages, s->c.port, &r));
	return false;
}

bool sender_open_unix(struct sender *s)
{
	const struct dgram_config c = {
		.family = AF_UNIX,
		.socket = s->c.socket,
		.wants = message_wanted(s->run->messages, MESSAGE_STEP) ? DGRAM_WHO : 0,
	};
	const char *what;

	if (dgram_open(&s->sock, &c, sender_told, s, &what) < 0) {
		run_end(s->run, sender_report_places(s, errno, what));
		return false;
	}
	if (!bind_name(s, s->c.socket->source))
		return false;
	if (dgram_connect(&s->sock, &s->places->to) == 0)
		return true;
	run_end(s->run, sender_report_places(s, errno, NULL));
	return false;
}
