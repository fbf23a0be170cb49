/* datagram_receive_portable.c - datagrams in, one by one */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sock/control.h"
#include "sock/datagram.h"
#include "sock/datagram_told.h"

#define BUFFER (32 << 20)
#define BUFFER_LEAST (256 << 10)
#define SLOTS 32
/* Room for the largest datagram there is, so that the true size of one that is cut is known. */
#define SLOT_LEAST 65536
#define CONTROL_SIZE 256

struct dgram_batch {
	size_t limit, stride;
	char *slots;
	struct address from[SLOTS];
	struct dgram_told told[SLOTS];
	struct dgram_received received[SLOTS];
};

int dgram_prepare_receive(struct dgram_socket *s, const struct dgram_config *c, const char **what)
{
	int size = BUFFER;

	/* A system that has less to give refuses more. */
	while (c->large_buffer && size >= BUFFER_LEAST &&
	       setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0)
		size /= 2;
	return dgram_ask_ip(s, c->needs, what);
}

void dgram_hear_all_hosts(const struct dgram_socket *s, unsigned interface)
{
	/* A socket hears all groups that this machine is in. */
	(void)s;
	(void)interface;
}

struct dgram_batch *dgram_batch_new(size_t size)
{
	struct dgram_batch *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->limit = size;
	b->stride = size < SLOT_LEAST ? SLOT_LEAST : size + 1;
	b->slots = malloc(SLOTS * b->stride);
	if (!b->slots) {
		free(b);
		errno = ENOMEM;
		return NULL;
	}
	return b;
}

void dgram_batch_free(struct dgram_batch *b)
{
	if (!b)
		return;
	free(b->slots);
	free(b);
}

/* Does ERROR belong to a datagram that was sent before? */
static bool is_old(int error)
{
	return error == ECONNREFUSED || error == ECONNRESET || error == EHOSTUNREACH ||
	       error == ENETUNREACH || error == ENETDOWN || error == EMSGSIZE;
}

/* Receives one as number I. Returns 0, or -1 with errno. */
static int batch_receive_one(struct dgram_socket *s, struct dgram_batch *b, size_t i)
{
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
	char *slot = b->slots + i * b->stride;
	struct address *from = &b->from[i];
	struct dgram_told *told = &b->told[i];
	struct iovec iov = { slot, b->stride };
	struct msghdr m = { .msg_name = &from->u, .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	for (;;) {
		m.msg_namelen = sizeof from->u;
		/* A UNIX socket would take descriptors. */
		if (address_family_is_ip(s->family)) {
			m.msg_control = control;
			m.msg_controllen = sizeof control;
		}
		n = recvmsg(s->fd, &m, MSG_DONTWAIT);
		if (n >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (!is_old(errno))
			return -1;
		if (s->error)
			s->error(s->arg, &(struct dgram_error){ .error = errno });
	}
	from->length = m.msg_namelen;
	/* Some systems give an address of a socket without a name. */
	if (s->family == AF_UNIX && from->length <= offsetof(struct sockaddr_un, sun_path))
		from->length = 0;
	if (from->length == 0)
		from->u.sa.sa_family = (sa_family_t)s->family;
	address_unmap(from);
	dgram_told_nothing(told);
	if (s->family == AF_UNIX && s->wants & DGRAM_TO)
		told->to = s->local;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = control_next(&m, c))
		dgram_told_read(told, c, address_port(&s->local));
	b->received[i] = (struct dgram_received){
		.data = slot,
		.size = (size_t)n < b->limit ? (size_t)n : b->limit,
		.true_size = (size_t)n,
		.from = from,
		.to = told->to.length ? &told->to : NULL,
		.local = told->local ? &told->to : NULL,
		.interface = told->interface,
		.ttl = told->ttl,
		.class = told->class,
	};
	return 0;
}

ssize_t dgram_receive(struct dgram_socket *s, struct dgram_batch *b,
		      const struct dgram_received **v)
{
	size_t n = 0;

	while (n < SLOTS && batch_receive_one(s, b, n) == 0)
		n++;
	s->more = n == SLOTS;
	/* An error behind some datagrams comes again. */
	if (n == 0)
		return -1;
	*v = b->received;
	return (ssize_t)n;
}
