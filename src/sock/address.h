/* address.h - socket addresses as values and as text */
#ifndef SOCK_ADDRESS_H
#define SOCK_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/options.h"

/* Which process has a UNIX socket, as the kernel knows; all zero: nobody can say. */
struct address_who {
	bool known;
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct address {
	/* For a UNIX socket whose path does not fit in there: `unix:PATH` as it was given, which
	 * stays the giver's. Only unix_connect() and unix_bind() take such an address. For a place
	 * that a proxy looked up, which has family AF_UNSPEC and a port: `HOST port PORT`, for
	 * messages only. NULL for all others. */
	const char *word;
	struct address_who who;
	socklen_t length;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u; /* the last: see address_keep() */
};

/* -4, -6, -n: the option group of every subcommand that takes addresses. */
struct family_options {
	bool inet, inet6, numeric;
};

/* The second has -n alone, for subcommands that have no family to choose. */
extern const struct option_group family_group, numeric_group;

/* AF_INET, AF_INET6 or AF_UNSPEC, as O asks. */
int address_family(const struct family_options *o);

/* What kind of word a HOST or PORT operand is. A UNIX socket counts as a number, since nothing has
 * to be looked up. */
enum word_kind { WORD_NUMBER, WORD_NAME, WORD_ZONE, WORD_BAD };

/* Parses HOST, an IPv4 or IPv6 address as inet_pton(3) takes it, with or without brackets and zone
 * (RFC 4007: fe80::1%eth0), into *OUT with port 0. Returns WORD_NUMBER; WORD_NAME if it is no
 * address but may be a name; WORD_ZONE if it is one whose zone is no interface now, so that no
 * look-up finds it; WORD_BAD if it is neither (empty, brackets around no address, a character that
 * no name has, over 253 bytes). */
enum word_kind address_parse_host(const char *host, struct address *out);

/* Parses `unix:PATH` or, abstract, `unix:@NAME` into *OUT; of a NAME text_unescape() tells the
 * bytes, and `\0*` at its end stands for NULs up to the longest that there is. WORD has to live as
 * long as *OUT if the path is too long for unix(7), see above. Returns WORD_NUMBER; WORD_NAME if
 * WORD does not begin like that; WORD_BAD if the path is empty or longer than PATH_MAX, or the
 * abstract name is longer than unix(7) has room for, or no text. */
enum word_kind address_parse_unix(const char *word, struct address *out);

/* Parses what address_parse_unix() does, or `vsock:CID:PORT`: the ENDPOINTs of which nothing has to
 * be looked up. CID is a number, `any`, `host` or `local`; port 0 is any port, see vsock.h. Returns
 * as above, WORD_BAD also if this system has no such sockets. */
enum word_kind address_parse_direct(const char *word, struct address *out);

/* Parses PORT, decimal from 0 to 65535, into *OUT. Returns WORD_NUMBER; WORD_NAME if it may be the
 * name of a service; WORD_BAD for an empty word, a sign, or digits out of range. */
enum word_kind address_parse_port(const char *port, uint16_t *out);

/* Splits the operands `HOST PORT`, or the ENDPOINT `HOST:PORT` or `[V6]:PORT` (which is cut in two
 * where it stands), into *HOST and *PORT; with MAY_LACK_HOST also PORT alone, and *HOST is NULL. Of
 * a word that address_parse_direct() takes, *HOST is the whole word and *PORT is empty. Names are
 * refused if NUMERIC. Returns 0, or -1 with *ERROR naming the word (exit status 2). */
int address_operands(const struct operands *o, bool may_lack_host, bool numeric, const char **host,
		     const char **port, struct option_error *error);

/* As address_operands(), for those who can use nothing but a host and port of IP. */
int address_inet_operands(const struct operands *o, bool may_lack_host, bool numeric,
			  const char **host, const char **port, struct option_error *error);

/* Finds the index of the interface WORD, which is its name or the index itself. Returns 0, or -1 if
 * no interface has that name. */
int address_parse_interface(const char *word, unsigned *index);

/* The parts of an ENDPOINT. If nothing has to be looked up, `host` is the whole word and `port` is
 * empty. */
struct endpoint_words {
	const char *host; /* points into the word, or to `text` */
	const char *port; /* points into the word */
	char text[256];	  /* no name is longer, see address_parse_host() */
};

/* Splits the ENDPOINT WORD (`HOST:PORT`, `[V6]:PORT`, `unix:PATH`, `unix:@NAME`, `vsock:CID:PORT`)
 * into *OUT, which must not be copied. Returns 0, or -1 with *ERROR. */
int address_endpoint(const char *word, bool numeric, struct endpoint_words *out,
		     struct option_error *error);

/* Returns the PORT of WORD if that has the form of `HOST:PORT` or `[V6]:PORT`, else NULL. */
const char *address_find_port(const char *word);

/* Checks HOST and PORT that come from options as address_operands() does; NULL passes. */
int address_check(const char *host, const char *port, bool numeric, struct option_error *error);

/* *A becomes the address of FAMILY (AF_INET, AF_INET6) that BYTES are, 4 or 16 in network order,
 * and PORT. */
void address_set_ip(struct address *a, int family, const void *bytes, uint16_t port);

/* Returns the 4 or 16 bytes of A, an address of IP, and their number in *N. */
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

/* Returns the port of IP or of vsock. */
uint32_t address_any_port(const struct address *a);

/* Makes *A a place that is known by WORDS alone, see `word`, and PORT. */
void address_set_words(struct address *a, const char *words, uint16_t port);

/* Turns an IPv4-mapped IPv6 address into its IPv4 address (RFC 4291, section 2.5.5.2). */
void address_unmap(struct address *a);

/* Is A the wildcard address of its family? */
bool address_is_any(const struct address *a);

/* Same family, address and port? */
bool address_equal(const struct address *a, const struct address *b);

/* Are both of IP, and equal but for the port? */
bool address_same_host(const struct address *a, const struct address *b);

/* Returns how many bytes address_keep() needs for A. */
size_t address_size(const struct address *a);

/* Puts a copy of A into PLACE of address_size() bytes, aligned as for any type. It has no more than
 * these, most of a struct address being room for a path: not to be copied as a whole. Returns
 * PLACE. */
const struct address *address_keep(void *place, const struct address *a);

#define ADDRESS_TEXT 448 /* an abstract name is mostly escaped */

/* Formats A without its port (`127.0.0.1`, `fe80::1%eth0`, `unix:PATH`, `vsock:CID`) into TEXT of
 * ADDRESS_TEXT bytes. Returns TEXT, or A's own `word` if it has one. */
const char *address_host(const struct address *a, char *text);

/* As address_host(), with the port: `127.0.0.1 port 80`; for a UNIX socket without a name with the
 * process that has it. */
const char *address_text(const struct address *a, char *text);

/* Formats ` (pid 1, uid 0, gid 0)` into TEXT of ADDRESS_TEXT bytes, or nothing if that is not
 * known, or if address_text() tells it already. Returns TEXT. */
const char *address_who(const struct address *a, char *text);

/* Formats `HOST port PORT` into TEXT of SIZE bytes. Returns TEXT, or HOST if PORT is empty. */
const char *address_words(const char *host, const char *port, char *text, size_t size);

/* Adds the member KEY to J: `{"family":...,"address":...,"port":...}`, of IP without a port
 * that is 0; for a UNIX socket with
 * `pid`, `uid` and `gid` in place of the port; for a place known by its name
 * `{"name":...,"port":...}`, without a port that is not known. A NULL, or none: adds nothing. */
void address_json(struct json *j, const char *key, const struct address *a);

#endif
