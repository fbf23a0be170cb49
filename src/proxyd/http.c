#include "proxyd/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxyd/http_state.h"
#include "proxyd/report.h"

/* OPTIONS that goes no further. */
static enum handshake answer_options(struct connection *x, struct text *out)
{
	proxyd_http_refuse(x, out, 200, "this is a proxy");
	x->proxied->why = NULL;
	proxyd_tell_answer(x);
	return HANDSHAKE_FAILED;
}

static void late(struct connection *x, struct text *out)
{
	proxyd_http_add_answer(x, out, 408, "", false, PROXY_HTTP_LATE);
}

/* Must a request of METHOD say how long its body is (RFC 9110, 9.3)? */
static bool wants_length(struct http_part method)
{
	return http_is_method(method, "POST") || http_is_method(method, "PUT");
}

/* Takes from HEAD what is asked for, and what of its target a site gets to *PATH. Returns false
 * with *FAULT. */
static bool read_request(struct proxyd_http *h, const struct http_head *head,
			 struct http_part *path, struct http_fault *fault)
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

static enum handshake take_whole(struct connection *x, struct text *out)
{
	struct proxyd_http *h = x->proxied->state;
	struct text target = { 0 };
	struct http_head head;
	struct http_part path;
	struct http_fault fault;
	enum http_verdict verdict = HTTP_AUTH_GOOD;
	bool ours;

	/* It may be the second one, of a client that knows now who it is. */
	x->proxied->user = x->proxied->method = NULL;
	x->proxied->status = 0;
	*x->proxied->host = '\0';
	if (!http_parse_request(&head, h->head.data, h->head.length, &fault))
		return proxyd_http_refuse(x, out, fault.status, fault.what);
	x->proxied->method = h->method;
	if (!read_request(h, &head, &path, &fault))
		return proxyd_http_refuse(x, out, fault.status, fault.what);
	proxyd_place(x, h->to.host, h->to.port);
	proxyd_http_add_target(&target, &head, path);
	ours = !proxyd_http_take_hop(h, &head);
	if (x->connections->service->proxy.n_users)
		verdict = proxyd_http_authorize(x, &head, &target);
	if (verdict == HTTP_AUTH_GOOD && !proxyd_http_is_connect(h))
		proxyd_http_add_request(h, &head, &target);
	text_free(&target);
	if (verdict != HTTP_AUTH_GOOD)
		return proxyd_http_challenge(x, &head, out, verdict);
	if (h->forward.failed)
		return proxyd_http_refuse(x, out, 500, "out of memory");
	if (ours)
		return answer_options(x, out);
	if (wants_length(head.method) && h->request.length == HTTP_LENGTH_NONE)
		return proxyd_http_refuse(x, out, 411, "a body without Content-Length or chunks");
	if (proxyd_http_has_been_here(&head))
		return proxyd_http_refuse(x, out, 403, "the request has been here before");
	return proxyd_http_go_on(x);
}

static enum handshake take(struct connection *x, const unsigned char *in, size_t n, size_t *used,
			   struct text *out)
{
	struct proxyd_http *h = x->proxied->state;
	enum http_scanned scanned = http_scan(&h->scan, (const char *)in, n, used);

	text_put(&h->head, in, *used);
	if (h->head.failed)
		return proxyd_http_refuse(x, out, 500, "out of memory");
	switch (scanned) {
	case HTTP_SCAN_WHOLE:
		return take_whole(x, out);
	case HTTP_SCAN_TOO_LONG:
		return proxyd_http_refuse(x, out, h->scan.long_line ? 414 : 431,
					  "the request's head is too long");
	case HTTP_SCAN_MORE:
		break;
	}
	return HANDSHAKE_MORE;
}

static void release(void *state)
{
	struct proxyd_http *h = state;

	text_free(&h->head);
	text_free(&h->forward);
}

void proxyd_http_start(struct connection *x)
{
	struct proxyd_http *h = calloc(1, sizeof *h);

	x->proxied->state = h;
	if (!h) {
		run_end(x->connections->run,
			report_error(x->connections->run->messages, "proxy", ENOMEM));
		return;
	}
	h->x = x;
	h->asked = "";
	x->proxied->release = release;
	x->proxied->late = late;
	x->proxied->idle = proxyd_http_idle;
	proxyd_handshake(x, take);
}
