#include "run/report.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "loop/signals.h"
#include "system/inventory.h"
#include "net/proxy_client.h"
#include "sock/stream.h"

/* `Connection refused (ECONNREFUSED)` */
static const char *reason(int error, char *text, size_t size)
{
	snprintf(text, size, "%s (%s)", strerror(error), errno_name(error));
	return text;
}

struct outcome report_error(const struct messages *m, const char *what, int error)
{
	char why[128];

	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s: %s", what,
			    reason(error, why, sizeof why));
}

static const struct event_row {
	enum message_level level;
	const char *name;
} event_rows[] = {
	[EVENT_LOOKUP] = { MESSAGE_STEP, "lookup" },
	[EVENT_RESOLVED] = { MESSAGE_STEP, "resolved" },
	[EVENT_CONNECTING] = { MESSAGE_STEP, "connecting" },
	[EVENT_FAILED] = { MESSAGE_STEP, "failed" },
	[EVENT_CONNECTED] = { MESSAGE_VERBOSE, "connected" },
	[EVENT_LISTENING] = { MESSAGE_VERBOSE, "listening" },
	[EVENT_READY_FAILED] = { MESSAGE_ERROR, "error" },
	[EVENT_ACCEPT_FAILED] = { MESSAGE_ERROR, "error" },
	[EVENT_RETRY] = { MESSAGE_STEP, "retry" },
	[EVENT_PROXY] = { MESSAGE_VERBOSE, "proxy" },
	[EVENT_ASKING] = { MESSAGE_STEP, "asking" },
	[EVENT_NOT_REACHED] = { MESSAGE_STEP, "unreached" },
	[EVENT_THROUGH] = { MESSAGE_VERBOSE, "connected" },
};

#define PROXY_TEXT 512

/* `HOST port PORT` of P into TEXT of PROXY_TEXT bytes. Returns it. */
static const char *proxy_words(const struct proxy *p, char *text)
{
	return address_words(p->url.host, p->url.port, text, PROXY_TEXT);
}

static void proxy_fact(struct notice *n, const struct proxy *p)
{
	char text[PROXY_TEXT];

	json_string(&n->json, "proxy", proxy_url_text(p, text, sizeof text));
}

/* All proxies from P on, in words to T, and as a fact. */
static void add_proxies(struct notice *n, struct text *t, const struct proxy *p)
{
	char text[PROXY_TEXT];

	json_open(&n->json, "proxies", '[');
	for (; p; p = p->next) {
		text_add(t, "%s%s", proxy_words(p, text), p->next ? ", " : "");
		json_string(&n->json, NULL, proxy_url_text(p, text, sizeof text));
	}
	json_close(&n->json, ']');
}

/* What is known of E, for an object. */
static void event_facts(struct notice *n, const struct event *e)
{
	if (e->host)
		json_string(&n->json, "host", e->host);
	if (e->port)
		json_string(&n->json, "port", e->port);
	if (e->kind == EVENT_RESOLVED)
		json_number(&n->json, "addresses", (int64_t)e->count);
	if (e->address)
		address_json(&n->json, "peer", e->address);
	if (e->local)
		address_json(&n->json, "local", e->local);
	if (e->proxy && e->kind != EVENT_THROUGH)
		proxy_fact(n, e->proxy);
	else if (e->what)
		json_string(&n->json, "step", e->what);
	if (e->kind == EVENT_ACCEPT_FAILED || e->kind == EVENT_READY_FAILED)
		notice_error(n, OUTCOME_FAILED, errno_name(e->error));
	else if (e->error)
		json_string(&n->json, "code", errno_name(e->error));
}

void report_event(void *arg, const struct event *e)
{
	const struct messages *m = arg;
	const struct event_row *row = &event_rows[e->kind];
	char texts[3][ADDRESS_TEXT], why[128], proxy[PROXY_TEXT];
	const char *address = "", *local = "", *who = "";
	struct text proxies = { 0 };
	struct notice n;

	notice_begin(&n, m, e->chosen ? MESSAGE_NOTE : row->level, row->name);
	if (!n.wanted)
		return;
	event_facts(&n, e);
	if (e->address) {
		address = address_text(e->address, texts[0]);
		who = address_who(e->address, texts[1]);
	}
	if (e->local)
		local = address_text(e->local, texts[2]);
	reason(e->error, why, sizeof why);
	switch (e->kind) {
	case EVENT_LOOKUP:
		notice_end(&n, "looking up host %s, port %s", e->host, e->port);
		break;
	case EVENT_RESOLVED:
		notice_end(&n, "host %s, port %s: %zu address%s", e->host, e->port, e->count,
			   e->count == 1 ? "" : "es");
		break;
	case EVENT_CONNECTING:
		notice_end(&n, "connecting to %s", address);
		break;
	case EVENT_FAILED:
		notice_end(&n, "%s: %s%s%s", address, e->what ? e->what : "", e->what ? ": " : "",
			   why);
		break;
	case EVENT_CONNECTED:
		/* A UNIX socket that connects has no name in most cases. */
		if (!strcmp(local, "unix:"))
			notice_end(&n, "connected to %s%s", address, who);
		else
			notice_end(&n, "connected to %s%s from %s", address, who, local);
		break;
	case EVENT_LISTENING:
		notice_end(&n, "listening on %s", local);
		break;
	case EVENT_READY_FAILED:
		notice_end(&n, "NOTIFY_SOCKET: %s", why);
		break;
	case EVENT_ACCEPT_FAILED:
		notice_end(&n, "accept: %s%s%s: trying again", e->what ? e->what : "",
			   e->what ? ": " : "", why);
		break;
	case EVENT_RETRY:
		notice_end(&n, "trying again");
		break;
	case EVENT_PROXY:
		notice_end(&n, "connected to proxy %s from %s", address, local);
		break;
	case EVENT_ASKING:
		notice_end(&n, "asking proxy %s for %s port %s", proxy_words(e->proxy, proxy),
			   e->host, e->port);
		break;
	case EVENT_NOT_REACHED:
		notice_end(&n, "proxy %s: %s (%s)", proxy_words(e->proxy, proxy), e->what,
			   errno_name(e->error));
		break;
	case EVENT_THROUGH:
		add_proxies(&n, &proxies, e->proxy);
		notice_end(&n, "connected to %s through %.*s from %s", address, (int)proxies.length,
			   proxies.data ? proxies.data : "", local);
		text_free(&proxies);
		break;
	}
}

void report_lookup_text(struct text *text, int eai, int error)
{
	char why[128];

	text_add(text, "%s (%s)",
		 eai == EAI_SERVICE ? "no such service" :
		 eai == EAI_FAMILY  ? "no address of this family" :
		 eai == EAI_SYSTEM  ? reason(error, why, sizeof why) :
				      gai_strerror(eai),
		 eai_name(eai));
}

struct outcome report_lookup(const struct messages *m, const struct places_failure *f)
{
	bool is_port = f->which == PLACE_PORT || f->which == PLACE_SOURCE_PORT;
	const char *kind = is_port ? "port" : "host";
	struct text why = { 0 };
	struct notice n;

	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_LOOKUP, eai_name(f->eai));
	json_string(&n.json, kind, f->word);
	report_lookup_text(&why, f->eai, f->error);
	notice_end(&n, "%s %s: %.*s", kind, f->word, (int)why.length, why.data ? why.data : "");
	text_free(&why);
	return (struct outcome){ OUTCOME_LOOKUP, 0 };
}

#define ELSEWHERE_MOST 3 /* in a message */

/* `nginx (process 7)` for whoever has S of I. */
static const char *owner_text(const struct inventory *i, const struct inventory_socket *s,
			      char *text, size_t size)
{
	const struct inventory_owner *owner = s->n_owners ? &i->owners[s->owner] : NULL;

	if (!owner && s->uid == UNSET)
		snprintf(text, size, "another process");
	else if (!owner)
		snprintf(text, size, "a process of user %lld", (long long)s->uid);
	else if (s->n_owners == 1)
		snprintf(text, size, "%s (process %lld)", owner->program, (long long)owner->pid);
	else
		snprintf(text, size, "%s (process %lld and %zu more)", owner->program,
			 (long long)owner->pid, s->n_owners - 1);
	return text;
}

void report_holder(struct notice *n, int type, const struct address *wanted, char *text,
		   size_t size)
{
	char owner[64], address[ADDRESS_TEXT];
	struct inventory found;

	*text = '\0';
	if (!n->wanted || !inventory_find_holder(type, wanted, &found))
		return;
	snprintf(text, size, ": %s has %s",
		 owner_text(&found, &found.sockets[0], owner, sizeof owner),
		 /* A path as the user has it. */
		 address_text(wanted->u.sa.sa_family == AF_UNIX ? wanted : &found.sockets[0].local,
			      address));
	json_open(&n->json, "holder", '{');
	inventory_json(&n->json, &found, &found.sockets[0]);
	json_close(&n->json, '}');
	inventory_free(&found);
}

void report_elsewhere(struct notice *n, int type, const struct address *wanted, char *text,
		      size_t size)
{
	char owner[64], address[ADDRESS_TEXT];
	struct inventory found;
	size_t used = 0;

	*text = '\0';
	if (!n->wanted || !inventory_find_elsewhere(type, wanted, &found))
		return;
	for (size_t i = 0; i < found.n && i < ELSEWHERE_MOST && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s listens on %s",
					 i ? ", " : "; but ",
					 owner_text(&found, &found.sockets[i], owner, sizeof owner),
					 address_text(&found.sockets[i].local, address));
	json_open(&n->json, "elsewhere", '[');
	for (size_t i = 0; i < found.n; i++) {
		json_open(&n->json, NULL, '{');
		inventory_json(&n->json, &found, &found.sockets[i]);
		json_close(&n->json, '}');
	}
	json_close(&n->json, ']');
	inventory_free(&found);
}

/* The first address that refused, NULL: none. */
static const struct address *refused(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->failures[i].error == ECONNREFUSED && !r->failures[i].what)
			return &r->failures[i].address;
	return NULL;
}

/* The first address that could not be bound since somebody has it, NULL: none. */
static const struct address *taken(const struct dial_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->failures[i].error == EADDRINUSE && r->failures[i].source.length)
			return &r->failures[i].source;
	return NULL;
}

static void add_failure(struct text *text, const struct dial_failure *f, const char *silent)
{
	char address[ADDRESS_TEXT], why[128];

	text_add(text, "%s: %s%s%s%s", address_text(&f->address, address), f->what ? f->what : "",
		 f->what ? ": " : "", f->error ? reason(f->error, why, sizeof why) : silent,
		 f->error == EPROTOTYPE ? ": see sockit unix --type" : "");
}

/* The same for an object. */
static void failure_facts(struct notice *n, const struct dial_failure *f)
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
		char proxy[PROXY_TEXT];
		text_add(text, "%s: %s%s%s", proxy_words(r->proxy, proxy), r->why,
			 r->timed_out ? ": " : "", r->timed_out ? silent : "");
		return;
	}
	for (size_t i = 0; i < r->n; i++) {
		text_put(text, "; ", i ? 2 : 0);
		add_failure(text, &r->failures[i], silent);
	}
	if (r->n == 0)
		text_add(text, "%s", r->timed_out ? silent : strerror(r->error));
}

void report_probe_text(enum probe_state state, const char *what, int error, int64_t limit,
		       char *text)
{
	char time[32];

	*text = '\0';
	if (state == PROBE_FILTERED)
		snprintf(text, PROBE_WHY, "no answer within %s (-w)",
			 duration_format(time, sizeof time, limit));
	else if (state != PROBE_OPEN)
		snprintf(text, PROBE_WHY, "%s%s%s (%s)", what ? what : "", what ? ": " : "",
			 strerror(error), errno_name(error));
}

struct outcome report_dial(const struct messages *m, const char *host, const char *port,
			   const struct dial_result *r, int64_t limit, const char *option)
{
	const struct outcome outcome = { r->timed_out ? OUTCOME_TIMEOUT : OUTCOME_FAILED, 0 };
	int error = r->timed_out ? ETIMEDOUT : r->n ? r->failures[0].error : r->error;
	struct text text = { 0 };
	char cause[512] = "";
	const struct address *refuser = refused(r), *source = taken(r);
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
		proxy_fact(&n, r->proxy);
	if (r->n) {
		json_open(&n.json, "failures", '[');
		for (size_t i = 0; i < r->n; i++)
			failure_facts(&n, &r->failures[i]);
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

struct outcome report_binding(const struct messages *m, const char *port,
			      const struct binding_result *r)
{
	char text[ADDRESS_TEXT], why[128], holder[PATH_MAX + 128] = "";
	const char *where = r->address.length ? address_text(&r->address, text) :
			    r->what	      ? "" :
						port;
	struct notice n;

	if (r->lookup.eai)
		return report_lookup(m, &r->lookup);
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(r->error));
	if (r->address.length)
		address_json(&n.json, "local", &r->address);
	if (r->what)
		json_string(&n.json, "step", r->what);
	if (r->error == EADDRINUSE && r->address.length && !r->what)
		report_holder(&n, r->socktype ? r->socktype : SOCK_STREAM, &r->address, holder,
			      sizeof holder);
	/* Who has it tells more than that somebody has it. */
	if (r->why && !*holder)
		snprintf(holder, sizeof holder, ": %s", r->why);
	notice_end(&n, "%s%s%s: %s%s", where, *where && r->what ? ": " : "", r->what ? r->what : "",
		   reason(r->error, why, sizeof why), holder);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

/* Is that ERROR of writing what SIGPIPE is for? */
static bool ends_by_signal(int error)
{
	return error == EPIPE && !signals_pipe_was_ignored();
}

struct outcome report_output_error(const struct messages *m, const char *what, int error)
{
	if (ends_by_signal(error))
		return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
	return report_error(m, what, error);
}

/* What is wrong with WHAT, which was read for packets of at most MOST bytes, into TEXT. */
static void input_text(char *text, size_t size, const char *what, int error, size_t most)
{
	char why[128];

	reason(error, why, sizeof why);
	if (error == EMSGSIZE)
		snprintf(text, size, "%s: %s: a packet has at most %zu bytes (--sndbuf)", what, why,
			 most);
	else if (error == EBADMSG)
		snprintf(text, size, "%s: it ends within a packet (%s)", what, errno_name(error));
	else
		snprintf(text, size, "%s: %s", what, why);
}

struct outcome report_input_error(const struct messages *m, const char *what, int error,
				  size_t most)
{
	char text[256];

	input_text(text, sizeof text, what, error, most);
	return message_fail(m, OUTCOME_FAILED, errno_name(error), "%s", text);
}

void report_subject(struct notice *n, const struct subject *s)
{
	if (s->id)
		json_number(&n->json, "id", (int64_t)s->id);
	address_json(&n->json, "peer", s->peer);
}

struct outcome report_pump(const struct messages *m, const struct pump *p, const struct subject *s)
{
	char text[PATH_MAX + 192], why[128], time[32];
	enum outcome_kind kind = OUTCOME_FAILED;
	int error = p->error;
	struct notice n;

	if (p->end <= PUMP_DONE)
		return (struct outcome){ OUTCOME_DONE, 0 };
	reason(error, why, sizeof why);
	switch (p->end) {
	case PUMP_RUNNING:
	case PUMP_DONE:
		break;
	case PUMP_RESET:
		/* The peer had ended already; the kernel has only one word for both. */
		snprintf(text, sizeof text, "%s: %s%s", s->name,
			 error == EPIPE ? "reset with input unsent: " : "", why);
		break;
	case PUMP_UNSENT:
		error = ECONNABORTED;
		snprintf(text, sizeof text, "%s: not all that was sent has been acknowledged",
			 s->name);
		break;
	case PUMP_IDLE:
		kind = OUTCOME_TIMEOUT;
		error = ETIMEDOUT;
		snprintf(text, sizeof text, "%s: nothing moved for %s (--idle-timeout)", s->name,
			 duration_format(time, sizeof time, p->c.idle));
		break;
	case PUMP_IN_FAILED:
		input_text(text, sizeof text, p->in->name, error, p->up.transfer.most);
		break;
	case PUMP_OUT_FAILED:
		/* Another connection that we relay to has nothing to do with our stdout. */
		if (ends_by_signal(error) && !p->out->owned)
			return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
		snprintf(text, sizeof text, "%s: %s", p->out->name, why);
		break;
	}
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, kind, errno_name(error));
	report_subject(&n, s);
	notice_end(&n, "%s", text);
	return (struct outcome){ kind, 0 };
}

/* Says BYTES and, with COUNTED, how many DATAGRAMS they came in, into TEXT. Returns TEXT. */
static const char *amount(uint64_t bytes, bool counted, uint64_t datagrams, char text[64])
{
	int n = 0;

	if (counted)
		n = snprintf(text, 64, "%llu datagram%s, ", (unsigned long long)datagrams,
			     datagrams == 1 ? "" : "s");
	snprintf(text + n, 64 - (size_t)n, "%llu byte%s", (unsigned long long)bytes,
		 bytes == 1 ? "" : "s");
	return text;
}

/* The figures of F as a sentence. */
static void figures_text(const struct figures *f, const char *tcp, char *text, size_t size)
{
	char out[32], in[32], time[32], sent[64], received[64];
	double seconds = (double)(f->ns > 0 ? f->ns : 1) / (double)SECOND;
	struct datagram_counts none = { 0 }, d = f->datagrams ? *f->datagrams : none;

	duration_format(time, sizeof time, f->ns);
	if (f->unseen)
		snprintf(text, size, "after %s%s", time, tcp);
	else
		snprintf(text, size, "sent %s, received %s in %s (%s/s out, %s/s in)%s",
			 amount(f->sent, f->datagrams, d.sent, sent),
			 amount(f->received, f->datagrams, d.received, received), time,
			 size_format(out, sizeof out, (double)f->sent / seconds),
			 size_format(in, sizeof in, (double)f->received / seconds), tcp);
}

void report_figures(const struct messages *m, enum message_level level, const struct figures *f,
		    const char *event)
{
	char text[256], status[24] = "", tcp[96] = "", who[ADDRESS_TEXT + 32] = "";
	const char *name = who, *separator;
	struct stream_tcp info = { .rtt_us = UNSET };
	struct notice n;

	notice_begin(&n, m, level, event);
	if (!n.wanted)
		return;
	if (f->fd >= 0 && stream_tcp(f->fd, &info) == 0)
		snprintf(tcp, sizeof tcp, ", rtt %.3f ms, %lld retransmit%s",
			 (double)info.rtt_us / 1000, (long long)info.retransmits,
			 info.retransmits == 1 ? "" : "s");
	if (f->id)
		json_number(&n.json, "id", (int64_t)f->id);
	if (f->peer)
		address_json(&n.json, "peer", f->peer);
	else if (!f->datagrams)
		json_number(&n.json, "connections", (int64_t)f->count);
	if (f->local)
		address_json(&n.json, "local", f->local);
	if (!f->unseen) {
		json_number(&n.json, "sent", (int64_t)f->sent);
		json_number(&n.json, "received", (int64_t)f->received);
	}
	if (f->datagrams) {
		json_number(&n.json, "sent_datagrams", (int64_t)f->datagrams->sent);
		json_number(&n.json, "received_datagrams", (int64_t)f->datagrams->received);
		json_number(&n.json, "errors", (int64_t)f->datagrams->errors);
	}
	json_milliseconds(&n.json, "elapsed_ms", f->ns);
	if (info.rtt_us != UNSET) {
		json_milliseconds(&n.json, "rtt_ms", info.rtt_us * MICROSECOND);
		json_number(&n.json, "retransmits", info.retransmits);
	}
	if (f->why)
		json_string(&n.json, "why", f->why);
	if (f->status >= 0)
		json_number(&n.json, "status", f->status);
	figures_text(f, tcp, text, sizeof text);
	if (f->id)
		name = address_text(f->peer, who);
	else if (!f->peer && !f->datagrams)
		snprintf(who, sizeof who, "%llu connection%s", (unsigned long long)f->count,
			 f->count == 1 ? "" : "s");
	separator = *name ? ": " : "";
	if (f->status >= 0)
		snprintf(status, sizeof status, ", status %d", f->status);
	if (f->why && f->datagrams)
		notice_end(&n, "%s; %s", text, f->why);
	else if (f->why && message_wanted(m, MESSAGE_VERBOSE))
		notice_end(&n, "%s%sclosed: %s; %s%s", name, separator, text, f->why, status);
	else
		notice_end(&n, "%s%s%s", name, separator, text);
}

/* EVENT is what happened to a client; ID 0, and WHY NULL: there is none. */
static void tell_client(const struct messages *m, const char *event, uint64_t id,
			const struct address *peer, const struct address *local, const char *why)
{
	char from[ADDRESS_TEXT], to[ADDRESS_TEXT], who[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, m, MESSAGE_VERBOSE, event);
	if (!n.wanted)
		return;
	if (id)
		json_number(&n.json, "id", (int64_t)id);
	address_json(&n.json, "peer", peer);
	address_json(&n.json, "local", local);
	if (why)
		json_string(&n.json, "why", why);
	notice_end(&n, "%s %s%s on %s%s%s", event, address_text(peer, from), address_who(peer, who),
		   address_text(local, to), why ? ": " : "", why ? why : "");
}

void report_client(const struct messages *m, const char *event, uint64_t id,
		   const struct address *peer, const struct address *local)
{
	tell_client(m, event, id, peer, local, NULL);
}

void report_refused(const struct messages *m, const struct address *peer,
		    const struct address *local, const char *why)
{
	tell_client(m, "refused", 0, peer, local, why);
}
