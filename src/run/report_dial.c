/* report_dial.c - how connecting has failed, in words and as an object */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "net/proxy_client.h"
#include "run/report.h"

const char *report_reason(const struct messages *m, const struct cause_question *q, char *text)
{
	*text = '\0';
	if (message_wanted(m, MESSAGE_ERROR) && *cause_find(q, text + 2))
		memcpy(text, ": ", 2);
	return text;
}

/* Adds how F has failed to TEXT; SILENT is what to say of no answer. */
static void report_failure_text(const struct messages *m, struct text *text,
				const struct dial_failure *f, const char *silent)
{
	bool binds = f->what && !strcmp(f->what, "source");
	const struct cause_question q = { f->error, binds, binds ? &f->source : &f->address };
	char why[ICMP_TEXT], step[REPORT_STEP], reason[REPORT_REASON] = "";

	if (f->forbidden && f->what && !strcmp(f->what, "loop"))
		snprintf(reason, sizeof reason, ": that is where we listen ourselves");
	else if (f->error && f->icmp.family == AF_UNSPEC && (!f->what || binds))
		report_reason(m, &q, reason);
	text_add(text, "%s%s%s%s", report_step(m, f->what, step), f->what ? ": " : "",
		 f->error ? icmp_text(&f->icmp, f->error, why) : silent, reason);
}

void report_failures_text(const struct messages *m, struct text *text, const struct dial_failure *f,
			  size_t n, bool named, const char *silent)
{
	char address[ADDRESS_TEXT];

	for (size_t i = 0; i < n; i++, f++) {
		text_add(text, "%s%s%s", i ? "; " : "",
			 named || n > 1 ? address_text(&f->address, address) : "",
			 named || n > 1 ? ": " : "");
		report_failure_text(m, text, f, silent);
	}
}

void report_failures_json(struct json *json, const struct dial_failure *f, size_t n)
{
	if (n == 0)
		return;
	json_open(json, "failures", '[');
	for (size_t i = 0; i < n; i++, f++) {
		json_open(json, NULL, '{');
		address_json(json, "peer", &f->address);
		json_string(json, "step", f->what);
		json_string(json, "code", errno_name(f->error ? f->error : ETIMEDOUT));
		icmp_json(json, &f->icmp);
		json_close(json, '}');
	}
	json_close(json, ']');
}

#define SILENT_TEXT 96

/* Writes what is said of no answer within LIMIT, by OPTION, into TEXT of SILENT_TEXT bytes. Returns
 * TEXT. */
static const char *report_silence(char *text, int64_t limit, const char *option)
{
	char time[32];

	snprintf(text, SILENT_TEXT, "no answer within %s (%s)",
		 duration_format(time, sizeof time, limit), option);
	return text;
}

void report_dial_text(const struct messages *m, struct text *text, const struct dial_result *r,
		      int64_t limit, const char *option)
{
	char silent[SILENT_TEXT];

	report_silence(silent, limit, option);
	if (r->proxy && *r->why) {
		char proxy[512];
		text_add(text, "%s: %s%s%s",
			 address_words(r->proxy->url.host, r->proxy->url.port, proxy, sizeof proxy),
			 r->why, r->timed_out ? ": " : "", r->timed_out ? silent : "");
		return;
	}
	report_failures_text(m, text, r->failures, r->n, true, silent);
	if (r->n == 0) {
		char why[ERRNO_TEXT];
		text_add(text, "%s", r->timed_out ? silent : errno_text(r->error, why));
	}
}

void report_probe_text(const struct messages *m, enum probe_state state, const char *what,
		       int error, const struct icmp_error *icmp, int64_t limit, char *text)
{
	char why[ICMP_TEXT], step[REPORT_STEP];

	*text = '\0';
	if (state == PROBE_FILTERED)
		snprintf(text, PROBE_WHY, "no answer within %s (-w)",
			 duration_format(why, sizeof why, limit));
	else if (state != PROBE_OPEN)
		snprintf(text, PROBE_WHY, "%s%s%s", report_step(m, what, step), what ? ": " : "",
			 icmp_text(icmp, error, why));
}

void report_cause(struct notice *n, int type, const struct dial_failure *f, size_t count,
		  char *text, size_t size)
{
	const struct dial_failure *refused = NULL, *taken = NULL, *silent = NULL;

	*text = '\0';
	for (size_t i = count; i-- > 0;) {
		if (f[i].error == ECONNREFUSED && !f[i].what)
			refused = &f[i];
		if (f[i].error == EADDRINUSE && f[i].source.length)
			taken = &f[i];
		if (!f[i].error || f[i].error == ETIMEDOUT)
			silent = &f[i];
	}
	if (refused)
		report_elsewhere(n, type, &refused->address, text, size);
	else if (taken)
		report_holder(n, type, &taken->source, text, size);
	else if (silent)
		report_full(n, type, &silent->address, text, size);
}

/* Adds the words for D's failure to TEXT, of a look-up too. */
static void report_dial_reason(const struct messages *m, struct text *text,
			       const struct dial_report *d)
{
	const struct dial_result *r = d->result;
	struct address a;

	if (r->lookup.eai) {
		report_places_text(text, &r->lookup);
		return;
	}
	/* An address has been told already. */
	if (d->retry != UNSET && r->n == 1 && address_parse_host(d->host, &a) != WORD_NAME) {
		char silent[SILENT_TEXT];
		report_failures_text(m, text, r->failures, 1, false,
				     report_silence(silent, d->limit, d->option));
		return;
	}
	text_add(text, "%s", r->proxy ? "proxy " : "");
	if (r->n == 0 && !*r->why)
		text_add(text,
			 "look-up of host %s, port %s: ", r->proxy ? r->proxy->url.host : d->host,
			 r->proxy ? r->proxy->url.port : d->port);
	report_dial_text(m, text, r, d->limit, d->option);
}

void report_retry(const struct messages *m, const struct dial_report *d, struct text *said)
{
	struct text reason = { 0 };

	if (!message_wanted(m, MESSAGE_VERBOSE))
		return;
	report_dial_reason(m, &reason, d);
	if (text_equal(&reason, said))
		message(m, MESSAGE_STEP, "retry", "trying again");
	else
		message(m, MESSAGE_VERBOSE, "retry", "%.*s: trying again", (int)reason.length,
			reason.data ? reason.data : "");
	text_free(said);
	*said = reason;
}

void report_passed_over(const struct messages *m, const struct subject *x,
			const struct dial_report *d, const char *next, struct text *before)
{
	size_t from = before->length;
	struct notice n;

	report_dial_reason(m, before, d);
	notice_begin(&n, m, MESSAGE_VERBOSE, "passed_over");
	report_subject(&n, x);
	json_string(&n.json, "host", d->host);
	if (*d->port)
		json_string(&n.json, "port", d->port);
	notice_end(&n, "%s: %.*s: on to %s", x->name, (int)(before->length - from),
		   before->data ? before->data + from : "", next);
	text_add(before, "; ");
}

struct outcome report_dial(const struct messages *m, const struct dial_report *d)
{
	const struct dial_result *r = d->result;
	bool late = r->timed_out || d->retry != UNSET, lookup = r->lookup.eai && !late;
	const struct outcome outcome = { late	? OUTCOME_TIMEOUT :
					 lookup ? OUTCOME_LOOKUP :
						  OUTCOME_FAILED,
					 0 };
	int error = late ? ETIMEDOUT : r->n ? r->failures[0].error : r->error;
	char cause[512] = "";
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	struct notice n;

	if (lookup && !d->before)
		return report_lookup(m, &r->lookup);
	if (d->before)
		text_put(&text, d->before->data, d->before->length);
	if (d->retry != UNSET) {
		char place[512], time[32];
		text_add(&text, "%s: not up within %s (--retry): ",
			 address_words(d->host, d->port, place, sizeof place),
			 duration_format(time, sizeof time, d->retry));
	}
	report_dial_reason(m, &text, d);
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, outcome.kind, lookup ? eai_name(r->lookup.eai) : errno_name(error));
	json_string(&n.json, "host", d->host);
	if (*d->port)
		json_string(&n.json, "port", d->port);
	if (r->proxy)
		report_proxy(&n.json, r->proxy);
	report_failures_json(&n.json, r->failures, r->n);
	report_cause(&n, r->socktype ? r->socktype : SOCK_STREAM, r->failures, r->n, cause,
		     sizeof cause);
	notice_end(&n, "%.*s%s", (int)text.length, text.data ? text.data : "", cause);
	text_free(&text);
	return outcome;
}
