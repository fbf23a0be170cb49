/* address.h - socket addresses as values and as text */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/options.h"

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
	socklen_t length;
};

/* -4, -6, -n: the option group of what takes addresses. */
struct family_options {
	bool inet, inet6, numeric;
};

extern const struct option_group family_group;

/* AF_INET, AF_INET6 or AF_UNSPEC, as O asks. */
int address_family(const struct family_options *o);

/* How a HOST or PORT operand reads. A UNIX socket counts as a number: nothing is to be looked up. */
enum word_kind { WORD_NUMBER, WORD_NAME, WORD_BAD };

/* HOST, an IPv4 or IPv6 address with or without brackets and zone (RFC 4007: fe80::1%eth0), into
 * *OUT with port 0. An address is what inet_pton(3) takes. Returns WORD_NUMBER; WORD_NAME where it
 * is none, and may be a name; WORD_BAD where it is neither (empty, brackets around no address, a
 * zone that is no interface, a character that no name has, over 253 bytes). */
enum word_kind address_parse_host(const char *host, struct address *out);

/* `unix:PATH` or, abstract, `unix:@NAME` into *OUT. Returns WORD_NUMBER; WORD_NAME where WORD is no such
 * thing; WORD_BAD where the path is empty or too long for unix(7). */
enum word_kind address_parse_unix(const char *word, struct address *out);

/* PORT, decimal from 0 to 65535, into *OUT. Returns WORD_NUMBER; WORD_NAME for what may be a
 * service's name; WORD_BAD for nothing, a sign, or digits out of range. */
enum word_kind address_parse_port(const char *port, uint16_t *out);

/* The operands `HOST PORT`, or the ENDPOINT `HOST:PORT` or `[V6]:PORT` (which is cut in two where it
 * stands), into *HOST and *PORT; with MAY_LACK_HOST also PORT alone, *HOST being NULL then. Names
 * are refused if NUMERIC. Returns 0, or -1 with *ERROR naming the word (exit status 2). */
int address_operands(const struct operands *o, bool may_lack_host, bool numeric, const char **host,
		     const char **port, struct option_error *error);

/* An ENDPOINT in its parts; of a UNIX socket `host` is the whole word, and `port` empty. */
struct endpoint_words {
	char host[256];	  /* no name is longer, see above */
	const char *port; /* in the word itself */
};

/* The ENDPOINT WORD (`HOST:PORT`, `[V6]:PORT`, `unix:PATH`, `unix:@NAME`) into *OUT. Returns as above. */
int address_endpoint(const char *word, bool numeric, struct endpoint_words *out,
		     struct option_error *error);

/* The same check for HOST and PORT where they come from options; NULL passes. */
int address_check(const char *host, const char *port, bool numeric, struct option_error *error);

void address_set_port(struct address *a, uint16_t port);
uint16_t address_port(const struct address *a);

/* An IPv4-mapped IPv6 address becomes the IPv4 one that it means (RFC 4291, 2.5.5.2). */
void address_unmap(struct address *a);

/* Same family, address and port? */
bool address_equal(const struct address *a, const struct address *b);

#define ADDRESS_TEXT 128

/* The address without its port (`127.0.0.1`, `fe80::1%eth0`) into TEXT of ADDRESS_TEXT bytes.
 * Returns TEXT. */
char *address_host(const struct address *a, char *text);

/* `127.0.0.1 port 80` into TEXT of ADDRESS_TEXT bytes. Returns TEXT. */
char *address_text(const struct address *a, char *text);

/* The member KEY of J: `{"family":...,"address":...,"port":...}`. */
void address_json(struct json *j, const char *key, const struct address *a);

#endif
