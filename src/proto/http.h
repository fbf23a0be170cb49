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

/* Bytes of a head, which must live as long. No NUL ends them. */
struct http_part {
	const char *at;
	size_t n;
};

struct http_field {
	struct http_part name;
	struct http_part value; /* without the blanks around it; the CR and LF of obs-fold are
				   blanks now */
};

/* ---- where a head ends ---- */

/* The search for the empty line that ends a head, in bytes that come piece by piece. Start with
 * { 0 }. Empty lines before the first other one do not count (RFC 9112, 2.2). */
struct http_scan {
	size_t n, line; /* bytes so far: in all, of this line */
	size_t lines;	/* not empty ones so far */
	bool cr;	/* the last byte was a CR */
	bool long_line; /* the first line was too long: 414 rather than 431 */
};

enum http_scanned { HTTP_SCAN_MORE, HTTP_SCAN_WHOLE, HTTP_SCAN_TOO_LONG };

/* Takes those of the N bytes at IN that belong to the head, up to its last one, and sets *USED to
 * their number. */
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

/* An error in a head, and the status that tells the sender. */
struct http_fault {
	unsigned
		status; /* 400, 414, 431, 501 (a transfer coding), 505 (a version other than 1.x) */
	const char *what; /* "a field without a colon" */
};

/* Sets *FAULT to STATUS and WHAT. Returns false. */
bool http_refuse(struct http_fault *fault, unsigned status, const char *what);

/* Reads the head of N bytes at BYTES, which http_scan() has found whole, into *H. *H points into
 * it; obs-fold is replaced by blanks there. A second Host is refused; a missing one is not, for a
 * proxy's target names the host. Returns true, or false with *FAULT. */
bool http_parse_request(struct http_head *h, char *bytes, size_t n, struct http_fault *fault);
bool http_parse_response(struct http_head *h, char *bytes, size_t n, struct http_fault *fault);

/* Returns P without its first N bytes. */
struct http_part http_skip(struct http_part p, size_t n);

/* Is P the word WORD, in either case of its letters? */
bool http_is(struct http_part p, const char *word);

/* Is P the METHOD, in this case of its letters (RFC 9110, 9.1)? */
bool http_is_method(struct http_part p, const char *method);

/* Returns the first field NAME of H from the one with index *AT on (start with 0), and moves *AT
 * behind it; NULL: there is no more. */
const struct http_field *http_find(const struct http_head *h, const char *name, size_t *at);

/* Sets *MEMBER to the next member of the list VALUE, and VALUE to what follows it. Commas outside
 * of quotes separate members, empty ones are skipped (RFC 9110, 5.6.1). Returns false at the end.
 */
bool http_list_next(struct http_part *value, struct http_part *member);

/* Is WORD a member of one of H's fields NAME? */
bool http_list_has(const struct http_head *h, const char *name, const char *word);

/* Is field NAME of H for this connection only, so that a proxy must not pass it on: Connection and
 * the fields it names, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade (RFC 9110,
 * 7.6.1)? A proxy that passes a chunked body on unchanged writes Transfer-Encoding itself.
 * Content-Length and Host are passed on even if Connection names them. */
bool http_is_hop_by_hop(const struct http_head *h, struct http_part name);

/* ---- where a request goes ---- */

struct http_authority {
	char host[256]; /* without brackets */
	uint16_t port;
};

/* Reads TARGET of CONNECT, `HOST:PORT` or `[V6]:PORT`, into *OUT. Returns false if it is neither.
 */
bool http_parse_authority(struct http_part target, struct http_authority *out);

/* Reads TARGET, `http://[USERINFO@]HOST[:PORT][/PATH][?QUERY]`, into *OUT (port 80 if none is
 * given) and sets *PATH to the rest. That is the origin-form (RFC 9112, 3.2.1), but for a `/` that
 * the caller puts before it if it does not begin with one. Returns false if TARGET has another
 * form. */
bool http_parse_absolute(struct http_part target, struct http_authority *out,
			 struct http_part *path);

/* ---- how long a body is ---- */

enum http_length { HTTP_LENGTH_NONE, HTTP_LENGTH_KNOWN, HTTP_LENGTH_CHUNKED, HTTP_LENGTH_TO_END };

/* A body that passes, byte by byte, up to its end (RFC 9112, 6). */
struct http_body {
	enum http_length length;
	uint64_t left; /* of it, or of the chunk */
	int state;
	bool bad; /* a chunk has a wrong form */
};

/* Sets *B to the body that follows H. ASKED: the method of the request that the response H answers
 * (of length 0: H is a request). Returns true, or false with *FAULT: Content-Length is no number,
 * comes twice with different numbers, or beside Transfer-Encoding in a request; or a request has a
 * transfer coding other than chunked. */
bool http_body_start(struct http_body *b, const struct http_head *h, struct http_part asked,
		     struct http_fault *fault);

/* Returns how many of the N bytes at IN belong to B: those up to its end, or up to a byte that no
 * chunk can have there; `bad` is set then. */
size_t http_body_take(struct http_body *b, const char *in, size_t n);

bool http_body_is_whole(const struct http_body *b);

#endif
