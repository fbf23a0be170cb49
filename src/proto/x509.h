/* x509.h - what a certificate (RFC 5280) says: whose it is, whose word that is, and how long
 *
 * A few fields are found in its DER, nothing is verified. Names are written as text_escape() makes
 * them safe to show, since they may come from anybody.
 */
#ifndef PROTO_X509_H
#define PROTO_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A part of the certificate, in whose memory it lies. */
struct x509_bytes {
	const unsigned char *at;
	size_t n;
};

struct x509_time {
	char text[32];	 /* as RFC 3339 writes it, in UTC; empty: it is malformed */
	int64_t seconds; /* since 1970 */
};

struct x509 {
	struct x509_bytes subject, issuer; /* for x509_put_name() */
	struct x509_bytes names;	   /* for x509_next_name() */
	struct x509_time not_before, not_after;
};

/* Reads the certificate DER of N bytes into *OUT. False: it is none. */
bool x509_read(struct x509 *out, const unsigned char *der, size_t n);

/* Adds the name of a subject or an issuer to OUT as RFC 4514 writes it: `CN=example.org,C=US`. What
 * is malformed in it is left out, and so is all of it beyond X509_PARTS parts. */
#define X509_PARTS 32
void x509_put_name(struct text *out, struct x509_bytes name);

/* Adds BETWEEN and the first of the names *REST for which the certificate is (subjectAltName) to
 * OUT, and moves *REST behind it: a name of DNS, in which a blank is escaped too, or an address.
 * Others are skipped. False: there is no more. */
bool x509_next_name(struct x509_bytes *rest, const char *between, struct text *out);

#endif
