/* server.c - a run that accepts: the place where it listens, and who may come there */
#include "conn/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/reload.h"
#include "run/report.h"

struct server_run {
	struct server_config c;
	char words[ADDRESS_TEXT]; /* where it listens */
	struct connections connections;
	struct access_lookup *lookup;
	struct reload reload;
	struct listener_config place;
};

/* SIGHUP is for the files of the lists, where there are any. */
static bool server_hangup(void *arg)
{
	const struct connections *s = arg;
	struct server_run *l = s->arg;

	return reload_hangup(&l->reload);
}

/* ---- listening ---- */

static void server_on_event(void *arg, const struct event *e)
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
		report_event((void *)l->c.connections.messages, e);
	if (e->kind == EVENT_ACCEPT_OVER)
		connections_accept_no_more(&l->connections);
}

/* Returns why not everybody may come, where nothing else keeps anybody away; NULL: they may. */
static const char *server_refuses_all(const struct server_config *c)
{
	const struct service_options *o = c->connections.service;

	return o->service->refuses_all && !c->access->allow.used ? o->service->refuses_all(o) :
								   NULL;
}

static void server_opened(void *arg, struct listener *listener, const struct binding_result *r)
{
	struct server_run *l = arg;
	const struct connections_config *c = &l->c.connections;
	struct run *run = &l->connections.run;

	if (r->any)
		run_end(run, message_usage(c->messages, "%s", server_refuses_all(&l->c)));
	else if (binding_failed(r))
		run_end(run, report_binding(c->messages, c->port, r));
	else
		connections_listen(&l->connections, listener);
	if (!run->ended && l->connections.keep)
		connections_confine(&l->connections);
}

static void server_accepted(void *arg, int fd, const struct address *peer,
			    const struct address *local)
{
	const struct arrived a = {
		.fd = fd, .family = local->u.sa.sa_family, .peer = *peer, .local = *local
	};
	struct server_run *l = arg;
	const char *refusal = access_refusal(l->c.access, peer);
	bool proxy = access_is_proxy(l->c.access, peer);

	/* Of a proxy it counts what it tells; but which process it is shows now only. */
	if (proxy && (!refusal || peer->u.sa.sa_family != AF_UNIX))
		connections_await_header(&l->connections, &a);
	else
		connections_accept(&l->connections, &a, refusal);
}

static void server_told(void *arg, const struct arrived *a)
{
	struct server_run *l = arg;
	const struct access_options *o = l->c.access;

	connections_accept(&l->connections, a,
			   a->via.length ? access_refusal_of_told(o, &a->peer) :
					   access_refusal(o, &a->peer));
}

/* Adds what it waits for, while there is no client. */
static void server_waits(void *arg, struct text *text)
{
	const struct server_run *l = arg;
	const struct listener *listener = l->connections.listener;
	const char *word = access_looks_up(l->lookup);
	const struct address *untold = arrivals_wait(&l->connections.arrivals);
	char name[ADDRESS_TEXT];

	if (l->connections.n)
		return;
	/* -w is the time for a client to come, once it may come. */
	if (word)
		text_add(text, "; " RUN_LOOKUP, word, "--timeout");
	else if (listener && listener_looks_up(listener))
		text_add(text, "; " RUN_LOOKUP, listener_looks_up(listener), "-w");
	else if (untold)
		text_add(text, "; %s's PROXY header (--accept-proxy)", address_text(untold, name));
	else if (listener)
		text_add(text, "; a client (-w)");
}

static size_t server_spare(void *arg)
{
	const struct server_run *l = arg;

	return connections_spare(&l->connections);
}

/* All that clients depend on is there: let them come. */
static void server_listen(void *arg)
{
	struct server_run *l = arg;
	struct listener *listener = listener_start(l->connections.run.loop, &l->place,
						   server_opened, server_accepted, l);

	if (listener)
		connections_listen(&l->connections, listener);
	else
		run_end(&l->connections.run,
			report_error(l->c.connections.messages, "listen", errno));
}

/* Who may come, and where to, is known. */
static void server_destinations_found(void *arg, const struct places_failure *f)
{
	struct server_run *l = arg;

	if (!f)
		reload_ready(&l->reload);
	if (f)
		run_end(&l->connections.run, report_lookup(l->c.connections.messages, f));
	else if (l->connections.service->places)
		connections_find_ports(&l->connections, server_listen);
	else
		server_listen(l);
}

static void server_clients_found(void *arg, const struct places_failure *f)
{
	struct server_run *l = arg;

	if (f)
		server_destinations_found(l, f);
	else
		access_start(l->connections.run.loop, l->c.dest, server_destinations_found, l,
			     &l->lookup);
}

/* Does it listen on every address, as far as this shows without looking anything up? */
static bool server_is_any_host(const struct server_config *c)
{
	const char *host = c->connections.host;
	struct address a;

	if (c->inherited || !*c->connections.port)
		return false;
	return !host || (address_parse_host(host, &a) == WORD_NUMBER && address_is_any(&a));
}

int server_check(const struct server_config *c, struct option_error *error)
{
	const char *refusal = server_is_any_host(c) ? server_refuses_all(c) : NULL;

	if (access_check(c->access, c->connections.numeric, error) < 0 ||
	    listen_options_check(c->listen, error) < 0)
		return -1;
	if (refusal)
		return option_fail(error, "%s", refusal);
	if (c->connections.told->version && !c->connections.service->forward)
		return option_fail(error, "--send-proxy needs --forward where it listens");
	return run_check(c->connections.messages, c->connections.data, error);
}

struct outcome server_run(const struct server_config *c)
{
	const struct connections_config *to = &c->connections;
	struct server_run l = { .c = *c };
	struct outcome outcome;

	l.connections.listening = true;
	l.connections.waits = server_waits;
	l.connections.arrivals = (struct arrivals){ .arrived = server_told, .arg = &l };
	l.connections.arg = &l;
	l.connections.place = *to->port ? l.words : to->host;
	snprintf(l.words, sizeof l.words, "port %s", to->port);
	l.place = (struct listener_config){
		.place = { .host = to->host,
			   .port = to->port,
			   .family = to->family,
			   .options = c->listen,
			   .events = { server_on_event, &l },
			   .not_any = server_refuses_all(c),
			   .inherited = c->inherited },
		.socktype = to->socktype,
		.socket = to->socket,
		.spare = server_spare,
	};
	if (listen_options_check_fd(c->listen) < 0)
		return report_error(to->messages, "--notify-fd", errno);
	if (connections_start(&l.connections, to) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	l.place.arms = l.connections.arms;
	l.reload = (struct reload){ .run = &l.connections.run,
				    .access = c->access,
				    .numeric = to->numeric };
	l.connections.run.calls.hangup = server_hangup;
	access_start(l.connections.run.loop, c->access, server_clients_found, &l, &l.lookup);
	outcome = run_wait(&l.connections.run);
	access_cancel(l.lookup);
	reload_free(&l.reload);
	connections_free(&l.connections);
	return outcome;
}
