/* datagram_told.h - what a system tells beside the data of a datagram of IP, for both twins that
 * receive
 *
 * ip(7); ipv6(7), RFC 3542.
 */
#ifndef SOCK_DATAGRAM_TOLD_H
#define SOCK_DATAGRAM_TOLD_H

#include <sys/socket.h>

#include "sock/datagram.h"

/* As the members of struct dgram_received; `to` is of length 0 if it is not known. */
struct dgram_told {
	struct address to;
	bool local; /* an answer can leave from `to` */
	unsigned interface;
	int ttl, class;
};

/* Makes *T say that nothing is known. */
static inline void dgram_told_nothing(struct dgram_told *t)
{
	t->to.length = 0;
	t->local = false;
	t->interface = 0;
	t->ttl = -1;
	t->class = 0;
}

/* An option that has the system tell WANT (DGRAM_...) on sockets of FAMILY, AF_UNSPEC: of any. */
struct dgram_telling {
	unsigned want;
	int family, level, option;
	char name[18];
};

/* Sets on S those of the N options at ROWS that tell what S->wants, of which only what it NEEDS
 * must be there, see `lacks` of S. Returns 0, or -1 with errno and *WHAT naming the option. */
int dgram_ask(struct dgram_socket *s, const struct dgram_telling *rows, size_t n, unsigned needs,
	      const char **what);

/* The same with the options of IP, as far as this system has them. */
int dgram_ask_ip(struct dgram_socket *s, unsigned needs, const char **what);

/* Adds to *T what C says, a message of IP; PORT is that of our socket. */
void dgram_told_read(struct dgram_told *t, const struct cmsghdr *c, uint16_t port);

/* Did setsockopt(2) of an option that only refines say, by errno, that this kernel has none such?
 * Then S goes on without NAME, and tells. */
bool dgram_lacks(struct dgram_socket *s, const char *name);

#endif
