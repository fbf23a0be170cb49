/* vsock.h - addresses between a virtual machine and its host (AF_VSOCK)
 *
 * vsock(7). Of this system; the portable twin has none.
 */
#ifndef SOCK_VSOCK_H
#define SOCK_VSOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sock/address.h"

/* Every machine that we are, to listen. */
#define VSOCK_CID_ANY UINT32_MAX

/* *A for PORT (0: one that the kernel chooses) of machine CID. Returns 0, or -1 with errno
 * EAFNOSUPPORT. */
int vsock_set(struct address *a, uint32_t cid, uint32_t port);

/* The parts of A. Returns false where A is no such address. */
bool vsock_get(const struct address *a, uint32_t *cid, uint32_t *port);

#endif
