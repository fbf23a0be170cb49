/* netlink_linux.c - one question to the kernel, and its answer; what it tells unasked */
#define _GNU_SOURCE /* AF_NETLINK */
#include "system/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptors.h"

#define FLAG_REQUEST 0x001
#define FLAG_DUMP 0x300
#define TYPE_ERROR 2
#define TYPE_DONE 3
#define ANSWER_MOST (1 << 18) /* the kernel sends 32 KiB at once, or more if there is room */

struct header {
	uint32_t length;
	uint16_t type, flags;
	uint32_t sequence, port;
};

static size_t netlink_align(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

bool netlink_next(const char **at, size_t *n, struct netlink_attribute *out)
{
	uint16_t head[2]; /* length with these, type */
	size_t length;

	if (*n < sizeof head)
		return false;
	memcpy(head, *at, sizeof head);
	length = head[0];
	if (length < sizeof head || length > *n)
		return false;
	*out = (struct netlink_attribute){ head[1], *at + sizeof head, length - sizeof head };
	length = netlink_align(length);
	if (length > *n)
		length = *n;
	*at += length;
	*n -= length;
	return true;
}

/* Takes the messages in N bytes at P. Returns 1 if more are to come, 0 at the end, -1 with errno.
 */
static int netlink_take(const char *p, size_t n, bool dump, netlink_fn *fn, void *arg)
{
	struct header h;
	int error;

	while (n >= sizeof h) {
		memcpy(&h, p, sizeof h);
		if (h.length < sizeof h || h.length > n)
			break;
		if (h.type == TYPE_DONE)
			return 0;
		if (h.type == TYPE_ERROR) {
			if (h.length < sizeof h + sizeof error)
				break;
			memcpy(&error, p + sizeof h, sizeof error);
			errno = -error;
			return error ? -1 : 0;
		}
		fn(arg, h.type, p + sizeof h, h.length - sizeof h);
		if (!dump)
			return 0;
		if (netlink_align(h.length) >= n)
			return 1;
		p += netlink_align(h.length);
		n -= netlink_align(h.length);
	}
	errno = EBADMSG;
	return -1;
}

static int netlink_receive(int fd, bool dump, netlink_fn *fn, void *arg)
{
	char *answer = malloc(ANSWER_MOST);
	int more = 1, error;

	while (answer && more > 0) {
		ssize_t n = recv(fd, answer, ANSWER_MOST, 0);
		if (n > 0)
			more = netlink_take(answer, (size_t)n, dump, fn, arg);
		else if (n == 0 || errno != EINTR)
			more = -1;
	}
	error = errno;
	free(answer);
	errno = error;
	return answer ? more : -1;
}

int netlink_ask(int protocol, uint16_t type, bool dump, const void *payload, size_t n,
		netlink_fn *fn, void *arg)
{
	char request[4096] = { 0 };
	struct header h = { (uint32_t)(sizeof h + n), type,
			    (uint16_t)(FLAG_REQUEST | (dump ? FLAG_DUMP : 0)), 1, 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), status = -1;

	if (fd < 0)
		return -1;
	memcpy(request, &h, sizeof h);
	memcpy(request + sizeof h, payload, n);
	/* Not connected, it goes to the kernel. */
	if (send(fd, request, sizeof h + n, 0) >= 0)
		status = netlink_receive(fd, dump, fn, arg);
	close_keeping_errno(fd);
	return status;
}

int netlink_listen(int protocol, uint32_t groups)
{
	/* struct sockaddr_nl */
	const struct {
		uint16_t family, pad;
		uint32_t port, groups;
	} name = { .family = AF_NETLINK, .groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd >= 0 && bind(fd, (const void *)&name, sizeof name) < 0) {
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

void netlink_drain(int fd)
{
	ssize_t n;
	char byte;

	/* What did not fit into the socket's buffer is ENOBUFS, once. */
	do
		n = recv(fd, &byte, sizeof byte, 0);
	while (n >= 0 || errno == ENOBUFS || errno == EINTR);
}
