/* forward_sessions.c - the sessions of a forwarder: how each begins and ends */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "dgram/forward.h"
#include "dgram/report.h"
#include "run/report.h"

#define GOES_ROUND "its datagrams are dropped, they would go round for ever"

struct dgram_socket *forward_socket(struct dgram_forward *f, struct session *s)
{
	const struct address *peer = &f->places[s->place];

	f->current = s;
	f->remote.fd = s->watch.fd;
	if (f->remote.peer.u.sa.sa_family != peer->u.sa.sa_family || f->n_places > 1) {
		f->remote.family = peer->u.sa.sa_family;
		f->remote.peer = *peer;
	}
	return &f->remote;
}

void forward_tell(struct dgram_forward *f, const struct dgram_error *e, size_t size)
{
	bool news = e->error != f->told;
	const struct dgram_unsent unsent = { "", size };

	f->told = e->error;
	f->traffic->counts.errors++;
	report_dgram_error(f->run->messages, news ? MESSAGE_ERROR : MESSAGE_VERBOSE, e,
			   size ? &unsent : NULL, false);
}

/* The network said E of something that went to the target: the error function of the sockets. */
static void forward_on_error(void *arg, const struct dgram_error *e)
{
	struct dgram_forward *f = arg;
	struct session *s = f->current;

	forward_tell(f, e, 0);
	/* What is too large for the path, or came with too small a TTL for it, is lost; others may
	 * get there. */
	if (e->error == EMSGSIZE || (e->icmp && icmp_is_time_exceeded(e->icmp)) || !s)
		return;
	s->error = e->error;
	if (s->place == f->at && s->counts.sent == 0)
		f->at = (f->at + 1) % f->n_places;
}

/* ---- the beginning ---- */

/* Gives the socket of S, towards a UNIX socket, a name for its answers. Returns 0, or -1 with
 * errno.
 */
static int session_bind(struct dgram_forward *f, struct session *s)
{
	s->name = calloc(1, sizeof *s->name);
	if (!s->name ||
	    unix_bind_own(f->remote.fd, s->name_hops, s->name->path, &s->name->place) < 0)
		return -1;
	dgram_learn_local(&f->remote);
	if (!s->name->place.path) {
		free(s->name);
		s->name = NULL;
	}
	return 0;
}

/* Frees what S has but its place in the table. */
static void session_drop(struct session *s)
{
	if (s->name)
		unix_remove(&s->name->place);
	free(s->name);
	s->name = NULL;
	close_keeping_errno(s->watch.fd);
	s->watch.fd = -1;
}

/* Connects F->remote, as the socket of S, to the target. Returns 0, or -1 with errno and *WHAT
 * naming an option. */
static int session_connect(struct dgram_forward *f, struct session *s, const char **what)
{
	const struct address *to = &f->places[f->at];
	const struct dgram_config c = { .family = to->u.sa.sa_family,
					.socket = f->socket,
					.large_buffer = f->socket->rcvbuf == UNSET };

	f->current = NULL;
	s->place = f->at;
	if (dgram_open(&f->remote, &c, forward_on_error, f, what) < 0)
		return -1;
	f->remote.watched = true;
	s->watch.fd = f->remote.fd;
	if ((c.family != AF_UNIX || session_bind(f, s) == 0) &&
	    dgram_connect(&f->remote, to) == 0 && loop_reserve(f->run->loop, 1) == 0)
		return 0;
	session_drop(s);
	return -1;
}

/* Does ERROR of opening a socket mean that there are too many? EAGAIN is what connect(2) says if no
 * port is left. */
static bool is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EAGAIN;
}

/* As session_connect(), to the next address where one cannot be, and in the place of another
 * session where there is no room. */
static int session_open(struct dgram_forward *f, struct session *s, const char **what)
{
	bool made_room = false;
	size_t tried = 0;

	while (session_connect(f, s, what) < 0) {
		if (is_short(errno) && f->sessions.n > 0 && !made_room) {
			made_room = true;
			forward_close(f, f->sessions.oldest, "made room");
			continue;
		}
		if (*what || ++tried == f->n_places)
			return -1;
		f->at = (f->at + 1) % f->n_places;
	}
	return 0;
}

static void forward_are_idle(void *arg)
{
	struct dgram_forward *f = arg;
	int64_t limit = f->idle, now = loop_now(f->run->loop);
	struct session *s;

	while ((s = f->sessions.oldest) && clock_after(s->last, limit) <= now)
		if (s == f->blocked)
			sessions_touch(&f->sessions, s, now);
		else
			forward_close(f, s, "idle");
	if (s)
		timer_set(f->run->loop, &f->idle_timer, clock_after(s->last, limit));
}

/* Says that D is not passed on, since that would lead round: its sender WHY. */
static void forward_say_loop(struct dgram_forward *f, const struct dgram_received *d,
			     const char *why)
{
	char from[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, f->run->messages, f->looped ? MESSAGE_VERBOSE : MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, "ELOOP");
	address_json(&n.json, "peer", d->from);
	notice_end(&n, "%s %s", address_text(d->from, from), why);
	f->looped = true;
}

static bool forward_goes_round(const struct dgram_forward *f, const struct address *from)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (address_equal(&f->places[i], from))
			return true;
	return sessions_own(&f->sessions, from);
}

/* Says that there is no socket to send SIZE bytes by, since WHAT (NULL: to open or connect it) has
 * failed with ERROR. */
static void forward_say_unopened(struct dgram_forward *f, const char *what, int error, size_t size)
{
	if (what && error != f->told)
		report_error(f->run->messages, what, error);
	if (what)
		f->told = error;
	else
		forward_tell(f, &(struct dgram_error){ error, .to = &f->places[f->at] }, size);
}

/* Returns our address that S's sender has asked. */
static const struct address *session_asked(const struct session *s)
{
	return s->asked.length ? &s->asked : &s->by->local;
}

static struct session *forward_begin(struct dgram_forward *f, struct dgram_socket *by,
				     const struct dgram_received *d)
{
	bool counts = f->per_source->most != UNSET && sources_know(d->from);
	struct session *s = calloc(1, sizeof *s);
	const char *what = NULL;

	if (s)
		s->name_hops = forward_name_hops(f, d);
	if (s && counts)
		s->source = sources_add(&f->sources, f->per_source, d->from);
	if (!s || (counts && !s->source) || session_open(f, s, &what) < 0) {
		int error = errno;
		if (s)
			sources_drop(&f->sources, s->source);
		forward_say_unopened(f, what, error, d->size);
		free(s);
		return NULL;
	}
	s->forward = f;
	s->watch.fn = forward_on_session;
	s->watch.arg = s;
	s->by = by;
	s->client = *d->from;
	if (d->to)
		s->asked = *d->to;
	s->local = d->local;
	s->id = ++f->opened;
	s->start = s->last = loop_now(f->run->loop);
	sessions_add(&f->sessions, s, &f->remote.local);
	watch_set(f->run->loop, &s->watch, POLLIN);
	if (!f->idle_timer.slot) {
		f->idle_timer = (struct timer){ .fn = forward_are_idle, .arg = f };
		timer_set(f->run->loop, &f->idle_timer, clock_after(s->last, f->idle));
	}
	report_client(f->run->messages, "accepted", s->id,
		      &(struct client_report){ .peer = &s->client, .local = session_asked(s) });
	return s;
}

struct session *forward_session(struct dgram_forward *f, struct dgram_socket *by,
				const struct dgram_received *d, size_t n)
{
	struct session *s = sessions_find(&f->sessions, d, by);
	const char *used_up = forward_used_up(f, d);
	struct source *crowd;

	if (used_up) {
		forward_say_loop(f, d, used_up);
		f->unsent += n;
		return NULL;
	}
	/* A name cannot change, and what may go further than the first must not end with that. */
	if (s && s->name_hops < forward_name_hops(f, d)) {
		forward_close(f, s, "comes from nearer now");
		s = NULL;
	}
	if (s)
		return s;
	if (forward_goes_round(f, d->from)) {
		forward_say_loop(f, d,
				 sessions_own(&f->sessions, d->from) ?
					 "is a socket of this forwarder: " GOES_ROUND :
					 "is the target itself: " GOES_ROUND);
		return NULL;
	}
	crowd = sources_find_crowd(&f->sources, f->per_source, d->from);
	if (crowd) {
		if (source_is_news(crowd))
			report_crowd(f->run->messages, d->from, crowd->n, "session");
		return NULL;
	}
	while (f->sessions.n >= f->most)
		forward_close(f, f->sessions.oldest, "made room");
	s = forward_begin(f, by, d);
	if (!s)
		f->unsent += n;
	return s;
}

/* ---- the end ---- */

static void session_report(const struct dgram_forward *f, const struct session *s, const char *why)
{
	const struct figures figures = {
		.sent = s->sent,
		.received = s->received,
		.acknowledged = UNSET,
		.ns = clock_now() - s->start,
		.id = s->id,
		.peer = &s->client,
		.local = session_asked(s),
		.datagrams = &s->counts,
		.why = why,
		.status = -1,
	};

	if (message_wanted(f->run->messages, MESSAGE_VERBOSE))
		report_figures(f->run->messages, MESSAGE_VERBOSE, &figures, "closed");
}

/* S is not read for a while: it is one of those no more. */
static void forward_unrest(struct dgram_forward *f, struct session *s)
{
	struct session **p = &f->resting;

	while (s->rests && *p && *p != s)
		p = &(*p)->resting;
	if (s->rests && *p)
		*p = s->resting;
}

void forward_close(struct dgram_forward *f, struct session *s, const char *why)
{
	int64_t dropped = dgram_dropped(forward_socket(f, s));

	if (dropped > 0)
		f->dropped += dropped;
	session_report(f, s, why);
	if (f->held.session == s)
		f->held.session = NULL;
	if (f->blocked == s) {
		f->blocked = NULL;
		timer_set(f->run->loop, &f->retry_timer, loop_now(f->run->loop));
	}
	f->current = NULL;
	forward_unrest(f, s);
	watch_drop(f->run->loop, &s->watch);
	sessions_remove(&f->sessions, s);
	sources_drop(&f->sources, s->source);
	session_drop(s);
	free(s);
}
