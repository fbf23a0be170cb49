/* report.c - what is said of a proxy server's client */
#include "proxyd/report.h"

#include <errno.h>
#include <string.h>

#include "base/errname.h"
#include "names/lookup.h"
#include "proxyd/proxied.h"

static void proxyd_add_place(struct notice *n, const struct proxied *p)
{
	if (!p || !*p->host)
		return;
	json_string(&n->json, "host", p->host);
	json_string(&n->json, "port", p->port);
}

/* Begins EVENT, with all that is known of X's request. */
static void proxyd_begin(const struct connection *x, struct notice *n, const char *event)
{
	const struct proxied *p = proxied_of(x);

	connection_notice(x, n, MESSAGE_VERBOSE, event);
	if (p->user)
		json_string(&n->json, "user", p->user);
	proxyd_add_place(n, p);
	if (p->method)
		json_string(&n->json, "method", p->method);
	if (p->status)
		json_number(&n->json, "status", p->status);
}

/* An error, and of this connection alone. */
static void proxyd_begin_error(const struct connection *x, struct notice *n, enum outcome_kind kind,
			       const char *code)
{
	connection_notice(x, n, MESSAGE_ERROR, "error");
	notice_error(n, kind, code);
	proxyd_add_place(n, proxied_of(x));
}

void proxyd_tell_request(const struct connection *x)
{
	const struct proxied *p = proxied_of(x);
	struct notice n;

	proxyd_begin(x, &n, "requested");
	notice_end(&n, "%s: asks for %s%s%s port %s%s%s", x->name, p->method ? p->method : "",
		   p->method ? " at " : "", p->host, p->port, p->user ? " as user " : "",
		   p->user ? p->user : "");
}

void proxyd_tell_answer(const struct connection *x)
{
	const struct proxied *p = proxied_of(x);
	struct notice n;

	proxyd_begin(x, &n, "answered");
	notice_end(&n, "%s: %s at %s port %s: status %u", x->name, p->method, p->host, p->port,
		   p->status);
}

void proxyd_tell_refusal(const struct connection *x, const char *why)
{
	struct notice n;

	proxyd_begin(x, &n, "refused");
	json_string(&n.json, "why", why);
	notice_end(&n, "%s: refused: %s", x->name, why);
}

struct outcome proxyd_tell_failure(const struct connection *x, const struct dial_result *r,
				   int error, int64_t limit)
{
	const enum outcome_kind kind = r->lookup.eai ? OUTCOME_LOOKUP :
				       r->timed_out  ? OUTCOME_TIMEOUT :
						       OUTCOME_FAILED;
	const struct proxied *p = proxied_of(x);
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	struct address a;
	struct notice n;

	/* An address names itself. */
	if (!r->n || address_parse_host(p->host, &a) != WORD_NUMBER)
		text_add(&text, "%s port %s: ", p->host, p->port);
	if (r->lookup.eai) {
		char why[EAI_TEXT];
		text_add(&text, "%s",
			 lookup_text(r->lookup.word, r->lookup.eai, r->lookup.error,
				     r->lookup.family, why));
	} else {
		text_add(&text, "%s", r->proxy ? "proxy " : "");
		report_dial_text(x->connections->c->messages, &text, r, limit, "-w");
	}
	proxyd_begin_error(x, &n, kind,
			   r->lookup.eai ? eai_name(r->lookup.eai) : errno_name(error));
	notice_end(&n, "%s: %.*s", x->name, (int)text.length, text.data ? text.data : "");
	text_free(&text);
	return (struct outcome){ kind, 0 };
}

struct outcome proxyd_tell_error(const struct connection *x, int error)
{
	struct notice n;

	proxyd_begin_error(x, &n, OUTCOME_FAILED, errno_name(error));
	notice_end(&n, "%s: %s (%s)", x->name, strerror(error), errno_name(error));
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

struct outcome proxyd_tell_cut(const struct connection *x)
{
	bool answer = x->pump.end == PUMP_IN_FAILED;
	struct notice n;

	proxyd_begin_error(x, &n, OUTCOME_FAILED, errno_name(EPROTO));
	notice_end(&n, "%s: its %s is not whole (EPROTO)", answer ? x->in->name : x->name,
		   answer ? "answer" : "request");
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

struct outcome proxyd_tell_idle(const struct connection *x, const char *who)
{
	struct notice n;

	proxyd_begin_error(x, &n, OUTCOME_TIMEOUT, errno_name(ETIMEDOUT));
	notice_end(&n, "%s: %s (--idle-timeout)", who, proxied_of(x)->why);
	return (struct outcome){ OUTCOME_TIMEOUT, 0 };
}
