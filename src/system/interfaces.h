/* interfaces.h - the network interfaces of this machine, getifaddrs(3) */
#ifndef SYSTEM_INTERFACES_H
#define SYSTEM_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "sock/address.h"

/* An address of an interface. An interface without any is there once, with an address of length 0.
 */
struct interface {
	char name[IF_NAMESIZE];
	unsigned index;
	unsigned flags; /* IFF_UP... */
	int mtu;	/* 0: not known */
	struct address address;
	unsigned prefix;	  /* how many bits are set in the netmask */
	struct address broadcast; /* of length 0: none; of IFF_POINTOPOINT: the other end */
};

/* Lists them all in the kernel's order: *COUNT of them in *LIST, which the caller frees with
 * free(3). Returns 0, or -1 with errno. */
int interfaces_get(struct interface **list, size_t *count);

/* Where do broadcasts to the network of I's address go? To `broadcast`, or where the address was
 * given none to the last address of the network (RFC 919), as the kernel has it too. Returns false
 * if I has no IPv4 address, or is not for broadcast. */
bool interface_broadcast(const struct interface *i, struct address *to);

/* Returns the index of the interface that has the address A; 0: none has it, or nobody can tell. */
unsigned interfaces_find(const struct address *a);

/* Does A, which is no wildcard, belong to this machine? Its port does not count. */
bool interfaces_have(const struct address *a);

/* Do broadcasts to one of this machine's networks go to A? */
bool interfaces_broadcast_to(const struct address *a);

#endif
