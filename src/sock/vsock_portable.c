/* vsock_portable.c - no addresses of AF_VSOCK */
#include <errno.h>

#include "sock/vsock.h"

int vsock_set(struct address *a, uint32_t cid, uint32_t port)
{
	(void)a;
	(void)cid;
	(void)port;
	errno = EAFNOSUPPORT;
	return -1;
}

bool vsock_get(const struct address *a, uint32_t *cid, uint32_t *port)
{
	(void)a;
	(void)cid;
	(void)port;
	return false;
}
