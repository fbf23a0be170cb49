#include "cmd/connect_ping.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "flow/output.h"
#include "net/probe.h"
#include "run/report.h"
#include "run/run.h"

#define UNDER_WAY_MOST 512
#define PATIENCE (100 * MILLISECOND) /* for the figures, where a signal ended the run */

struct ping {
	const struct ping_options *o;
	const char *host, *port;
	char shown[2048]; /* both, as they can be shown */
	struct run run;
	struct output output;
	struct places_lookup *lookup;
	int64_t lookup_start, lookup_ns; /* UNSET: there was nothing to look up */
	struct address *addresses;
	size_t n;
	struct prober *prober;
	struct timer timer, wait_timer;
	int64_t start;		    /* of the first one */
	int64_t due, started, over; /* so many should have been, were started, have come out */
	struct probe_result last;   /* that failed */
	/* of those that were answered */
	int64_t answered, min, max;
	double mean, squares; /* of the differences from it */
	bool finishing;
};

/* Of a number that is not negative: by Newton, so that nothing beyond libc is needed. */
static double square_root(double x)
{
	double root = x > 1 ? x : 1;

	for (int i = 0; i < 64; i++)
		root = (root + x / root) / 2;
	return root;
}

static double stddev_ns(const struct ping *p)
{
	return square_root(p->squares / (double)p->answered);
}

/* ---- what is shown ---- */

static bool is_json(const struct ping *p)
{
	return p->o->messages->options.json;
}

static void begin_object(struct ping *p, struct json *j, const char *event)
{
	*j = (struct json){ .text = p->output.text };
	json_open(j, NULL, '{');
	json_string(j, "event", event);
	json_time(j, "time", clock_wall());
	json_string(j, "host", p->host);
}

static void end_object(struct ping *p, struct json *j)
{
	json_close(j, '}');
	text_put(&j->text, "\n", 1);
	p->output.text = j->text;
}

static void show_result_object(struct ping *p, const struct probe_result *r)
{
	static const char *const states[] = {
		[PROBE_OPEN] = "open",
		[PROBE_CLOSED] = "closed",
		[PROBE_FILTERED] = "filtered",
		[PROBE_UNREACHABLE] = "unreachable",
	};
	struct json j;

	begin_object(p, &j, "ping");
	json_number(&j, "seq", r->number);
	json_string(&j, "state", states[r->state]);
	address_json(&j, "peer", &p->addresses[r->index]);
	if (r->what)
		json_string(&j, "step", r->what);
	if (r->error)
		json_string(&j, "code", errno_name(r->error));
	json_milliseconds(&j, "elapsed_ms", r->ns);
	end_object(p, &j);
}

static void add_error(const struct ping *p, struct text *text, const struct probe_result *r)
{
	if (r->state == PROBE_FILTERED) {
		char time[32];
		text_add(text, "no answer within %s (-w)",
			 duration_format(time, sizeof time, p->o->wait));
	} else {
		text_add(text, "%s%s%s (%s)", r->what ? r->what : "", r->what ? ": " : "",
			 strerror(r->error), errno_name(r->error));
	}
}

static void show_result(struct ping *p, const struct probe_result *r)
{
	struct text *text = &p->output.text;
	char address[ADDRESS_TEXT];

	if (is_json(p)) {
		show_result_object(p, r);
		return;
	}
	text_add(text, "%s: seq=%lld", address_text(&p->addresses[r->index], address),
		 (long long)r->number);
	if (r->state != PROBE_OPEN) {
		text_put(text, " ", 1);
		add_error(p, text, r);
	}
	if (r->state != PROBE_FILTERED)
		text_add(text, " time=%.3f ms", (double)r->ns / (double)MILLISECOND);
	text_put(text, "\n", 1);
}

static void show_begin(struct ping *p)
{
	struct text *text = &p->output.text;

	if (is_json(p))
		return;
	text_add(text, "connecting to %s", p->shown);
	if (p->lookup_ns != UNSET)
		text_add(text, ": %zu address%s, looked up in %.3f ms", p->n, p->n == 1 ? "" : "es",
			 (double)p->lookup_ns / (double)MILLISECOND);
	text_put(text, "\n", 1);
}

static void show_figures_object(struct ping *p)
{
	struct json j;

	begin_object(p, &j, "summary");
	if (address_port(p->addresses))
		json_number(&j, "port", address_port(p->addresses));
	json_number(&j, "sent", p->over);
	json_number(&j, "answered", p->answered);
	json_number(&j, "lost", p->over - p->answered);
	if (p->answered) {
		json_milliseconds(&j, "min_ms", p->min);
		json_milliseconds(&j, "avg_ms", (int64_t)p->mean);
		json_milliseconds(&j, "max_ms", p->max);
		json_milliseconds(&j, "stddev_ms", (int64_t)stddev_ns(p));
	}
	if (p->lookup_ns != UNSET)
		json_milliseconds(&j, "lookup_ms", p->lookup_ns);
	json_milliseconds(&j, "elapsed_ms", clock_now() - p->start);
	end_object(p, &j);
}

static void show_figures(struct ping *p)
{
	int64_t lost = p->over - p->answered;
	struct text *text = &p->output.text;
	const double ms = (double)MILLISECOND;
	char time[32];

	if (is_json(p)) {
		show_figures_object(p);
		return;
	}
	text_add(text, "%s: %lld sent, %lld answered, %lld lost (%.3g%%) in %s\n", p->shown,
		 (long long)p->over, (long long)p->answered, (long long)lost,
		 p->over ? 100.0 * (double)lost / (double)p->over : 0.0,
		 duration_format(time, sizeof time, clock_now() - p->start));
	if (p->answered)
		text_add(text, "connect time min/avg/max/stddev %.3f/%.3f/%.3f/%.3f ms\n",
			 (double)p->min / ms, p->mean / ms, (double)p->max / ms, stddev_ns(p) / ms);
}

/* ---- the end ---- */

/* None answered? Then says why. */
static struct outcome judge(struct ping *p)
{
	struct text why = { 0 };
	struct outcome outcome = { OUTCOME_DONE, 0 };

	if (p->answered)
		return outcome;
	add_error(p, &why, &p->last);
	outcome = message_fail(p->o->messages, OUTCOME_FAILED, errno_name(p->last.error),
			       "%s: none of %lld answered: %.*s", p->shown, (long long)p->over,
			       (int)why.length, why.data ? why.data : "");
	text_free(&why);
	return outcome;
}

static void finish(struct ping *p)
{
	p->finishing = true;
	show_figures(p);
	output_flush(&p->output);
	if (!p->run.ended && !output_waits(&p->output))
		run_end(&p->run, judge(p));
}

static void output_changed(void *arg)
{
	struct ping *p = arg;

	if (p->output.error)
		run_end(&p->run, report_output_error(p->o->messages, "stdout", p->output.error));
	else if (p->finishing && !output_waits(&p->output))
		run_end(&p->run, judge(p));
}

/* ---- one after the other ---- */

static bool is_last(const struct ping *p, int64_t n)
{
	return p->o->count != UNSET && n >= p->o->count;
}

static void is_due(void *arg)
{
	struct ping *p = arg;
	int64_t now = clock_now(), next = clock_after(p->timer.at, p->o->interval);

	p->due++;
	prober_wake(p->prober);
	/* A process that was stopped does not make up for it. */
	if (now > clock_after(next, p->o->interval))
		next = clock_after(now, p->o->interval);
	if (!is_last(p, p->due) && p->o->interval > 0)
		timer_set(p->run.loop, &p->timer, next);
}

static bool next_target(void *arg, struct probe_target *t)
{
	struct ping *p = arg;

	if (p->started == p->due || p->run.ended)
		return false;
	*t = (struct probe_target){ .addresses = p->addresses,
				    .n = p->n,
				    .port = address_port(p->addresses),
				    .number = ++p->started };
	return true;
}

static void count_answer(struct ping *p, int64_t ns)
{
	double difference = (double)ns - p->mean;

	p->min = p->answered == 0 || ns < p->min ? ns : p->min;
	p->max = ns > p->max ? ns : p->max;
	p->answered++;
	p->mean += difference / (double)p->answered;
	p->squares += difference * ((double)ns - p->mean);
}

static void target_over(void *arg, const struct probe_result *r)
{
	struct ping *p = arg;

	if (p->run.ended)
		return;
	p->over++;
	if (r->state == PROBE_OPEN)
		count_answer(p, r->ns);
	else
		p->last = *r;
	show_result(p, r);
	if (is_last(p, p->over)) {
		finish(p);
		return;
	}
	output_flush(&p->output);
	if (p->o->interval == 0)
		timer_set(p->run.loop, &p->timer, clock_now());
}

static void source_failed(void *arg, const struct places_failure *f)
{
	struct ping *p = arg;

	run_end(&p->run, report_lookup(p->o->messages, f));
}

static void places_found(void *arg, struct places_answer *found)
{
	struct ping *p = arg;
	const struct probe_config config = {
		.socket = p->o->socket,
		.family = address_family(p->o->family),
		.wait = p->o->wait,
		.jobs = UNDER_WAY_MOST,
		.events = { message_wanted(p->o->messages, MESSAGE_STEP) ? report_event : NULL,
			    (void *)p->o->messages },
		.next = next_target,
		.over = target_over,
		.failed = source_failed,
		.arg = p,
	};

	if (p->lookup_start != UNSET)
		p->lookup_ns = clock_now() - p->lookup_start;
	timer_drop(p->run.loop, &p->wait_timer);
	p->addresses = found->addresses;
	p->n = found->n;
	if (found->failure.eai) {
		run_end(&p->run, report_lookup(p->o->messages, &found->failure));
		return;
	}
	p->prober = prober_start(p->run.loop, &config);
	if (!p->prober) {
		run_end(&p->run, report_error(p->o->messages, "probe", errno));
		return;
	}
	show_begin(p);
	output_flush(&p->output);
	p->start = clock_now();
	timer_set(p->run.loop, &p->timer, p->start);
}

static void lookup_late(void *arg)
{
	struct ping *p = arg;
	char time[32];

	run_end(&p->run, message_timeout(p->o->messages, "look-up of %s: no answer within %s (-w)",
					 p->shown, duration_format(time, sizeof time, p->o->wait)));
}

/* ---- the run ---- */

static void waits(void *arg, struct text *text)
{
	const struct ping *p = arg;

	if (!p->prober)
		text_add(text, "%s to be looked up (-w)", p->shown);
	else
		text_add(text, "%s to answer (-c, --timeout)", p->shown);
}

static void figures(void *arg, bool at_end)
{
	const struct ping *p = arg;

	if (!at_end)
		message(p->o->messages, MESSAGE_NOTE, "note",
			"%s: %lld sent, %lld answered, avg %.3f ms", p->shown, (long long)p->over,
			(long long)p->answered, p->mean / (double)MILLISECOND);
}

static void find_places(struct ping *p)
{
	const struct places_question q = {
		.host = p->host,
		.port = p->port,
		.family = address_family(p->o->family),
		.socktype = SOCK_STREAM,
	};
	int64_t now = clock_now();

	timer_set(p->run.loop, &p->wait_timer, clock_after(now, p->o->wait));
	places_find(p->run.loop, &q, places_found, p, &p->lookup);
	if (p->lookup)
		p->lookup_start = now;
}

/* As messages have it: `HOST port PORT`. */
static void name(struct ping *p)
{
	struct address a;
	size_t n = text_escape(p->shown, sizeof p->shown, p->host, strlen(p->host), false);

	if (address_parse_direct(p->host, &a) != WORD_NAME)
		return;
	n += (size_t)snprintf(p->shown + n, sizeof p->shown - n, " port ");
	text_escape(p->shown + n, sizeof p->shown - n, p->port, strlen(p->port), false);
}

struct outcome ping_run(const struct ping_options *o, const char *host, const char *port)
{
	struct ping p = {
		.o = o, .host = host, .port = port, .lookup_start = UNSET, .lookup_ns = UNSET
	};
	struct outcome outcome;

	if (run_start(&p.run, o->messages, o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	name(&p);
	p.run.calls = (struct run_calls){ .waits = waits, .figures = figures, .arg = &p };
	p.timer = (struct timer){ .fn = is_due, .arg = &p };
	p.wait_timer = (struct timer){ .fn = lookup_late, .arg = &p };
	output_start(&p.output, p.run.loop, STDOUT_FILENO, "stdout", output_changed, &p);
	output_watch(&p.output);
	find_places(&p);
	outcome = run_wait(&p.run);
	/* A signal is how most of them end. */
	if (p.start && !p.finishing && !p.output.error)
		show_figures(&p);
	output_drain(&p.output, PATIENCE, UNSET);
	output_close(&p.output);
	prober_free(p.prober);
	places_cancel(p.lookup);
	free(p.addresses);
	run_free(&p.run);
	return outcome;
}
