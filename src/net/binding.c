/* binding.c - look-up, binding, and the word that the sockets are ready */
#include "net/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "base/user.h"
#include "net/activation.h"
#include "sock/vsock.h"

#define FIRST_INHERITED 3 /* sd_listen_fds(3) */
#define PORT_TRIES 32	  /* for a port that is free in both families */

bool binding_failed(const struct binding_result *r)
{
	return r->lookup.eai || r->error;
}

static void *binding_socket(const struct binding *b, size_t i)
{
	return (char *)b->sockets + i * b->kind->size;
}

static void binding_close_sockets(struct binding *b)
{
	while (b->n > 0)
		b->kind->close(b->arg, binding_socket(b, --b->n));
}

void binding_close(struct binding *b)
{
	places_cancel(b->lookup);
	if (b->sockets)
		binding_close_sockets(b);
	free(b->sockets);
	free(b->locals);
	free(b->places);
}

/* Room for N sockets. Returns 0, or -1 with errno ENOMEM. */
static int binding_reserve(struct binding *b, size_t n)
{
	b->sockets = calloc(n, b->kind->size);
	b->locals = calloc(n, sizeof *b->locals);
	return b->sockets && b->locals ? 0 : -1;
}

/* Is A a wildcard address, and such are not wanted? */
static bool binding_forbids(const struct binding *b, const struct address *a,
			    struct binding_result *r)
{
	uint32_t cid, port;
	bool any = vsock_get(a, &cid, &port) ? cid == VSOCK_CID_ANY : address_is_any(a);

	r->any = b->c.not_any && any;
	if (!r->any)
		return false;
	r->error = EACCES;
	r->address = *a;
	return true;
}

/* Does this machine simply not have the family of this wildcard address? */
static bool binding_lacks_family(const struct binding *b, int error)
{
	return !b->c.host && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* Binds all addresses on PORT if that is not 0, else on the one that the first is given. */
static void binding_open_all(struct binding *b, uint16_t port, struct binding_result *r)
{
	int skipped = 0;

	for (size_t i = 0; i < b->n_places; i++) {
		struct address *a = &b->locals[b->n];
		*a = b->places[i];
		address_set_port(a, port);
		r->address = *a;
		if (b->kind->open(b->arg, binding_socket(b, b->n), a, r) == 0) {
			port = address_port(a);
			b->n++;
			continue;
		}
		r->error = errno;
		if (!binding_lacks_family(b, r->error)) {
			binding_close_sockets(b);
			return;
		}
		skipped = r->error;
	}
	r->error = b->n ? 0 : skipped;
}

static void binding_open(struct binding *b, struct binding_result *r)
{
	uint16_t port = address_port(&b->places[0]);

	for (size_t i = 0; i < b->n_places; i++)
		if (binding_forbids(b, &b->places[i], r))
			return;
	/* The port that one family gave may be taken in the other. */
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		binding_open_all(b, port, r);
		if (r->error != EADDRINUSE || port != 0)
			break;
	}
}

/* Takes the sockets that we were given. */
static void binding_inherit(struct binding *b, struct binding_result *r)
{
	r->what = "LISTEN_FDS";
	for (; b->n < (size_t)b->c.inherited; b->n++) {
		struct address *a = &b->locals[b->n];
		a->length = sizeof a->u;
		if (b->kind->inherit(b->arg, binding_socket(b, b->n), FIRST_INHERITED + (int)b->n,
				     a) < 0) {
			r->error = errno;
			snprintf(r->word, sizeof r->word, "descriptor %zu", FIRST_INHERITED + b->n);
			return;
		}
		if (binding_forbids(b, a, r))
			return;
	}
	r->what = NULL;
}

/* Writes the lines of --notify-fd all at once, since whoever needs only the first may read no more.
 * Returns 0, or -1 with errno of write(2). */
static int binding_notify(const struct binding *b, int fd)
{
	struct text lines = { 0 };
	char text[ADDRESS_TEXT];
	int result;

	for (size_t i = 0; i < b->n; i++) {
		const struct address *a = &b->locals[i];
		const char *host = address_host(a, text);
		if (a->u.sa.sa_family == AF_UNIX)
			text_add(&lines, "unix %s\n", host + strlen("unix:"));
		else
			text_add(&lines, "%s %lu\n", host, (unsigned long)address_any_port(a));
	}
	result = text_write(&lines, fd);
	text_free(&lines);
	return result < 0 ? -1 : close(fd);
}

/* Does the kernel choose the port? */
static bool binding_port_is_chosen(const struct binding *b)
{
	return b->n_places > 0 && b->places->u.sa.sa_family != AF_UNIX &&
	       address_any_port(b->places) == 0;
}

/* Says that the sockets are open. Returns 0, or -1 with errno and R->what. */
static int binding_announce(struct binding *b, struct binding_result *r)
{
	const struct listen_options *o = b->c.options;

	/* The rights to bind are not needed any more. */
	r->what = "--user";
	if (o->user && user_become(o->user) < 0)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		event_tell(&b->c.events, .kind = EVENT_LISTENING, .local = &b->locals[i],
			   .chosen = binding_port_is_chosen(b));
	r->what = "--notify-fd";
	if (o->notify_fd != UNSET && binding_notify(b, (int)o->notify_fd) < 0)
		return -1;
	if (activation_notify("READY=1") < 0)
		event_tell(&b->c.events, .kind = EVENT_READY_FAILED, .error = errno,
			   .what = "NOTIFY_SOCKET");
	return 0;
}

static void binding_finish(struct binding *b, struct binding_result *r)
{
	if (!binding_failed(r) && b->kind->check && b->kind->check(b->arg, r) < 0)
		r->error = errno;
	if (!binding_failed(r) && binding_announce(b, r) < 0) {
		r->error = errno;
		r->address.length = 0;
	}
	b->kind->done(b->arg, r);
}

static void binding_found(void *arg, struct places_answer *found)
{
	struct binding *b = arg;
	struct binding_result r = { .lookup = found->failure, .socktype = b->c.socktype };

	b->places = found->addresses;
	b->n_places = found->n;
	if (!r.lookup.eai && binding_reserve(b, b->n_places) < 0)
		r.error = errno;
	if (!binding_failed(&r))
		binding_open(b, &r);
	binding_finish(b, &r);
}

void binding_start(struct binding *b, struct loop *loop, const struct binding_config *c,
		   const struct binding_kind *kind, void *arg)
{
	const struct places_question q = {
		.host = c->host,
		.port = c->port,
		.family = !c->host && c->options->ipv6_only ? AF_INET6 : c->family,
		.socktype = c->socktype,
	};
	struct binding_result r = { 0 };

	*b = (struct binding){ .loop = loop, .c = *c, .kind = kind, .arg = arg };
	if (!c->inherited) {
		places_find(loop, &q, binding_found, b, &b->lookup);
		return;
	}
	if (binding_reserve(b, (size_t)c->inherited) < 0)
		r.error = errno;
	else
		binding_inherit(b, &r);
	binding_finish(b, &r);
}

const char *binding_looks_up(const struct binding *b)
{
	return places_word(b->lookup);
}
