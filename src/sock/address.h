/* address.h - socket addresses as values and as text */
#ifndef SOCK_ADDRESS_H
#define SOCK_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/options.h"

/* Who has a UNIX socket, as its kernel knows; all zero: nobody can say. */
struct address_who {
	bool known;
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
	socklen_t length;
	/* Of a UNIX socket whose path does not fit in there: `unix:PATH` as it was given, the
	 * giver's. Such an address is for unix_connect() and unix_listen() only. Of a place that
	 * somebody else looked up, and which has family AF_UNSPEC and a port: `HOST port PORT`, for
	 * messages only. NULL of all others. */
	const char *word;
	struct address_who who;
};

/* -4, -6, -n: the option group of what takes addresses. */
struct family_options {
	bool inet, inet6, numeric;
};

/* The second has -n alone, for what has no family to choose. */
extern const struct option_group family_group, numeric_group;

/* AF_INET, AF_INET6 or AF_UNSPEC, as O asks. */
int address_family(const struct family_options *o);

/* How a HOST or PORT operand reads. A UNIX socket counts as a number: nothing is to be looked up.
 */
enum word_kind { WORD_NUMBER, WORD_NAME, WORD_BAD };

/* HOST, an IPv4 or IPv6 address with or without brackets and zone (RFC 4007: fe80::1%eth0), into
 * *OUT with port 0. An address is what inet_pton(3) takes. Returns WORD_NUMBER; WORD_NAME where it
 * is none, and may be a name; WORD_BAD where it is neither (empty, brackets around no address, a
 * zone that is no interface, a character that no name has, over 253 bytes). */
enum word_kind address_parse_host(const char *host, struct address *out);

/* `unix:PATH` or, abstract, `unix:@NAME` into *OUT. WORD has to stay where the path is too long for
 * unix(7), see above. Returns WORD_NUMBER; WORD_NAME where WORD is no such thing; WORD_BAD where
 * the path is empty, or longer than any (PATH_MAX), or the abstract name longer than unix(7) has
 * room for. */
enum word_kind address_parse_unix(const char *word, struct address *out);

/* The same, or `vsock:CID:PORT`: the ENDPOINTs of which nothing is to be looked up. CID is a
 * number, or `any`, `host`, `local`; port 0 any one, see vsock.h. WORD_BAD also where this system
 * has no such sockets. */
enum word_kind address_parse_direct(const char *word, struct address *out);

/* PORT, decimal from 0 to 65535, into *OUT. Returns WORD_NUMBER; WORD_NAME for what may be a
 * service's name; WORD_BAD for nothing, a sign, or digits out of range. */
enum word_kind address_parse_port(const char *port, uint16_t *out);

/* The operands `HOST PORT`, or the ENDPOINT `HOST:PORT` or `[V6]:PORT` (which is cut in two where
 * it stands), into *HOST and *PORT; with MAY_LACK_HOST also PORT alone, *HOST being NULL then. Of
 * what address_parse_direct() takes *HOST is the whole word, and *PORT empty. Names are refused if
 * NUMERIC. Returns 0, or -1 with *ERROR naming the word (exit status 2). */
int address_operands(const struct operands *o, bool may_lack_host, bool numeric, const char **host,
		     const char **port, struct option_error *error);

/* The same, where only an IP address and its port will do. */
int address_inet_operands(const struct operands *o, bool may_lack_host, bool numeric,
			  const char **host, const char **port, struct option_error *error);

/* The index of the interface WORD, a name or a number, into *INDEX. Returns 0, or -1 where there is
 * no interface of that name. */
int address_parse_interface(const char *word, unsigned *index);

/* An ENDPOINT in its parts; of what is not looked up `host` is the whole word, and `port` empty. */
struct endpoint_words {
	const char *host; /* in the word, or in `text`, */
	const char *port; /* in the word */
	char text[256];	  /* no name is longer, see above */
};

/* The ENDPOINT WORD (`HOST:PORT`, `[V6]:PORT`, `unix:PATH`, `unix:@NAME`, `vsock:CID:PORT`) into
 * *OUT, which must not be copied. Returns as above. */
int address_endpoint(const char *word, bool numeric, struct endpoint_words *out,
		     struct option_error *error);

/* What stands behind the host in WORD, if that has the form of `HOST:PORT` or `[V6]:PORT`; NULL: it
 * has not. */
const char *address_find_port(const char *word);

/* The same check for HOST and PORT where they come from options; NULL passes. */
int address_check(const char *host, const char *port, bool numeric, struct option_error *error);

/* *A becomes the address of FAMILY (AF_INET, AF_INET6) that BYTES are, 4 or 16 in network order,
 * and PORT. */
void address_set_ip(struct address *a, int family, const void *bytes, uint16_t port);

/* The 4 or 16 bytes of A, which is of IP, and their number into *N. */
const unsigned char *address_ip(const struct address *a, size_t *n);

/* Is FAMILY one of IP's? */
static inline bool address_family_is_ip(int family)
{
	return family == AF_INET || family == AF_INET6;
}

static inline bool address_is_ip(const struct address *a)
{
	return address_family_is_ip(a->u.sa.sa_family);
}

void address_set_port(struct address *a, uint16_t port);
uint16_t address_port(const struct address *a);

/* *A becomes a place that is known by its name, see `word`, and PORT. */
void address_set_words(struct address *a, const char *words, uint16_t port);

/* An IPv4-mapped IPv6 address becomes the IPv4 one that it means (RFC 4291, 2.5.5.2). */
void address_unmap(struct address *a);

/* Is A the wildcard address of its family? */
bool address_is_any(const struct address *a);

/* Same family, address and port? */
bool address_equal(const struct address *a, const struct address *b);

/* Are they of IP and equal but for the port? */
bool address_same_host(const struct address *a, const struct address *b);

#define ADDRESS_TEXT 128

/* The address without its port (`127.0.0.1`, `fe80::1%eth0`, `unix:PATH`, `vsock:CID`) into TEXT of
 * ADDRESS_TEXT bytes. Returns TEXT, or A's own `word` where there is one. */
const char *address_host(const struct address *a, char *text);

/* `127.0.0.1 port 80`, `unix:PATH` in the same way; of a UNIX socket without a name also who has
 * it. */
const char *address_text(const struct address *a, char *text);

/* ` (pid 1, uid 0, gid 0)` where that is known and not part of address_text(), else nothing, into
 * TEXT of ADDRESS_TEXT bytes. Returns TEXT. */
const char *address_who(const struct address *a, char *text);

/* Of the ENDPOINT that HOST and PORT are, `HOST port PORT` or the word itself, into TEXT of SIZE
 * bytes. Returns TEXT or HOST. */
const char *address_words(const char *host, const char *port, char *text, size_t size);

/* The member KEY of J: `{"family":...,"address":...,"port":...}`, of a UNIX socket with `pid`,
 * `uid` and `gid` in place of the port; `{"name":...,"port":...}` of a place known by its name. */
void address_json(struct json *j, const char *key, const struct address *a);

#endif
