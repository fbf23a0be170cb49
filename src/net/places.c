/* places.c - the look-up of a source, then of a host and port */
#include "net/places.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

#include "names/lookup.h"

struct places_lookup {
	struct loop *loop;
	struct places_question q;
	places_fn *fn;
	void *arg;
	struct lookup *lookup;
	struct places_answer found;
	bool at_source; /* the source is being looked up, else the host and port */
	struct places_lookup **out;
};

void places_cancel(struct places_lookup *l)
{
	if (!l)
		return;
	lookup_cancel(l->lookup);
	free(l->found.addresses);
	free(l->found.sources);
	free(l);
}

static void places_finish(struct places_lookup *l)
{
	struct places_answer found = l->found;
	places_fn *fn = l->fn;
	void *arg = l->arg;

	*l->out = NULL;
	l->found = (struct places_answer){ 0 };
	places_cancel(l);
	fn(arg, &found);
}

/* Makes F name the word of Q's host and port, or of its SOURCE, that has failed. */
static void places_blame(struct places_failure *f, const struct places_question *q, bool source)
{
	const char *host = source ? q->source : q->host, *port = source ? q->source_port : q->port;
	bool is_port = port && (f->eai == EAI_SERVICE || !host);

	f->word = is_port ? port : host;
	f->which = (source ? PLACE_SOURCE : q->which) + is_port;
}

static void places_fail(struct places_lookup *l, const struct lookup_answer *answer, bool source)
{
	free(answer->addresses);
	free(l->found.sources);
	l->found = (struct places_answer){ .failure.eai = answer->eai,
					   .failure.error = answer->error,
					   .failure.family = l->q.family };
	places_blame(&l->found.failure, &l->q, source);
	places_finish(l);
}

static void places_host_found(void *arg, struct lookup_answer *answer)
{
	struct places_lookup *l = arg;

	l->lookup = NULL;
	event_tell(&l->q.events, .kind = EVENT_RESOLVED, .host = l->q.host, .port = l->q.port,
		   .count = answer->n);
	if (answer->eai) {
		places_fail(l, answer, false);
		return;
	}
	l->found.addresses = answer->addresses;
	l->found.n = answer->n;
	places_finish(l);
}

static void places_find_host(struct places_lookup *l)
{
	const struct lookup_question q = { l->q.host,	  l->q.port, l->q.family,
					   l->q.socktype, false,     NULL };

	if (!q.port) {
		places_finish(l);
		return;
	}
	event_tell(&l->q.events, .kind = EVENT_LOOKUP, .host = q.host, .port = q.port);
	lookup_start(l->loop, &q, places_host_found, l, &l->lookup);
}

static void places_source_found(void *arg, struct lookup_answer *answer)
{
	struct places_lookup *l = arg;

	l->lookup = NULL;
	l->at_source = false;
	if (answer->eai) {
		places_fail(l, answer, true);
		return;
	}
	l->found.sources = answer->addresses;
	l->found.n_sources = answer->n;
	places_find_host(l);
}

void places_find(struct loop *loop, const struct places_question *q, places_fn *fn, void *arg,
		 struct places_lookup **out)
{
	const struct lookup_question source = { q->source, q->source_port ? q->source_port : "0",
						q->family, q->socktype,
						false,	   NULL };
	struct places_lookup *l = calloc(1, sizeof *l);

	*out = l;
	if (!l) {
		struct places_answer none = { .failure = { .eai = EAI_MEMORY, .error = ENOMEM } };
		places_blame(&none.failure, q, !q->port);
		fn(arg, &none);
		return;
	}
	*l = (struct places_lookup){ .loop = loop, .q = *q, .fn = fn, .arg = arg, .out = out };
	l->at_source = q->source || q->source_port;
	if (l->at_source)
		lookup_start(loop, &source, places_source_found, l, &l->lookup);
	else
		places_find_host(l);
}

const char *places_word(const struct places_lookup *l)
{
	if (!l)
		return NULL;
	if (l->at_source)
		return l->q.source ? l->q.source : l->q.source_port;
	return l->q.host ? l->q.host : l->q.port;
}
