/* dns_wire.h - what the readers of DNS messages share */
#ifndef PROTO_DNS_WIRE_H
#define PROTO_DNS_WIRE_H

#include "proto/dns.h"

#define DNS_CLASS_IN 1

static inline unsigned dns_get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline uint32_t dns_get32(const unsigned char *p)
{
	return (uint32_t)dns_get16(p) << 16 | dns_get16(p + 2);
}

/* Reads the name at *AT of the N BYTES of a message, which may lead back to what stands before it,
 * and moves *AT behind it. Returns NULL, or what is wrong. */
const char *dns_read_name(const unsigned char *bytes, size_t n, size_t *at, struct dns_name *out);

/* Has R's data, which lies within M, the form of its type? Types that are not known have any. */
bool dns_record_fits(const struct dns_message *m, const struct dns_record *r);

#endif
