/* asking.c - a datagram out, and what comes of it */
#include "net/asking.h"

#include <errno.h>

#include "net/dial.h"
#include "sock/datagram.h"
#include "sock/multicast.h"

int asking_send(int fd, const struct address *a, const void *data, size_t n)
{
	struct dgram_socket s = { .fd = fd, .family = a->u.sa.sa_family };
	struct address local;
	const struct sockaddr *to = NULL;

	dgram_prepare_send(&s);
	if (multicast_is_group(a)) {
		to = &a->u.sa;
	} else if (connect(fd, &a->u.sa, a->length) < 0) {
		/* It says that of a broadcast address. */
		if (errno != EACCES || sockopt_set(fd, SOL_SOCKET, SO_BROADCAST, 1) < 0)
			return errno;
		to = &a->u.sa;
	} else if (dial_to_oneself(fd, a, &local)) {
		return ECONNREFUSED;
	}
	if (sendto(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, to, to ? a->length : 0) < 0)
		return errno;
	return EINPROGRESS;
}

int asking_answer(int fd, struct icmp_error *icmp)
{
	struct icmp_error next;
	int found;
	char first;

	*icmp = (struct icmp_error){ 0 };
	while ((found = icmp_take(fd, NULL, &next)) >= 0)
		if (found > 0)
			*icmp = next;
	if (recv(fd, &first, sizeof first, MSG_DONTWAIT) >= 0)
		return 0;
	/* The first error may have been taken with its message. */
	if (errno != EAGAIN && errno != EINTR)
		return errno;
	return icmp->family == AF_UNSPEC ? EINPROGRESS : icmp->error;
}
