/* http_relay.c - a request on its way to its site, and the answer back */
#include "proxyd/http_state.h"

#include <errno.h>

#include "proxyd/report.h"

static void http_take_chunks(struct http_body *b, struct editor *e, const char *in, size_t n,
			     struct text *out)
{
	text_put(out, in, http_body_take(b, in, n));
	e->error = b->bad ? EPROTO : 0;
	e->done = http_body_is_whole(b);
}

/* What the site may still answer does not count. */
static void http_answer_instead(struct connection *x, unsigned status, const char *why)
{
	struct proxyd_http *h = proxied_of(x)->state;

	/* It shall not take what it has got for the whole. */
	endpoint_break(x->in);
	h->down.error = 0;
	h->down.done = h->up.done = true;
	proxied_of(x)->why = why;
	proxyd_http_add_answer(x, &x->extras->filters->up.inserted, status, "", false, why);
	proxyd_tell_answer(x);
}

static void http_take_request(void *arg, const char *in, size_t n, struct text *out)
{
	struct connection *x = arg;
	struct proxyd_http *h = proxied_of(x)->state;

	http_take_chunks(&h->request, &h->down, in, n, out);
	if (h->request.bad && !h->answered && !h->up.done)
		http_answer_instead(x, 400, "the body's chunks are none");
}

const char *proxyd_http_idle(struct connection *x)
{
	struct proxyd_http *h = proxied_of(x)->state;
	const struct flow *request = &x->pump.down;
	bool whole = h->down.done && !request->exact;

	if (proxyd_http_is_connect(h) || h->answered || h->up.done)
		return NULL;
	if (whole || !flow_wants_source(request)) {
		http_answer_instead(x, 504, "the site has not answered in time");
		return x->in->name;
	}
	http_answer_instead(x, 408, PROXYD_HTTP_LATE);
	return x->name;
}

static int http_request_ended(void *arg, int error, struct text *out)
{
	(void)arg;
	(void)out;
	return error ? error : EPROTO;
}

/* What came is no answer. */
static void http_give_up(struct connection *x, struct text *out, const char *why)
{
	struct proxyd_http *h = proxied_of(x)->state;

	proxyd_http_add_answer(x, out, 502, "", false, why);
	h->up.done = true;
	proxyd_tell_answer(x);
}

/* The answer's head is whole. Returns false where it is none. */
static bool http_take_head(struct connection *x, struct text *out)
{
	struct proxyd_http *h = proxied_of(x)->state;
	struct http_head head;
	struct http_fault fault;

	if (!http_parse_response(&head, h->head.data, h->head.length, &fault) ||
	    !http_body_start(&h->answer, &head, proxyd_http_asked(h), &fault) || head.status == 101)
		return false;
	/* HTTP/1.0 knows neither. */
	if (h->old && head.status / 100 == 1)
		return true;
	if (h->old && h->answer.length == HTTP_LENGTH_CHUNKED)
		return false;
	proxyd_http_add_response(out, &head, &h->answer);
	if (head.status / 100 == 1)
		return true;
	h->answered = true;
	proxied_of(x)->status = head.status;
	proxyd_tell_answer(x);
	return true;
}

static void http_take_answer(void *arg, const char *in, size_t n, struct text *out)
{
	struct connection *x = arg;
	struct proxyd_http *h = proxied_of(x)->state;
	size_t used;

	for (; !h->answered && !h->up.done && n; in += used, n -= used) {
		enum http_scanned scanned = http_scan(&h->scan, in, n, &used);
		text_put(&h->head, in, used);
		if (scanned == HTTP_SCAN_MORE)
			continue;
		if (h->head.failed) {
			proxyd_fail(x, ENOMEM);
			http_give_up(x, out, "out of memory");
		} else if (scanned == HTTP_SCAN_TOO_LONG || !http_take_head(x, out)) {
			http_give_up(x, out, "what the site has answered is not HTTP");
		}
		h->scan = (struct http_scan){ 0 };
		h->head.length = 0;
	}
	if (!h->answered)
		return;
	/* Before the filter is done with the head, what follows it has come. */
	http_take_chunks(&h->answer, &h->up, in, n, out);
	if (h->answer.length != HTTP_LENGTH_CHUNKED) {
		h->up.done = true;
		h->up.left =
			h->answer.length == HTTP_LENGTH_TO_END ? FLOW_NO_LIMIT : h->answer.left;
	}
}

static int http_answer_ended(void *arg, int error, struct text *out)
{
	const struct proxyd_http *h = proxied_of(arg)->state;

	if (h->answered)
		return error ? error : EPROTO;
	http_give_up(arg, out, "the site has ended the connection before it answered");
	return 0;
}

static unsigned http_status_of(int error)
{
	return error == EACCES ? 403 : error == EINVAL ? 400 : error == ETIMEDOUT ? 504 : 502;
}

/* F has nothing to do but what E does, and copies. */
static void http_edit(struct filter *f, struct editor *e)
{
	*f = (struct filter){ .sent = f->sent, .id = f->id, .copies = f->copies, .editor = e };
}

void proxyd_http_dialled(struct connection *x)
{
	struct proxied *p = proxied_of(x);
	struct proxyd_http *h = p->state;
	struct pump_config c;

	if (p->result.error) {
		proxyd_http_refuse(x, http_status_of(p->result.error), p->result.why);
		/* What failed has been told, but what was not even tried has not. */
		if (x->why)
			proxyd_tell_answer(x);
		proxyd_refuse(x, x->why ? NULL : p->result.why);
		return;
	}
	if (proxyd_http_is_connect(h)) {
		text_add(&p->out, "HTTP/1.1 200 Connection established\r\n\r\n");
		p->status = 200;
		proxyd_tell_answer(x);
		proxyd_tunnel(x);
		return;
	}
	/* An answer may come before the request is whole: one pump does both, and edits what goes
	 * each way. */
	http_edit(&x->extras->filters->up, &h->up);
	http_edit(&x->extras->filters->down, &h->down);
	x->extras->filters->down.inserted = h->forward;
	h->forward = (struct text){ 0 };
	c = connection_pump_config(x);
	c.in_end_ends = c.terms.one_message = c.terms.out_may_end = true;
	/* How much is sent and when that ends is for the messages to say. */
	c.read_bytes = FLOW_NO_LIMIT;
	c.terms.peer_end_ends = false;
	proxyd_relay(x, &c);
}

enum handshake proxyd_http_go_on(struct connection *x)
{
	struct proxyd_http *h = proxied_of(x)->state;

	if (!proxyd_http_is_connect(h) && connection_filter(x) < 0)
		return proxyd_http_lacks_memory(x);
	h->head.length = 0;
	h->scan = (struct http_scan){ 0 };
	h->down = (struct editor){ .take = http_take_request,
				   .ended = http_request_ended,
				   .arg = x,
				   .done = h->request.length != HTTP_LENGTH_CHUNKED,
				   .left = h->request.left };
	h->up = (struct editor){ .take = http_take_answer, .ended = http_answer_ended, .arg = x };
	proxyd_dial(x);
	return HANDSHAKE_ASKED;
}
