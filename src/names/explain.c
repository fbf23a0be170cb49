/* explain.c - the course of an explanation: the system's look-up, followed, and what follows */
#include "names/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errname.h"
#include "names/explain_state.h"

/* Tells the source address towards each result. */
static void explain_tell_sources(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	char to[ADDRESS_TEXT], text[ADDRESS_TEXT + 64], host[ADDRESS_TEXT];
	size_t routes = 0, inet6 = 0;

	if (r->eai || e->resolution->timed_out || !e->calls->source)
		return;
	for (size_t i = 0; i < r->n; i++) {
		struct address from;
		inet6 += r->addresses[i].u.sa.sa_family == AF_INET6;
		if (e->calls->source(&r->addresses[i], &from) == 0) {
			routes++;
			snprintf(text, sizeof text, "from %s", address_host(&from, host));
		} else {
			snprintf(text, sizeof text, "no way there: %s (%s)", strerror(errno),
				 errno_name(errno));
		}
		explain_tell(e, "source", NULL, address_host(&r->addresses[i], to), text, -1);
	}
	if (routes == 0 && inet6 == r->n)
		explain_wrong(e,
			      "it has IPv6 addresses only, and there is no route to them: nothing "
			      "can connect");
	else if (routes == 0)
		explain_wrong(e, "there is no route to any of its addresses: nothing can connect");
}

/* Tells the answer of the system's own look-up. */
static void explain_tell_resolution(struct explain *e)
{
	const struct resolution *r = e->resolution;
	char text[2048] = "";

	if (r->timed_out || r->found.eai) {
		resolution_fault(r, text, sizeof text);
	} else if (e->is_address && r->reverse) {
		for (size_t i = 0; i < r->reverse[0].others.n; i++)
			explain_add_word(text, sizeof text, r->reverse[0].others.names[i]);
	} else {
		explain_addresses_text(r->found.addresses, r->found.n, text, sizeof text);
	}
	explain_tell(e, e->is_address ? "getnameinfo" : "getaddrinfo", NULL, e->word, text, r->ns);
}

/* The look-up cannot be followed: tells what is in the files that it would read. */
static void explain_tell_files(struct explain *e)
{
	char text[128];

	e->files_told = true;
	snprintf(text, sizeof text, "%s (%s): the steps are worked out from the files%s",
		 strerror(e->unfollowed), errno_name(e->unfollowed),
		 e->musl ? ", as musl reads them" : "");
	explain_tell(e, "followed", NULL, NULL, text, -1);
	if (!e->is_number) {
		if (lookup_reads_nsswitch())
			explain_nsswitch(e);
		explain_hosts(e);
		explain_resolv_conf(e);
	}
	explain_start_servers(e);
}

/* Tells the steps that have come so far and whose turn it is. */
static void explain_go_on(void *arg)
{
	struct explain *e = arg;
	bool over = e->resolution && e->resolution->done;

	if (e->account && !e->unfollowed) {
		explain_seen(e, over);
		e->unfollowed = account_error(e->account);
	}
	if (e->unfollowed && !e->files_told)
		explain_tell_files(e);
	if (over && !e->resolution_told) {
		e->resolution_told = true;
		explain_tell_resolution(e);
		if (e->calls->found)
			e->calls->found(e->arg, e->resolution);
		e->hosts_asked = e->hosts_told && !(e->files_told && e->nsswitch_told &&
						    !explain_has_source(e, "files"));
		/* What it did not look at may be why it has found nothing. */
		if (!e->is_number) {
			explain_hosts(e);
			explain_resolv_conf(e);
		}
		if (!e->files_told)
			explain_start_servers(e);
	}
	while (over && e->told < e->n_servers && e->servers[e->told].done)
		explain_tell_server(e, &e->servers[e->told++]);
	if (!over || e->told < e->n_servers) {
		e->calls->progress(e->arg);
		return;
	}
	explain_tell_sources(e);
	explain_judge(e);
	e->calls->done(e->arg, e->resolution);
	explain_cancel(e);
}

/* Something was seen. */
static void explain_look(void *arg)
{
	explain_wake(arg);
}

static void explain_resolved(void *arg, struct resolution *r)
{
	(void)r;
	explain_wake(arg);
}

struct explain *explain_start(const struct resolution_config *c, const char *word,
			      const struct explain_calls *calls, void *arg)
{
	struct explain *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->c = c;
	e->calls = calls;
	e->arg = arg;
	e->word = strdup(word);
	e->timer = (struct timer){ .fn = explain_go_on, .arg = e };
	if (!e->word) {
		free(e);
		return NULL;
	}
	e->is_address = address_parse_host(word, &e->address) == WORD_NUMBER;
	e->is_number = !e->is_address && lookup_is_numeric(word);
	e->musl = lookup_is_musl();
	explain_read_resolv_conf(e);
	e->followed = *c;
	e->followed.finder.account = e->account = account_new(c->finder.loop, explain_look, e);
	if (!e->account)
		e->unfollowed = errno;
	e->resolution = resolution_start(&e->followed, word, explain_resolved, e);
	if (!e->resolution) {
		explain_cancel(e);
		return NULL;
	}
	explain_wake(e);
	return e;
}

void explain_cancel(struct explain *e)
{
	if (!e)
		return;
	resolution_free(e->resolution);
	explain_free_servers(e);
	explain_free_seen(e);
	timer_drop(e->c->finder.loop, &e->timer);
	text_free(&e->nsswitch_text);
	free(e->word);
	free(e);
}
