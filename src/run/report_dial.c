/* report_dial.c - how connecting has failed, in words and as an object */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "net/proxy_client.h"
#include "run/report.h"

/* Returns the first address that refused, or NULL. */
static const struct address *report_dial_refused(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->failures[i].error == ECONNREFUSED && !r->failures[i].what)
			return &r->failures[i].address;
	return NULL;
}

/* Returns the first source address that is in use, or NULL. */
static const struct address *report_dial_taken(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->failures[i].error == EADDRINUSE && r->failures[i].source.length)
			return &r->failures[i].source;
	return NULL;
}

static void report_dial_add_failure(struct text *text, const struct dial_failure *f,
				    const char *silent)
{
	char address[ADDRESS_TEXT], why[ERRNO_TEXT];

	text_add(text, "%s: %s%s%s%s", address_text(&f->address, address), f->what ? f->what : "",
		 f->what ? ": " : "", f->error ? errno_text(f->error, why) : silent,
		 f->error == EPROTOTYPE ? ": see sockit unix --type" : "");
}

/* Adds F as a member of an array. */
static void report_dial_failure_facts(struct notice *n, const struct dial_failure *f)
{
	json_open(&n->json, NULL, '{');
	address_json(&n->json, "peer", &f->address);
	if (f->what)
		json_string(&n->json, "step", f->what);
	json_string(&n->json, "code", errno_name(f->error ? f->error : ETIMEDOUT));
	json_close(&n->json, '}');
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
		text_put(text, "; ", i ? 2 : 0);
		report_dial_add_failure(text, &r->failures[i], silent);
	}
	if (r->n == 0)
		text_add(text, "%s", r->timed_out ? silent : strerror(r->error));
}

void report_probe_text(enum probe_state state, const char *what, int error, int64_t limit,
		       char *text)
{
	char why[ERRNO_TEXT];

	*text = '\0';
	if (state == PROBE_FILTERED)
		snprintf(text, PROBE_WHY, "no answer within %s (-w)",
			 duration_format(why, sizeof why, limit));
	else if (state != PROBE_OPEN)
		snprintf(text, PROBE_WHY, "%s%s%s", what ? what : "", what ? ": " : "",
			 errno_text(error, why));
}

struct outcome report_dial(const struct messages *m, const char *host, const char *port,
			   const struct dial_result *r, int64_t limit, const char *option)
{
	const struct outcome outcome = { r->timed_out ? OUTCOME_TIMEOUT : OUTCOME_FAILED, 0 };
	int error = r->timed_out ? ETIMEDOUT : r->n ? r->failures[0].error : r->error;
	struct text text = { 0 };
	char cause[512] = "";
	const struct address *refuser = report_dial_refused(r), *source = report_dial_taken(r);
	int type = r->socktype ? r->socktype : SOCK_STREAM;
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
		for (size_t i = 0; i < r->n; i++)
			report_dial_failure_facts(&n, &r->failures[i]);
		json_close(&n.json, ']');
	}
	if (refuser)
		report_elsewhere(&n, type, refuser, cause, sizeof cause);
	else if (source)
		report_holder(&n, type, source, cause, sizeof cause);
	notice_end(&n, "%s%.*s%s", r->proxy ? "proxy " : "", (int)text.length,
		   text.data ? text.data : "", cause);
	text_free(&text);
	return outcome;
}
