/* dns_stream.h - one question to a DNS server by TCP, and its answer: each behind its length (RFC
 * 1035, 4.2.2) */
#ifndef NAMES_DNS_STREAM_H
#define NAMES_DNS_STREAM_H

#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"

struct dns_stream;

/* DATA of N bytes has come, gone after the call; NULL for ERROR, EBADMSG where the connection ended
 * before that. */
typedef void dns_stream_fn(void *arg, const unsigned char *data, size_t n, int error);

/* Connects to TO and asks QUERY of N bytes (at most DNS_QUERY_MOST). FN is called once, from the
 * loop; it may free the stream, which is the caller's. Returns NULL with errno. */
struct dns_stream *dns_stream_start(struct loop *loop, const struct address *to,
				    const unsigned char *query, size_t n, dns_stream_fn *fn,
				    void *arg);

/* NULL: does nothing. */
void dns_stream_free(struct dns_stream *s);

#endif
