/* connect_ping.c - `sockit connect --ping`: how long connecting takes, again and again */
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
#include "run/report.h"
#include "run/run.h"

#define PING_INTERVAL SECOND
#define PING_JOBS 512

struct ping {
	const struct connect_options *o;
	char shown[1024]; /* `HOST port PORT`, escaped */
	int64_t wait, interval;
	struct run run;
	struct output output;
	struct facts facts;		 /* into the output */
	int64_t lookup_start, lookup_ns; /* UNSET: nothing was looked up */
	struct address *addresses;
	size_t n;
	struct prober *prober;
	struct timer timer;
	int64_t start;		  /* time of the first connection */
	int64_t due, begun, over; /* how many are due, begun, over by now */
	struct probe_result last; /* the last one that failed; the failures are ours */
	/* in ns, of those that were answered */
	int64_t answered, min, max;
	double mean, squares; /* sum of squared differences from the mean */
	bool finishing;
};

/* The root of X, which is not negative, by Newton's method: needs no libm. */
static double ping_square_root(double x)
{
	double root = x > 1 ? x : 1;

	for (int i = 0; i < 64; i++)
		root = (root + x / root) / 2;
	return root;
}

/* ---- what is printed ---- */

static void ping_tell_start(struct ping *p)
{
	struct facts *f = &p->facts;

	facts_line(f, "connecting to %s", p->shown);
	if (p->lookup_ns != UNSET)
		facts_line(f, ": %zu address%s, looked up in %.3f ms", p->n, p->n == 1 ? "" : "es",
			   (double)p->lookup_ns / (double)MILLISECOND);
	facts_line(f, "\n");
}

static void ping_tell_result(struct ping *p, const struct probe_result *r)
{
	struct json *json = &p->facts.json;
	char address[ADDRESS_TEXT], why[PROBE_WHY], time[32] = "";

	facts_begin(&p->facts, "ping");
	json_string(json, "host", p->o->host);
	json_number(json, "seq", r->number);
	json_string(json, "state", probe_state_name(r->state));
	address_json(json, "peer", &p->addresses[r->index]);
	json_string(json, "step", r->what);
	json_string(json, "code", r->error ? errno_name(r->error) : NULL);
	icmp_json(json, &r->icmp);
	json_milliseconds(json, "elapsed_ms", r->ns);
	if (r->state != PROBE_FILTERED)
		snprintf(time, sizeof time, " time=%.3f ms", (double)r->ns / (double)MILLISECOND);
	report_probe_text(r->state, r->what, r->error, &r->icmp, p->wait, why);
	facts_line(&p->facts, "%s: seq=%lld%s%s%s\n",
		   address_text(&p->addresses[r->index], address), (long long)r->number,
		   *why ? " " : "", why, time);
	facts_end(&p->facts);
}

static void ping_tell_figures(struct ping *p)
{
	int64_t lost = p->over - p->answered, elapsed = clock_now() - p->start;
	double stddev = p->answered ? ping_square_root(p->squares / (double)p->answered) : 0;
	const double ms = (double)MILLISECOND;
	struct facts *f = &p->facts;
	char time[32];

	facts_begin(f, "summary");
	json_string(&f->json, "host", p->o->host);
	if (address_port(p->addresses))
		json_number(&f->json, "port", address_port(p->addresses));
	json_number(&f->json, "sent", p->over);
	json_number(&f->json, "answered", p->answered);
	json_number(&f->json, "lost", lost);
	facts_line(f, "%s: %lld sent, %lld answered, %lld lost (%.3g%%) in %s\n", p->shown,
		   (long long)p->over, (long long)p->answered, (long long)lost,
		   p->over ? 100.0 * (double)lost / (double)p->over : 0.0,
		   duration_format(time, sizeof time, elapsed));
	if (p->answered) {
		json_milliseconds(&f->json, "min_ms", p->min);
		json_milliseconds(&f->json, "avg_ms", (int64_t)p->mean);
		json_milliseconds(&f->json, "max_ms", p->max);
		json_milliseconds(&f->json, "stddev_ms", (int64_t)stddev);
		facts_line(f, "connect time min/avg/max/stddev %.3f/%.3f/%.3f/%.3f ms\n",
			   (double)p->min / ms, p->mean / ms, (double)p->max / ms, stddev / ms);
	}
	if (p->lookup_ns != UNSET)
		json_milliseconds(&f->json, "lookup_ms", p->lookup_ns);
	json_milliseconds(&f->json, "elapsed_ms", elapsed);
	facts_end(f);
}

/* ---- the end ---- */

/* Returns OUTCOME_DONE if any was answered; else says why none was. */
static struct outcome ping_judge(const struct ping *p)
{
	const struct probe_result *r = &p->last;
	char cause[512], why[PROBE_WHY];
	struct text text = { 0 };
	struct notice n;

	if (p->answered)
		return (struct outcome){ OUTCOME_DONE, 0 };
	notice_begin(&n, &p->o->messages, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(r->error));
	report_probe_text(r->state, r->what, r->error, &r->icmp, p->wait, why);
	report_failures_text(&text, r->failures, r->n, p->lookup_ns != UNSET, why);
	report_failures_json(&n.json, r->failures, r->n);
	report_cause(&n, SOCK_STREAM, r->failures, r->n, cause, sizeof cause);
	notice_end(&n, "%s: none of %lld answered: %.*s%s", p->shown, (long long)p->over,
		   (int)text.length, text.data ? text.data : "", cause);
	text_free(&text);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

static void ping_finish(struct ping *p)
{
	p->finishing = true;
	ping_tell_figures(p);
	output_flush(&p->output);
	if (!p->run.ended && !output_waits(&p->output))
		run_end(&p->run, ping_judge(p));
}

static void ping_output_changed(void *arg)
{
	struct ping *p = arg;

	if (p->output.error)
		run_end(&p->run, report_output_error(&p->o->messages, "stdout", p->output.error));
	else if (p->finishing && !output_waits(&p->output))
		run_end(&p->run, ping_judge(p));
}

/* ---- one after the other ---- */

/* Are N as many as -c asks for? */
static bool ping_is_last(const struct ping *p, int64_t n)
{
	return p->o->count != UNSET && n >= p->o->count;
}

/* The time has come for the next connection. */
static void ping_due(void *arg)
{
	struct ping *p = arg;
	int64_t now = clock_now(), next = clock_after(p->timer.at, p->interval);

	p->due++;
	prober_wake(p->prober);
	/* A process that was stopped does not make up for it. */
	if (now > clock_after(next, p->interval))
		next = clock_after(now, p->interval);
	if (!ping_is_last(p, p->due) && p->interval > 0)
		timer_set(p->run.loop, &p->timer, next);
}

static bool ping_next_target(void *arg, struct probe_target *t)
{
	struct ping *p = arg;

	if (p->begun == p->due || p->run.ended)
		return false;
	*t = (struct probe_target){ .addresses = p->addresses,
				    .n = p->n,
				    .port = address_port(p->addresses),
				    .number = ++p->begun };
	return true;
}

/* Counts an answer after NS nanoseconds. The variance is kept as Welford does it. */
static void ping_count(struct ping *p, int64_t ns)
{
	double difference = (double)ns - p->mean;

	p->min = p->answered == 0 || ns < p->min ? ns : p->min;
	p->max = ns > p->max ? ns : p->max;
	p->answered++;
	p->mean += difference / (double)p->answered;
	p->squares += difference * ((double)ns - p->mean);
}

/* Keeps R, which has failed, for the end. */
static void ping_remember(struct ping *p, const struct probe_result *r)
{
	struct dial_failure *copy = malloc((r->n ? r->n : 1) * sizeof *copy);

	free((void *)p->last.failures);
	p->last = *r;
	p->last.failures = copy;
	if (copy && r->n)
		memcpy(copy, r->failures, r->n * sizeof *copy);
	else
		p->last.n = 0;
}

static void ping_target_over(void *arg, const struct probe_result *r)
{
	struct ping *p = arg;

	if (p->run.ended)
		return;
	p->over++;
	if (r->state == PROBE_OPEN)
		ping_count(p, r->ns);
	else
		ping_remember(p, r);
	ping_tell_result(p, r);
	if (ping_is_last(p, p->over)) {
		ping_finish(p);
		return;
	}
	output_flush(&p->output);
	if (p->interval == 0)
		timer_set(p->run.loop, &p->timer, clock_now());
}

static void ping_source_failed(void *arg, const struct places_failure *f)
{
	struct ping *p = arg;

	run_end(&p->run, report_lookup(&p->o->messages, f));
}

static void ping_found(void *arg, struct places_answer *found)
{
	struct ping *p = arg;
	const struct messages *m = &p->o->messages;
	const struct probe_config config = {
		.socket = &p->o->socket,
		.family = address_family(&p->o->family),
		.wait = p->wait,
		.jobs = PING_JOBS,
		.events = { message_wanted(m, MESSAGE_STEP) ? report_event : NULL, (void *)m },
		.next = ping_next_target,
		.over = ping_target_over,
		.failed = ping_source_failed,
		.arg = p,
	};

	if (p->lookup_start != UNSET)
		p->lookup_ns = clock_now() - p->lookup_start;
	p->addresses = found->addresses;
	p->n = found->n;
	p->prober = prober_start(p->run.loop, &config);
	if (!p->prober) {
		run_end(&p->run, report_error(m, "probe", errno));
		return;
	}
	ping_tell_start(p);
	output_flush(&p->output);
	p->start = clock_now();
	timer_set(p->run.loop, &p->timer, p->start);
}

/* ---- the run ---- */

static void ping_waits(void *arg, struct text *text)
{
	const struct ping *p = arg;

	if (!p->prober)
		text_add(text, "%s to be looked up (-w)", p->shown);
	else
		text_add(text, "%s to answer (-c, --timeout)", p->shown);
}

static void ping_figures(void *arg, bool at_end)
{
	const struct ping *p = arg;

	if (!at_end)
		message(&p->o->messages, MESSAGE_NOTE, "note",
			"%s: %lld sent, %lld answered, avg %.3f ms", p->shown, (long long)p->over,
			(long long)p->answered, p->mean / (double)MILLISECOND);
}

static void ping_look_up(struct ping *p)
{
	const struct places_question q = {
		.host = p->o->host,
		.port = p->o->port,
		.family = address_family(&p->o->family),
		.socktype = SOCK_STREAM,
	};
	int64_t now = clock_now();

	run_look_up(&p->run, &q, p->shown, p->o->wait, ping_found, p);
	if (p->run.lookup.lookup)
		p->lookup_start = now;
}

struct outcome connect_ping(const struct connect_options *o)
{
	struct ping p = {
		.o = o,
		.wait = o->wait == UNSET ? PROBE_LIMIT : o->wait,
		.interval = o->interval == UNSET ? PING_INTERVAL : o->interval,
		.lookup_start = UNSET,
		.lookup_ns = UNSET,
	};
	char text[sizeof p.shown];
	const char *words = address_words(o->host, o->port, text, sizeof text);
	struct outcome outcome;

	if (run_start(&p.run, &o->messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	text_escape(p.shown, sizeof p.shown, words, strlen(words), false);
	p.run.calls = (struct run_calls){ .waits = ping_waits, .figures = ping_figures, .arg = &p };
	p.timer = (struct timer){ .fn = ping_due, .arg = &p };
	output_start(&p.output, p.run.loop, STDOUT_FILENO, "stdout", ping_output_changed, &p);
	output_watch(&p.output);
	facts_start(&p.facts, &o->messages, &p.output.text);
	ping_look_up(&p);
	outcome = run_wait(&p.run);
	/* Most runs end by a signal, without ping_finish(). */
	if (p.start && !p.finishing && !p.output.error)
		ping_tell_figures(&p);
	output_drain(&p.output, PROBE_PATIENCE, UNSET);
	output_close(&p.output);
	prober_free(p.prober);
	free(p.addresses);
	free((void *)p.last.failures);
	run_free(&p.run);
	return outcome;
}
