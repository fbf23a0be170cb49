/* question.c - questions for well-known ports of UDP */
#include "proto/question.h"

#include <string.h>

#include "proto/dns.h"

#define ID 0x736b /* any will do: whatever comes back is an answer */

static const char ssdp[] = "M-SEARCH * HTTP/1.1\r\n"
			   "HOST: 239.255.255.250:1900\r\n"
			   "MAN: \"ssdp:discover\"\r\n"
			   "MX: 1\r\n"
			   "ST: ssdp:all\r\n"
			   "\r\n";

/* A request's number, that of the datagram, how many there are, two bytes reserved; the command. */
static const char memcached[] = "\x73\x6b\0\0\0\1\0\0version\r\n";

/* In BER: version 3; message 1, of up to 65507 bytes, reportable, by the user-based security model;
 * nobody's engine and user; a GetRequest for nothing. */
static const char snmp[] =
	"\x30\x38\x02\x01\x03"
	"\x30\x0e\x02\x01\x01\x02\x03\x00\xff\xe3\x04\x01\x04\x02\x01\x03"
	"\x04\x10\x30\x0e\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00"
	"\x30\x11\x04\x00\x04\x00\xa0\x0b\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00";

/* No leap second is announced, version 4, a client; all else may be unknown. */
static const char ntp[48] = "\x23";

static size_t question_put(unsigned char *out, const char *bytes, size_t n)
{
	memcpy(out, bytes, n);
	return n;
}

static size_t question_dns(unsigned char *out, const char *name, unsigned type,
			   enum dns_manner manner)
{
	struct dns_name parsed;

	dns_name_parse(name, &parsed);
	return dns_query(out, ID, &parsed, type, manner);
}

size_t question_for(uint16_t port, unsigned char *out)
{
	switch (port) {
	case DNS_PORT:
		return question_dns(out, ".", DNS_NS, DNS_PLAIN);
	case 123:
		return question_put(out, ntp, sizeof ntp);
	case 161:
		return question_put(out, snmp, sizeof snmp - 1);
	case 1900:
		return question_put(out, ssdp, sizeof ssdp - 1);
	case 5353:
		return question_dns(out, "_services._dns-sd._udp.local", DNS_PTR, DNS_MULTICAST);
	case 11211:
		return question_put(out, memcached, sizeof memcached - 1);
	default:
		return 0;
	}
}
