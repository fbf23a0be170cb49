/* dns_stream.h - one question to a DNS server by TCP, and its answer, each behind its length (RFC
 * 1035, section 4.2.2) */
#ifndef NAMES_DNS_STREAM_H
#define NAMES_DNS_STREAM_H

#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"

struct dns_stream;

/* The answer has come: N bytes at DATA, which are gone after the call. Or it has not, and DATA is
 * NULL: ERROR tells why, EBADMSG if the connection ended before the answer did. */
typedef void dns_stream_fn(void *arg, const unsigned char *data, size_t n, int error);

/* Connects to TO and sends QUERY of N bytes (at most DNS_QUERY_MOST). FN is called once, from the
 * loop, and may free the stream, which is the caller's. Returns NULL with errno. */
struct dns_stream *dns_stream_start(struct loop *loop, const struct address *to,
				    const unsigned char *query, size_t n, dns_stream_fn *fn,
				    void *arg);

/* Closes the connection and frees S; NULL: does nothing. */
void dns_stream_free(struct dns_stream *s);

#endif
