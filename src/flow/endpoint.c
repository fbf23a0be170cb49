/* endpoint.c - one end of a flow: what a descriptor is, and how it is read, written and ended */
#define _DEFAULT_SOURCE /* FIONREAD */
#include "flow/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "base/terminal.h"
#include "base/wait.h"
#include "sock/address.h"
#include "sock/packet.h"
#include "sock/stream.h"

/* Opening this name gives a description with flags of its own on Linux; elsewhere it may be a mere
 * dup(2), which endpoint_reopen() finds out. */
#define FD_PATH "/dev/fd/"

/* After POLLOUT a pipe takes this much at once (pipe(7)), a terminal less: 4096 bytes did block. */
#define PIPE_PIECE PIPE_BUF
#define TERMINAL_PIECE 512

/* A peer that goes on sending as fast as it is read must not keep us from closing. */
#define DRAIN_MOST (64 << 20)

struct endpoint endpoint_nowhere = {
	.rfd = -1, .wfd = -1, .kind = ENDPOINT_NULL, .original = -1, .reopened = -1, .name = ""
};

/* E's descriptor, for whatever it is asked: both, if there are two, are one. */
static int endpoint_fd(const struct endpoint *e)
{
	return e->rfd >= 0 ? e->rfd : e->wfd;
}

static enum endpoint_kind endpoint_socket_kind(int fd)
{
	struct address a = { .length = sizeof a.u };
	socklen_t size = sizeof(int);
	int type = 0;
	bool known = getsockname(fd, &a.u.sa, &a.length) == 0, ip = known && address_is_ip(&a);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
		return ENDPOINT_PACKET;
	return type != SOCK_STREAM || !known ? ENDPOINT_OTHER :
	       ip			     ? ENDPOINT_TCP :
	       a.u.sa.sa_family == AF_UNIX   ? ENDPOINT_STREAM :
					       ENDPOINT_VSOCK;
}

static bool endpoint_is_socket(const struct endpoint *e)
{
	return e->kind >= ENDPOINT_TCP && e->kind <= ENDPOINT_PACKET;
}

/* The kind of the inherited descriptor FD. */
static enum endpoint_kind endpoint_inherited_kind(int fd)
{
	struct stat s, null;

	if (fstat(fd, &s) < 0)
		return ENDPOINT_OTHER;
	if (S_ISFIFO(s.st_mode))
		return ENDPOINT_PIPE;
	if (S_ISREG(s.st_mode) || S_ISBLK(s.st_mode))
		return ENDPOINT_FILE;
	if (S_ISSOCK(s.st_mode)) {
		enum endpoint_kind kind = endpoint_socket_kind(fd);
		return kind == ENDPOINT_PACKET ? ENDPOINT_OTHER : kind;
	}
	if (S_ISCHR(s.st_mode) && stat("/dev/null", &null) == 0 && S_ISCHR(null.st_mode) &&
	    s.st_rdev == null.st_rdev)
		return ENDPOINT_NULL;
	return isatty(fd) ? ENDPOINT_TERMINAL : ENDPOINT_OTHER;
}

/* A descriptor that is closed, or open for the other direction only, shall fail with EBADF where it
 * is used. But poll(2) never says that such a pipe is ready; of /dev/null, opened the wrong way
 * round, it does. */
static void endpoint_refuse(struct endpoint *e, bool writing)
{
	e->kind = ENDPOINT_OTHER;
	e->reopened = descriptors_null((writing ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (e->reopened >= 0 && writing)
		e->wfd = e->reopened;
	else if (e->reopened >= 0)
		e->rfd = e->reopened;
}

/* An endpoint that reads RFD and writes WFD, or only one of them (the other: -1). */
static struct endpoint endpoint_of(enum endpoint_kind kind, int rfd, int wfd, const char *name)
{
	return (struct endpoint){ .kind = kind,
				  .rfd = rfd,
				  .wfd = wfd,
				  .original = rfd >= 0 ? rfd : wfd,
				  .reopened = -1,
				  .name = name };
}

void endpoint_none(struct endpoint *e)
{
	*e = endpoint_of(ENDPOINT_NULL, -1, -1, "");
}

void endpoint_inherit(struct endpoint *e, int fd, bool writing, const char *name)
{
	int flags = fcntl(fd, F_GETFL);
	int mode = flags & O_ACCMODE;

	*e = endpoint_of(ENDPOINT_NULL, writing ? -1 : fd, writing ? fd : -1, name);
	if (flags < 0 || mode == (writing ? O_RDONLY : O_WRONLY)) {
		endpoint_refuse(e, writing);
		return;
	}
	e->kind = endpoint_inherited_kind(fd);
	e->may_block = !(flags & O_NONBLOCK) &&
		       (e->kind == ENDPOINT_PIPE || e->kind == ENDPOINT_TERMINAL ||
			e->kind == ENDPOINT_OTHER);
	if (e->kind == ENDPOINT_TERMINAL)
		endpoint_reopen(e);
}

void endpoint_join(const struct endpoint *in, struct endpoint *out)
{
	struct stat a, b;

	out->joined = endpoint_is_socket(in) && endpoint_is_socket(out) &&
		      fstat(in->original, &a) == 0 && fstat(out->original, &b) == 0 &&
		      a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void endpoint_socket(struct endpoint *e, int fd, int family, const char *name)
{
	enum endpoint_kind kind =
		address_family_is_ip(family) ? ENDPOINT_TCP : endpoint_socket_kind(fd);

	*e = endpoint_of(kind, fd, fd, name);
	e->owned = true;
	if (e->kind == ENDPOINT_PACKET)
		packet_prepare(fd);
}

bool endpoint_passes(const struct endpoint *e)
{
	return e->gives && e->gives->n > 0;
}

bool endpoint_delivers(const struct endpoint *e)
{
	return e->kind == ENDPOINT_STREAM || e->kind == ENDPOINT_PACKET;
}

void endpoint_pipe(struct endpoint *e, int fd, bool writing, const char *name)
{
	*e = endpoint_of(ENDPOINT_PIPE, writing ? -1 : fd, writing ? fd : -1, name);
	e->owned = true;
}

void endpoint_object(struct endpoint *e, enum endpoint_kind kind, const struct endpoint_ops *ops,
		     void *object, const char *name)
{
	*e = endpoint_of(kind, -1, -1, name);
	e->ops = ops;
	e->object = object;
}

struct watch endpoint_watch(const struct endpoint *e, watch_fn *fn, void *arg)
{
	return (struct watch){
		.fd = endpoint_fd(e), .terminal = e->kind == ENDPOINT_TERMINAL, .fn = fn, .arg = arg
	};
}

bool endpoint_is_held(const struct endpoint *e, short events)
{
	return e->kind == ENDPOINT_TERMINAL && terminal_holds(endpoint_fd(e), events);
}

bool endpoint_readable(const struct endpoint *e)
{
	return e->ops ? e->ops->ready(e->object) :
			wait_ready(e->rfd, POLLIN, 0) && !endpoint_is_held(e, POLLIN);
}

bool endpoint_writable(const struct endpoint *e)
{
	return !e->ops || e->ops->ready(e->object);
}

size_t endpoint_unread(const struct endpoint *e)
{
	int n = 0;

	return ioctl(e->rfd, FIONREAD, &n) < 0 ? 0 : (size_t)n;
}

void endpoint_reopen(struct endpoint *e)
{
	int fd = endpoint_fd(e), reopened;
	char path[sizeof FD_PATH + 20] = FD_PATH;
	struct stat a, b;

	/* The master of a pseudo-terminal would open as another, new pair. */
	if (!e->may_block || e->reopened >= 0 || e->owned ||
	    (e->kind != ENDPOINT_PIPE && e->kind != ENDPOINT_TERMINAL) ||
	    (e->kind == ENDPOINT_TERMINAL && ptsname(fd)))
		return;
	digits_format(path + sizeof FD_PATH - 1, (uint64_t)fd);
	reopened = open(path,
			(e->rfd >= 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (reopened < 0)
		return;
	if (fstat(fd, &a) < 0 || fstat(reopened, &b) < 0 || a.st_ino != b.st_ino ||
	    a.st_dev != b.st_dev || !(fcntl(reopened, F_GETFL) & O_NONBLOCK)) {
		close(reopened);
		return;
	}
	e->reopened = reopened;
	e->may_block = false;
	if (e->rfd >= 0)
		e->rfd = reopened;
	else
		e->wfd = reopened;
}

ssize_t endpoint_read(const struct endpoint *e, void *data, size_t n)
{
	if (endpoint_is_socket(e))
		return e->takes ? rights_receive(e->rfd, data, n, e->takes) :
				  recv(e->rfd, data, n, MSG_DONTWAIT);
	if (e->ops)
		return e->ops->read(e->object, data, n);
	if (endpoint_is_held(e, POLLIN)) {
		errno = EAGAIN;
		return -1;
	}
	return e->kind == ENDPOINT_NULL ? 0 : read(e->rfd, data, n);
}

ssize_t endpoint_write(struct endpoint *e, const void *data, size_t n)
{
	if (endpoint_is_socket(e)) {
		if (!endpoint_passes(e))
			return send(e->wfd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (endpoint_delivers(e))
			return rights_send(e->wfd, data, n, e->gives);
		rights_drop(e->gives);
		return send(e->wfd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (e->ops)
		return e->ops->write(e->object, data, n);
	if (e->kind == ENDPOINT_NULL)
		return (ssize_t)n;
	if (endpoint_is_held(e, POLLOUT)) {
		errno = EAGAIN;
		return -1;
	}
	if (e->may_block) {
		/* Another may have written since poll(2) said that it is ready. */
		if (e->shared && !wait_ready(e->wfd, POLLOUT, 0)) {
			errno = EAGAIN;
			return -1;
		}
		size_t piece = e->kind == ENDPOINT_TERMINAL ? TERMINAL_PIECE : PIPE_PIECE;
		n = n < piece ? n : piece;
	}
	return write(e->wfd, data, n);
}

/* Closes an inherited descriptor; in place of 0 to 2 comes /dev/null. */
static void endpoint_close_inherited(int fd)
{
	int mode = fd == STDIN_FILENO ? O_RDONLY : O_WRONLY;
	int null = fd > STDERR_FILENO ? fd : descriptors_null(mode | O_CLOEXEC);

	if (null < 0)
		return;
	if (null != fd)
		dup2(null, fd);
	close(null);
}

void endpoint_end(struct endpoint *e)
{
	if (e->ops && e->ops->end)
		e->ops->end(e->object);
	if (e->wfd < 0 || e->shared || e->sent_end)
		return;
	if (endpoint_is_socket(e) && e->owned) {
		endpoint_disarm(e);
		e->sent_end = shutdown(e->wfd, SHUT_WR) == 0;
		return;
	}
	if (e->joined)
		shutdown(e->wfd, SHUT_WR);
	if (e->owned)
		close(e->wfd);
	/* Nobody waits for a file's end, and what close(2) says of it is for main() to tell. */
	else if (e->kind != ENDPOINT_NULL && e->kind != ENDPOINT_FILE)
		endpoint_close_inherited(e->original);
	if (e->reopened >= 0)
		close(e->reopened);
	e->wfd = e->reopened = -1;
}

void endpoint_arm(struct endpoint *e)
{
	if (e->kind != ENDPOINT_TCP || !e->owned || e->armed)
		return;
	stream_break(e->rfd);
	e->armed = true;
}

void endpoint_inline_urgent(struct endpoint *e)
{
	if (e->kind != ENDPOINT_TCP || e->inlined)
		return;
	stream_inline_urgent(e->rfd);
	e->inlined = true;
}

void endpoint_come_armed(struct endpoint *e)
{
	e->armed = e->inlined = e->kind == ENDPOINT_TCP;
}

void endpoint_disarm(struct endpoint *e)
{
	if (!e->armed || e->broken)
		return;
	stream_mend(e->rfd);
	e->armed = false;
}

void endpoint_break(struct endpoint *e)
{
	e->broken = true;
	if (endpoint_is_socket(e) && e->rfd >= 0 && !e->armed)
		stream_break(e->rfd);
}

void endpoint_hang_up(struct endpoint *e)
{
	char rest[16 << 10];

	if (!endpoint_is_socket(e) || e->rfd < 0 || e->armed || e->broken ||
	    (e->sent_end && e->got_end))
		return;
	/* close(2) with received data unread sends a reset, which destroys what was sent before. */
	shutdown(e->rfd, SHUT_WR);
	for (size_t done = 0; done < DRAIN_MOST; done += sizeof rest)
		if (recv(e->rfd, rest, sizeof rest, MSG_DONTWAIT) <= 0)
			break;
	shutdown(e->rfd, SHUT_RDWR);
}

void endpoint_leave(struct endpoint *e)
{
	if (e->owned && (e->rfd >= 0 || e->wfd >= 0))
		close(endpoint_fd(e));
	if (e->reopened >= 0)
		close(e->reopened);
	e->rfd = e->wfd = e->reopened = -1;
}

void endpoint_close(struct endpoint *e)
{
	if (e->owned)
		endpoint_hang_up(e);
	endpoint_leave(e);
}
