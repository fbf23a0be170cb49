/* vsock_linux.c - addresses of AF_VSOCK */
#define _GNU_SOURCE /* AF_VSOCK */
#include <string.h>
#include <sys/socket.h>

#include "sock/vsock.h"

/* vsock(7). Not from <linux/vm_sockets.h>, which musl-gcc does not find. */
struct vsock {
	/* cppcheck-suppress unusedStructMember */
	sa_family_t family;
	/* cppcheck-suppress unusedStructMember */
	uint16_t reserved;
	uint32_t port, cid;
	/* cppcheck-suppress unusedStructMember */
	unsigned char zero[4];
};

#define PORT_ANY UINT32_MAX

int vsock_set(struct address *a, uint32_t cid, uint32_t port)
{
	const struct vsock vm = { .family = AF_VSOCK, .port = port ? port : PORT_ANY, .cid = cid };

	memset(a, 0, sizeof *a);
	memcpy(&a->u, &vm, sizeof vm);
	a->length = sizeof vm;
	return 0;
}

bool vsock_get(const struct address *a, uint32_t *cid, uint32_t *port)
{
	struct vsock vm;

	if (a->u.sa.sa_family != AF_VSOCK)
		return false;
	memcpy(&vm, &a->u, sizeof vm);
	*cid = vm.cid;
	*port = vm.port == PORT_ANY ? 0 : vm.port;
	return true;
}
