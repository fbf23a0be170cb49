/* netlink.h - questions to the kernel, netlink(7)
 *
 * The kernel's headers are not there with every libc, so its structs are written down where they
 * are used: they are its ABI and never change.
 */
#ifndef SYSTEM_NETLINK_H
#define SYSTEM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message of TYPE with N bytes of PAYLOAD. */
typedef void netlink_fn(void *arg, uint16_t type, const void *payload, size_t n);

/* Sends PAYLOAD of N bytes as a message of TYPE to the kernel's PROTOCOL (NETLINK_ROUTE...) and
 * calls FN for each message of the answer; DUMP asks for all there is in place of one. Returns 0,
 * or -1 with errno: that of the kernel's answer too. */
int netlink_ask(int protocol, uint16_t type, bool dump, const void *payload, size_t n,
		netlink_fn *fn, void *arg);

/* An attribute, and the text after it. */
struct netlink_attribute {
	uint16_t type;
	const void *data;
	size_t n;
};

/* The next attribute from *AT on, of *N bytes, which both move behind it. Returns whether there was
 * one. */
bool netlink_next(const char **at, size_t *n, struct netlink_attribute *out);

#endif
