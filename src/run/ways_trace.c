/* ways_trace.c - the step `silence`: behind which router it begins */
#include "run/ways_state.h"

/* Nobody asks for the hops one by one. */
static void way_pass_hop(void *arg, const struct trace_hop *h)
{
	(void)arg;
	(void)h;
}

static void way_traced(void *arg, const struct trace_end *e)
{
	struct way *w = arg;
	struct task *t = &w->tasks[STEP_SILENCE];
	char router[ADDRESS_TEXT];

	if (e->failed || e->reply.kind != TRACE_NOTHING || !e->router.length) {
		task_leave_out(w, t);
		return;
	}
	w->last_router = e->router;
	text_add(&t->answer, "it begins behind %s, hop %d", address_host(&e->router, router),
		 e->last);
	task_done(w, t);
}

void way_trace(struct way *w, struct task *t)
{
	const struct ways_config *c = &w->ways->c;
	struct trace_config config = {
		.target = w->address,
		.socket = c->socket,
		.sources = { (struct address *)c->sources, c->n_sources },
		.hops = TRACE_HOPS,
		.count = 1,
		.wait = c->wait < TRACE_WAIT ? c->wait : TRACE_WAIT,
		.one_flow = c->socket->source_port != NULL,
		.hop = way_pass_hop,
		.over = way_traced,
		.arg = w,
	};

	address_unmap(&config.target);
	if (!w->local)
		w->trace = trace_start(c->loop, &config);
	if (!w->trace)
		task_leave_out(w, t);
}

void way_end_trace(struct way *w)
{
	trace_free(w->trace);
}
