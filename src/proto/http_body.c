/* http_body.c - how long the body of an HTTP/1 message is, and where it ends */
#include "base/number.h"
#include "proto/http.h"

/* ---- how long it is, as its head says ---- */

/* Sets *OUT to the number that all members of H's Content-Length fields are, and *GIVEN if there
 * are any. Returns false if they differ or one is no number. */
static bool http_body_length(const struct http_head *h, uint64_t *out, bool *given)
{
	const struct http_field *f;
	struct http_part value, member;
	size_t at = 0;

	*given = false;
	while ((f = http_find(h, "Content-Length", &at))) {
		value = f->value;
		if (!http_list_next(&value, &member))
			return false;
		do {
			uint64_t length;

			if (!digits_parse(member.at, member.n, UINT64_MAX, &length) ||
			    (*given && length != *out))
				return false;
			*out = length;
			*given = true;
		} while (http_list_next(&value, &member));
	}
	return true;
}

/* H has transfer codings. Are they just the one that we know? */
static bool http_body_is_chunked(const struct http_head *h)
{
	const struct http_field *f;
	size_t at = 0, fields = 0;

	for (; (f = http_find(h, "Transfer-Encoding", &at)); fields++)
		if (!http_is(f->value, "chunked"))
			return false;
	return fields == 1;
}

/* Has the response H no body, whatever its fields say (RFC 9112, 6.3)? */
static bool http_body_is_none(const struct http_head *h, struct http_part asked)
{
	return h->status / 100 == 1 || h->status == 204 || h->status == 304 ||
	       http_is_method(asked, "HEAD") ||
	       (http_is_method(asked, "CONNECT") && h->status / 100 == 2);
}

bool http_body_start(struct http_body *b, const struct http_head *h, struct http_part asked,
		     struct http_fault *fault)
{
	bool given;
	size_t at = 0;

	*b = (struct http_body){ .length = HTTP_LENGTH_NONE };
	if (h->response && http_body_is_none(h, asked))
		return true;
	if (http_find(h, "Transfer-Encoding", &at)) {
		at = 0;
		if (!h->response && http_find(h, "Content-Length", &at))
			return http_refuse(fault, 400, "Content-Length beside Transfer-Encoding");
		if (!http_body_is_chunked(h))
			return http_refuse(fault, 501, "a Transfer-Encoding other than chunked");
		if (!h->response && !h->minor)
			return http_refuse(fault, 400, "Transfer-Encoding in HTTP/1.0");
		b->length = HTTP_LENGTH_CHUNKED;
		return true;
	}
	if (!http_body_length(h, &b->left, &given))
		return http_refuse(fault, 400, "a Content-Length that is none, or two that differ");
	if (given)
		b->length = HTTP_LENGTH_KNOWN;
	else if (h->response)
		b->length = HTTP_LENGTH_TO_END;
	return true;
}

/* ---- where it ends ---- */

/* The place of the next byte in a chunked body (RFC 9112, 7.1). Its lines must end in CR LF: a line
 * end that only some readers accept is how a request is smuggled in a body. */
enum chunk_state {
	CHUNK_SIZE,	 /* the size's first digit */
	CHUNK_DIGITS,	 /* another, or what follows */
	CHUNK_BLANK,	 /* behind the size: blanks that some servers put there */
	CHUNK_EXTENSION, /* what follows it */
	CHUNK_SIZE_END,	 /* the line's LF */
	CHUNK_DATA,
	CHUNK_DATA_CR, /* behind the data */
	CHUNK_DATA_LF,
	CHUNK_TRAILER,	    /* the first byte of a trailer field, or of the last line */
	CHUNK_TRAILER_LINE, /* others */
	CHUNK_TRAILER_END,  /* its LF */
	CHUNK_LAST_LF,
	CHUNK_WHOLE,
};

/* Returns the state after C, a byte that is no data, or -1 if C must not stand there. */
static int http_body_chunk_next(struct http_body *b, char c)
{
	int digit = digit_value(c);

	switch (b->state) {
	case CHUNK_SIZE:
	case CHUNK_DIGITS:
		if (digit >= 0) {
			if (b->left >> 60)
				return -1;
			b->left = b->left << 4 | (unsigned)digit;
			return CHUNK_DIGITS;
		}
		if (b->state == CHUNK_SIZE)
			return -1;
		/* fall through */
	case CHUNK_BLANK:
		if (c == ' ' || c == '\t')
			return CHUNK_BLANK;
		return c == ';' ? CHUNK_EXTENSION : c == '\r' ? CHUNK_SIZE_END : -1;
	case CHUNK_EXTENSION:
		return c == '\r' ? CHUNK_SIZE_END : c == '\n' || !c ? -1 : CHUNK_EXTENSION;
	case CHUNK_SIZE_END:
		return c != '\n' ? -1 : b->left ? CHUNK_DATA : CHUNK_TRAILER;
	case CHUNK_DATA_CR:
		return c == '\r' ? CHUNK_DATA_LF : -1;
	case CHUNK_DATA_LF:
		return c == '\n' ? CHUNK_SIZE : -1;
	case CHUNK_TRAILER:
		if (c == '\r')
			return CHUNK_LAST_LF;
		/* fall through */
	case CHUNK_TRAILER_LINE:
		return c == '\r' ? CHUNK_TRAILER_END : c == '\n' || !c ? -1 : CHUNK_TRAILER_LINE;
	case CHUNK_TRAILER_END:
		return c == '\n' ? CHUNK_TRAILER : -1;
	default: /* CHUNK_LAST_LF */
		return c == '\n' ? CHUNK_WHOLE : -1;
	}
}

static size_t http_body_take_known(struct http_body *b, size_t n)
{
	if (n > b->left)
		n = (size_t)b->left;
	b->left -= n;
	return n;
}

static size_t http_body_take_chunked(struct http_body *b, const char *in, size_t n)
{
	size_t at = 0;

	while (at < n && b->state != CHUNK_WHOLE && !b->bad) {
		if (b->state == CHUNK_DATA) {
			at += http_body_take_known(b, n - at);
			if (!b->left)
				b->state = CHUNK_DATA_CR;
			continue;
		}
		int next = http_body_chunk_next(b, in[at]);
		b->bad = next < 0;
		if (b->bad)
			break;
		b->state = next;
		at++;
	}
	return at;
}

size_t http_body_take(struct http_body *b, const char *in, size_t n)
{
	switch (b->length) {
	case HTTP_LENGTH_NONE:
		return 0;
	case HTTP_LENGTH_KNOWN:
		return http_body_take_known(b, n);
	case HTTP_LENGTH_CHUNKED:
		return http_body_take_chunked(b, in, n);
	case HTTP_LENGTH_TO_END:
		break;
	}
	return n;
}

bool http_body_is_whole(const struct http_body *b)
{
	return b->length == HTTP_LENGTH_NONE || (b->length == HTTP_LENGTH_KNOWN && !b->left) ||
	       (b->length == HTTP_LENGTH_CHUNKED && b->state == CHUNK_WHOLE);
}
