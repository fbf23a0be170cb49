#include "conn/server.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "run/report.h"
#include "conn/connections.h"

struct server_run {
	struct server_config c;
	char words[ADDRESS_TEXT]; /* where it listens */
	struct run run;
	struct connections connections;
	struct access_lookup *lookup;
	struct listener_config place;
};

static void on_event(void *arg, const struct event *e)
{
	struct server_run *l = arg;

	if (e->kind == EVENT_LISTENING && e->chosen) {
		if (address_port(e->local))
			snprintf(l->words, sizeof l->words, "port %u", address_port(e->local));
		else
			address_text(e->local, l->words);
		l->connections.place = l->words;
	}
	if (e->kind == EVENT_ACCEPT_FAILED)
		connections_short(&l->connections, e->error);
	if (!e->again)
		report_event((void *)l->c.messages, e);
}

#define OPEN_PROXY                                                                                 \
	"a proxy on every address of this machine is open to everybody: give it a HOST "           \
	"(127.0.0.1), or --proxy-auth, --proxy-auth-file or --allow"

/* Does it matter who can reach us? */
static bool not_for_everybody(const struct server_config *c)
{
	return service_kind(c->service) == SERVICE_PROXY && !c->service->proxy.n_users &&
	       !c->access->allow.used;
}

static void opened(void *arg, struct listener *listener, const struct binding_result *r)
{
	struct server_run *l = arg;
	const struct messages *m = l->c.messages;

	if (r->any)
		run_end(&l->run, message_usage(m, OPEN_PROXY));
	else if (binding_failed(r))
		run_end(&l->run, report_binding(m, l->c.port, r));
	else
		connections_listen(&l->connections, listener);
}

static void accepted(void *arg, int fd, const struct address *peer, const struct address *local)
{
	struct server_run *l = arg;

	connections_accept(&l->connections, fd, peer, local);
}

static size_t spare(void *arg)
{
	const struct server_run *l = arg;

	return connections_spare(&l->connections);
}

/* Who may come, and where to, is known: let them. */
static void destinations_found(void *arg, const struct places_failure *f)
{
	struct server_run *l = arg;
	struct listener *listener;

	if (f) {
		run_end(&l->run, report_lookup(l->c.messages, f));
		return;
	}
	listener = listener_start(l->run.loop, &l->place, opened, accepted, l);
	if (listener)
		connections_listen(&l->connections, listener);
	else
		run_end(&l->run, report_error(l->c.messages, "listen", errno));
}

static void clients_found(void *arg, const struct places_failure *f)
{
	struct server_run *l = arg;

	if (f)
		destinations_found(l, f);
	else
		access_start(l->run.loop, l->c.dest, destinations_found, l, &l->lookup);
}

/* As far as this shows without looking anything up. */
static bool is_open_proxy(const struct server_config *c)
{
	struct address a;

	if (!not_for_everybody(c) || c->inherited || !*c->port)
		return false;
	return !c->host || (address_parse_host(c->host, &a) == WORD_NUMBER && address_is_any(&a));
}

int server_check(const struct server_config *c, struct option_error *error)
{
	if (access_check(c->access, c->numeric, error) < 0 ||
	    listen_options_check(c->listen, error) < 0)
		return -1;
	if (is_open_proxy(c))
		return option_fail(error, OPEN_PROXY);
	return run_check(c->messages, c->data, error);
}

/* Where it listens, in words. */
static const char *place_words(const struct server_config *c, char *text, size_t size)
{
	if (!*c->port)
		return c->host;
	snprintf(text, size, "port %s", c->port);
	return text;
}

struct outcome server_run(const struct server_config *c)
{
	struct server_run l = { .c = *c };
	const struct connections_config served = {
		.service = c->service,
		.socket = c->socket,
		.access = c->access,
		.frame = c->frame,
		.socktype = c->socktype,
		.listening = true,
		.family = c->family,
		.numeric = c->numeric,
		.place = place_words(c, l.words, sizeof l.words),
		.wait = c->wait,
	};
	struct outcome outcome;

	l.place = (struct listener_config){
		.place = { .host = c->host,
			   .port = c->port,
			   .family = c->family,
			   .options = c->listen,
			   .events = { on_event, &l },
			   .not_any = not_for_everybody(c),
			   .inherited = c->inherited },
		.socktype = c->socktype,
		.socket = c->socket,
		.spare = spare,
	};
	if (listen_options_check_fd(c->listen) < 0)
		return report_error(c->messages, "--notify-fd", errno);
	if (!connections_has_fds(c->messages, c->service))
		return (struct outcome){ OUTCOME_FAILED, 0 };
	if (run_start(&l.run, c->messages, c->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	connections_start(&l.connections, &l.run, &served);
	access_start(l.run.loop, c->access, clients_found, &l, &l.lookup);
	outcome = run_wait(&l.run);
	access_cancel(l.lookup);
	connections_free(&l.connections);
	run_free(&l.run);
	return outcome;
}
