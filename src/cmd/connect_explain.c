/* connect_explain.c - `sockit connect --explain`: why it cannot connect, or what it has reached */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/connect.h"
#include "flow/output.h"
#include "net/proxy_client.h"
#include "run/report.h"
#include "run/run.h"
#include "run/ways.h"

struct explainer {
	const struct connect_options *o;
	const char *host, *port; /* what is looked up here: of the host, or of the first proxy */
	struct run run;
	struct output output;
	struct facts facts; /* into the output */
	struct steps steps;
	struct resolution_config config;
	struct places_answer found; /* the port, the sources, and of a number the address */
	struct explain_calls calls;
	struct explain *explain; /* the name's; NULL: it needs no look-up, or is explained */
	struct ways *ways;
	struct dial_result result; /* how the look-up has failed */
	int64_t start;
	bool finishing;
	struct outcome outcome;
};

/* For each step. */
static int64_t explainer_limit(const struct connect_options *o)
{
	return o->wait == UNSET ? PROBE_LIMIT : o->wait;
}

/* ---- the end ---- */

static void explainer_end(struct explainer *e)
{
	if (!output_waits(&e->output))
		run_end(&e->run, e->outcome);
}

static void explainer_output_changed(void *arg)
{
	struct explainer *e = arg;

	if (e->output.error)
		run_end(&e->run, report_output_error(&e->o->messages, "stdout", e->output.error));
	else if (e->finishing)
		explainer_end(e);
}

/* Tells which proxies other programs would take. */
static void explainer_tell_variables(struct explainer *e)
{
	static const char names[][12] = { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
					  "all_proxy",	"ALL_PROXY",  "no_proxy",    "NO_PROXY" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		struct text answer = { 0 };
		struct explain_step step = { .name = "environment", .where = names[i], .ns = -1 };
		size_t at, n;

		if (!value || !*value)
			continue;
		n = proxy_url_secret(value, &at);
		text_put_escaped(&answer, value, n ? at : 0, false);
		text_add(&answer, "%s", n ? "..." : "");
		value += n ? at + n : 0;
		text_put_escaped(&answer, value, strlen(value), false);
		text_put(&answer, "", 1);
		e->output.text.failed |= answer.failed;
		step.answer = answer.failed ? "" : answer.data;
		steps_tell(&e->steps, &step);
		text_free(&answer);
	}
}

/* All is known: prints the rest, and says on stderr why nothing is open. */
static void explainer_finish(struct explainer *e)
{
	const struct connect_options *o = e->o;
	struct dial_result *r = &e->result;
	bool open = e->ways && ways_result(e->ways, r);

	explainer_tell_variables(e);
	if (e->ways)
		ways_judge(e->ways, &e->steps);
	steps_end(&e->steps);
	if (open)
		ways_json(e->ways, &e->steps.json);
	json_milliseconds(&e->steps.json, "elapsed_ms", clock_now() - e->start);
	steps_finish(&e->steps);
	output_flush(&e->output);
	e->finishing = true;
	e->outcome = (struct outcome){ OUTCOME_DONE, 0 };
	if (!open)
		e->outcome = report_dial(&o->messages, &(struct dial_report){ o->host, o->port, r,
									      explainer_limit(o),
									      "-w", UNSET, NULL });
	explainer_end(e);
}

/* Prints the steps whose turn it is: those of the name come first. */
static void explainer_go_on(void *arg)
{
	struct explainer *e = arg;
	bool over = !e->explain && (!e->ways || ways_tell(e->ways, &e->steps));

	if (!e->facts.as_json)
		output_flush(&e->output);
	if (over && !e->finishing && !e->run.ended)
		explainer_finish(e);
}

/* ---- the name ---- */

static void explainer_start_ways(struct explainer *e, const struct address *addresses, size_t n)
{
	const struct connect_options *o = e->o;
	const struct messages *m = &o->messages;
	const struct ways_config c = {
		.loop = e->run.loop,
		.messages = m,
		.socket = &o->socket,
		.host = o->host,
		.port = o->port,
		.family = address_family(&o->family),
		.proxy = o->proxy.first,
		.sources = e->found.sources,
		.n_sources = e->found.n_sources,
		.wait = explainer_limit(o),
		.events = { message_wanted(m, MESSAGE_STEP) ? report_event : NULL, (void *)m },
		.changed = explainer_go_on,
		.arg = e,
	};

	e->ways = ways_start(&c, addresses, n);
	if (!e->ways)
		run_end(&e->run, report_error(m, "explain", errno));
}

/* Which steps of a look-up are told? All of them are for `resolve --explain`. */
static void explainer_add_step(void *arg, const struct explain_step *step)
{
	static const char told[][12] = { "hosts", "server", "getaddrinfo" };
	struct explainer *e = arg;

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (strcmp(step->name, told[i]) == 0)
			steps_tell(&e->steps, step);
}

static void explainer_add_wrong(void *arg, const char *text)
{
	struct explainer *e = arg;

	steps_wrong(&e->steps, text);
}

/* The name is looked up; its explanation may go on. */
static void explainer_name_found(void *arg, const struct resolution *r)
{
	struct explainer *e = arg;

	if (r->timed_out) {
		e->result.timed_out = true;
	} else if (r->found.eai) {
		e->result.lookup = (struct places_failure){
			.eai = r->found.eai,
			.error = r->found.error,
			.which = e->o->proxy.first ? PLACE_PROXY : PLACE_HOST,
			.word = e->host,
			.family = e->config.finder.family,
		};
	} else {
		explainer_start_ways(e, r->found.addresses, r->found.n);
	}
}

static void explainer_name_over(void *arg, const struct resolution *r)
{
	struct explainer *e = arg;

	(void)r;
	e->explain = NULL;
	explainer_go_on(e);
}

static void explainer_places_found(void *arg, struct places_answer *found)
{
	struct explainer *e = arg;
	struct address a;

	e->found = *found;
	if (address_parse_host(e->host, &a) != WORD_NAME || !*e->port) {
		explainer_start_ways(e, found->addresses, found->n);
		return;
	}
	e->config.finder.port = address_port(found->addresses);
	e->calls = (struct explain_calls){
		.step = explainer_add_step,
		.wrong = explainer_add_wrong,
		.progress = explainer_go_on,
		.found = explainer_name_found,
		.done = explainer_name_over,
	};
	e->explain = explain_start(&e->config, e->host, &e->calls, e);
	if (!e->explain)
		run_end(&e->run, report_error(&e->o->messages, "explain", errno));
}

/* ---- the run ---- */

static void explainer_waits(void *arg, struct text *text)
{
	const struct explainer *e = arg;

	if (e->ways)
		ways_waits(e->ways, text);
	if (e->explain)
		text_add(text, RUN_LOOKUP, e->host, "-w");
}

static void explainer_look_up(struct explainer *e)
{
	const struct connect_options *o = e->o;
	const struct proxy *proxy = o->proxy.first;
	struct places_question q = { .port = e->port,
				     .family = address_family(&o->family),
				     .socktype = SOCK_STREAM,
				     .which = proxy ? PLACE_PROXY : PLACE_HOST,
				     .source = o->socket.source,
				     .source_port = o->socket.source_port };
	struct address a;

	/* A name has an explanation of its own. */
	if (address_parse_host(e->host, &a) != WORD_NAME || !*e->port)
		q.host = e->host;
	e->config = (struct resolution_config){
		.finder = { .loop = e->run.loop, .family = q.family },
		.wait = o->wait,
	};
	run_look_up(&e->run, &q, e->host, o->wait, explainer_places_found, e);
}

struct outcome connect_explain(const struct connect_options *o)
{
	const struct proxy *proxy = o->proxy.first;
	struct explainer e = {
		.o = o,
		.host = proxy ? proxy->url.host : o->host,
		.port = proxy ? proxy->url.port : o->port,
		.start = clock_now(),
		.result = { .fd = -1 },
	};
	struct outcome outcome;

	if (run_start(&e.run, &o->messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	e.run.calls = (struct run_calls){ .waits = explainer_waits, .arg = &e };
	output_start(&e.output, e.run.loop, STDOUT_FILENO, "stdout", explainer_output_changed, &e);
	output_watch(&e.output);
	facts_start(&e.facts, &o->messages, &e.output.text);
	steps_start(&e.steps, &e.facts, NULL);
	json_string(&e.steps.json, "host", o->host);
	if (*o->port)
		json_string(&e.steps.json, "port", o->port);
	explainer_look_up(&e);
	outcome = run_wait(&e.run);
	output_drain(&e.output, PROBE_PATIENCE, UNSET);
	output_close(&e.output);
	explain_cancel(e.explain);
	ways_free(e.ways);
	steps_free(&e.steps);
	free(e.found.addresses);
	free(e.found.sources);
	run_free(&e.run);
	return outcome;
}
