/* http.h - the heads of HTTP/1 messages, and how long what follows them is (RFC 9110, 9112)
 *
 * From bytes to values and back: no descriptor, no clock. What a proxy needs, and no more. Lines
 * may end in a bare LF, and a field may go on in the next line (obs-fold): they are read as RFC
 * 9112 (2.2, 5.2) allows, and never written so.
 */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define HTTP_HEAD_MOST 65536 /* bytes of a head; of its first line a part: */
#define HTTP_LINE_MOST 16384
#define HTTP_FIELDS_MOST 256
#define HTTP_CONNECTION_MOST 4096 /* bytes of what Connection says: it is asked of each field */

/* A part of a head, which is not changed and must stay. Not ended by a NUL. */
struct http_part {
	const char *at;
	size_t n;
};

struct http_field {
	struct http_part name;
	struct http_part value; /* without the blanks around it; of obs-fold the CR and LF have
				   become blanks */
};

/* ---- where a head ends ---- */

/* Looks for the empty line that ends a head in what comes piece by piece. Start with { 0 }. Empty
 * lines before the first one do not count (RFC 9112, 2.2). */
struct http_scan {
	size_t n, line; /* bytes so far: in all, of this line */
	size_t lines;	/* not empty ones so far */
	bool cr;	/* the last byte was a CR */
	bool long_line; /* the first line was too long: 414 rather than 431 */
};

enum http_scanned { HTTP_SCAN_MORE, HTTP_SCAN_WHOLE, HTTP_SCAN_TOO_LONG };

/* Takes some of the N bytes at IN, their number to *USED: up to the head's last byte and none
 * behind it. */
enum http_scanned http_scan(struct http_scan *s, const char *in, size_t n, size_t *used);

/* ---- a head ---- */

struct http_head {
	bool response;
	unsigned minor; /* HTTP/1.N */
	/* of a request */
	struct http_part method, target;
	/* of a response */
	unsigned status;
	struct http_part reason;
	struct http_field fields[HTTP_FIELDS_MOST];
	size_t n;
};

/* What is wrong with a head, and which status says so. */
struct http_fault {
	unsigned
		status; /* 400, 414, 431, 501 (a transfer coding), 505 (a version other than 1.x) */
	const char *what; /* "a field without a colon" */
};

/* The head of N bytes at BYTES, as http_scan() has found it, into *H, which points into it; the
 * bytes are changed where obs-fold is undone. A second Host is refused, a missing one is not: a
 * proxy is told by the target where to go. Returns true, or false with *FAULT. */
bool http_parse_request(struct http_head *h, char *bytes, size_t n, struct http_fault *fault);
bool http_parse_response(struct http_head *h, char *bytes, size_t n, struct http_fault *fault);

/* Is P the word WORD, whatever the case of its letters? */
bool http_is(struct http_part p, const char *word);

/* The same of a method, where it counts (RFC 9110, 9.1). */
bool http_is_method(struct http_part p, const char *method);

/* The first field NAME of H from the one at *AT (start with 0) on, *AT going behind it; NULL: there
 * is no more. */
const struct http_field *http_find(const struct http_head *h, const char *name, size_t *at);

/* The next member of the list VALUE (RFC 9110, 5.6.1: commas outside of quotes, empty ones skipped)
 * into *MEMBER, VALUE going behind it. Returns false at its end. */
bool http_list_next(struct http_part *value, struct http_part *member);

/* Is WORD a member of one of H's fields NAME? */
bool http_list_has(const struct http_head *h, const char *name, const char *word);

/* Does field NAME belong to one connection only, so that H's does not go further: Connection and
 * what it names, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade (RFC 9110, 7.6.1)?
 * Whoever passes the body on as it is writes Transfer-Encoding anew. Content-Length and Host go
 * further even where Connection names them. */
bool http_is_hop_by_hop(const struct http_head *h, struct http_part name);

/* ---- where a request goes ---- */

struct http_authority {
	char host[256]; /* without brackets */
	uint16_t port;
};

/* `HOST:PORT`, `[V6]:PORT`: what CONNECT asks for. Returns false where it is none. */
bool http_parse_authority(struct http_part target, struct http_authority *out);

/* `http://[USERINFO@]HOST[:PORT][/PATH][?QUERY]` into *OUT (port 80 where none is given) and the
 * origin-form (RFC 9112, 3.2.1) that follows: *PATH, before which a `/` has to be put where it does
 * not begin with one. Returns false where it is none. */
bool http_parse_absolute(struct http_part target, struct http_authority *out,
			 struct http_part *path);

/* ---- how long a body is ---- */

enum http_length { HTTP_LENGTH_NONE, HTTP_LENGTH_KNOWN, HTTP_LENGTH_CHUNKED, HTTP_LENGTH_TO_END };

/* A body as it passes: how much of what comes belongs to it (RFC 9112, 6). */
struct http_body {
	enum http_length length;
	uint64_t left; /* of it, or of the chunk */
	int state;
	bool bad; /* chunks that are none */
};

/* What follows H into *B; ASKED is the method of the request that a response answers (of length 0:
 * H is a request). Returns true, or false with *FAULT: Content-Length that is no number, or two
 * that differ, or one beside Transfer-Encoding in a request; a request's transfer coding other than
 * chunked. */
bool http_body_start(struct http_body *b, const struct http_head *h, struct http_part asked,
		     struct http_fault *fault);

/* How many of the N bytes at IN belong to B: all of them up to its end, or to the one that no chunk
 * can have there, with which `bad` is set. */
size_t http_body_take(struct http_body *b, const char *in, size_t n);

bool http_body_is_whole(const struct http_body *b);

#endif
