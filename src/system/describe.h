/* describe.h - what the kernel tells of a socket, as facts */
#ifndef SYSTEM_DESCRIBE_H
#define SYSTEM_DESCRIBE_H

#include "base/facts.h"
#include "sock/address.h"

/* Returns `inet`, `inet6`, `unix` or `vsock`; NULL: another family. */
const char *describe_family(int family);

/* Returns the int that getsockopt(2) tells for NAME of SOL_SOCKET, -1 with errno if it fails. */
int describe_number(int fd, int name);

/* Puts the address of FD, or of its PEER, into *OUT. Its length is 0 if the kernel tells none, a
 * UNIX socket has no name, or the family is not known here. */
void describe_name(int fd, bool peer, struct address *out);

/* Each adds the fact that KEY is A, the first with its port; nothing if A's length is 0. */
void describe_address(struct facts *f, const char *key, const struct address *a);
void describe_host(struct facts *f, const char *key, const struct address *a);

#define DESCRIBE_PLACE (ADDRESS_TEXT + 16)

/* Formats `ADDRESS PORT`, or `unix:PATH`, into TEXT of DESCRIBE_PLACE bytes. Returns TEXT. */
const char *describe_place(const struct address *a, char *text);

/* Adds family, type, protocol, both addresses, state, and for TCP what TCP_INFO tells of FD. */
void describe_socket(struct facts *r, int fd, const struct address *local,
		     const struct address *peer);

/* Adds the value of each option of FD, a socket of FAMILY, that can be read. */
void describe_options(struct facts *r, int fd, int family);

/* Adds the name of the interface with that index; nothing for 0. */
void describe_interface(struct facts *r, unsigned index);

#endif
