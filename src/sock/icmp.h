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

/* Has FD, a socket of FAMILY that is to connect, told at once of each message, or, once it is
 * connected and WANTED is false, no more: it would take each for its end. Of a message that comes
 * while connect(2) holds the socket one of IPv6 would else hear at its next SYN, a second later;
 * those of IPv4 are told anyway. Returns whether that has changed anything, and is to be undone. */
bool icmp_want(int fd, int family, bool wanted);

/* Of this system, a twin for each: has it such a queue? */
extern const bool icmp_queues;

/* Has FD, a socket of FAMILY, put every message into its queue from now on. Returns 0, or -1 with
 * errno: ENOTSUP if this system has no queue. */
int icmp_collect(int fd, int family);

/* Does E come from a router that had to drop a packet, since it might pass no more of them? */
bool icmp_is_time_exceeded(const struct icmp_error *e);

/* Does E say that somebody does not permit it? */
bool icmp_prohibits(const struct icmp_error *e);

/* Are A and B the same message, from the same sender? */
bool icmp_equal(const struct icmp_error *a, const struct icmp_error *b);

#define ICMP_TEXT 256

/* Writes `administratively prohibited, says 192.0.2.1` into TEXT of ICMP_TEXT bytes. Returns TEXT.
 */
const char *icmp_words_by(const struct icmp_error *e, char *text);

/* Writes that and the name of ERROR, `... (EHOSTUNREACH)`, into TEXT of ICMP_TEXT bytes; what
 * errno_text() writes of ERROR where there was no message, or E is NULL. Returns TEXT. */
const char *icmp_text(const struct icmp_error *e, int error, char *text);

/* Adds the members `icmp`, its words, and `sender`; nothing where there was no message. */
void icmp_json(struct json *json, const struct icmp_error *e);

#endif
