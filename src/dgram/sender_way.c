/* Where a sending run goes: look-up, the socket, and the next address where one refuses. */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

#include "base/clock.h"
#include "dgram/report.h"
#include "run/report.h"
#include "dgram/sender_state.h"

static bool connected(const struct sender *s)
{
	return s->sock.peer.length > 0;
}

/* ---- one place ---- */

/* Where a socket of FAMILY is to be bound to, NULL: nowhere. */
static const struct address *source_of(const struct sender *s, int family)
{
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i].u.sa.sa_family == family)
			return &s->sources[i];
	return NULL;
}

static int bind_source(struct sender *s, int family, const char **what)
{
	const struct address *source = source_of(s, family);

	*what = "source";
	if (source)
		return dgram_bind(&s->sock, source);
	if (s->n_sources == 0)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

/* S's socket for P. BROADCAST: P may be a broadcast address; then, and for a group, replies come
 * from others, and it is not connected. Returns 0, or -1 with errno and *WHAT. */
static int open_place(struct sender *s, const struct sender_place *p, bool broadcast,
		      const char **what)
{
	static const struct multicast_options none = MULTICAST_OPTIONS_DEFAULT;
	const struct dgram_config c = {
		.family = p->to.u.sa.sa_family,
		.socket = s->c.socket,

		.broadcast = broadcast,
		.large_buffer = true,
	};
	bool group = multicast_is_group(&p->to);

	if (dgram_open(&s->sock, &c, sender_told, s, what) < 0)
		return -1;
	if (bind_source(s, c.family, what) < 0)
		goto fail;
	if (group && multicast_apply(s->sock.fd, c.family, s->c.multicast ? s->c.multicast : &none,
				     s->c.socket->ttl, what) < 0)
		goto fail;
	*what = NULL;
	if (!group && !broadcast && dgram_connect(&s->sock, &p->to) < 0)
		goto fail;
	return 0;
fail:
	dgram_close(&s->sock);
	return -1;
}

static int open_place_of_any_kind(struct sender *s, const struct sender_place *p, const char **what)
{
	if (s->together)
		return open_place(s, p, true, what);
	if (open_place(s, p, false, what) == 0)
		return 0;
	/* That is what connect(2) says of a broadcast address, which the user did ask for. */
	return errno == EACCES && !*what ? open_place(s, p, true, what) : -1;
}

static void say_where(const struct sender *s, const struct sender_place *p)
{
	char to[ADDRESS_TEXT], from[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, s->run->messages, MESSAGE_VERBOSE, "sending");
	if (!n.wanted)
		return;
	address_json(&n.json, "peer", &p->to);
	if (s->sock.local.length)
		address_json(&n.json, "local", &s->sock.local);
	if (*p->name)
		json_string(&n.json, "interface", p->name);
	notice_end(&n, "sending to %s%s%s%s%s", address_text(&p->to, to), *p->name ? " by " : "",
		   p->name, s->sock.local.length ? " from " : "",
		   s->sock.local.length ? address_text(&s->sock.local, from) : "");
}

/* ---- one after the other ---- */

static void add_failure(struct sender *s, int error, const char *what)
{
	const struct address *to = &s->places[s->place].to,
			     *source = source_of(s, to->u.sa.sa_family);
	struct dial_failure *f = &s->failures[s->n_failures++];

	*f = (struct dial_failure){ .address = *to, .error = error, .what = what };
	if (source)
		f->source = *source;
}

struct outcome sender_report_places(struct sender *s, int error, const char *what)
{
	struct dial_result r = { .failures = s->failures, .socktype = SOCK_DGRAM };

	add_failure(s, error, what);
	r.n = s->n_failures--;
	return report_dial(s->run->messages, s->c.host ? s->c.host : "", s->c.port, &r, 0, "");
}

/* Opens the first place from `place` on that can be opened. Returns whether there was one, having
 * said why not and ended the run. */
static bool open_next(struct sender *s)
{
	const char *what;

	if (s->places->to.u.sa.sa_family == AF_UNIX) {
		if (!sender_open_unix(s))
			return false;
		s->sock_watch.fd = s->sock.fd;
		say_where(s, s->places);
		return true;
	}
	for (;; s->place++) {
		const struct sender_place *p = &s->places[s->place];
		if (open_place_of_any_kind(s, p, &what) == 0)
			break;
		if (s->together || s->place + 1 == s->n_places) {
			run_end(s->run, sender_report_places(s, errno, what));
			return false;
		}
		report_event((void *)s->run->messages, &(struct event){ .kind = EVENT_FAILED,
									.address = &p->to,
									.error = errno,
									.what = what });
		add_failure(s, errno, what);
	}
	s->sock_watch.fd = s->sock.fd;
	for (size_t i = 0; s->together && i < s->n_places; i++)
		say_where(s, &s->places[i]);
	if (!s->together)
		say_where(s, &s->places[s->place]);
	return true;
}

bool sender_next_place(struct sender *s, int error, const char *what)
{
	if (s->together || !s->keeping || s->received_datagrams || s->place + 1 >= s->n_places)
		return false;
	add_failure(s, error, what);
	watch_drop(s->run->loop, &s->sock_watch);
	dgram_close(&s->sock);
	s->place++;
	s->refused = s->sock_full = false;
	if (!open_next(s))
		return true;
	datagram_store_again(&s->kept);
	s->resend.n = s->resend.at = 0;
	s->resending = s->kept.text.length > 0;
	return true;
}

void sender_told(void *arg, const struct dgram_error *e)
{
	struct sender *s = arg;
	enum message_level level = s->reported ? MESSAGE_STEP : MESSAGE_ERROR;

	s->errors++;
	if (!connected(s)) {
		report_datagram_error(s->run->messages, level, e, !s->reported);
		s->reported = s->failed = true;
		return;
	}
	/* It cannot be dealt with from inside of a call for the socket. The first tells most. */
	if (s->refused)
		return;
	s->refused = true;
	s->refusal = *e;
	s->refused_to = e->to ? *e->to : s->sock.peer;
	s->refusal.to = &s->refused_to;
	if (e->sender) {
		s->refused_by = *e->sender;
		s->refusal.sender = &s->refused_by;
	}
}

/* ---- look-up ---- */

static void failed_lookup(struct sender *s, int eai, int error, const char *what)
{
	enum place_word which = eai == EAI_SERVICE || what == s->c.port ? PLACE_PORT : PLACE_HOST;

	run_end(s->run, report_lookup(s->run->messages,
				      &(struct places_failure){ eai, error, which, what }));
}

/* Is what was asked of groups for none? */
static bool refuses_options(struct sender *s)
{
	const char *given = s->c.multicast ? multicast_given(s->c.multicast) : NULL;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; given && i < s->n_places; i++)
		if (!multicast_is_group(&s->places[i].to)) {
			run_end(s->run,
				message_usage(s->run->messages, "--%s: %s is no multicast group",
					      given, address_host(&s->places[i].to, text)));
			return true;
		}
	return false;
}

/* The places of a host, or those that there are with the port that was found. */
static int take_places(struct sender *s, const struct address *found, size_t n)
{
	s->together = !s->c.host;
	s->n_places = s->together ? s->c.n_places : n;
	s->places = calloc(s->n_places, sizeof *s->places);
	s->failures = calloc(s->n_places + 1, sizeof *s->failures);
	if (!s->places || !s->failures)
		return -1;
	for (size_t i = 0; i < s->n_places; i++) {
		if (s->together) {
			s->places[i] = s->c.places[i];
			address_set_port(&s->places[i].to, address_port(found));
		} else {
			s->places[i].to = found[i];
		}
	}
	return 0;
}

static void host_found(void *arg, struct lookup_answer *answer)
{
	struct sender *s = arg;
	struct event e = { .kind = EVENT_RESOLVED, .host = s->c.host, .port = s->c.port };

	s->lookup = NULL;
	e.count = answer->n;
	if (s->c.host && *s->c.port)
		report_event((void *)s->run->messages, &e);
	if (answer->eai)
		failed_lookup(s, answer->eai, answer->error,
			      answer->eai == EAI_SERVICE || !s->c.host ? s->c.port : s->c.host);
	else if (take_places(s, answer->addresses, answer->n) < 0)
		run_end(s->run, report_error(s->run->messages, "start", errno));
	else if (!refuses_options(s) && open_next(s))
		sender_go(s);
	free(answer->addresses);
}

static void ask_host(struct sender *s)
{
	const struct lookup_question q = { s->c.host, s->c.port, s->c.family, SOCK_DGRAM, false };

	if (s->c.host && *s->c.port)
		report_event((void *)s->run->messages, &(struct event){ .kind = EVENT_LOOKUP,
									.host = s->c.host,
									.port = s->c.port });
	lookup_start(s->run->loop, &q, host_found, s, &s->lookup);
}

static void source_found(void *arg, struct lookup_answer *answer)
{
	struct sender *s = arg;
	const struct socket_options *o = s->c.socket;

	s->lookup = NULL;
	s->sources = answer->addresses;
	s->n_sources = answer->n;
	if (answer->eai)
		failed_lookup(s, answer->eai, answer->error,
			      o->source_port && (answer->eai == EAI_SERVICE || !o->source) ?
				      o->source_port :
				      o->source);
	else
		ask_host(s);
}

void sender_way_start(struct sender *s)
{
	const struct socket_options *o = s->c.socket;
	const struct lookup_question q = { o->source, o->source_port ? o->source_port : "0",
					   s->c.family, SOCK_DGRAM, false };

	s->sock.fd = -1;
	if ((!o->source && !o->source_port) || !*s->c.port)
		ask_host(s);
	else
		lookup_start(s->run->loop, &q, source_found, s, &s->lookup);
}

void sender_way_free(struct sender *s)
{
	lookup_cancel(s->lookup);
	watch_drop(s->run->loop, &s->sock_watch);
	unix_remove(&s->own);
	dgram_close(&s->sock);
	free(s->sources);
	free(s->places);
	free(s->failures);
}
