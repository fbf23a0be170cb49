/* explain_seen.c - the look-up itself: which files it opened, whom it asked, what came back, and
 * what it waited for, in the order in which it was seen */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/errname.h"
#include "names/explain_state.h"
#include "names/system_file.h"

#define NSCD "unix:/var/run/nscd/socket"
#define MODULE "libnss_"
#define UNFOLLOWED "the answer is not followed: too much is asked"

static uint16_t seen_port(const struct sight *s)
{
	return address_port(&s->address);
}

/* ---- files and modules ---- */

/* Tells that the module that was looked for is not there. */
static void seen_no_module(struct explain *e)
{
	char file[sizeof e->module + 16];

	if (!*e->module)
		return;
	snprintf(file, sizeof file, MODULE "%s.so.2", e->module);
	explain_tell(e, "module", file, NULL, "it is not installed", -1);
	explain_wrong(e, "%s names `%s`, whose module %s is not installed: it counts as UNAVAIL",
		      NSSWITCH_FILE, e->module, file);
	e->module[0] = '\0';
}

/* A module is looked for in several folders. */
static void seen_module(struct explain *e, const struct sight *s, const char *base)
{
	const char *name = base + strlen(MODULE);
	size_t n = strcspn(name, ".");

	if (n >= sizeof e->module || strncmp(name, e->module, n) != 0)
		seen_no_module(e);
	if (n >= sizeof e->module)
		return;
	snprintf(e->module, sizeof e->module, "%.*s", (int)n, name);
	if (s->error == 0) {
		explain_tell(e, "module", s->data, NULL, e->module, -1);
		e->module[0] = '\0';
	}
}

static void seen_file(struct explain *e, const struct sight *s)
{
	static const struct {
		const char *path;
		void (*read)(struct explain *e);
	} readers[] = {
		{ NSSWITCH_FILE, explain_nsswitch },
		{ HOSTS_FILE, explain_hosts },
		{ RESOLV_CONF, explain_resolv_conf },
		{ HOST_CONF, explain_host_conf },
	};
	const char *base = strrchr(s->data, '/');

	if (base && !strncmp(base + 1, MODULE, strlen(MODULE))) {
		seen_module(e, s, base + 1);
		return;
	}
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (!strcmp(s->data, readers[i].path)) {
			seen_no_module(e);
			readers[i].read(e);
		}
}

/* ---- connections ---- */

static void seen_connect(struct explain *e, const struct sight *s)
{
	char address[ADDRESS_TEXT], text[128] = "connected";
	struct explain_server *server;

	address_text(&s->address, address);
	if (s->error)
		snprintf(text, sizeof text, "%s (%s)", strerror(s->error), errno_name(s->error));
	if (s->address.u.sa.sa_family == AF_UNIX) {
		e->socket_seen |= !s->error;
		/* Mostly there is no cache. */
		if (s->error != ENOENT || strcmp(address, NSCD) != 0)
			explain_tell(e, "socket", address, NULL, text, s->ns);
	} else if (seen_port(s) == DNS_PORT) {
		/* With other ports a libc looks for the source of packets to what it has found. */
		server = explain_server(e, &s->address);
		if (server) {
			server->seen = true;
			if (s->stream)
				server->tcp_error = s->error;
		}
		if (s->error)
			explain_tell(e, "server", address, s->stream ? "by TCP" : NULL, text,
				     s->ns);
	}
}

/* ---- questions and answers ---- */

/* The name that M asks about as --explain tells it: for a pointer the address. */
static void seen_name(const struct dns_message *m, char *text)
{
	unsigned char bytes[16];
	size_t n = m->type == DNS_PTR ? dns_name_reversed(&m->name, bytes) : 0;
	struct address a;

	if (n) {
		char host[ADDRESS_TEXT];
		address_set_ip(&a, n == 4 ? AF_INET : AF_INET6, bytes, 0);
		snprintf(text, DNS_TEXT_MOST, "%s", address_host(&a, host));
	} else {
		dns_name_text(&m->name, text);
	}
}

/* Tells how the question Q has ended. */
static void seen_over(struct explain *e, struct explain_query *q, int64_t at)
{
	q->ns = at - q->start;
	explain_tell_query(e, "server", q);
	explain_close_query(q);
}

/* Tells that Q has no answer, which says nothing of the server, and WHY. */
static void seen_unanswered(struct explain *e, struct explain_query *q, const char *why, int64_t at)
{
	q->r = (struct find_result){ .asked = true, .rcode = -1 };
	find_set_why(&q->r, "server: %s", why);
	seen_over(e, q, at);
}

static void seen_question(struct explain *e, const struct sight *s, const char *bytes, size_t n)
{
	struct explain_server *server = explain_server(e, &s->address);
	struct dns_message m;
	struct explain_query *q = NULL;
	char name[DNS_TEXT_MOST];
	const char *fault = dns_parse_head(&m, (const unsigned char *)bytes, n);

	if (!server || (!fault && m.response))
		return;
	server->seen = true;
	if (fault) {
		explain_tell(e, "server", address_text(&s->address, name), NULL,
			     "it is sent what is no question", -1);
		return;
	}
	seen_name(&m, name);
	q = explain_add_query(server, explain_name(e, name),
			      m.type == DNS_AAAA ? AF_INET6 : AF_INET);
	if (!q) {
		char question[DNS_TEXT_MOST + 16], type[16];
		snprintf(question, sizeof question, "%s %s%s", name, dns_type_text(m.type, type),
			 s->stream ? " by TCP" : "");
		explain_tell(e, "server", address_text(&s->address, name), question, UNFOLLOWED,
			     -1);
		return;
	}
	server->n_seen = server->n_queries;
	q->type = m.type;
	q->tcp = s->stream;
	q->start = s->at;
	e->types_seen[m.type == DNS_AAAA] = true;
	e->edns_seen |= n > 12 + m.name.length + 4;
	/* The same once more takes the place of the first. */
	for (struct explain_pending *p = e->pending; p < e->pending + PENDING_MOST; p++)
		if (p->used && p->fd == s->fd && p->id == m.id && p->query->type == m.type &&
		    p->query->server == server) {
			p->used = false;
			if (!p->query->done)
				seen_unanswered(e, p->query, "no answer before it was asked again",
						s->at);
		}
	for (struct explain_pending *p = e->pending; p < e->pending + PENDING_MOST; p++)
		if (!p->used) {
			*p = (struct explain_pending){ true, s->fd, m.id, q };
			return;
		}
	seen_unanswered(e, q, UNFOLLOWED, s->at);
}

static void seen_answer(struct explain *e, const struct sight *s, const char *bytes, size_t n)
{
	struct dns_message m;
	char name[DNS_TEXT_MOST];
	bool meant = false;

	if (dns_parse_head(&m, (const unsigned char *)bytes, n) || !m.response)
		return;
	seen_name(&m, name);
	for (struct explain_pending *p = e->pending; p < e->pending + PENDING_MOST; p++) {
		struct explain_query *q = p->query;
		const char *fault;
		if (!p->used || p->fd != s->fd || p->id != m.id ||
		    explain_server(e, &s->address) != q->server)
			continue;
		meant = true;
		if (q->type != m.type || strcasecmp(e->names[q->name], name) != 0)
			continue;
		p->used = false;
		find_result_free(&q->r);
		q->r = (struct find_result){ 0 };
		fault = dns_parse_records(&m);
		q->truncated = m.truncated;
		if (fault) {
			e->strange = true;
			q->r = (struct find_result){ .asked = true, .rcode = -1, .eai = EAI_FAIL };
			find_set_why(&q->r, "server: the answer cannot be read: %s", fault);
		} else {
			find_read(&m, &q->server->address, &q->r);
		}
		seen_over(e, q, s->at);
		return;
	}
	/* Some libcs look at the id alone. */
	if (meant) {
		char address[ADDRESS_TEXT];
		e->strange = true;
		explain_tell(e, "server", address_text(&s->address, address), NULL,
			     "an answer to another question", -1);
	}
}

/* The look-up has ended, or is done with the descriptor FD (-1: with all), without an answer to
 * some questions. Mostly it has had another one sooner. */
static void seen_rest(struct explain *e, int fd, int64_t at)
{
	for (struct explain_pending *p = e->pending; p < e->pending + PENDING_MOST; p++) {
		struct explain_query *q = p->query;
		if (!p->used || (fd >= 0 && p->fd != fd))
			continue;
		p->used = false;
		if (q->r.eai)
			continue;
		q->r = (struct find_result){ .asked = true, .rcode = -1 };
		if (e->resolution->timed_out || at - q->start > SLOW)
			q->r.eai = EAI_AGAIN;
		else
			q->server->seen = false; /* we ask it ourselves */
		find_set_why(&q->r, "server: no answer%s",
			     q->r.eai ? "" : " before the look-up ended");
		seen_over(e, q, at);
	}
}

/* No answer comes by FD, since WHY. LATER: it may still come, and then it counts. */
static void seen_no_answer(struct explain *e, int fd, const char *why, bool later, int64_t at)
{
	for (struct explain_pending *p = e->pending; p < e->pending + PENDING_MOST; p++) {
		struct explain_query *q = p->query;
		if (!p->used || p->fd != fd || q->r.eai)
			continue;
		q->r = (struct find_result){ .asked = true, .rcode = -1, .eai = EAI_AGAIN };
		find_set_why(&q->r, "server: %s", why);
		seen_over(e, q, at);
		p->used = later;
	}
}

static void seen_error(struct explain *e, const struct sight *s)
{
	char why[128];

	snprintf(why, sizeof why, "%s (%s)", strerror(s->error), errno_name(s->error));
	seen_no_answer(e, s->fd, why, false, s->at);
}

/* ---- by TCP: each message has its length before it (RFC 1035, 4.2.2) ---- */

static struct explain_stream *seen_stream(struct explain *e, int fd)
{
	struct explain_stream *unused = NULL;

	for (struct explain_stream *t = e->streams; t < e->streams + STREAMS_MOST; t++) {
		if (t->fd == fd)
			return t;
		if (t->fd == 0)
			unused = t;
	}
	if (unused)
		unused->fd = fd;
	return unused;
}

static void seen_bytes(struct explain *e, const struct sight *s,
		       void (*fn)(struct explain *e, const struct sight *s, const char *bytes,
				  size_t n))
{
	struct explain_stream *stream = s->stream ? seen_stream(e, s->fd) : NULL;
	struct text *t;

	if (!s->stream)
		fn(e, s, s->data, s->n);
	if (!stream)
		return;
	t = s->kind == SIGHT_SENT ? &stream->sent : &stream->came;
	text_put(t, s->data, s->n);
	while (!t->failed && t->length >= 2) {
		const unsigned char *p = (const unsigned char *)t->data;
		size_t n = (size_t)p[0] << 8 | p[1];
		if (t->length < 2 + n)
			break;
		fn(e, s, t->data + 2, n);
		memmove(t->data, t->data + 2 + n, t->length - 2 - n);
		t->length -= 2 + n;
	}
}

/* A connection by the descriptor FD is a new one. */
static void seen_new_stream(struct explain *e, int fd)
{
	struct explain_stream *t = seen_stream(e, fd);

	if (t)
		t->sent.length = t->came.length = 0;
}

/* ---- in their order ---- */

static void seen_one(struct explain *e, const struct sight *s)
{
	bool dns = s->address.length && s->address.u.sa.sa_family != AF_UNIX &&
		   seen_port(s) == DNS_PORT;

	if (s->kind != SIGHT_FILE)
		seen_no_module(e);
	switch (s->kind) {
	case SIGHT_FILE:
		seen_file(e, s);
		return;
	case SIGHT_CONNECT:
		if (s->stream)
			seen_new_stream(e, s->fd);
		seen_connect(e, s);
		return;
	case SIGHT_SENT:
		if (dns && !s->error)
			seen_bytes(e, s, seen_question);
		return;
	case SIGHT_CAME:
		if (!dns || s->error == EAGAIN || s->error == EINTR)
			return;
		if (s->error)
			seen_error(e, s);
		else if (s->stream && s->n == 0)
			seen_no_answer(e, s->fd, "the connection ended before the answer", false,
				       s->at);
		else
			seen_bytes(e, s, seen_answer);
		return;
	case SIGHT_WAITED:
		seen_no_answer(e, s->fd, "no answer", true, s->at);
		return;
	case SIGHT_CLOSED:
		if (s->error)
			seen_error(e, s);
		seen_rest(e, s->fd, s->at);
		return;
	}
}

void explain_seen(struct explain *e, bool end)
{
	const struct sight *s;

	while ((s = account_next(e->account)))
		seen_one(e, s);
	if (end) {
		seen_no_module(e);
		seen_rest(e, -1, clock_now());
	}
}

void explain_free_seen(struct explain *e)
{
	for (struct explain_stream *t = e->streams; t < e->streams + STREAMS_MOST; t++) {
		text_free(&t->sent);
		text_free(&t->came);
	}
	account_end(e->account);
}
