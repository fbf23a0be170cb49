/* dns.h - DNS messages: RFC 1035, with RFC 3596 (AAAA), 2782 (SRV), 3597 (unknown types) and 6891
 * (EDNS)
 *
 * From bytes to values and back: no descriptor, no clock. Whatever a server sends is read within
 * its bounds and in a time that grows with its length alone; a message that is not whole is refused
 * as a whole.
 */
#ifndef PROTO_DNS_H
#define PROTO_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define DNS_PORT 53
#define DNS_NAME_MOST 255		  /* bytes of a name, its lengths among them */
#define DNS_TEXT_MOST (4 * DNS_NAME_MOST) /* of a name as text, with the NUL */
#define DNS_QUERY_MOST (12 + DNS_NAME_MOST + 4 + 11)
#define DNS_UDP_SIZE 1232 /* what we say that we take: no path splits that */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_NSEC = 47,
	DNS_ANY = 255,
};

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};

/* A name as it is sent, without compression: labels with a length before each, up to the empty one.
 */
struct dns_name {
	size_t length;
	unsigned char wire[DNS_NAME_MOST];
};

/* Reads TEXT, a name as RFC 1035, 5.1 writes it (`\.`, `\DDD`; a dot at its end changes nothing),
 * into *OUT; of a name beyond ASCII its A-labels, see idna.h. Returns NULL, or why it is no name: a
 * phrase that continues a sentence about it. */
const char *dns_name_parse(const char *text, struct dns_name *out);

/* Writes N as dns_name_parse() reads it into TEXT of DNS_TEXT_MOST bytes. Only the root, `.`, ends
 * in a dot. All but visible ASCII becomes `\DDD`. Returns the length. */
size_t dns_name_text(const struct dns_name *n, char *text);

/* Are A and B the same name? Letters of either case are the same (RFC 4343). */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* Is NAME that of the ZONE, as text, or of something in it? */
bool dns_name_ends(const struct dns_name *name, const char *zone);

/* Sets *OUT to the name to ask for the names of an address, the N bytes (4 or 16) at BYTES: under
 * in-addr.arpa or ip6.arpa (RFC 1035, 3.5; RFC 3596, 2.5). */
void dns_name_reverse(const unsigned char *bytes, size_t n, struct dns_name *out);

/* Undoes dns_name_reverse(): writes the address to BYTES, room for 16. Returns its length, 4 or 16,
 * or 0 if NAME is no such name. */
size_t dns_name_reversed(const struct dns_name *name, unsigned char *bytes);

/* The names of the types that are known, by number from 0; NULL: there are no more. */
const char *dns_type_name(size_t i);

/* Returns the type that WORD names, in any case, or as `TYPE65280` (RFC 3597); -1: none. */
int dns_type_parse(const char *word);

/* Writes the name of TYPE (`AAAA`; an unknown one: `TYPE65280`, RFC 3597) to TEXT of 16 bytes.
 * Returns TEXT. */
char *dns_type_text(unsigned type, char *text);

/* Returns the name of RCODE (`NXDOMAIN`), or if that is not known its number, in TEXT of 16 bytes.
 */
const char *dns_rcode_text(unsigned rcode, char *text);

/* How to ask: without EDNS; with the record that announces DNS_UDP_SIZE, and the flag AD, since the
 * asker knows what it means (RFC 6840, 5.7); with DO too, for signatures (RFC 3225); without EDNS,
 * and nobody is to ask others (RFC 6762, 18.6). */
enum dns_manner { DNS_PLAIN, DNS_EDNS, DNS_SIGNED, DNS_MULTICAST };

/* Writes a query for NAME and TYPE in class IN to OUT of DNS_QUERY_MOST bytes. Returns its length.
 */
size_t dns_query(unsigned char *out, unsigned id, const struct dns_name *name, unsigned type,
		 enum dns_manner manner);

/* A message that has been read; it points into the bytes, which stay the caller's. */
struct dns_message {
	const unsigned char *bytes;
	size_t n;
	unsigned id, rcode; /* with the upper bits that EDNS has */
	bool response, truncated;
	bool authoritative, authentic, recursive; /* the flags AA, AD, RA */
	bool multicast; /* the caller's to set: a class's first bit is another's (RFC 6762, 18.13)
			 */
	struct dns_name name; /* the question's */
	unsigned type, class;
	size_t answers;	    /* where they begin, */
	unsigned n_answers; /* and how many they are */
	/* What dns_parse_records() has found: */
	bool edns;
	unsigned udp_size;	   /* that the server takes */
	size_t options, n_options; /* where those of EDNS begin, and their length */
};

/* Reads the header and the question of the N BYTES into *M: enough to match an answer with its
 * query. Returns NULL, or what is wrong. */
const char *dns_parse_head(struct dns_message *m, const unsigned char *bytes, size_t n);

/* Of M, which dns_parse_head() has read: checks that each record lies within the message and that
 * its data has the form of its type. Returns NULL, or what is wrong. */
const char *dns_parse_records(struct dns_message *m);

/* Does both. */
const char *dns_parse(struct dns_message *m, const unsigned char *bytes, size_t n);

/* Reads the next extended error (RFC 8914) that M has from *AT on, 0 at first, into *CODE and, N
 * bytes that no NUL ends, *TEXT. Returns false if there are no more. */
bool dns_extended_error(const struct dns_message *m, size_t *at, unsigned *code, const char **text,
			size_t *n);

/* The name of an extended error's CODE; NULL: it is not known. */
const char *dns_extended_name(unsigned code);

struct dns_record {
	struct dns_name name;
	unsigned type, class;
	uint32_t ttl;
	size_t data, n; /* where its data stands in the message, and its length */
};

/* Reads the record at *AT of M into *R, and moves *AT to the next one. Returns NULL, or what is
 * wrong. */
const char *dns_record_read(const struct dns_message *m, size_t *at, struct dns_record *r);

/* Reads the name that stands in R's data after SKIP bytes into *OUT. dns_parse() has checked it. */
void dns_record_name(const struct dns_message *m, const struct dns_record *r, size_t skip,
		     struct dns_name *out);

/* Adds R's data to T as RFC 1035, 5.1 writes it (RFC 3597, 5 for an unknown type): in visible ASCII
 * and blanks, names ending in a dot. */
void dns_record_text(const struct dns_message *m, const struct dns_record *r, struct text *t);

#endif
