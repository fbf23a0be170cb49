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

/* The look-up of HOST and PORT, either of which may be NULL, has failed. WHICH stands for the host,
 * WHICH
 * + 1 for the port. */
static void places_fail(struct places_lookup *l, const struct lookup_answer *answer,
			enum place_word which, const char *host, const char *port)
{
	bool is_port = port && (answer->eai == EAI_SERVICE || !host);

	free(l->found.sources);
	l->found = (struct places_answer){ .failure = { .eai = answer->eai,
							.error = answer->error,
							.which = is_port ? which + 1 : which,
							.word = is_port ? port : host } };
	places_finish(l);
}

static void places_host_found(void *arg, struct lookup_answer *answer)
{
	struct places_lookup *l = arg;

	l->lookup = NULL;
	event_tell(&l->q.events, .kind = EVENT_RESOLVED, .host = l->q.host, .port = l->q.port,
		   .count = answer->n);
	if (answer->eai) {
		free(answer->addresses);
		places_fail(l, answer, PLACE_HOST, l->q.host, l->q.port);
		return;
	}
	l->found.addresses = answer->addresses;
	l->found.n = answer->n;
	places_finish(l);
}

static void places_find_host(struct places_lookup *l)
{
	const struct lookup_question q = { l->q.host, l->q.port, l->q.family, l->q.socktype,
					   false };

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
	if (answer->eai) {
		free(answer->addresses);
		places_fail(l, answer, PLACE_SOURCE, l->q.source, l->q.source_port);
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
						q->family, q->socktype, false };
	struct places_lookup *l = calloc(1, sizeof *l);

	*out = l;
	if (!l) {
		struct places_answer none = { .failure = { EAI_MEMORY, ENOMEM, PLACE_HOST,
							   q->host } };
		if (!q->host)
			none.failure = (struct places_failure){ EAI_MEMORY, ENOMEM, PLACE_PORT,
								q->port ? q->port : "" };
		fn(arg, &none);
		return;
	}
	*l = (struct places_lookup){ .loop = loop, .q = *q, .fn = fn, .arg = arg, .out = out };
	if (q->source || q->source_port)
		lookup_start(loop, &source, places_source_found, l, &l->lookup);
	else
		places_find_host(l);
}
