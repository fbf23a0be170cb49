#define _DEFAULT_SOURCE /* getentropy, which POSIX has since 2024 */
#include "serve/proxy_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "proto/hash.h"
#include "proto/http.h"
#include "proto/http_auth.h"
#include "serve/proxy_report.h"

#define NAME "sockit"
#define STAMP 8		   /* digits of the time in a nonce */
#define NONCE_AGE (5 * 60) /* seconds */
#define AUTH_MOST 4096	   /* bytes in which a client says who it is, beside the target */
#define HOPS_MOST 255	   /* what of Max-Forwards is left at most */
#define LATE "the request has not come in time"
#define METHODS "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

struct proxy_http {
	struct http_scan scan;
	struct text head; /* that comes: the request's, then the answer's */
	/* of the request */
	struct http_authority to;
	char hops[4];	     /* its Max-Forwards */
	char method[24];     /* for what is told of it, cut where it is longer */
	const char *asked;   /* CONNECT, HEAD, or any other */
	bool old;	     /* HTTP/1.0 */
	struct text forward; /* its head, as it goes on */
	/* what follows the heads */
	struct http_body request, answer;
	struct editor up, down;
	bool answered; /* the answer's head has come */
	struct session *x;
};

/* ---- who we are ---- */

/* Hashes the secret of this run, FOR what it is to be used, and N BYTES into HEX. */
static bool hash_secret(const char *purpose, const void *bytes, size_t n, char hex[HASH_HEX + 1])
{
	static unsigned char secret[32];
	static bool made;
	struct hashing h;

	made = made || getentropy(secret, sizeof secret) == 0;
	hash_start(&h, HASH_SHA256);
	hash_add(&h, secret, sizeof secret);
	hash_add(&h, purpose, strlen(purpose) + 1);
	hash_add(&h, bytes, n);
	hash_end(&h, hex);
	return made;
}

/* By what a request of ours is known when it comes back to us: the same throughout the run. */
static const char *own_name(char hex[HASH_HEX + 1])
{
	hash_secret("name", "", 0, hex);
	hex[12] = '\0';
	return hex;
}

static bool has_own_name(const struct http_head *h)
{
	char hex[HASH_HEX + 1], name[32];
	struct http_part value, member;
	const struct http_field *f;
	size_t at = 0, n;

	n = (size_t)snprintf(name, sizeof name, " " NAME "-%s", own_name(hex));
	while ((f = http_find(h, "Via", &at)))
		for (value = f->value; http_list_next(&value, &member);)
			if (member.n >= n && !memcmp(member.at + member.n - n, name, n))
				return true;
	return false;
}

static void add_via(struct text *out, const struct http_head *h)
{
	char hex[HASH_HEX + 1];

	text_add(out, "Via: 1.%u " NAME "-%s\r\n", h->minor, own_name(hex));
}

/* A nonce: the time in hexadecimal digits, and a hash of it that only we can make. Returns false where chance has
 * failed us. */
static bool make_nonce(int64_t seconds, char nonce[HTTP_NONCE + 1])
{
	char hex[HASH_HEX + 1];
	bool made;

	snprintf(nonce, HTTP_NONCE + 1, "%0*llx", STAMP, (unsigned long long)seconds & 0xffffffff);
	made = hash_secret("nonce", nonce, STAMP, hex);
	memcpy(nonce + STAMP, hex, HTTP_NONCE - STAMP);
	nonce[HTTP_NONCE] = '\0';
	return made;
}

/* One that is not ours may be of a run before this one. */
static enum http_verdict check_nonce(void *arg, const char *nonce, size_t n)
{
	char stamp[STAMP + 1], right[HTTP_NONCE + 1];
	int64_t now = clock_now() / SECOND, made;
	unsigned differ = 0;

	(void)arg;
	if (n != HTTP_NONCE)
		return HTTP_AUTH_STALE;
	memcpy(stamp, nonce, STAMP);
	stamp[STAMP] = '\0';
	made = (int64_t)strtoull(stamp, NULL, 16);
	make_nonce(made, right);
	for (size_t i = 0; i < n; i++)
		differ |= (unsigned)(nonce[i] ^ right[i]);
	return differ || ((now - made) & 0xffffffff) > NONCE_AGE ? HTTP_AUTH_STALE : HTTP_AUTH_GOOD;
}

/* ---- answers of our own ---- */

static struct http_part asked(const struct proxy_http *h)
{
	return (struct http_part){ h->asked, strlen(h->asked) };
}

static const char *phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 405, "Method Not Allowed" },
		{ 407, "Proxy Authentication Required" },
		{ 408, "Request Timeout" },
		{ 411, "Length Required" },
		{ 414, "URI Too Long" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i = 0;

	while (phrases[i].status != status)
		i++;
	return phrases[i].phrase;
}

static bool is_connect(const struct proxy_http *h)
{
	return http_is_method(asked(h), "CONNECT");
}

/* Adds an answer with FIELDS (lines, or "") and the sentence WHY to OUT. KEEP: the connection stays. */
static void add_answer(struct session *x, struct text *out, unsigned status, const char *fields,
		       bool keep, const char *why)
{
	const struct proxy_http *h = x->proxy->state;

	x->proxy->status = status;
	text_add(out,
		 "HTTP/1.1 %u %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n",
		 status, phrase(status), fields, strlen(why) + 1,
		 keep ? "" : "Connection: close\r\n");
	if (!http_is_method(asked(h), "HEAD"))
		text_add(out, "%s\n", why);
}

static enum handshake refuse(struct session *x, struct text *out, unsigned status, const char *why)
{
	char allow[80] = "";

	if (status == 200 || status == 405)
		snprintf(allow, sizeof allow, "Allow: %s\r\n", METHODS);
	x->proxy->why = why;
	add_answer(x, out, status, allow, false, why);
	return HANDSHAKE_FAILED;
}

/* OPTIONS that goes no further. */
static enum handshake answer_options(struct session *x, struct text *out)
{
	refuse(x, out, 200, "this is a proxy");
	x->proxy->why = NULL;
	proxy_tell_answer(x);
	return HANDSHAKE_FAILED;
}

static void late(struct session *x, struct text *out)
{
	add_answer(x, out, 408, "", false, LATE);
}

/* ---- who the client is ---- */

/* The better of two verdicts. */
static enum http_verdict better(enum http_verdict a, enum http_verdict b)
{
	static const int worth[] = { [HTTP_AUTH_NONE] = 0,
				     [HTTP_AUTH_BAD] = 1,
				     [HTTP_AUTH_STALE] = 2,
				     [HTTP_AUTH_GOOD] = 3 };

	return worth[b] > worth[a] ? b : a;
}

/* Is HEAD's sender one of those who may? Some clients, curl among them, put into Digest's uri not the target, as RFC 7616,
 * 3.4 has it, but what a site would get as TARGET. */
static enum http_verdict authorize(struct session *x, const struct http_head *head,
				   const struct text *target)
{
	const struct proxy_server_options *o = &x->server->service->proxy;
	const struct http_part targets[] = { head->target, { target->data, target->length } };
	enum http_verdict verdict = HTTP_AUTH_NONE;
	const struct http_field *f;
	size_t at = 0, found = 0;

	f = http_find(head, "Proxy-Authorization", &at);
	if (f && f->value.n > AUTH_MOST + head->target.n)
		return HTTP_AUTH_BAD;
	/* Each of them is tried, whatever the first one comes to. */
	for (size_t i = 0; f && i < sizeof targets / sizeof *targets; i++) {
		enum http_verdict v =
			http_authorize(f->value, head->method, targets[i], NAME, o->users,
				       o->n_users, &found, check_nonce, NULL);
		if (v == HTTP_AUTH_GOOD)
			x->proxy->user = o->users[found].user;
		verdict = better(verdict, v);
	}
	return verdict;
}

/* May the next request come on the same connection? That of a client that does not know who it has to be. */
static bool may_stay(const struct proxy_http *h, const struct http_head *head)
{
	return !h->old && h->request.length == HTTP_LENGTH_NONE &&
	       !http_list_has(head, "Connection", "close") &&
	       !http_list_has(head, "Proxy-Connection", "close");
}

static enum handshake challenge(struct session *x, const struct http_head *head, struct text *out,
				enum http_verdict verdict)
{
	struct proxy_http *h = x->proxy->state;
	char nonce[HTTP_NONCE + 1];
	struct text fields = { 0 };
	bool stay = may_stay(h, head);

	if (!make_nonce(clock_now() / SECOND, nonce))
		return refuse(x, out, 500, "there are no random numbers to be had");
	x->proxy->why = verdict == HTTP_AUTH_NONE  ? "it has not said who it is" :
			verdict == HTTP_AUTH_STALE ? "its nonce is too old, or another run's" :
						     "wrong user or password";
	http_challenges(&fields, NAME, nonce, verdict == HTTP_AUTH_STALE);
	text_put(&fields, "", 1);
	if (fields.failed)
		stay = false;
	add_answer(x, out, 407, fields.failed ? "" : fields.data, stay, x->proxy->why);
	text_free(&fields);
	if (!stay)
		return HANDSHAKE_FAILED;
	proxy_tell_answer(x);
	h->scan = (struct http_scan){ 0 };
	h->head.length = 0;
	return HANDSHAKE_MORE;
}

/* ---- heads that go on ---- */

/* Adds HEAD's fields that go further, but for those that `end_head` writes anew. */
static void add_fields(struct text *out, const struct http_head *head, const struct http_body *body)
{
	/* Where there is none, only the answers to HEAD and 304 may say how long it would be (RFC 9110, 8.6). */
	bool length =
		body->length == HTTP_LENGTH_NONE && head->status / 100 != 1 && head->status != 204;

	for (size_t i = 0; i < head->n; i++) {
		const struct http_field *f = &head->fields[i];
		if (http_is_hop_by_hop(head, f->name) || http_is(f->name, "Host") ||
		    (!length && http_is(f->name, "Content-Length")))
			continue;
		text_put(out, f->name.at, f->name.n);
		text_put(out, ": ", 2);
		text_put(out, f->value.at, f->value.n);
		text_put(out, "\r\n", 2);
	}
}

/* Adds how long BODY is, one way and in one form, and what else ends the head of a proxy. */
static void end_head(struct text *out, const struct http_head *head, const struct http_body *body)
{
	if (body->length == HTTP_LENGTH_KNOWN)
		text_add(out, "Content-Length: %llu\r\n", (unsigned long long)body->left);
	else if (body->length == HTTP_LENGTH_CHUNKED)
		text_add(out, "Transfer-Encoding: chunked\r\n");
	add_via(out, head);
	text_add(out, "Connection: close\r\n\r\n");
}

/* Adds the target as the site gets it: of a URI PATH is left (RFC 9112, 3.2.1 and 3.2.4). */
static void add_target(struct text *out, const struct http_head *head, struct http_part path)
{
	if (!path.n && http_is_method(head->method, "OPTIONS"))
		text_put(out, "*", 1);
	else if (!path.n || path.at[0] != '/')
		text_put(out, "/", 1);
	text_put(out, path.at, path.n);
}

/* The same of the request's head: whoever speaks HTTP/1.0 shall not get chunks. */
static void add_request(struct proxy_http *h, const struct http_head *head,
			const struct text *target)
{
	bool literal = strchr(h->to.host, ':');
	/* A zone is this machine's affair. */
	int n = (int)strcspn(h->to.host, "%");
	struct text *out = &h->forward;

	text_put(out, head->method.at, head->method.n);
	text_put(out, " ", 1);
	text_put(out, target->data, target->length);
	text_add(out, " HTTP/1.%d\r\nHost: %s%.*s%s", h->old ? 0 : 1, literal ? "[" : "", n,
		 h->to.host, literal ? "]" : "");
	if (h->to.port != 80)
		text_add(out, ":%u", h->to.port);
	text_put(out, "\r\n", 2);
	add_fields(out, head, &h->request);
	end_head(out, head, &h->request);
	h->forward.failed = h->forward.failed || target->failed;
}

/* ---- a request's body, and the answer ---- */

static void take_chunks(struct http_body *b, struct editor *e, const char *in, size_t n,
			struct text *out)
{
	text_put(out, in, http_body_take(b, in, n));
	e->error = b->bad ? EPROTO : 0;
	e->done = http_body_is_whole(b);
}

/* What the site may still answer does not count. */
static void answer_instead(struct session *x, unsigned status, const char *why)
{
	struct proxy_http *h = x->proxy->state;

	/* It shall not take what it has got for the whole. */
	endpoint_break(&x->in);
	h->down.error = 0;
	h->down.done = h->up.done = true;
	x->proxy->why = why;
	add_answer(x, &x->up.urgent, status, "", false, why);
	proxy_tell_answer(x);
}

static void take_request(void *arg, const char *in, size_t n, struct text *out)
{
	struct proxy_http *h = arg;
	struct session *x = h->x;

	take_chunks(&h->request, &h->down, in, n, out);
	if (h->request.bad && !h->answered && !h->up.done)
		answer_instead(x, 400, "the body's chunks are none");
}

static const char *idle(struct session *x)
{
	struct proxy_http *h = x->proxy->state;
	const struct flow *request = &x->pump.down;
	bool whole = h->down.done && !request->exact;

	if (is_connect(h) || h->answered || h->up.done)
		return NULL;
	if (whole || !flow_wants_source(request)) {
		answer_instead(x, 504, "the site has not answered in time");
		return x->in.name;
	}
	answer_instead(x, 408, LATE);
	return x->name;
}

static int request_ended(void *arg, int error, struct text *out)
{
	(void)arg;
	(void)out;
	return error ? error : EPROTO;
}

/* What came is no answer. */
static void give_up(struct proxy_http *h, struct text *out, const char *why)
{
	add_answer(h->x, out, 502, "", false, why);
	h->up.done = true;
	proxy_tell_answer(h->x);
}

/* The answer's head is whole. Returns false where it is none. */
static bool take_head(struct proxy_http *h, struct text *out)
{
	struct http_head head;
	struct http_fault fault;

	if (!http_parse_response(&head, h->head.data, h->head.length, &fault) ||
	    !http_body_start(&h->answer, &head, asked(h), &fault) || head.status == 101)
		return false;
	/* HTTP/1.0 knows neither. */
	if (h->old && head.status / 100 == 1)
		return true;
	if (h->old && h->answer.length == HTTP_LENGTH_CHUNKED)
		return false;
	text_add(out, "HTTP/1.1 %u ", head.status);
	text_put(out, head.reason.at, head.reason.n);
	text_put(out, "\r\n", 2);
	add_fields(out, &head, &h->answer);
	if (head.status / 100 == 1) {
		text_put(out, "\r\n", 2);
		return true;
	}
	end_head(out, &head, &h->answer);
	h->answered = true;
	h->x->proxy->status = head.status;
	proxy_tell_answer(h->x);
	return true;
}

static void take_answer(void *arg, const char *in, size_t n, struct text *out)
{
	struct proxy_http *h = arg;
	size_t used;

	for (; !h->answered && !h->up.done && n; in += used, n -= used) {
		enum http_scanned scanned = http_scan(&h->scan, in, n, &used);
		text_put(&h->head, in, used);
		if (scanned == HTTP_SCAN_MORE)
			continue;
		if (scanned == HTTP_SCAN_TOO_LONG || h->head.failed || !take_head(h, out))
			give_up(h, out, "what the site has answered is not HTTP");
		h->scan = (struct http_scan){ 0 };
		h->head.length = 0;
	}
	if (!h->answered)
		return;
	/* Before the filter is done with the head, what follows it has come. */
	take_chunks(&h->answer, &h->up, in, n, out);
	if (h->answer.length != HTTP_LENGTH_CHUNKED) {
		h->up.done = true;
		h->up.left =
			h->answer.length == HTTP_LENGTH_TO_END ? FLOW_NO_LIMIT : h->answer.left;
	}
}

static int answer_ended(void *arg, int error, struct text *out)
{
	struct proxy_http *h = arg;

	if (h->answered)
		return error ? error : EPROTO;
	give_up(h, out, "the site has ended the connection before it answered");
	return 0;
}

static unsigned status_of(int error)
{
	return error == EACCES ? 403 : error == EINVAL ? 400 : error == ETIMEDOUT ? 504 : 502;
}

/* F has nothing to do but what E does, and copies. */
static void edit(struct filter *f, struct editor *e)
{
	*f = (struct filter){
		.sent = f->sent, .id = f->id, .copies = { f->copies[0], f->copies[1] }, .editor = e
	};
}

static void dialled(struct session *x, const struct proxy_result *r)
{
	struct proxy_http *h = x->proxy->state;
	struct text out = { 0 };
	struct pump_config c;

	if (r->fd < 0) {
		refuse(x, &out, status_of(r->error), r->why);
		/* What failed has been told, but what was not even tried has not. */
		if (x->why)
			proxy_tell_answer(x);
		proxy_refuse(x, &out, x->why ? NULL : r->why);
		return;
	}
	if (is_connect(h)) {
		text_add(&out, "HTTP/1.1 200 Connection established\r\n\r\n");
		x->proxy->status = 200;
		proxy_tell_answer(x);
		proxy_tunnel(x, &out, r->fd, &r->peer);
		return;
	}
	/* An answer may come before the request is whole: one pump does both, and edits what goes each way. */
	edit(&x->up, &h->up);
	edit(&x->down, &h->down);
	x->down.urgent = h->forward;
	h->forward = (struct text){ 0 };
	c = session_pump_config(x);
	c.in_end_ends = c.one_message = c.out_may_end = true;
	/* How much is sent and when that ends is for the messages to say. */
	c.read_bytes = FLOW_NO_LIMIT;
	c.peer_end_ends = false;
	proxy_relay(x, &c, r->fd, &r->peer);
}

/* ---- a request ---- */

/* A request that may go on does so. */
static enum handshake go_on(struct session *x)
{
	struct proxy_http *h = x->proxy->state;

	h->head.length = 0;
	h->scan = (struct http_scan){ 0 };
	h->down = (struct editor){ .take = take_request,
				   .ended = request_ended,
				   .arg = h,
				   .done = h->request.length != HTTP_LENGTH_CHUNKED,
				   .left = h->request.left };
	h->up = (struct editor){ .take = take_answer, .ended = answer_ended, .arg = h };
	proxy_dial(x, h->to.host, h->to.port, dialled);
	return HANDSHAKE_ASKED;
}

/* Must a request of METHOD say how long its body is (RFC 9110, 9.3)? */
static bool wants_length(struct http_part method)
{
	return http_is_method(method, "POST") || http_is_method(method, "PUT");
}

/* Takes from HEAD what is asked for, and what of its target a site gets to *PATH. Returns false with *FAULT. */
static bool read_request(struct proxy_http *h, const struct http_head *head, struct http_part *path,
			 struct http_fault *fault)
{
	bool connect = http_is_method(head->method, "CONNECT");

	*path = (struct http_part){ "", 0 };
	h->asked = connect ? "CONNECT" : http_is_method(head->method, "HEAD") ? "HEAD" : "GET";
	h->old = !head->minor;
	snprintf(h->method, sizeof h->method, "%.*s", (int)head->method.n, head->method.at);
	if (!http_body_start(&h->request, head, *path, fault))
		return false;
	*fault = (struct http_fault){ 405, "TRACE is not done here" };
	if (http_is_method(head->method, "TRACE"))
		return false;
	*fault = (struct http_fault){ 400, "CONNECT with a body" };
	if (connect && !http_body_is_whole(&h->request))
		return false;
	fault->what = connect ? "the target is no HOST:PORT" :
				"the target is no http:// URI: this is a proxy";
	return connect ? http_parse_authority(head->target, &h->to) :
			 http_parse_absolute(head->target, &h->to, path);
}

/* Takes one from the Max-Forwards of OPTIONS in HEAD (RFC 9110, 7.6.2). Returns false where none is left: then it is for
 * us. */
static bool take_hop(struct proxy_http *h, struct http_head *head)
{
	struct http_part *value;
	unsigned hops = 0;
	size_t at = 0;

	if (!http_is_method(head->method, "OPTIONS") || !http_find(head, "Max-Forwards", &at))
		return true;
	value = &head->fields[at - 1].value;
	for (size_t i = 0; i < value->n; i++) {
		if (value->at[i] < '0' || value->at[i] > '9')
			return true;
		hops = hops * 10 + (unsigned)(value->at[i] - '0');
		hops = hops > HOPS_MOST ? HOPS_MOST + 1 : hops;
	}
	if (!hops)
		return value->n == 0;
	value->n = (size_t)snprintf(h->hops, sizeof h->hops, "%u", hops - 1);
	value->at = h->hops;
	return true;
}

static enum handshake take_whole(struct session *x, struct text *out)
{
	struct proxy_http *h = x->proxy->state;
	struct text target = { 0 };
	struct http_head head;
	struct http_part path;
	struct http_fault fault;
	enum http_verdict verdict = HTTP_AUTH_GOOD;
	bool ours;

	/* It may be the second one, of a client that knows now who it is. */
	x->proxy->user = x->proxy->method = NULL;
	x->proxy->status = 0;
	*x->proxy->host = '\0';
	if (!http_parse_request(&head, h->head.data, h->head.length, &fault))
		return refuse(x, out, fault.status, fault.what);
	x->proxy->method = h->method;
	if (!read_request(h, &head, &path, &fault))
		return refuse(x, out, fault.status, fault.what);
	proxy_place(x, h->to.host, h->to.port);
	add_target(&target, &head, path);
	ours = !take_hop(h, &head);
	if (x->server->service->proxy.n_users)
		verdict = authorize(x, &head, &target);
	if (verdict == HTTP_AUTH_GOOD && !is_connect(h))
		add_request(h, &head, &target);
	text_free(&target);
	if (verdict != HTTP_AUTH_GOOD)
		return challenge(x, &head, out, verdict);
	if (h->forward.failed)
		return refuse(x, out, 500, "out of memory");
	if (ours)
		return answer_options(x, out);
	if (wants_length(head.method) && h->request.length == HTTP_LENGTH_NONE)
		return refuse(x, out, 411, "a body without Content-Length or chunks");
	if (has_own_name(&head))
		return refuse(x, out, 403, "the request has been here before");
	return go_on(x);
}

static enum handshake take(struct session *x, const unsigned char *in, size_t n, size_t *used,
			   struct text *out)
{
	struct proxy_http *h = x->proxy->state;
	enum http_scanned scanned = http_scan(&h->scan, (const char *)in, n, used);

	text_put(&h->head, in, *used);
	if (h->head.failed)
		return refuse(x, out, 500, "out of memory");
	switch (scanned) {
	case HTTP_SCAN_WHOLE:
		return take_whole(x, out);
	case HTTP_SCAN_TOO_LONG:
		return refuse(x, out, h->scan.long_line ? 414 : 431,
			      "the request's head is too long");
	case HTTP_SCAN_MORE:
		break;
	}
	return HANDSHAKE_MORE;
}

static void release(void *state)
{
	struct proxy_http *h = state;

	text_free(&h->head);
	text_free(&h->forward);
}

void proxy_http_start(struct session *x)
{
	struct proxy_http *h = calloc(1, sizeof *h);

	x->proxy->state = h;
	if (!h) {
		run_end(x->server->run, report_error(x->server->run->messages, "proxy", ENOMEM));
		return;
	}
	h->x = x;
	h->asked = "";
	x->proxy->release = release;
	x->proxy->late = late;
	x->proxy->idle = idle;
	proxy_handshake(x, take);
}
