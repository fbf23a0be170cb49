/* cli.c - the whole program: an input is its argument vector, a word a line, then after a line `==`
 * a script.
 *
 * The program sees a system that is made here: each call that reaches outside is one of the sim_
 * functions below, which asks the script for what happens. A byte of it decides whether the call
 * fails, how much it moves, which descriptors are ready, whether a signal comes. Where the script
 * is at its end every call fails, reads end, writes succeed, and waiting is an error that ends the
 * run. So there is neither network nor file nor process, and the time that passes is made up too.
 *
 * What is asked of the program: no descriptor is closed twice, used while closed, or left open; no
 * failure is silent; a command line that cannot be used does nothing; and where all went well,
 * every byte of stdin has gone to the peer, and every byte of the peer to stdout.
 *
 * tests/fuzz/redirect puts the sim_ functions in the place of libc's, and refuses a program that
 * calls anything outside which is not known here or in tests/fuzz/calls.
 */
#define _GNU_SOURCE /* accept4, ppoll, sendfile, F_GETPIPE_SZ */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop/signals.h"

#define DESCRIPTORS 64
#define CHILDREN 16
#define SIGNALS 32
#define NULL_DEVICE 0x103
#define STREAM_PERIOD 251
#define STREAM_PIECE (1 << 16)	  /* more than that no call moves */
#define TIME_START 1000000000000  /* ns */
#define TIME_MOST (INT64_MAX / 4) /* 73 years: what comes later never comes */

enum kind { CLOSED, FILE_, PIPE, TERMINAL, DEV_NULL, SOCKET, LAST_INHERITED = SOCKET };

/* Whose bytes pass through a descriptor. */
enum role { NOBODY, INPUT, OUTPUT, PEER, ROLES };

struct descriptor {
	enum kind kind;
	enum role role;
	bool inherited;
	bool ended;	 /* has given its end: gives nothing any more */
	bool read_only;	 /* takes nothing */
	bool write_only; /* gives nothing */
};

static struct {
	const uint8_t *at, *end; /* what is left of the script */
	int64_t now;		 /* ns */
	struct descriptor fds[DESCRIPTORS];
	struct sigaction actions[SIGNALS];
	uint64_t got[ROLES], put[ROLES]; /* bytes read from, written to them */
	bool plain;			 /* no option changes what is sent and received */
	bool closed;			 /* SIGTERM, for one, is not let in */
	bool output_gone;		 /* nobody need get what comes */
	bool spoke;			 /* something was to be written to stderr */
	bool acted;			 /* a socket was asked for, or a name */
	bool commanded; /* a command has ended, and the exit status may be its own */
	pid_t children[CHILDREN], last_child;
} sim;

int sockit_main(int argc, char **argv);

/* A function that the program calls in place of libc's. */
#define SIM(type, name, ...)                                                                       \
	type sim_##name(__VA_ARGS__);                                                              \
	type sim_##name(__VA_ARGS__)

/* The next byte of the script, -1 where it has ended. */
static int draw(void)
{
	return sim.at < sim.end ? *sim.at++ : -1;
}

/* Does this call fail, and with which of ERRNOS (ended by 0)? */
static bool fails(const int *errnos)
{
	int n = 0, byte = draw();

	while (errnos[n])
		n++;
	if (byte < 0)
		errno = errnos[0];
	else if (byte % (n + 3) < n)
		errno = errnos[byte % (n + 3)];
	else
		return false;
	return true;
}

#define FAILS(...) fails((const int[]){ __VA_ARGS__, 0 })

static bool is_open(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && sim.fds[fd].kind != CLOSED;
}

static int fd_new(enum kind kind, enum role role)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (!is_open(fd)) {
			sim.fds[fd] = (struct descriptor){ .kind = kind,
							   .role = role,
							   .inherited = fd <= STDERR_FILENO };
			return fd;
		}
	errno = EMFILE;
	return -1;
}

static int bad_fd(void)
{
	errno = EBADF;
	return -1;
}

/* How many of N bytes are moved: few in most cases, which takes less time; at most STREAM_PIECE. */
static ssize_t some(size_t n)
{
	int byte = draw();
	size_t most = byte < 0 ? STREAM_PIECE : (size_t)byte + 1;

	if (byte >= 0xc0)
		most = (most - 0xc0) * (most - 0xc0) * (STREAM_PIECE / 0x1000);
	return (ssize_t)(n < most ? n : most);
}

/* The bytes that pass from one side to the other, from number AT on: at most STREAM_PIECE of them.
 */
static const uint8_t *stream(uint64_t at)
{
	static uint8_t bytes[STREAM_PERIOD + STREAM_PIECE];

	if (!bytes[1]) /* the first time */
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(i % STREAM_PERIOD);
	return bytes + at % STREAM_PERIOD;
}

/* N bytes from ROLE into DATA: where nothing changes them such that show if one is lost; else those
 * of the script that come next, which stay there, and others. */
static void give(enum role role, uint8_t *data, size_t n)
{
	size_t left = (size_t)(sim.end - sim.at);

	if (sim.plain) {
		memcpy(data, stream(sim.got[role]), n);
	} else {
		memset(data, 'x', n);
		memcpy(data, sim.at, left < n ? left : n);
	}
}

/* Each of N bytes at DATA has to be there. */
static void look_at(const void *data, size_t n)
{
	static char copy[1 << 16];

	if (n)
		memcpy(copy, data, n < sizeof copy ? n : sizeof copy);
}

/* N bytes at DATA arrive at ROLE: those that come next, where it is not a report. */
static void arrive(enum role role, const uint8_t *data, size_t n)
{
	CHECK(n <= STREAM_PIECE);
	if (sim.plain && sim.acted && role != NOBODY)
		CHECK(!memcmp(data, stream(sim.put[role]), n));
	sim.put[role] += n;
}

/* ---- descriptors ---- */

SIM(int, open, const char *path, int flags, ...)
{
	int byte, old, fd;

	if (!strcmp(path, "/dev/null")) {
		fd = fd_new(DEV_NULL, NOBODY);
		if (fd >= 0) {
			sim.fds[fd].read_only = (flags & O_ACCMODE) == O_RDONLY;
			sim.fds[fd].write_only = (flags & O_ACCMODE) == O_WRONLY;
		}
		return fd;
	}
	if (FAILS(ENOENT, EACCES, EISDIR, ELOOP))
		return -1;
	/* A descriptor opened anew is the same thing. */
	if (sscanf(path, "/dev/fd/%d", &old) == 1 && is_open(old))
		return fd_new(sim.fds[old].kind, sim.fds[old].role);
	byte = draw();
	return fd_new(byte < 0 ? FILE_ : 1 + (enum kind)byte % LAST_INHERITED, NOBODY);
}

SIM(int, close, int fd)
{
	/* Nothing is closed twice, and nothing that is not ours. */
	CHECK(is_open(fd));
	sim.fds[fd].kind = CLOSED;
	return 0;
}

SIM(int, dup2, int from, int to)
{
	CHECK(is_open(from) && to >= 0 && to < DESCRIPTORS);
	sim.fds[to] = sim.fds[from];
	sim.fds[to].inherited = to <= STDERR_FILENO;
	return to;
}

SIM(int, pipe, int fds[2])
{
	if (FAILS(EMFILE, ENFILE))
		return -1;
	fds[0] = fd_new(PIPE, NOBODY);
	fds[1] = fds[0] < 0 ? -1 : fd_new(PIPE, NOBODY);
	if (fds[0] >= 0 && fds[1] < 0)
		sim.fds[fds[0]].kind = CLOSED;
	return fds[1] < 0 ? -1 : 0;
}

SIM(int, pipe2, int fds[2], int flags)
{
	(void)flags;
	return sim_pipe(fds);
}

SIM(int, fcntl, int fd, int command, ...)
{
	int byte;

	if (!is_open(fd))
		return bad_fd();
	if (command == F_GETPIPE_SZ)
		return 1 << 16;
	/* Only to see whether there is one more. */
	if (command == F_DUPFD_CLOEXEC)
		return fd_new(DEV_NULL, NOBODY);
	if (command != F_GETFL)
		return 0;
	byte = draw();
	return (byte > 250 ? byte & O_ACCMODE : O_RDWR) | (byte > 0 && byte & 1 ? O_NONBLOCK : 0);
}

static int status(enum kind kind, enum role role, struct stat *s)
{
	static const mode_t modes[] = {
		[FILE_] = S_IFREG,    [PIPE] = S_IFIFO,	   [TERMINAL] = S_IFCHR,
		[DEV_NULL] = S_IFCHR, [SOCKET] = S_IFSOCK,
	};

	*s = (struct stat){ .st_mode = modes[kind] | 0600, .st_ino = (ino_t)role };
	if (kind == DEV_NULL)
		s->st_rdev = NULL_DEVICE;
	if (kind == FILE_)
		s->st_size = draw() * 1000;
	return 0;
}

SIM(int, fstat, int fd, struct stat *s)
{
	return is_open(fd) ? status(sim.fds[fd].kind, sim.fds[fd].role, s) : bad_fd();
}

SIM(int, stat, const char *path, struct stat *s)
{
	if (!strcmp(path, "/dev/null"))
		return status(DEV_NULL, NOBODY, s);
	return FAILS(ENOENT, EACCES) ? -1 : status(FILE_, NOBODY, s);
}

SIM(int, isatty, int fd)
{
	return is_open(fd) && sim.fds[fd].kind == TERMINAL;
}

SIM(char *, ptsname, int fd)
{
	static char name[] = "/dev/pts/0";

	return is_open(fd) && draw() % 2 ? name : NULL;
}

SIM(int, ioctl, int fd, unsigned long request, ...)
{
	va_list list;
	void *value;

	if (!is_open(fd))
		return bad_fd();
	va_start(list, request);
	value = va_arg(list, void *);
	va_end(list);
	if (request == TIOCGWINSZ && sim.fds[fd].kind == TERMINAL) {
		*(struct winsize *)value = (struct winsize){ .ws_col = (unsigned short)some(500) };
		return 0;
	}
	if (request == FIONREAD || request == TIOCOUTQ) {
		*(int *)value = sim.at < sim.end ? (int)some(9) - 1 : 0;
		return FAILS(ENOTTY) && sim.at < sim.end ? -1 : 0;
	}
	errno = ENOTTY;
	return -1;
}

SIM(off_t, lseek, int fd, off_t offset, int whence)
{
	(void)offset;
	(void)whence;
	CHECK(is_open(fd));
	return FAILS(ESPIPE) ? -1 : 0;
}

/* ---- data ---- */

/* How many of N bytes come from D: 0 at its end, -1 with errno. */
static ssize_t come(struct descriptor *d, size_t n)
{
	ssize_t some_or_end;

	if (d->ended || sim.at == sim.end)
		return 0;
	if (FAILS(EAGAIN, ECONNRESET, EINTR, ETIMEDOUT, EPIPE, EINVAL)) {
		d->ended = errno != EAGAIN && errno != EINTR && errno != EINVAL;
		return -1;
	}
	some_or_end = some(n + 1) - 1;
	d->ended = some_or_end == 0;
	return some_or_end;
}

SIM(ssize_t, recv, int fd, void *data, size_t n, int flags)
{
	ssize_t came;

	CHECK(is_open(fd));
	came = come(&sim.fds[fd], n);
	if (came <= 0)
		return came;
	if (!(flags & MSG_TRUNC))
		give(sim.fds[fd].role, data, (size_t)came);
	if (!(flags & MSG_PEEK))
		sim.got[sim.fds[fd].role] += (size_t)came;
	return came;
}

SIM(ssize_t, send, int fd, const void *data, size_t n, int flags)
{
	ssize_t went;

	(void)flags;
	CHECK(is_open(fd));
	look_at(data, n);
	if (sim.at < sim.end && FAILS(EAGAIN, EPIPE, ECONNRESET, EINTR, ENOSPC))
		return -1;
	went = some(n);
	arrive(sim.fds[fd].role, data, (size_t)went);
	return went;
}

SIM(ssize_t, sendmsg, int fd, const struct msghdr *m, int flags)
{
	ssize_t went = 0, n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++, went += n) {
		n = sim_send(fd, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len, flags);
		if (n < 0)
			return went > 0 ? went : -1;
		if ((size_t)n < m->msg_iov[i].iov_len)
			return went + n;
	}
	return went;
}

SIM(ssize_t, read, int fd, void *data, size_t n)
{
	return is_open(fd) && !sim.fds[fd].write_only ? sim_recv(fd, data, n, 0) : bad_fd();
}

SIM(ssize_t, write, int fd, const void *data, size_t n)
{
	const char *text = data;

	if (!is_open(fd) || sim.fds[fd].read_only)
		return bad_fd();
	/* Nothing that came from outside reaches a terminal raw. A live line erases what is behind
	 * it. */
	for (size_t i = 0; fd == STDERR_FILENO && i < n; i++)
		if (n - i >= 3 && !memcmp(text + i, "\033[J", 3))
			i += 2;
		else
			CHECK(((unsigned char)text[i] >= ' ' && text[i] != 0x7f) ||
			      text[i] == '\n' || text[i] == '\r');
	return sim_send(fd, data, n, 0);
}

SIM(ssize_t, writev, int fd, const struct iovec *v, int n)
{
	ssize_t went = 0, piece;

	for (int i = 0; i < n; i++, went += piece) {
		piece = sim_write(fd, v[i].iov_base, v[i].iov_len);
		if (piece < 0)
			return went > 0 ? went : -1;
		if ((size_t)piece < v[i].iov_len)
			return went + piece;
	}
	return went;
}

/* From one descriptor to the other, without being read. */
static ssize_t move(int from, int to, size_t n)
{
	ssize_t moved;

	CHECK(is_open(from) && is_open(to));
	moved = come(&sim.fds[from], n);
	if (moved > 0) {
		sim.got[sim.fds[from].role] += (size_t)moved;
		sim.put[sim.fds[to].role] += (size_t)moved;
	}
	return moved;
}

SIM(ssize_t, splice, int from, off_t *from_at, int to, off_t *to_at, size_t n, unsigned flags)
{
	(void)from_at;
	(void)to_at;
	(void)flags;
	return move(from, to, n);
}

SIM(ssize_t, sendfile, int to, int from, off_t *at, size_t n)
{
	(void)at;
	return move(from, to, n);
}

/* ---- sockets ---- */

/* An address into A of *SIZE bytes. */
static void give_address(struct sockaddr *a, socklen_t *size)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u = { .sa.sa_family = AF_INET };
	int byte = draw();
	socklen_t n = sizeof u.in;

	u.in.sin_port = htons((uint16_t)some(65535));
	u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (byte % 4 == 1) {
		u.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_scope_id = 2 };
		u.in6.sin6_addr.s6_addr[0] = 0xfe;
		u.in6.sin6_addr.s6_addr[1] = 0x80;
		n = sizeof u.in6;
	} else if (byte % 4 == 2) {
		u.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memset(u.in6.sin6_addr.s6_addr + 10, 0xff, 2);
		n = sizeof u.in6;
	}
	memcpy(a, &u, *size < n ? *size : n);
	*size = n;
}

/* What the kernel tells beside N bytes: perhaps how it has joined them (udp(7)), and where they
 * were sent (ip(7)). */
static void give_control(struct msghdr *m, size_t n)
{
	const struct in_pktinfo info = { .ipi_ifindex = 1 };
	struct cmsghdr *c = m->msg_control;
	int byte = draw(), segment = byte > 0 ? byte : 1;

	if (byte < 0 || byte % 3 == 0 || m->msg_controllen < 2 * CMSG_SPACE(sizeof info)) {
		m->msg_controllen = 0;
		return;
	}
	memset(c, 0, 2 * CMSG_SPACE(sizeof info));
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof info),
			       .cmsg_level = IPPROTO_IP,
			       .cmsg_type = IP_PKTINFO };
	memcpy(CMSG_DATA(c), &info, sizeof info);
	m->msg_controllen = CMSG_SPACE(sizeof info);
	if (byte % 3 == 1 || n == 0)
		return;
	c = (struct cmsghdr *)(void *)((char *)c + CMSG_SPACE(sizeof info));
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof segment),
			       .cmsg_level = IPPROTO_UDP,
			       .cmsg_type = 104 /* UDP_GRO */ };
	memcpy(CMSG_DATA(c), &segment, sizeof segment);
	m->msg_controllen += CMSG_SPACE(sizeof segment);
}

/* A datagram. */
SIM(ssize_t, recvmsg, int fd, struct msghdr *m, int flags)
{
	struct descriptor *d = &sim.fds[fd];
	ssize_t n;

	CHECK(is_open(fd));
	if (flags & MSG_ERRQUEUE || sim.at == sim.end) {
		errno = EAGAIN;
		return -1;
	}
	if (FAILS(EAGAIN, EAGAIN, ECONNREFUSED, EINTR, EHOSTUNREACH, ENOMEM))
		return -1;
	n = some(m->msg_iov[0].iov_len < STREAM_PIECE ? m->msg_iov[0].iov_len : STREAM_PIECE) - 1;
	give(d->role, m->msg_iov[0].iov_base, (size_t)n);
	if (!(flags & MSG_PEEK))
		sim.got[d->role] += (size_t)n;
	if (m->msg_name)
		give_address(m->msg_name, &m->msg_namelen);
	give_control(m, (size_t)n);
	m->msg_flags = 0;
	return n;
}

SIM(int, recvmmsg, int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *timeout)
{
	unsigned i = 0;

	CHECK(!timeout);
	while (i < n) {
		ssize_t came = sim_recvmsg(fd, &v[i].msg_hdr, flags);
		if (came < 0)
			return i ? (int)i : -1;
		v[i++].msg_len = (unsigned)came;
		if (draw() % 4 == 0)
			break;
	}
	return (int)i;
}

SIM(ssize_t, recvfrom, int fd, void *data, size_t size, int flags, struct sockaddr *a,
    socklen_t *length)
{
	struct iovec part = { data, size };
	struct msghdr m = { .msg_name = a,
			    .msg_namelen = length ? *length : 0,
			    .msg_iov = &part,
			    .msg_iovlen = 1 };
	ssize_t n = sim_recvmsg(fd, &m, flags);

	if (length)
		*length = m.msg_namelen;
	return n;
}

/* Each goes whole or not at all. */
SIM(int, sendmmsg, int fd, struct mmsghdr *v, unsigned n, int flags)
{
	unsigned i = 0;

	(void)flags;
	CHECK(is_open(fd));
	for (; i < n; i++) {
		const struct msghdr *m = &v[i].msg_hdr;
		if (sim.at < sim.end &&
		    FAILS(EAGAIN, ECONNREFUSED, EINTR, ENOBUFS, EMSGSIZE, EPERM, EINVAL))
			return i ? (int)i : -1;
		look_at(m->msg_control, m->msg_controllen);
		v[i].msg_len = 0;
		for (size_t k = 0; k < m->msg_iovlen; k++) {
			look_at(m->msg_iov[k].iov_base, m->msg_iov[k].iov_len);
			arrive(sim.fds[fd].role, m->msg_iov[k].iov_base, m->msg_iov[k].iov_len);
			v[i].msg_len += (unsigned)m->msg_iov[k].iov_len;
		}
	}
	return (int)i;
}

SIM(int, socket, int family, int type, int protocol)
{
	(void)type;
	(void)protocol;
	sim.acted = true;
	/* What is asked of the kernel is nobody's data. */
	return FAILS(EMFILE, EAFNOSUPPORT, EPROTONOSUPPORT, EACCES) ?
		       -1 :
		       fd_new(SOCKET, family == AF_NETLINK ? NOBODY : PEER);
}

SIM(int, bind, int fd, const struct sockaddr *a, socklen_t n)
{
	CHECK(is_open(fd));
	look_at(a, n);
	return FAILS(EADDRINUSE, EACCES, EADDRNOTAVAIL) ? -1 : 0;
}

SIM(int, listen, int fd, int backlog)
{
	(void)backlog;
	CHECK(is_open(fd));
	return FAILS(EADDRINUSE) ? -1 : 0;
}

SIM(int, connect, int fd, const struct sockaddr *a, socklen_t n)
{
	CHECK(is_open(fd));
	look_at(a, n);
	return FAILS(ECONNREFUSED, EINPROGRESS, ENETUNREACH, EACCES, EAGAIN, ETIMEDOUT) ? -1 : 0;
}

SIM(int, accept, int fd, struct sockaddr *a, socklen_t *size)
{
	CHECK(is_open(fd));
	if (FAILS(EAGAIN, EMFILE, ECONNABORTED, EINTR))
		return -1;
	if (a)
		give_address(a, size);
	return fd_new(SOCKET, PEER);
}

SIM(int, accept4, int fd, struct sockaddr *a, socklen_t *size, int flags)
{
	(void)flags;
	return sim_accept(fd, a, size);
}

SIM(int, getsockname, int fd, struct sockaddr *a, socklen_t *size)
{
	CHECK(is_open(fd));
	if (sim.fds[fd].kind != SOCKET) {
		errno = ENOTSOCK;
		return -1;
	}
	give_address(a, size);
	return 0;
}

SIM(int, getpeername, int fd, struct sockaddr *a, socklen_t *size)
{
	CHECK(is_open(fd));
	return FAILS(ENOTCONN) ? -1 : sim_getsockname(fd, a, size);
}

SIM(int, getsockopt, int fd, int level, int option, void *value, socklen_t *size)
{
	static const int errors[] = { 0, 0, 0, ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT };
	int byte;

	CHECK(is_open(fd));
	memset(value, 0, *size);
	if (level != SOL_SOCKET || *size < sizeof(int))
		return 0;
	if (option == SO_TYPE)
		*(int *)value = sim.fds[fd].role == PEER || draw() % 8 ? SOCK_STREAM : SOCK_DGRAM;
	byte = option == SO_ERROR ? draw() : 0;
	if (byte > 0)
		*(int *)value = errors[(size_t)byte % (sizeof errors / sizeof *errors)];
	return 0;
}

SIM(int, setsockopt, int fd, int level, int option, const void *value, socklen_t n)
{
	(void)level;
	(void)option;
	CHECK(is_open(fd));
	look_at(value, n);
	return FAILS(EINVAL, ENOPROTOOPT, EPERM) ? -1 : 0;
}

SIM(int, shutdown, int fd, int how)
{
	(void)how;
	CHECK(is_open(fd));
	return FAILS(ENOTCONN) ? -1 : 0;
}

/* ---- names ---- */

/* One address, which sim_freeaddrinfo() frees. */
static struct addrinfo *answer(const struct addrinfo *hints)
{
	struct addrinfo *a = take(sizeof *a);
	socklen_t size = sizeof(struct sockaddr_storage);
	struct sockaddr_storage *address = take(size);

	memset(address, 0, size);
	give_address((struct sockaddr *)address, &size);
	if (hints && hints->ai_family != AF_UNSPEC && hints->ai_family != address->ss_family) {
		*address = (struct sockaddr_storage){ .ss_family = (sa_family_t)hints->ai_family };
		size = hints->ai_family == AF_INET ? sizeof(struct sockaddr_in) :
						     sizeof(struct sockaddr_in6);
	}
	*a = (struct addrinfo){ .ai_family = address->ss_family,
				.ai_addrlen = size,
				.ai_addr = (struct sockaddr *)address };
	return a;
}

SIM(int, getaddrinfo, const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	static const int codes[] = { EAI_AGAIN,	 EAI_NONAME, EAI_FAIL,
				     EAI_SYSTEM, EAI_FAMILY, EAI_SERVICE };
	int byte = draw();

	/* To read a number asks nobody. */
	if (!hints || !(hints->ai_flags & AI_NUMERICHOST))
		sim.acted = true;
	CHECK(host || service);
	if (byte < 0 || byte % 9 < 6)
		return codes[byte < 0 ? 0 : byte % 9];
	*list = NULL;
	for (byte = 1 + (draw() & 3); byte > 0; byte--) {
		struct addrinfo *a = answer(hints);
		a->ai_next = *list;
		*list = a;
	}
	return 0;
}

SIM(void, freeaddrinfo, struct addrinfo *list)
{
	for (struct addrinfo *next; list; list = next) {
		next = list->ai_next;
		free(list->ai_addr);
		free(list);
	}
}

SIM(unsigned, if_nametoindex, const char *name)
{
	return !strcmp(name, "lo") ? 1 : !strcmp(name, "eth0") ? 2 : 0;
}

SIM(char *, if_indextoname, unsigned index, char *name)
{
	return index == 1 || index == 2 ? strcpy(name, index == 1 ? "lo" : "eth0") : NULL;
}

/* ---- threads, signals, time ---- */

/* What is done by the side is done at once. */
SIM(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
    void *arg)
{
	(void)thread;
	(void)attr;
	if (FAILS(EAGAIN))
		return EAGAIN;
	fn(arg);
	return 0;
}

SIM(int, sigprocmask, int how, const sigset_t *set, sigset_t *before)
{
	if (before) {
		sigemptyset(before);
		if (sim.closed)
			sigaddset(before, SIGTERM);
	}
	if (set && (how == SIG_SETMASK || sigismember(set, SIGTERM)))
		sim.closed = how != SIG_UNBLOCK && sigismember(set, SIGTERM);
	return 0;
}

SIM(int, pthread_sigmask, int how, const sigset_t *set, sigset_t *before)
{
	return sim_sigprocmask(how, set, before);
}

SIM(int, sigaction, int signal, const struct sigaction *act, struct sigaction *before)
{
	CHECK(signal > 0 && signal < SIGNALS);
	if (before)
		*before = sim.actions[signal];
	if (act)
		sim.actions[signal] = *act;
	return 0;
}

/* As in the first process of a container: a default action does nothing. */
SIM(int, raise, int signal)
{
	CHECK(signal > 0 && signal < SIGNALS);
	return 0;
}

SIM(int, clock_gettime, clockid_t clock, struct timespec *t)
{
	(void)clock;
	sim.now += 1000;
	*t = (struct timespec){ .tv_sec = sim.now / 1000000000, .tv_nsec = sim.now % 1000000000 };
	return 0;
}

/* One of the signals that are caught comes. Returns whether it was caught. */
static bool interrupt(int signal)
{
	const struct sigaction *a = &sim.actions[signal];

	if (signal == 0 || a->sa_handler == SIG_DFL || a->sa_handler == SIG_IGN)
		return false;
	a->sa_handler(signal);
	errno = EINTR;
	return true;
}

/* Which of EVENTS, or of what poll(2) reports unasked, a byte of the script makes. */
static short events(short asked)
{
	int byte = draw();

	if (byte < 0)
		return 0;
	return (short)((byte & 1 ? asked & POLLIN : 0) | (byte & 2 ? asked & POLLOUT : 0) |
		       ((byte & 0x1c) == 0x1c ? POLLHUP : 0) |
		       ((byte & 0xe0) == 0xe0 ? POLLERR : 0));
}

/* Waits for TIMEOUT ns (below 0: without limit); signals come meanwhile if they are let in: OPEN.
 */
static int wait_for_some(struct pollfd *fds, nfds_t n, int64_t timeout, bool open)
{
	int ready = 0, byte = draw();

	if (open && byte >= 0xe0 && interrupt(byte % SIGNALS))
		return -1;
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].fd >= 0 && !is_open(fds[i].fd)) {
			/* Only to find out that it is not open. */
			CHECK(timeout == 0 && fds[i].events == 0);
			fds[i].revents = POLLNVAL;
			ready++;
			continue;
		}
		sim.spoke = sim.spoke || fds[i].fd == STDERR_FILENO;
		fds[i].revents = fds[i].fd < 0 ? 0 : events(fds[i].events);
		ready += fds[i].revents != 0;
		if (fds[i].revents & (POLLERR | POLLHUP) && sim.fds[fds[i].fd].role == OUTPUT)
			sim.output_gone = true;
	}
	if (ready)
		return ready;
	if (byte < 0) {
		errno = ENOMEM;
		return -1;
	}
	if (timeout < 0) { /* something else woke us */
		errno = EINTR;
		return -1;
	}
	if (timeout < TIME_MOST - sim.now)
		sim.now += timeout;
	return 0;
}

SIM(int, ppoll, struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *mask)
{
	int64_t timeout = t ? 0 : -1;

	CHECK(!t || (t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < 1000000000));
	if (t && t->tv_sec < TIME_MOST / 1000000000)
		timeout = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
	return wait_for_some(fds, n, timeout, mask);
}

SIM(int, poll, struct pollfd *fds, nfds_t n, int timeout)
{
	return wait_for_some(fds, n, (int64_t)timeout * 1000000, !sim.closed);
}

/* Out of a signal's handler, with the mask from before it. */
SIM(void, siglongjmp, sigjmp_buf to, int value)
{
	sim.closed = true;
	siglongjmp(to, value);
}

/* ---- processes, of which none is started ---- */

static int spawn(pid_t *pid, char *const *argv)
{
	for (; *argv; argv++)
		look_at(*argv, strlen(*argv) + 1);
	if (FAILS(EAGAIN, ENOENT, EACCES, ENOEXEC))
		return errno;
	for (int i = 0; i < CHILDREN; i++)
		if (!sim.children[i]) {
			*pid = sim.children[i] = ++sim.last_child;
			return 0;
		}
	return EAGAIN;
}

SIM(int, posix_spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attr, char *const *argv, char *const *env)
{
	(void)path;
	(void)actions;
	(void)attr;
	(void)env;
	return spawn(pid, argv);
}

SIM(int, posix_spawnp, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attr, char *const *argv, char *const *env)
{
	return sim_posix_spawn(pid, path, actions, attr, argv, env);
}

static pid_t *child(pid_t pid)
{
	for (int i = 0; i < CHILDREN; i++)
		if (sim.children[i] && (pid == -1 || pid == sim.children[i]))
			return &sim.children[i];
	return NULL;
}

SIM(pid_t, waitpid, pid_t pid, int *status, int options)
{
	pid_t *found = child(pid);
	int byte = draw();

	CHECK(options & WNOHANG);
	if (!found) {
		errno = ECHILD;
		return -1;
	}
	if (byte % 4 == 1)
		return 0;
	/* Exited with any status, or killed. */
	*status = byte < 0 ? 0 : byte % 4 == 2 ? byte % SIGNALS + 1 : byte << 8;
	sim.commanded = true;
	pid = *found;
	*found = 0;
	return pid;
}

SIM(int, kill, pid_t pid, int signal)
{
	(void)signal;
	/* What has been waited for may be somebody else by now. */
	CHECK(pid < -1 || pid == getpid() || child(pid));
	return 0;
}

/* ---- what is not to be done at all: see tests/fuzz/calls ---- */

/* For what returns int, and for what returns ssize_t. */
SIM(ssize_t, refuse, void)
{
	errno = EPERM;
	return -1;
}

SIM(int, refuse_error, void)
{
	return EPERM;
}

SIM(int, do_nothing, void)
{
	return 0;
}

SIM(void, never, void)
{
	abort();
}

SIM(void *, refuse_pointer, void)
{
	errno = EPERM;
	return NULL;
}

/* ---- a run ---- */

/* A fresh system with that script: descriptors 0 to 3 of any kind, or closed, and no signal left
 * from the last one. */
static void start(const uint8_t *script, const uint8_t *end)
{
	static const enum role roles[] = { INPUT, OUTPUT, NOBODY, NOBODY };

	memset(&sim, 0, sizeof sim);
	sim.at = script;
	sim.end = end;
	sim.now = TIME_START;
	for (int fd = 0; fd <= 3; fd++) {
		int byte = draw();
		sim.fds[fd] = (struct descriptor){
			.kind = byte < 0 ? DEV_NULL : (enum kind)byte % (LAST_INHERITED + 1),
			.role = roles[fd],
			.inherited = true,
		};
	}
	sim.output_gone = sim.fds[1].kind == DEV_NULL || sim.fds[1].kind == CLOSED;
	if (draw() % 4 == 1)
		for (int i = 1; i < SIGNALS; i++)
			sim.actions[i].sa_handler = SIG_IGN;
	while (signals_next())
		;
}

static bool has_word(const struct words *w, const char *word)
{
	for (int i = 0; i < w->n; i++)
		if (!strcmp(w->words[i], word))
			return true;
	return false;
}

/* The same of an option, which may have its argument behind a `=`. */
static bool has_option(const struct words *w, const char *option)
{
	for (int i = 0; i < w->n; i++)
		if (!strncmp(w->words[i], option, strlen(option)))
			return true;
	return false;
}

/* Do bytes go from one side to the other, with no option that changes what is sent and received,
 * nor one that nobody knows here? */
static bool is_plain(const struct words *w)
{
	static const char plain[] = " -v -vv -4 -6 -n -i -w --idle-timeout --timeout --wait --retry"
				    " --interval --buffer --linger --stats --no-shutdown --fastopen"
				    " --nodelay --keepalive --close-on-peer-eof ";
	char option[64];

	if (w->n < 2 || (strcmp(w->words[1], "connect") != 0 && strcmp(w->words[1], "listen") != 0))
		return false;
	for (int i = 2; i < w->n; i++) {
		snprintf(option, sizeof option, " %s ", w->words[i]);
		if (w->words[i][0] == '-' && !strstr(plain, option))
			return false;
	}
	return true;
}

/* RESULT is the exit status of `sockit W`. */
static void check_result(int result, const struct words *w)
{
	CHECK(result >= 0 && result <= 255);
	/* What cannot be used is said before anything is done, and no failure is silent. Whether a
	 * name is that of an open proxy shows once it was looked up. */
	CHECK(result != 2 || !sim.acted || sim.commanded || has_option(w, "--proxy-server"));
	CHECK(result == 0 || result > 4 || sim.spoke || sim.commanded || has_word(w, "--quiet") ||
	      (has_word(w, "--json") && has_word(w, "resolve")));
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		CHECK(!is_open(fd) || sim.fds[fd].inherited);
	if (result == 0 && sim.plain && sim.acted) {
		CHECK(sim.got[INPUT] == sim.put[PEER]);
		CHECK(sim.output_gone || sim.got[PEER] == sim.put[OUTPUT]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mark[] = "\n==\n";
	const uint8_t *script = memmem(data, size, mark, sizeof mark - 1), *end = data + size;
	struct words w = words_new("sockit", data, script ? (size_t)(script - data) : size),
		     work = w;

	start(script ? script + sizeof mark - 1 : end, end);
	sim.plain = is_plain(&w);
	work.words = take(((size_t)w.n + 1) * sizeof *w.words);
	memcpy(work.words, w.words, ((size_t)w.n + 1) * sizeof *w.words);
	check_result(sockit_main(w.n, work.words), &w);
	free(work.words);
	words_free(w);
	return 0;
}
