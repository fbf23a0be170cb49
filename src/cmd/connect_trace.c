/* connect_trace.c - `sockit connect --trace`: the routers on the way to a port, and who answers */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/facts.h"
#include "cmd/connect.h"
#include "flow/output.h"
#include "names/lookup.h"
#include "net/trace.h"
#include "run/report.h"
#include "run/run.h"

/* How long the last names may take once all else is known: nobody notices that. */
#define TRACE_PATIENCE (250 * MILLISECOND)
#define TRACE_LOOKUPS 32 /* at a time */

/* Who was heard. */
struct trace_node {
	struct tracing *t;
	struct address address;
	int first;	       /* the first hop that it was heard of; 0: none yet */
	char *name;	       /* NULL: it has none, or none is known yet */
	bool waits;	       /* for its name to be looked up */
	struct lookup *lookup; /* under way */
	struct trace_node *next;
};

struct tracing {
	const struct connect_options *o;
	char shown[1024]; /* `HOST port PORT`, escaped */
	int64_t wait;
	int hops, count;
	struct run run;
	struct output output;
	struct facts facts; /* into the output */
	struct address target;
	struct dial_sources sources;
	bool one_flow;
	int64_t start; /* of the trace */
	struct trace *trace;
	struct trace_node *nodes, **last; /* in the order in which they were heard; where the next
					   * one goes */
	struct timer turn;		  /* of those that wait */
	struct timer patience;
	struct trace_hop lines[TRACE_HOPS_MOST]; /* the hops that are known, */
	int known, printed;			 /* so many of them */
	bool finishing;
	int64_t over; /* when all hops were; 0: they are not */
	struct trace_end end;
};

/* ---- names ---- */

static struct trace_node *trace_node(const struct tracing *t, const struct address *a)
{
	struct trace_node *node = t->nodes;

	while (node && !address_same_host(&node->address, a))
		node = node->next;
	return node;
}

/* Returns who has sent R; NULL: nobody has answered. */
static const struct address *trace_sender(const struct tracing *t, const struct trace_reply *r)
{
	return r->kind == TRACE_NOTHING ? NULL :
	       r->icmp.sender.length	? &r->icmp.sender :
					  &t->target;
}

static struct trace_node *trace_node_of(const struct tracing *t, const struct trace_reply *r)
{
	const struct address *sender = trace_sender(t, r);

	return sender ? trace_node(t, sender) : NULL;
}

static void trace_print(struct tracing *t);

static void trace_named(void *arg, struct lookup_answer *answer)
{
	struct trace_node *node = arg;

	node->lookup = NULL;
	if (answer->names.n) {
		node->name = answer->names.names[0];
		answer->names.names[0] = NULL;
	}
	lookup_names_free(&answer->names);
	trace_print(node->t);
}

static void trace_heard(void *arg, const struct address *who)
{
	struct tracing *t = arg;
	struct trace_node *node = trace_node(t, who);

	if (node)
		return;
	node = malloc(sizeof *node);
	/* Then its name will not be known. */
	if (!node)
		return;
	*node = (struct trace_node){ .t = t, .address = *who, .waits = !t->o->family.numeric };
	*t->last = node;
	t->last = &node->next;
	if (node->waits)
		timer_set(t->run.loop, &t->turn, loop_now(t->run.loop));
}

/* Looks up the name of the first who waits for that, and of no other: a look-up takes its time to
 * begin, and answers that come meanwhile would seem to be slow. */
static void trace_look_up(void *arg)
{
	struct tracing *t = arg;
	struct trace_node *node = t->nodes;

	while (node && !node->waits)
		node = node->next;
	if (!node)
		return;
	node->waits = false;
	timer_set(t->run.loop, &t->turn, loop_now(t->run.loop));
	lookup_names_start(t->run.loop, &node->address, false, NULL, trace_named, node,
			   &node->lookup);
}

/* ---- what is printed ---- */

/* Writes what R says beyond `I am on the way` into TEXT of ICMP_TEXT bytes. */
static const char *trace_says(const struct trace_reply *r, char *text)
{
	struct icmp_error icmp = r->icmp;

	icmp.sender.length = 0;
	if (r->kind != TRACE_ANSWER || !icmp.family)
		return NULL;
	return icmp_words_by(&icmp, text);
}

static void trace_reply_tell(struct tracing *t, const struct trace_reply *r,
			     const struct trace_reply *last)
{
	struct facts *f = &t->facts;
	struct json *json = &f->json;
	const struct trace_node *node = trace_node_of(t, r);
	const char *name = node ? node->name : NULL;
	char words[ICMP_TEXT], host[ADDRESS_TEXT], escaped[1024] = "";
	const char *says = trace_says(r, words);

	address_host(trace_sender(t, r), host);
	if (name)
		text_escape(escaped, sizeof escaped, name, strlen(name), false);
	if (!last || last->kind != r->kind || !icmp_equal(&last->icmp, &r->icmp))
		facts_line(f, "  %s%s%s%s%s%s", host, name ? " (" : "", escaped, name ? ")" : "",
			   says ? ": " : "", says ? says : "");
	facts_line(f, "  %.3f ms", (double)r->ns / (double)MILLISECOND);
	json_open(json, NULL, '{');
	json_string(json, "address", host);
	json_string(json, "name", name);
	json_string(json, "icmp", says);
	json_milliseconds(json, "elapsed_ms", r->ns);
	json_close(json, '}');
}

static void trace_tell_hop(struct tracing *t, const struct trace_hop *h)
{
	struct facts *f = &t->facts;
	const struct trace_reply *last = NULL;
	bool heard = false;

	facts_begin(f, "hop");
	json_string(&f->json, "host", t->o->host);
	address_json(&f->json, "peer", &t->target);
	json_number(&f->json, "hop", h->number);
	json_number(&f->json, "sent", (int64_t)h->n);
	json_open(&f->json, "replies", '[');
	facts_line(f, "%2d", h->number);
	for (size_t i = 0; i < h->n; i++)
		heard |= h->replies[i].kind != TRACE_NOTHING;
	for (size_t i = 0; i < h->n; i++) {
		if (h->replies[i].kind != TRACE_NOTHING) {
			trace_reply_tell(t, &h->replies[i], last);
			last = &h->replies[i];
		} else if (heard || !i) {
			facts_line(f, "  *");
		}
	}
	json_close(&f->json, ']');
	facts_line(f, "\n");
	facts_end(f);
}

/* Says in one line what became of the hops that were not told. */
static void trace_tell_rest(struct tracing *t)
{
	const int from = t->end.told + 1;

	if (t->end.hop || from > t->hops)
		return;
	if (from < t->hops)
		facts_line(&t->facts, "%d to ", from);
	facts_line(&t->facts, from < t->hops ? "%d" : "%2d", t->hops);
	facts_line(&t->facts, "  %s\n", t->one_flow ? "not asked" : "*");
}

/* Compares the hops A and B: 1: the same one was heard at both, and nobody else; 0: nobody was
 * heard at one of them; -1: others were. */
static int trace_compare_hops(const struct tracing *t, int a, int b)
{
	const struct trace_hop *hops[] = { &t->lines[a - 1], &t->lines[b - 1] };
	const struct address *heard[2] = { NULL, NULL };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < hops[k]->n; i++) {
			const struct address *who = trace_sender(t, &hops[k]->replies[i]);
			if (who && heard[k] && !address_same_host(who, heard[k]))
				return -1;
			heard[k] = who ? who : heard[k];
		}
	if (!heard[0] || !heard[1])
		return 0;
	return address_same_host(heard[0], heard[1]) ? 1 : -1;
}

/* Returns the first hop of NODE, which is that of the hop LAST, where the way up to there is a
 * loop: two in a row were heard before in the same order, not just one, since several routers may
 * have one address. Else 0. */
static int trace_loop_from(const struct tracing *t, const struct trace_node *node, int last)
{
	for (int period = 2; node && period < last; period++) {
		bool others = false;
		int same = 0, order = 0;

		for (int hop = last - period + 1; hop < last; hop++)
			others |= trace_compare_hops(t, hop, last) < 0;
		for (int hop = last; others && hop > period && order >= 0 && same < 2; hop--) {
			order = trace_compare_hops(t, hop, hop - period);
			same += order > 0;
		}
		if (same == 2)
			return node->first;
	}
	return 0;
}

/* Adds where the last router was heard, and whether the way had left that before. */
static void trace_tell_last(struct tracing *t)
{
	const struct trace_end *e = &t->end;
	const int from = trace_loop_from(t, trace_node(t, &e->router), e->last);
	char router[ADDRESS_TEXT];

	if (!e->last) {
		facts_line(&t->facts, "; no router was heard");
		return;
	}
	json_number(&t->facts.json, "last_hop", e->last);
	json_string(&t->facts.json, "last_router", address_host(&e->router, router));
	facts_line(&t->facts, "; the last heard is %s, hop %d", router, e->last);
	if (from) {
		json_number(&t->facts.json, "loop_from", from);
		facts_line(&t->facts, ", which is hop %d too: a loop", from);
	}
}

static void trace_tell_end(struct tracing *t)
{
	const struct trace_end *e = &t->end;
	const struct trace_reply *r = &e->reply;
	struct facts *f = &t->facts;
	char why[PROBE_WHY], address[ADDRESS_TEXT];

	trace_tell_rest(t);
	facts_begin(f, "end");
	json_string(&f->json, "host", t->o->host);
	address_json(&f->json, "peer", &t->target);
	json_string(&f->json, "state", probe_state_name(r->state, SOCK_STREAM));
	json_string(&f->json, "code", r->error ? errno_name(r->error) : NULL);
	json_string(&f->json, "step", r->what);
	icmp_json(&f->json, &r->icmp);
	report_probe_text(&t->o->messages, r->state, r->what, r->error, &r->icmp, t->wait, why);
	facts_line(f, "%s: %s", address_text(&t->target, address), *why ? why : "open");
	if (r->kind == TRACE_ANSWER) {
		if (!r->icmp.family)
			facts_line(f, ", says the host");
		if (e->hop)
			json_number(&f->json, "hop", e->hop);
		facts_line(f, e->hop ? ", hop %d" : ", beyond hop %d", e->hop ? e->hop : e->told);
	}
	if (r->kind == TRACE_NOTHING || icmp_is_time_exceeded(&r->icmp))
		trace_tell_last(t);
	json_milliseconds(&f->json, "elapsed_ms", t->over - t->start);
	facts_line(f, "\n");
	facts_end(f);
}

/* ---- the end ---- */

static struct outcome trace_outcome(const struct tracing *t)
{
	return (struct outcome){ t->end.reply.state == PROBE_OPEN     ? OUTCOME_DONE :
				 t->end.reply.state == PROBE_FILTERED ? OUTCOME_TIMEOUT :
									OUTCOME_FAILED,
				 0 };
}

static void trace_output_changed(void *arg)
{
	struct tracing *t = arg;

	if (t->output.error)
		run_end(&t->run, report_output_error(&t->o->messages, "stdout", t->output.error));
	else if (t->finishing && !output_waits(&t->output))
		run_end(&t->run, trace_outcome(t));
}

/* Are all names of H known, or will not be? */
static bool trace_is_named(const struct tracing *t, const struct trace_hop *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct trace_node *node = trace_node_of(t, &h->replies[i]);
		if (node && (node->waits || node->lookup))
			return false;
	}
	return true;
}

/* Prints the lines that are ready. */
static void trace_print(struct tracing *t)
{
	bool patient = !t->over || clock_now() < t->patience.at;

	if (t->run.ended || t->finishing)
		return;
	while (t->printed < t->known && (!patient || trace_is_named(t, &t->lines[t->printed])))
		trace_tell_hop(t, &t->lines[t->printed++]);
	t->finishing = t->over && t->printed == t->known;
	if (t->finishing)
		trace_tell_end(t);
	output_flush(&t->output);
	trace_output_changed(t);
}

static void trace_patience_over(void *arg)
{
	trace_print(arg);
}

/* ---- the run ---- */

static void trace_hop_known(void *arg, const struct trace_hop *h)
{
	struct tracing *t = arg;

	for (size_t i = 0; i < h->n; i++) {
		struct trace_node *node = trace_node_of(t, &h->replies[i]);
		if (node && !node->first)
			node->first = h->number;
	}
	t->lines[t->known++] = *h;
	trace_print(t);
}

/* This machine does not let us ask. */
static struct outcome trace_failed(const struct tracing *t, const struct trace_end *e)
{
	const struct trace_reply *r = &e->reply;
	const struct dial_failure failure = {
		.address = t->target, .error = r->error, .what = r->what, .source = e->source
	};
	const struct dial_result result = { .fd = -1, .failures = &failure, .n = 1 };

	return report_dial(&t->o->messages, &(struct dial_report){ t->o->host, t->o->port, &result,
								   t->wait, "-w", UNSET, NULL });
}

static void trace_is_over(void *arg, const struct trace_end *e)
{
	struct tracing *t = arg;

	if (e->failed) {
		run_end(&t->run, trace_failed(t, e));
		return;
	}

	t->over = clock_now();
	t->end = *e;
	timer_set(t->run.loop, &t->patience, clock_after(t->over, TRACE_PATIENCE));
	trace_print(t);
}

static void trace_found(void *arg, struct places_answer *found)
{
	struct tracing *t = arg;
	struct facts *f = &t->facts;
	char address[ADDRESS_TEXT];

	t->target = found->addresses[0];
	address_unmap(&t->target);
	t->sources = (struct dial_sources){ found->sources, found->n_sources };
	t->one_flow = found->n_sources && address_port(&found->sources[0]);
	t->start = clock_now();
	t->trace = trace_start(t->run.loop, &(struct trace_config){
						    .target = t->target,
						    .socket = &t->o->socket,
						    .sources = t->sources,
						    .hops = t->hops,
						    .count = t->count,
						    .wait = t->wait,
						    .patient = t->o->wait != UNSET,
						    .one_flow = t->one_flow,
						    .heard = trace_heard,
						    .hop = trace_hop_known,
						    .over = trace_is_over,
						    .arg = t,
					    });
	facts_line(f, "the way to %s", t->shown);
	if (strcmp(address_host(&t->target, address), t->o->host) != 0)
		facts_line(f, ": %s", address);
	if (found->n > 1)
		facts_line(f, ", the first of %zu addresses", found->n);
	facts_line(f, "\n");
	free(found->addresses);
	if (!t->trace)
		run_end(&t->run, report_error(&t->o->messages, "trace", errno));
	output_flush(&t->output);
}

static void trace_waits(void *arg, struct text *text)
{
	const struct tracing *t = arg;

	if (!t->trace)
		text_add(text, "%s to be looked up (-w)", t->shown);
	else
		text_add(text, "the answer of hop %d (-w, -c)", t->known + 1);
}

static void trace_free_nodes(struct tracing *t)
{
	for (struct trace_node *next, *node = t->nodes; node; node = next) {
		next = node->next;
		lookup_cancel(node->lookup);
		free(node->name);
		free(node);
	}
}

struct outcome connect_trace(const struct connect_options *o)
{
	struct tracing t = {
		.o = o,
		.wait = o->wait == UNSET ? TRACE_WAIT : o->wait,
		.hops = o->max_hops == UNSET ? TRACE_HOPS : (int)o->max_hops,
		.count = o->count == UNSET ? TRACE_COUNT : (int)o->count,
	};
	const struct places_question q = { .host = o->host,
					   .port = o->port,
					   .family = address_family(&o->family),
					   .socktype = SOCK_STREAM,
					   .source = o->socket.source,
					   .source_port = o->socket.source_port };
	char text[sizeof t.shown];
	const char *words = address_words(o->host, o->port, text, sizeof text);
	struct outcome outcome;

	if (!icmp_queues)
		return message_fail(&o->messages, OUTCOME_FAILED, "ENOTSUP",
				    "--trace: this system does not tell who sent a message of ICMP "
				    "(ENOTSUP)");
	if (run_start(&t.run, &o->messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	text_escape(t.shown, sizeof t.shown, words, strlen(words), false);
	t.run.calls = (struct run_calls){ .waits = trace_waits, .arg = &t };
	t.last = &t.nodes;
	t.turn = (struct timer){ .fn = trace_look_up, .arg = &t };
	t.patience = (struct timer){ .fn = trace_patience_over, .arg = &t };
	output_start(&t.output, t.run.loop, STDOUT_FILENO, "stdout", trace_output_changed, &t);
	output_watch(&t.output);
	facts_start(&t.facts, &o->messages, &t.output.text);
	lookup_at_once(TRACE_LOOKUPS);
	lookup_share_thread();
	run_look_up(&t.run, &q, t.shown, o->wait, trace_found, &t);
	outcome = run_wait(&t.run);
	output_drain(&t.output, PROBE_PATIENCE, UNSET);
	output_close(&t.output);
	trace_free(t.trace);
	free(t.sources.addresses);
	trace_free_nodes(&t);
	lookup_end();
	run_free(&t.run);
	return outcome;
}
