/* report_dial.c - how connecting has failed, in words and as an object */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "net/proxy_client.h"
#include "run/report.h"

/* Adds how F has failed to TEXT; SILENT is what to say of no answer. */
static void report_failure_text(struct text *text, const struct dial_failure *f, const char *silent)
{
	char why[ICMP_TEXT];

	text_add(text, "%s%s%s%s", f->what ? f->what : "", f->what ? ": " : "",
		 f->error ? icmp_text(&f->icmp, f->error, why) : silent,
		 f->error == EPROTOTYPE ? ": see sockit unix --type" : "");
}

void report_dial_text(struct text *text, const struct dial_result *r, int64_t limit,
		      const char *option)
{
	char silent[96], time[32];

	snprintf(silent, sizeof silent, "no answer within %s (%s)",
		 duration_format(time, sizeof time, limit), option);
	if (*r->why) {
		char proxy[512];
		text_add(text, "%s: %s%s%s",
			 address_words(r->proxy->url.host, r->proxy->url.port, proxy, sizeof proxy),
			 r->why, r->timed_out ? ": " : "", r->timed_out ? silent : "");
		return;
	}
	for (size_t i = 0; i < r->n; i++) {
		char address[ADDRESS_TEXT];
		text_add(text, "%s%s: ", i ? "; " : "",
			 address_text(&r->failures[i].address, address));
		report_failure_text(text, &r->failures[i], silent);
	}
	if (r->n == 0)
		text_add(text, "%s", r->timed_out ? silent : strerror(r->error));
}

void report_probe_text(enum probe_state state, const char *what, int error,
		       const struct icmp_error *icmp, int64_t limit, char *text)
{
	char why[ICMP_TEXT];

	*text = '\0';
	if (state == PROBE_FILTERED)
		snprintf(text, PROBE_WHY, "no answer within %s (-w)",
			 duration_format(why, sizeof why, limit));
	else if (state != PROBE_OPEN)
		snprintf(text, PROBE_WHY, "%s%s%s", what ? what : "", what ? ": " : "",
			 icmp_text(icmp, error, why));
}

/* Finds who is behind the failures of R: who listens elsewhere, where an address refused, or else
 * who has the source address. Writes the end of a sentence into TEXT of SIZE bytes, and adds its
 * member to N. */
static void report_dial_cause(struct notice *n, const struct dial_result *r, char *text,
			      size_t size)
{
	int type = r->socktype ? r->socktype : SOCK_STREAM;
	const struct dial_failure *refused = NULL, *taken = NULL;

	for (size_t i = r->n; i-- > 0;) {
		const struct dial_failure *f = &r->failures[i];
		if (f->error == ECONNREFUSED && !f->what)
			refused = f;
		if (f->error == EADDRINUSE && f->source.length)
			taken = f;
	}
	if (refused)
		report_elsewhere(n, type, &refused->address, text, size);
	else if (taken)
		report_holder(n, type, &taken->source, text, size);
}

struct outcome report_dial(const struct messages *m, const char *host, const char *port,
			   const struct dial_result *r, int64_t limit, const char *option)
{
	const struct outcome outcome = { r->timed_out ? OUTCOME_TIMEOUT : OUTCOME_FAILED, 0 };
	int error = r->timed_out ? ETIMEDOUT : r->n ? r->failures[0].error : r->error;
	struct text text = { 0 };
	char cause[512] = "";
	struct notice n;

	if (r->lookup.eai)
		return report_lookup(m, &r->lookup);
	if (r->n == 0 && !*r->why)
		text_add(&text,
			 "look-up of host %s, port %s: ", r->proxy ? r->proxy->url.host : host,
			 r->proxy ? r->proxy->url.port : port);
	report_dial_text(&text, r, limit, option);
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, outcome.kind, errno_name(error));
	json_string(&n.json, "host", host);
	if (*port)
		json_string(&n.json, "port", port);
	if (r->proxy)
		report_proxy(&n.json, r->proxy);
	if (r->n) {
		json_open(&n.json, "failures", '[');
		for (size_t i = 0; i < r->n; i++) {
			const struct dial_failure *f = &r->failures[i];
			json_open(&n.json, NULL, '{');
			address_json(&n.json, "peer", &f->address);
			json_string(&n.json, "step", f->what);
			json_string(&n.json, "code", errno_name(f->error ? f->error : ETIMEDOUT));
			icmp_json(&n.json, &f->icmp);
			json_close(&n.json, '}');
		}
		json_close(&n.json, ']');
	}
	report_dial_cause(&n, r, cause, sizeof cause);
	notice_end(&n, "%s%.*s%s", r->proxy ? "proxy " : "", (int)text.length,
		   text.data ? text.data : "", cause);
	text_free(&text);
	return outcome;
}
