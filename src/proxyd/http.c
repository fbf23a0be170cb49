/* http.c - the proxy server for HTTP (RFC 9110, 9112): takes a request and judges it
 *
 * A connection serves one request: a tunnel for CONNECT, else the request goes on to the site that
 * its absolute URI names, and the answer comes back. Only who was asked who he is may send it once
 * more.
 */
#include "proxyd/http_state.h"

#include <stdio.h>

#include "proxyd/report.h"

/* OPTIONS that goes no further. */
static enum handshake http_answer_options(struct connection *x)
{
	proxyd_http_refuse(x, 200, "this is a proxy");
	proxied_of(x)->why = NULL;
	proxyd_tell_answer(x);
	return HANDSHAKE_FAILED;
}

static void http_late(struct connection *x)
{
	proxyd_http_add_answer(x, &proxied_of(x)->out, 408, "", false, PROXYD_HTTP_LATE);
}

/* Must a request of METHOD say how long its body is (RFC 9110, 9.3)? */
static bool http_wants_length(struct http_part method)
{
	return http_is_method(method, "POST") || http_is_method(method, "PUT");
}

/* Takes from HEAD what is asked for, and what of its target a site gets to *PATH. Returns false
 * with *FAULT. */
static bool http_read_request(struct proxyd_http *h, const struct http_head *head,
			      struct http_part *path, struct http_fault *fault)
{
	bool connect = http_is_method(head->method, "CONNECT");

	*path = (struct http_part){ "", 0 };
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

static enum handshake http_take_whole(struct connection *x)
{
	struct proxyd_http *h = proxied_of(x)->state;
	struct text target = { 0 };
	struct http_head head;
	struct http_part path;
	struct http_fault fault;
	enum http_verdict verdict = HTTP_AUTH_GOOD;
	bool ours;

	/* It may be the second one, of a client that knows now who it is. */
	proxied_of(x)->user = proxied_of(x)->method = NULL;
	proxied_of(x)->status = 0;
	*proxied_of(x)->host = '\0';
	if (!http_parse_request(&head, h->head.data, h->head.length, &fault))
		return proxyd_http_refuse(x, fault.status, fault.what);
	proxied_of(x)->method = h->method;
	if (!http_read_request(h, &head, &path, &fault))
		return proxyd_http_refuse(x, fault.status, fault.what);
	proxyd_place(x, h->to.host, h->to.port);
	proxyd_http_add_target(&target, &head, path);
	ours = !proxyd_http_take_hop(h, &head);
	if (proxyd_options(x)->n_users)
		verdict = proxyd_http_authorize(x, &head, &target);
	if (verdict == HTTP_AUTH_GOOD && !proxyd_http_is_connect(h))
		proxyd_http_add_request(h, &head, &target);
	text_free(&target);
	if (verdict != HTTP_AUTH_GOOD)
		return proxyd_http_challenge(x, &head, verdict);
	if (h->forward.failed)
		return proxyd_http_lacks_memory(x);
	if (ours)
		return http_answer_options(x);
	if (http_wants_length(head.method) && h->request.length == HTTP_LENGTH_NONE)
		return proxyd_http_refuse(x, 411, "a body without Content-Length or chunks");
	if (proxyd_http_has_been_here(&head))
		return proxyd_http_refuse(x, 403, "the request has been here before");
	return proxyd_http_go_on(x);
}

static enum handshake http_take(struct connection *x, const unsigned char *in, size_t n,
				size_t *used)
{
	struct proxyd_http *h = proxied_of(x)->state;
	enum http_scanned scanned = http_scan(&h->scan, (const char *)in, n, used);

	text_put(&h->head, in, *used);
	if (h->head.failed)
		return proxyd_http_lacks_memory(x);
	if (scanned == HTTP_SCAN_TOO_LONG)
		return proxyd_http_refuse(x, h->scan.long_line ? 414 : 431,
					  "the request's head is too long");
	return scanned == HTTP_SCAN_WHOLE ? http_take_whole(x) : HANDSHAKE_MORE;
}

static void http_release(void *state)
{
	struct proxyd_http *h = state;

	text_free(&h->head);
	text_free(&h->forward);
}

const struct proxyd_protocol proxyd_http_protocol = { .size = sizeof(struct proxyd_http),
						      .take = http_take,
						      .dialled = proxyd_http_dialled,
						      .late = http_late,
						      .idle = proxyd_http_idle,
						      .release = http_release };
