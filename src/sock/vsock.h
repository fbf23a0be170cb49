/* vsock.h - addresses between a virtual machine and its host (AF_VSOCK)
 *
 * vsock(7). A twin for each system; the portable one has no such addresses.
 */
#ifndef SOCK_VSOCK_H
#define SOCK_VSOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sock/address.h"

/* To listen: any CID of ours. */
#define VSOCK_CID_ANY UINT32_MAX

/* Makes *A the address of PORT (0: the kernel chooses one) on machine CID. Returns 0, or -1 with
 * errno EAFNOSUPPORT. */
int vsock_set(struct address *a, uint32_t cid, uint32_t port);

/* Takes A apart. Returns false if A is no such address. */
bool vsock_get(const struct address *a, uint32_t *cid, uint32_t *port);

#endif
