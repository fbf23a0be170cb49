/* tls.c - writing a ClientHello, and reading what a server answers in the clear */
#include "proto/tls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- ClientHello ---- */

enum { ALERT = 21, HANDSHAKE = 22 }; /* kinds of record */

enum { HELLO_REQUEST = 0, CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };

enum extension {
	SERVER_NAME = 0,
	SUPPORTED_GROUPS = 10,
	EC_POINT_FORMATS = 11,
	SIGNATURE_ALGORITHMS = 13,
	ALPN = 16,
	PADDING = 21,
	EXTENDED_MASTER_SECRET = 23,
	SUPPORTED_VERSIONS = 43,
	KEY_SHARE = 51,
	RENEGOTIATION_INFO = 0xff01,
};

#define RANDOM 32     /* bytes of a random, a session identifier, and a share of X25519, */
#define X25519 0x001d /* of which any are one (RFC 7748, 5) */

static void hello_put_number(struct text *out, unsigned n, unsigned bytes)
{
	while (bytes-- > 0) {
		unsigned char byte = (unsigned char)(n >> 8 * bytes);
		text_put(out, &byte, 1);
	}
}

/* Begins what has its length, of so many BYTES, before it. Returns its place for hello_end(). */
static size_t hello_begin(struct text *out, unsigned bytes)
{
	hello_put_number(out, 0, bytes);
	return out->length;
}

static void hello_end(struct text *out, size_t from, unsigned bytes)
{
	size_t n = out->length - from;

	if (out->failed)
		return;
	for (unsigned i = 1; i <= bytes; i++, n >>= 8)
		out->data[from - i] = (char)(n & 0xff);
}

/* Adds the extension KIND with the N BYTES, before which they want their length, of so many bytes;
 * 0: they do not. */
static void hello_put_extension(struct text *out, enum extension kind, unsigned length,
				const void *bytes, size_t n)
{
	hello_put_number(out, kind, 2);
	hello_put_number(out, (unsigned)n + length, 2);
	if (length)
		hello_put_number(out, (unsigned)n, length);
	text_put(out, bytes, n);
}

/* Can NAME stand in a ClientHello? Returns its length without the dot at its end; 0: no. */
static size_t hello_name_length(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	n -= n && name[n - 1] == '.';
	if (n == 0 || n > 253)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return 0;
	return n;
}

static void hello_put_server_name(struct text *out, const char *name)
{
	size_t n = hello_name_length(name);

	if (!n)
		return;
	hello_put_number(out, SERVER_NAME, 2);
	hello_put_number(out, (unsigned)n + 5, 2);
	hello_put_number(out, (unsigned)n + 3, 2);
	hello_put_number(out, 0, 1); /* host_name */
	hello_put_number(out, (unsigned)n, 2);
	text_put(out, name, n);
}

static void hello_put_key_share(struct text *out, const unsigned char *share)
{
	hello_put_number(out, KEY_SHARE, 2);
	hello_put_number(out, RANDOM + 6, 2);
	hello_put_number(out, RANDOM + 4, 2);
	hello_put_number(out, X25519, 2);
	hello_put_number(out, RANDOM, 2);
	text_put(out, share, RANDOM);
}

/* Some old servers never answer a handshake message of 256 to 511 bytes (RFC 7685). HELLO is where
 * its body begins. */
static void hello_put_padding(struct text *out, size_t hello)
{
	static const unsigned char zeros[256];
	size_t n = out->length - hello + 4;

	if (n > 0xff && n < 0x200)
		hello_put_extension(out, PADDING, 0, zeros, 0x200 - n > 4 ? 0x200 - n - 4 : 1);
}

static void hello_put_extensions(struct text *out, unsigned highest, const unsigned char *share,
				 const char *name)
{
	static const unsigned char groups[] = {
		0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, /* X25519, NIST's curves, */
		0x00, 0x1e, 0x01, 0x00, 0x01, 0x01,		/* X448, FFDHE */
	};
	static const unsigned char formats[] = { 0 }; /* uncompressed */
	static const unsigned char signatures[] = {
		0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07, 0x08, 0x08, /* ECDSA, EdDSA, */
		0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x08, 0x09, 0x08, 0x0a, /* RSA PSS, */
		0x08, 0x0b, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x03, 0x01, /* RSA PKCS #1, */
		0x04, 0x02, 0x02, 0x03, 0x02, 0x01, 0x02, 0x02,		    /* DSA, SHA-1 */
	};
	static const char protocols[] = "\x02h2\x08http/1.1";
	static const unsigned char offered[] = { 0x03, 0x04, 0x03, 0x03, 0x03, 0x02, 0x03, 0x01 };
	unsigned skipped = highest == TLS_1_3 ? 0 : 2;

	hello_put_server_name(out, name);
	hello_put_extension(out, RENEGOTIATION_INFO, 1, NULL, 0);
	hello_put_extension(out, EXTENDED_MASTER_SECRET, 0, NULL, 0);
	hello_put_extension(out, EC_POINT_FORMATS, 1, formats, sizeof formats);
	hello_put_extension(out, SUPPORTED_GROUPS, 2, groups, sizeof groups);
	hello_put_extension(out, SIGNATURE_ALGORITHMS, 2, signatures, sizeof signatures);
	hello_put_extension(out, ALPN, 2, protocols, sizeof protocols - 1);
	hello_put_extension(out, SUPPORTED_VERSIONS, 1, offered + skipped,
			    sizeof offered - skipped);
	if (highest == TLS_1_3)
		hello_put_key_share(out, share);
}

void tls_put_hello(struct text *out, unsigned highest, const unsigned char *chance,
		   const char *name)
{
	size_t record, hello, list;

	hello_put_number(out, HANDSHAKE, 1);
	hello_put_number(out, 0x0301, 2); /* what every server takes (RFC 8446, 5.1) */
	record = hello_begin(out, 2);
	hello_put_number(out, CLIENT_HELLO, 1);
	hello = hello_begin(out, 3);
	hello_put_number(out, TLS_1_2, 2);
	text_put(out, chance, RANDOM);
	hello_put_number(out, RANDOM, 1);
	text_put(out, chance + RANDOM, RANDOM);
	list = hello_begin(out, 2);
	for (size_t i = 0; tls_cipher(i); i++)
		hello_put_number(out, tls_cipher(i), 2);
	hello_end(out, list, 2);
	hello_put_number(out, 0x0100, 2); /* one method of compression: none */
	list = hello_begin(out, 2);
	hello_put_extensions(out, highest, chance + 2 * RANDOM, name);
	hello_put_padding(out, hello);
	hello_end(out, list, 2);
	hello_end(out, hello, 3);
	hello_end(out, record, 2);
}

/* ---- what is read ---- */

/* What is left of some bytes. */
struct span {
	const unsigned char *at;
	size_t n;
};

/* Takes the first N bytes of *S into *OUT. False: there are fewer. */
static bool span_take(struct span *s, size_t n, struct span *out)
{
	if (n > s->n)
		return false;
	*out = (struct span){ s->at, n };
	s->at += n;
	s->n -= n;
	return true;
}

/* Takes a number of so many BYTES. */
static bool span_take_number(struct span *s, unsigned bytes, unsigned *out)
{
	struct span b;

	if (!span_take(s, bytes, &b))
		return false;
	*out = 0;
	for (unsigned i = 0; i < bytes; i++)
		*out = *out << 8 | b.at[i];
	return true;
}

/* Takes what has its length, of so many BYTES, before it. */
static bool span_take_counted(struct span *s, unsigned bytes, struct span *out)
{
	unsigned n;

	return span_take_number(s, bytes, &n) && span_take(s, n, out);
}

__attribute__((format(printf, 2, 3))) static void server_fail(struct tls_server *s,
							      const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(s->why, sizeof s->why, format, list);
	va_end(list);
	s->step = TLS_FAILED;
}

static void server_take_alpn(struct tls_server *s, struct span body)
{
	struct span list, name;

	if (!span_take_counted(&body, 2, &list) || !span_take_counted(&list, 1, &name))
		return;
	memcpy(s->alpn, name.at, name.n);
	s->alpn_n = name.n;
}

/* Reads the body of a ServerHello, or of a HelloRetryRequest, which has the same form. */
static bool server_take_hello(struct tls_server *s, struct span in)
{
	struct span ignored, extensions = { 0 }, body;
	unsigned kind, version;

	if (!span_take_number(&in, 2, &s->version) || !span_take(&in, RANDOM, &ignored) ||
	    !span_take_counted(&in, 1, &ignored) || !span_take_number(&in, 2, &s->cipher) ||
	    !span_take(&in, 1, &ignored) || (in.n > 0 && !span_take_counted(&in, 2, &extensions)) ||
	    in.n > 0)
		return false;
	while (extensions.n > 0) {
		if (!span_take_number(&extensions, 2, &kind) ||
		    !span_take_counted(&extensions, 2, &body))
			return false;
		if (kind == ALPN)
			server_take_alpn(s, body);
		else if (kind == SUPPORTED_VERSIONS && span_take_number(&body, 2, &version))
			s->version = version;
	}
	return true;
}

static void server_on_hello(struct tls_server *s, struct span in)
{
	if (!server_take_hello(s, in) || s->version >> 8 != 3) {
		s->version = 0;
		s->alpn_n = 0;
		server_fail(s, "its ServerHello is malformed");
		return;
	}
	s->alert = -1; /* a warning came before */
	if (s->version >= TLS_1_3)
		s->step = TLS_DONE;
}

/* Keeps the first certificate of the list, the server's own. */
static void server_on_certificate(struct tls_server *s, struct span in)
{
	struct span list, first = { 0 };

	s->step = TLS_DONE;
	if (!span_take_counted(&in, 3, &list) ||
	    (list.n > 0 && !span_take_counted(&list, 3, &first)))
		server_fail(s, "its Certificate message is malformed");
	else
		text_put(&s->certificate, first.at, first.n);
}

static void server_on_handshake(struct tls_server *s, unsigned kind, struct span body)
{
	if (kind == HELLO_REQUEST)
		return;
	if (!s->version && kind == SERVER_HELLO)
		server_on_hello(s, body);
	else if (!s->version)
		server_fail(s, "its first message is of type %u, no ServerHello", kind);
	else if (kind == CERTIFICATE)
		server_on_certificate(s, body);
	else
		s->step = TLS_DONE; /* it shows none */
}

/* Forgets what has been read of the message, all but what is LEFT. */
static void server_keep_rest(struct tls_server *s, struct span left)
{
	if (left.n == s->message.length)
		return;
	memmove(s->message.data, left.at, left.n);
	s->message.length = left.n;
}

/* Takes the messages of the handshake that have come whole. */
static void server_take_messages(struct tls_server *s)
{
	struct span in = { (const unsigned char *)s->message.data, s->message.length }, body;
	unsigned kind, n;

	while (s->step == TLS_MORE && in.n >= 4) {
		struct span rest = in;
		span_take_number(&rest, 1, &kind);
		span_take_number(&rest, 3, &n);
		if (n > TLS_MOST) {
			server_fail(s, "a message of %u bytes, more than %zu", n, TLS_MOST);
			return;
		}
		if (!span_take(&rest, n, &body))
			break;
		in = rest;
		server_on_handshake(s, kind, body);
	}
	server_keep_rest(s, in);
}

/* Takes alerts. A fatal one ends all, and so does the end itself; others are warnings. */
static void server_take_alerts(struct tls_server *s)
{
	struct span in = { (const unsigned char *)s->message.data, s->message.length };
	unsigned level, code;

	while (s->step == TLS_MORE && in.n >= 2) {
		span_take_number(&in, 1, &level);
		span_take_number(&in, 1, &code);
		s->alert = (int)code;
		if (level != 1 || code == 0)
			s->step = TLS_DONE;
	}
	server_keep_rest(s, in);
}

/* The header of a record has come. */
static void server_take_header(struct tls_server *s)
{
	unsigned kind = s->header[0];

	s->left = (size_t)(s->header[3] << 8 | s->header[4]);
	s->taken += s->left;
	if (s->version && kind != HANDSHAKE && kind != ALERT)
		s->step = TLS_DONE; /* the handshake goes on in secret: it is one resumed */
	else if (kind != HANDSHAKE && kind != ALERT)
		server_fail(s, "a record of type %u before ServerHello", kind);
	else if (s->left == 0 || s->left > (1 << 14) || s->header[1] != 3)
		server_fail(s, "a record of %zu bytes of version %u.%u", s->left, s->header[1],
			    s->header[2]);
	else if (s->taken > TLS_MOST)
		server_fail(s, "more than %zu bytes", TLS_MOST);
	else if (s->message.length > 0 && (kind == ALERT) != (s->record == ALERT))
		server_fail(s, "a record of type %u within a message", kind);
	s->record = kind;
}

/* Is what has come of the first record's header one of TLS? */
static bool server_is_foreign(const struct tls_server *s)
{
	unsigned kind = s->header[0];

	return (kind != HANDSHAKE && kind != ALERT) || (s->header_n > 1 && s->header[1] != 3) ||
	       (s->header_n > 2 && s->header[2] > 4);
}

void tls_start(struct tls_server *s)
{
	*s = (struct tls_server){ .alert = -1 };
}

void tls_free(struct tls_server *s)
{
	text_free(&s->certificate);
	text_free(&s->message);
}

/* Takes a part of the N bytes at IN, at least one. Returns how many. */
static size_t server_take_part(struct tls_server *s, const unsigned char *in, size_t n)
{
	if (s->left == 0) {
		s->header[s->header_n++] = *in;
		if (s->taken == 0 && server_is_foreign(s))
			s->step = TLS_FOREIGN;
		else if (s->header_n == sizeof s->header)
			server_take_header(s);
		return 1;
	}
	if (n > s->left)
		n = s->left;
	text_put(&s->message, in, n);
	s->left -= n;
	if (s->left == 0)
		s->header_n = 0;
	if (s->record == ALERT)
		server_take_alerts(s);
	else
		server_take_messages(s);
	return n;
}

enum tls_step tls_take(struct tls_server *s, const unsigned char *in, size_t n)
{
	for (size_t used; s->step == TLS_MORE && n > 0; in += used, n -= used) {
		used = server_take_part(s, in, n);
		if (s->message.failed || s->certificate.failed)
			s->step = TLS_LACKING;
	}
	return s->step;
}
