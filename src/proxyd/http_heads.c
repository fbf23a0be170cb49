/* http_heads.c - the heads of requests and answers that the proxy server passes on */
#include "proxyd/http_state.h"

#include <stdio.h>

#define HOPS_MOST 255 /* what of Max-Forwards is left at most */

bool proxyd_http_has_been_here(const struct http_head *head)
{
	char hex[HASH_HEX + 1], name[32];
	struct http_part value, member;
	const struct http_field *f;
	size_t at = 0, n;

	n = (size_t)snprintf(name, sizeof name, " " PROXYD_HTTP_NAME "-%s",
			     proxyd_http_own_name(hex));
	while ((f = http_find(head, "Via", &at)))
		for (value = f->value; http_list_next(&value, &member);)
			if (member.n >= n && !memcmp(member.at + member.n - n, name, n))
				return true;
	return false;
}

/* Adds HEAD's fields that go further, but for those that `end_head` writes anew. */
static void add_fields(struct text *out, const struct http_head *head, const struct http_body *body)
{
	/* Where there is none, only the answers to HEAD and 304 may say how long it would be (RFC
	 * 9110, 8.6). */
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
	char hex[HASH_HEX + 1];

	if (body->length == HTTP_LENGTH_KNOWN)
		text_add(out, "Content-Length: %llu\r\n", (unsigned long long)body->left);
	else if (body->length == HTTP_LENGTH_CHUNKED)
		text_add(out, "Transfer-Encoding: chunked\r\n");
	text_add(out, "Via: 1.%u " PROXYD_HTTP_NAME "-%s\r\nConnection: close\r\n\r\n", head->minor,
		 proxyd_http_own_name(hex));
}

void proxyd_http_add_target(struct text *out, const struct http_head *head, struct http_part path)
{
	if (!path.n && http_is_method(head->method, "OPTIONS"))
		text_put(out, "*", 1);
	else if (!path.n || path.at[0] != '/')
		text_put(out, "/", 1);
	text_put(out, path.at, path.n);
}

void proxyd_http_add_request(struct proxyd_http *h, const struct http_head *head,
			     const struct text *target)
{
	bool literal = strchr(h->to.host, ':');
	/* A zone is this machine's affair. */
	int n = (int)strcspn(h->to.host, "%");
	struct text *out = &h->forward;

	text_put(out, head->method.at, head->method.n);
	text_put(out, " ", 1);
	text_put(out, target->data, target->length);
	/* Whoever speaks HTTP/1.0 shall not get chunks. */
	text_add(out, " HTTP/1.%d\r\nHost: %s%.*s%s", h->old ? 0 : 1, literal ? "[" : "", n,
		 h->to.host, literal ? "]" : "");
	if (h->to.port != 80)
		text_add(out, ":%u", h->to.port);
	text_put(out, "\r\n", 2);
	add_fields(out, head, &h->request);
	end_head(out, head, &h->request);
	h->forward.failed = h->forward.failed || target->failed;
}

void proxyd_http_add_response(struct text *out, const struct http_head *head,
			      const struct http_body *body)
{
	text_add(out, "HTTP/1.1 %u ", head->status);
	text_put(out, head->reason.at, head->reason.n);
	text_put(out, "\r\n", 2);
	add_fields(out, head, body);
	if (head->status / 100 == 1)
		text_put(out, "\r\n", 2);
	else
		end_head(out, head, body);
}

bool proxyd_http_take_hop(struct proxyd_http *h, struct http_head *head)
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
