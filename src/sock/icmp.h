/* icmp.h - the ICMP message behind an error: what it says, and who sent it
 *
 * ip(7), ipv6(7): IP_RECVERR, IPV6_RECVERR and MSG_ERRQUEUE. For sockets of UDP and TCP. Elsewhere
 * nobody tells.
 */
#ifndef SOCK_ICMP_H
#define SOCK_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "sock/address.h"

/* What RFC 792 (FAMILY AF_INET) or RFC 4443 (AF_INET6) has; all zero: there was no message. */
struct icmp_error {
	int error;  /* the errno that the kernel makes of it */
	int family; /* AF_UNSPEC: there was none */
	uint8_t type, code;
	uint32_t mtu;	       /* for EMSGSIZE; 0: not told */
	struct address sender; /* of length 0: not told */
};

/* Takes one error from the queue of FD into *OUT. *TO, unless that is NULL, becomes the address to
 * which the packet had gone, of length 0 where that is not told. Returns 1 if it came from the
 * network; 0 if this machine itself found it, of which nothing is told; -1 if the queue is empty.
 */
int icmp_take(int fd, struct address *to, struct icmp_error *out);

/* Has FD, a socket of IPv6, told at once of each message from now on, or no more. One that comes
 * while connect(2) is on its way would else be heard of at the next SYN, a second later. IPv4's
 * sockets are told anyway. A connection that was made must not be told: it would take each message
 * for its end. */
void icmp_want(int fd, bool on);

/* Returns what E says: `port unreachable`, `administratively prohibited`; NULL: nothing was said.
 */
const char *icmp_words(const struct icmp_error *e);

/* Does E say that somebody does not permit it? */
bool icmp_prohibits(const struct icmp_error *e);

#define ICMP_TEXT 256

/* Writes `administratively prohibited, says 192.0.2.1 (EHOSTUNREACH)` into TEXT of ICMP_TEXT bytes,
 * or what errno_text() writes of ERROR where there was no message. Returns TEXT. */
const char *icmp_text(const struct icmp_error *e, int error, char *text);

/* Adds the members `icmp`, its words, and `sender`; nothing where there was no message. */
void icmp_json(struct json *json, const struct icmp_error *e);

#endif
