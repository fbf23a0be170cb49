/* report_event.c - what -v and -vv tell of an event, in words and as an object */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errname.h"
#include "net/proxy_client.h"
#include "net/told.h"
#include "run/report.h"

#define PROXY_TEXT 512

static const struct event_row {
	enum message_level level;
	char name[12];
} event_rows[] = {
	[EVENT_LOOKUP] = { MESSAGE_STEP, "lookup" },
	[EVENT_RESOLVED] = { MESSAGE_STEP, "resolved" },
	[EVENT_CONNECTING] = { MESSAGE_STEP, "connecting" },
	[EVENT_FAILED] = { MESSAGE_STEP, "failed" },
	[EVENT_CONNECTED] = { MESSAGE_VERBOSE, "connected" },
	[EVENT_LISTENING] = { MESSAGE_VERBOSE, "listening" },
	[EVENT_READY_FAILED] = { MESSAGE_ERROR, "error" },
	[EVENT_ACCEPT_FAILED] = { MESSAGE_ERROR, "error" },
	[EVENT_ACCEPT_OVER] = { MESSAGE_ERROR, "error" },
	[EVENT_PROXY] = { MESSAGE_VERBOSE, "proxy" },
	[EVENT_ASKING] = { MESSAGE_STEP, "asking" },
	[EVENT_NOT_REACHED] = { MESSAGE_STEP, "unreached" },
	[EVENT_THROUGH] = { MESSAGE_VERBOSE, "connected" },
	[EVENT_TOLD] = { MESSAGE_VERBOSE, "told" },
};

void report_proxy(struct json *json, const struct proxy *p)
{
	char text[PROXY_TEXT];

	json_string(json, "proxy", proxy_url_text(p, text, sizeof text));
}

static void report_header_facts(struct json *json, const struct event *e)
{
	struct address from, to;

	json_number(json, "version", (int64_t)e->count);
	if (!told_read(e->header, &from, &to))
		return;
	address_json(json, "from", &from);
	address_json(json, "to", &to);
}

/* Adds what is known of E to the object. */
static void report_event_facts(struct notice *n, const struct event *e)
{
	struct json *json = &n->json;

	json_string(json, "host", e->host);
	json_string(json, "port", e->port);
	if (e->kind == EVENT_RESOLVED)
		json_number(json, "addresses", (int64_t)e->count);
	if (e->kind == EVENT_TOLD)
		report_header_facts(json, e);
	address_json(json, "peer", e->address);
	address_json(json, "local", e->local);
	if (e->proxy && e->kind != EVENT_THROUGH)
		report_proxy(json, e->proxy);
	else if (e->what)
		json_string(json, "step", e->what);
	if (event_rows[e->kind].level == MESSAGE_ERROR)
		notice_error(n, OUTCOME_FAILED, errno_name(e->error));
	else if (e->error)
		json_string(json, "code", errno_name(e->error));
	if (e->icmp)
		icmp_json(json, e->icmp);
	if (e->kind == EVENT_THROUGH) {
		char url[PROXY_TEXT];
		json_open(json, "proxies", '[');
		for (const struct proxy *p = e->proxy; p; p = p->next)
			json_string(json, NULL, proxy_url_text(p, url, sizeof url));
		json_close(json, ']');
	}
}

static void report_header_words(struct text *text, const struct event *e)
{
	struct address from, to;

	text_add(text, "PROXY header v%zu sent: ", e->count);
	if (told_read(e->header, &from, &to)) {
		char words[2][ADDRESS_TEXT];
		text_add(text, "from %s to %s", address_text(&from, words[0]),
			 address_text(&to, words[1]));
	} else {
		text_add(text, "unknown");
	}
}

/* Adds E in words to TEXT. */
static void report_event_words(const struct messages *m, struct text *text, const struct event *e)
{
	char texts[3][ADDRESS_TEXT], why[ICMP_TEXT], words[PROXY_TEXT];
	const char *address = "", *local = "", *who = "", *proxy = "";
	const char *colon = e->what ? ": " : "";
	char step[REPORT_STEP];

	report_step(m, e->what, step);
	if (e->address) {
		address = address_text(e->address, texts[0]);
		who = address_who(e->address, texts[1]);
	}
	if (e->local)
		local = address_text(e->local, texts[2]);
	if (e->proxy)
		proxy = address_words(e->proxy->url.host, e->proxy->url.port, words, PROXY_TEXT);
	icmp_text(e->icmp, e->error, why);
	switch (e->kind) {
	case EVENT_LOOKUP:
		text_add(text, "looking up host %s, port %s", e->host, e->port);
		break;
	case EVENT_RESOLVED:
		text_add(text, "host %s, port %s: %zu address%s", e->host, e->port, e->count,
			 e->count == 1 ? "" : "es");
		break;
	case EVENT_CONNECTING:
		text_add(text, "connecting to %s", address);
		break;
	case EVENT_FAILED:
		text_add(text, "%s: %s%s%s", address, step, colon, why);
		break;
	case EVENT_CONNECTED:
		text_add(text, "connected to %s%s", address, who);
		/* A UNIX socket that connects has no name, in most cases. */
		if (strcmp(local, "unix:") != 0)
			text_add(text, " from %s", local);
		break;
	case EVENT_LISTENING:
		text_add(text, "listening on %s", local);
		break;
	case EVENT_READY_FAILED:
		text_add(text, "%s=%s: %s", e->what, getenv(e->what), why);
		break;
	case EVENT_ACCEPT_FAILED:
		text_add(text, "accept: %s%s%s: trying again", step, colon, why);
		break;
	case EVENT_ACCEPT_OVER:
		text_add(text, "%s: accept: %s: it listens no more", local, why);
		break;
	case EVENT_PROXY:
		text_add(text, "connected to proxy %s from %s", address, local);
		break;
	case EVENT_ASKING:
		text_add(text, "asking proxy %s for %s port %s", proxy, e->host, e->port);
		break;
	case EVENT_NOT_REACHED:
		text_add(text, "proxy %s: %s (%s)", proxy, e->what, errno_name(e->error));
		break;
	case EVENT_THROUGH:
		text_add(text, "connected to %s through ", address);
		for (const struct proxy *p = e->proxy; p; p = p->next)
			text_add(text, "%s%s",
				 address_words(p->url.host, p->url.port, words, PROXY_TEXT),
				 p->next ? ", " : "");
		text_add(text, " from %s", local);
		break;
	case EVENT_TOLD:
		report_header_words(text, e);
		break;
	}
}

void report_event(void *arg, const struct event *e)
{
	const struct event_row *row = &event_rows[e->kind];
	const struct messages *m = arg;
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	struct notice n;

	notice_begin(&n, m, e->chosen ? MESSAGE_NOTE : row->level, row->name);
	if (!n.wanted)
		return;
	report_event_facts(&n, e);
	report_event_words(m, &text, e);
	notice_end(&n, "%.*s", (int)text.length, text.length ? text.data : "");
	text_free(&text);
}
