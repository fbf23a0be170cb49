/* sender_places.c - the look-up of places, the socket, and the next place after one that failed */
#include "dgram/sender_places.h"

#include <errno.h>
#include <stdlib.h>

#include "run/report.h"

/* ---- one place ---- */

/* Returns the address that a socket of FAMILY is to be bound to; NULL: none. */
static const struct address *sender_places_source(const struct sender_places *p, int family)
{
	for (size_t i = 0; i < p->n_sources; i++)
		if (p->sources[i].u.sa.sa_family == family)
			return &p->sources[i];
	return NULL;
}

static int sender_places_bind(struct sender_places *p, int family, const char **what)
{
	const struct address *source = sender_places_source(p, family);

	*what = "source";
	if (source)
		return dgram_bind(&p->socket, source);
	if (p->n_sources == 0)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

/* Opens the socket for PLACE. BROADCAST: that may be a broadcast address. To such a one, as to a
 * group, or with --any-source, the socket is not connected, for replies come from other addresses.
 * Returns 0, or -1 with errno and *WHAT. */
static int sender_places_open_as(struct sender_places *p, const struct sender_place *place,
				 bool broadcast, const char **what)
{
	static const struct multicast_options none = MULTICAST_OPTIONS_DEFAULT;
	const struct multicast_options *multicast = p->c->multicast ? p->c->multicast : &none;
	bool group = multicast_is_group(&place->to);
	const struct dgram_config c = {
		.family = place->to.u.sa.sa_family,
		.socket = p->c->socket,
		.broadcast = broadcast || p->c->any_source,
		/* Others may have the port of a protocol that uses groups, and take them too. */
		.share = group && p->c->socket->source_port,
		.large_buffer = true,
	};
	if (dgram_open(&p->socket, &c, p->told, p->arg, what) < 0)
		return -1;
	if (sender_places_bind(p, c.family, what) < 0 ||
	    (group &&
	     multicast_apply(p->socket.fd, c.family, multicast, p->c->socket->ttl, what) < 0)) {
		dgram_close(&p->socket);
		return -1;
	}
	*what = NULL;
	if (group || broadcast || p->c->any_source || dgram_connect(&p->socket, &place->to) == 0)
		return 0;
	dgram_close(&p->socket);
	return -1;
}

static int sender_places_open(struct sender_places *p, const struct sender_place *place,
			      const char **what)
{
	if (sender_places_open_as(p, place, p->together, what) == 0)
		return 0;
	/* connect(2) says that of a broadcast address, which the user did ask for. */
	return errno == EACCES && !p->together && !*what ?
		       sender_places_open_as(p, place, true, what) :
		       -1;
}

static void sender_places_say(const struct sender_places *p, const struct sender_place *place)
{
	const struct address *local = p->socket.local.length ? &p->socket.local : NULL;
	char to[ADDRESS_TEXT], from[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, p->run->messages, MESSAGE_VERBOSE, "sending");
	if (!n.wanted)
		return;
	address_json(&n.json, "peer", &place->to);
	if (local)
		address_json(&n.json, "local", local);
	if (*place->name)
		json_string(&n.json, "interface", place->name);
	notice_end(&n, "sending to %s%s%s%s%s", address_text(&place->to, to),
		   *place->name ? " by " : "", place->name, local ? " from " : "",
		   local ? address_text(local, from) : "");
}

/* ---- one after the other ---- */

static void sender_places_add_failure(struct sender_places *p, int error, const char *what)
{
	const struct address *to = &sender_places_current(p)->to,
			     *source = sender_places_source(p, to->u.sa.sa_family);
	struct dial_failure *f = &p->failures[p->n_failures++];

	*f = (struct dial_failure){ .address = *to, .error = error, .what = what };
	if (source)
		f->source = *source;
}

struct outcome sender_places_report(struct sender_places *p, int error, const char *what)
{
	struct dial_result r = { .failures = p->failures, .socktype = SOCK_DGRAM };

	sender_places_add_failure(p, error, what);
	r.n = p->n_failures--;
	return report_dial(p->run->messages,
			   &(struct dial_report){ p->c->host ? p->c->host : "", p->c->port, &r, 0,
						  "", UNSET, NULL });
}

/* Opens the socket for the current place or the first behind it that allows it. Returns 0, or -1
 * having said why not and ended the run. */
static int sender_places_open_first(struct sender_places *p)
{
	const char *what;

	if (p->v->to.u.sa.sa_family == AF_UNIX && sender_places_open_unix(p) < 0)
		return -1;
	while (p->socket.fd < 0 && sender_places_open(p, sender_places_current(p), &what) < 0) {
		if (!sender_places_left(p)) {
			run_end(p->run, sender_places_report(p, errno, what));
			return -1;
		}
		report_event((void *)p->run->messages,
			     &(struct event){ .kind = EVENT_FAILED,
					      .address = &sender_places_current(p)->to,
					      .error = errno,
					      .what = what });
		sender_places_add_failure(p, errno, what);
		p->at++;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->together || i == p->at)
			sender_places_say(p, &p->v[i]);
	return 0;
}

bool sender_places_left(const struct sender_places *p)
{
	return !p->together && p->at + 1 < p->n;
}

int sender_places_next(struct sender_places *p, int error)
{
	sender_places_add_failure(p, error, NULL);
	dgram_close(&p->socket);
	p->at++;
	return sender_places_open_first(p);
}

/* ---- look-up ---- */

/* Are options for multicast given to a place that is no group? Then says so. */
static bool sender_places_refuse_options(struct sender_places *p)
{
	const char *given = p->c->multicast ? multicast_given(p->c->multicast) : NULL;
	char text[ADDRESS_TEXT];

	for (size_t i = 0; given && i < p->n; i++)
		if (!multicast_is_group(&p->v[i].to)) {
			run_end(p->run,
				message_usage(p->run->messages, "--%s: %s is no multicast group",
					      given, address_host(&p->v[i].to, text)));
			return true;
		}
	return false;
}

/* Goes on with the N addresses at FOUND; where the places were known before, the first has the port
 * for all of them. */
static void sender_places_begin(struct sender_places *p, const struct address *found, size_t n)
{
	p->n = p->together ? p->c->n_places : n;
	p->v = calloc(p->n, sizeof *p->v);
	p->failures = calloc(p->n + 1, sizeof *p->failures);
	if (!p->v || !p->failures) {
		run_end(p->run, report_error(p->run->messages, "start", errno));
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		p->v[i] = p->together ? p->c->places[i] : (struct sender_place){ .to = found[i] };
		if (p->together)
			address_set_port(&p->v[i].to, address_port(found));
	}
	if (!sender_places_refuse_options(p) && sender_places_open_first(p) == 0)
		p->opened(p->arg);
}

static void sender_places_found(void *arg, struct places_answer *found)
{
	struct sender_places *p = arg;

	p->sources = found->sources;
	p->n_sources = found->n_sources;
	if (found->failure.eai)
		run_end(p->run, report_lookup(p->run->messages, &found->failure));
	else
		sender_places_begin(p, found->addresses, found->n);
	free(found->addresses);
}

void sender_places_start(struct sender_places *p, struct run *r, const struct sender_config *c,
			 dgram_error_fn *told, void (*opened)(void *arg), void *arg)
{
	const struct places_question q = {
		.host = c->host,
		.port = c->port,
		.family = c->family,
		.socktype = SOCK_DGRAM,
		.source = c->socket->source,
		.source_port = c->socket->source_port,
		.events = { c->host ? report_event : NULL, (void *)r->messages },
	};
	struct address local;

	*p = (struct sender_places){ .run = r, .c = c, .told = told, .opened = opened, .arg = arg };
	p->together = !c->host;
	p->socket.fd = -1;
	if (c->host && address_parse_unix(c->host, &local) == WORD_NUMBER)
		sender_places_begin(p, &local, 1);
	else
		places_find(r->loop, &q, sender_places_found, p, &p->lookup);
}

void sender_places_free(struct sender_places *p)
{
	places_cancel(p->lookup);
	unix_remove(&p->own);
	dgram_close(&p->socket);
	free(p->sources);
	free(p->v);
	free(p->failures);
}
