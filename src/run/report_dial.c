/* report_dial.c - how connecting has failed, in words and as an object */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "net/proxy_client.h"
#include "run/report.h"

void report_failures_text(struct text *text, const struct dial_failure *f, size_t n, bool named,
			  const char *silent)
{
	char address[ADDRESS_TEXT], why[ICMP_TEXT];

	for (size_t i = 0; i < n; i++, f++)
		text_add(text, "%s%s%s%s%s%s%s", i ? "; " : "",
			 named || n > 1 ? address_text(&f->address, address) : "",
			 named || n > 1 ? ": " : "", f->what ? f->what : "", f->what ? ": " : "",
			 f->error ? icmp_text(&f->icmp, f->error, why) : silent,
			 f->error == EPROTOTYPE ? ": see sockit unix --type" : "");
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
	report_failures_text(text, r->failures, r->n, true, silent);
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
	report_failures_json(&n.json, r->failures, r->n);
	report_cause(&n, r->socktype ? r->socktype : SOCK_STREAM, r->failures, r->n, cause,
		     sizeof cause);
	notice_end(&n, "%s%.*s%s", r->proxy ? "proxy " : "", (int)text.length,
		   text.data ? text.data : "", cause);
	text_free(&text);
	return outcome;
}
