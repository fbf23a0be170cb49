/* describe.h - what can be asked of a socket, as facts */
#ifndef SYSTEM_DESCRIBE_H
#define SYSTEM_DESCRIBE_H

#include "base/facts.h"
#include "sock/address.h"

/* `inet`, `inet6`, `unix`; NULL: another one. */
const char *describe_family(int family);

/* The int that getsockopt(2) has for NAME of SOL_SOCKET, -1 with errno where it has none. */
int describe_number(int fd, int name);

/* The name of FD, or that of its PEER, into *OUT; of length 0 where the kernel tells none, a UNIX
 * socket has none, or it is of a family that is not known here. */
void describe_name(int fd, bool peer, struct address *out);

/* Each states that KEY is A, with its port and without; nothing of an A of length 0. */
void describe_address(struct facts *f, const char *key, const struct address *a);
void describe_host(struct facts *f, const char *key, const struct address *a);

#define DESCRIBE_PLACE (ADDRESS_TEXT + 16)

/* `ADDRESS PORT`, of a UNIX socket `unix:PATH`, into TEXT of DESCRIBE_PLACE bytes. Returns TEXT. */
const char *describe_place(const struct address *a, char *text);

/* Family, type, protocol, both names, state, and of TCP what TCP_INFO has. */
void describe_socket(struct facts *r, int fd, const struct address *local,
		     const struct address *peer);

/* The value of each option of the socket FD of FAMILY that can be read. */
void describe_options(struct facts *r, int fd, int family);

/* The interface with that index; nothing of 0. */
void describe_interface(struct facts *r, unsigned index);

#endif
