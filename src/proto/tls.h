/* tls.h - the first words of TLS: a ClientHello, and what a server says to it in the clear
 *
 * From bytes to values: no descriptor, no clock. Nothing is encrypted, and nothing verified. Of TLS
 * 1.3 (RFC 8446) only ServerHello comes in the clear; up to TLS 1.2 (RFC 5246) the name of the
 * protocol inside (ALPN, RFC 7301) and the server's certificate do too.
 */
#ifndef PROTO_TLS_H
#define PROTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

#define TLS_CHANCE 96		    /* random bytes that a ClientHello needs */
#define TLS_MOST ((size_t)64 << 10) /* bytes that a server may say, what is kept of it included */
#define TLS_WHY 128		    /* bytes of a sentence that says what is wrong */

/* Adds to OUT a ClientHello, as a record, that offers TLS 1.0 up to HIGHEST, TLS_1_2 or TLS_1_3,
 * and all cipher suites that tls_cipher_name() knows. CHANCE has TLS_CHANCE random bytes. NAME is
 * the server's, in ASCII; NULL, or one that is none of DNS: no name is sent (RFC 6066, 3). */
void tls_put_hello(struct text *out, unsigned highest, const unsigned char *chance,
		   const char *name);

enum tls_step {
	TLS_MORE, /* more has to come */
	TLS_DONE, /* all is known that comes in the clear, or the server has refused by an alert */
	TLS_FOREIGN, /* what comes is no TLS, from its first byte on */
	TLS_LACKING, /* memory has run out */
	TLS_FAILED,  /* it breaks the rules of TLS: see `why` */
};

/* What a server says. Start with tls_start(), free with tls_free(). */
struct tls_server {
	unsigned version; /* as the protocol writes it, TLS_1_2 and so on; 0: no ServerHello yet */
	unsigned cipher;
	int alert; /* the code of an alert; -1: there was none */
	unsigned char alpn[255];
	size_t alpn_n;
	struct text certificate; /* the server's own, in DER; empty: it showed none */
	char why[TLS_WHY];
	/* What is under way: */
	unsigned char header[5]; /* of a record */
	size_t header_n, left;	 /* how much of it has come, and how much of the record has not */
	size_t taken;		 /* bytes of records so far */
	struct text message;	 /* of the handshake, or an alert, as far as it has come */
	unsigned record;	 /* the kind of the record */
	enum tls_step step;
};

void tls_start(struct tls_server *s);
void tls_free(struct tls_server *s);

/* Takes the next N bytes of the server. What comes after another step than TLS_MORE changes nothing
 * any more. */
enum tls_step tls_take(struct tls_server *s, const unsigned char *in, size_t n);

/* ---- tls_names.c ---- */

#define TLS_NAME 24 /* bytes of a name that these write where none is known */

/* Return `TLS 1.2`, `TLS_AES_128_GCM_SHA256`, `handshake_failure`: the name that the RFCs have for
 * it; else TEXT, of TLS_NAME bytes, with its number. */
const char *tls_version_name(unsigned version, char *text);
const char *tls_cipher_name(unsigned cipher, char *text);
const char *tls_alert_name(int alert, char *text);

/* Returns the code of the I-th cipher suite that is offered, 0 behind the last. */
unsigned tls_cipher(size_t i);

#endif
