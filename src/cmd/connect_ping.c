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
#define PING_FRESH (60 * SECOND) /* an older answer is asked for again */

/* What the host was looked up as. */
struct ping_answer {
	struct address *addresses;
	size_t n;
	struct ping_answer *former; /* kept, as connections under way have its addresses */
};

struct ping {
	const struct connect_options *o;
	char shown[1024]; /* `HOST port PORT`, escaped */
	int64_t wait, interval;
	struct run run;
	struct output output;
	struct facts facts;		 /* into the output */
	int64_t lookup_start, lookup_ns; /* UNSET: nothing was looked up */
	int64_t asked;			 /* when it was answered last */
	struct places_lookup *lookup;	 /* once more */
	struct ping_answer *answer;
	struct prober *prober;
	struct timer timer;
	int64_t start;		  /* time of the first connection */
	int64_t due, begun, over; /* how many are due, begun, over by now */
	struct probe_result last; /* the last one that failed; the failures are ours, */
	char *said;		  /* and what was said of it, by way of proxies */
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
		facts_line(f, ": %zu address%s, looked up in %.3f ms", p->answer->n,
			   p->answer->n == 1 ? "" : "es",
			   (double)p->lookup_ns / (double)MILLISECOND);
	facts_line(f, "\n");
}

static void ping_tell_result(struct ping *p, const struct probe_result *r)
{
	const struct address *peer = &((const struct ping_answer *)r->tag)->addresses[r->index];
	struct json *json = &p->facts.json;
	char address[ADDRESS_TEXT], why[PROBE_WHY], time[32] = "";

	facts_begin(&p->facts, "ping");
	json_string(json, "host", p->o->host);
	json_number(json, "seq", r->number);
	json_string(json, "state", probe_state_name(r->state, SOCK_STREAM));
	address_json(json, "peer", peer);
	json_string(json, "step", r->what);
	json_string(json, "code", r->error ? errno_name(r->error) : NULL);
	icmp_json(json, &r->icmp);
	json_milliseconds(json, "elapsed_ms", r->ns);
	if (r->state != PROBE_FILTERED)
		snprintf(time, sizeof time, " time=%.3f ms", (double)r->ns / (double)MILLISECOND);
	report_probe_text(&p->o->messages, r->state, r->what, r->error, &r->icmp, p->wait, why);
	json_string(json, "message", r->said);
	facts_line(&p->facts, "%s: seq=%lld%s%s%s\n", address_text(peer, address),
		   (long long)r->number, *why || r->said ? " " : "", r->said ? r->said : why, time);
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
	if (address_port(p->answer->addresses))
		json_number(&f->json, "port", address_port(p->answer->addresses));
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
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	struct notice n;

	if (p->answered)
		return (struct outcome){ OUTCOME_DONE, 0 };
	notice_begin(&n, &p->o->messages, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(r->error));
	report_probe_text(&p->o->messages, r->state, r->what, r->error, &r->icmp, p->wait, why);
	report_failures_text(&p->o->messages, &text, r->failures, r->n, p->lookup_ns != UNSET, why);
	text_add(&text, "%s", p->said ? p->said : "");
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

static void ping_question(const struct ping *p, struct places_question *q)
{
	*q = (struct places_question){
		/* Proxies are told the host as it stands. */
		.host = p->o->proxy.first ? NULL : p->o->host,
		.port = p->o->port,
		.family = address_family(&p->o->family),
		.socktype = SOCK_STREAM,
	};
}

/* FOUND is what the host is from now on. Returns 0, or -1 with errno ENOMEM. */
static int ping_take_answer(struct ping *p, const struct places_answer *found)
{
	struct ping_answer *answer = malloc(sizeof *answer);

	if (!answer) {
		free(found->addresses);
		return -1;
	}
	*answer = (struct ping_answer){ found->addresses, found->n, p->answer };
	p->answer = answer;
	p->asked = clock_now();
	return 0;
}

/* The addresses are others now. */
static void ping_tell_addresses(struct ping *p)
{
	char text[ADDRESS_TEXT];
	struct facts *f = &p->facts;

	facts_begin(f, "moved");
	json_string(&f->json, "host", p->o->host);
	json_open(&f->json, "addresses", '[');
	facts_line(f, "%s: looked up again: now", p->shown);
	for (size_t i = 0; i < p->answer->n; i++) {
		address_json(&f->json, NULL, &p->answer->addresses[i]);
		facts_line(f, "%s %s", i ? "," : "", address_host(&p->answer->addresses[i], text));
	}
	json_close(&f->json, ']');
	facts_line(f, "\n");
	facts_end(f);
	output_flush(&p->output);
}

/* Are these the same addresses, in whatever order? Each list has each once. */
static bool ping_is_same(const struct ping_answer *a, const struct places_answer *b)
{
	size_t same = 0;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			same += address_equal(&a->addresses[i], &b->addresses[k]);
	return a->n == b->n && same == a->n;
}

static void ping_found_again(void *arg, struct places_answer *found)
{
	struct ping *p = arg;

	p->asked = clock_now();
	/* An old answer is better than none. */
	if (found->failure.eai || ping_is_same(p->answer, found))
		free(found->addresses);
	else if (ping_take_answer(p, found) == 0)
		ping_tell_addresses(p);
}

/* Looks a name up again whose answer is old. */
static void ping_look_up_again(struct ping *p)
{
	struct places_question q;

	if (p->lookup_ns == UNSET || p->lookup || clock_now() - p->asked < PING_FRESH)
		return;
	ping_question(p, &q);
	places_find(p->run.loop, &q, ping_found_again, p, &p->lookup);
}

/* The time has come for the next connection. */
static void ping_due(void *arg)
{
	struct ping *p = arg;
	int64_t now = clock_now(), next = clock_after(p->timer.at, p->interval);

	ping_look_up_again(p);
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
	*t = (struct probe_target){ .addresses = p->answer->addresses,
				    .n = p->answer->n,
				    .port = (uint16_t)address_any_port(p->answer->addresses),
				    .name = p->o->host,
				    .tag = p->answer,
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
	free(p->said);
	p->said = r->said ? strdup(r->said) : NULL;
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
		.proxy = p->o->proxy.first,
		.socktype = SOCK_STREAM,
		.family = address_family(&p->o->family),
		.wait = p->wait,
		.jobs = PING_JOBS,
		.events = { message_wanted(m, MESSAGE_STEP) ? report_event : NULL, (void *)m },
		.next = ping_next_target,
		.over = ping_target_over,
		.failed = ping_source_failed,
		.arg = p,
	};

	if (p->o->proxy.first) {
		found->n = 1;
		proxy_set_place(found->addresses, p->o->host, p->shown,
				address_port(found->addresses));
	}
	if (p->lookup_start != UNSET)
		p->lookup_ns = clock_now() - p->lookup_start;
	if (ping_take_answer(p, found) < 0) {
		run_end(&p->run, report_error(m, "probe", errno));
		return;
	}
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

static void ping_figures(void *arg, enum run_figures when)
{
	const struct ping *p = arg;

	if (when != FIGURES_END)
		message(&p->o->messages, MESSAGE_NOTE, "note",
			"%s: %lld sent, %lld answered, avg %.3f ms", p->shown, (long long)p->over,
			(long long)p->answered, p->mean / (double)MILLISECOND);
}

static void ping_look_up(struct ping *p)
{
	struct places_question q;
	int64_t now = clock_now();

	ping_question(p, &q);

	run_look_up(&p->run, &q, p->shown, p->o->wait, ping_found, p);
	if (p->run.lookup.lookup && !p->o->proxy.first)
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
	places_cancel(p.lookup);
	for (struct ping_answer *former; p.answer; p.answer = former) {
		former = p.answer->former;
		free(p.answer->addresses);
		free(p.answer);
	}
	free((void *)p.last.failures);
	free(p.said);
	run_free(&p.run);
	return outcome;
}
