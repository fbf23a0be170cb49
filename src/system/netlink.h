/* netlink.h - questions to the kernel, netlink(7)
 *
 * Not every libc comes with the kernel's headers, so its structs are written down where they are
 * used: they are its ABI and never change.
 */
#ifndef SYSTEM_NETLINK_H
#define SYSTEM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel has sent a message of TYPE with N bytes of PAYLOAD. */
typedef void netlink_fn(void *arg, uint16_t type, const void *payload, size_t n);

/* Sends PAYLOAD of N bytes as a message of TYPE to the kernel's PROTOCOL (NETLINK_ROUTE...) and
 * calls FN for each message of the answer; DUMP asks for all objects instead of one. Returns 0, or
 * -1 with errno, which may be the kernel's answer. */
int netlink_ask(int protocol, uint16_t type, bool dump, const void *payload, size_t n,
		netlink_fn *fn, void *arg);

/* Opens a socket that gets what the kernel's PROTOCOL tells to its multicast GROUPS: the bit
 * N - 1 is group N. Whoever may not do more may listen. Returns it, or -1 with errno: ENOTSUP if
 * this system has none. */
int netlink_listen(int protocol, uint32_t groups);

/* Throws away all that FD, of netlink_listen(), has got so far. */
void netlink_drain(int fd);

/* An attribute of a message. */
struct netlink_attribute {
	uint16_t type;
	const void *data;
	size_t n;
};

/* Reads the attribute at *AT, where *N bytes are left, and moves both behind it. Returns whether
 * there was one. */
bool netlink_next(const char **at, size_t *n, struct netlink_attribute *out);

#endif
