/* witness_linux.c - a child followed by ptrace(2), from one system call to the next
 *
 * PTRACE_GET_SYSCALL_INFO (Linux 5.3) tells number, arguments and result in the same way on every
 * machine. The child is stopped before and after each call; what a call was about is read from its
 * memory when it has returned.
 */
#define _GNU_SOURCE /* process_vm_readv, struct mmsghdr */
#include "names/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define DESCRIPTORS 1024 /* are closed where close_range(2) is missing */
#define SOCKETS_MOST 64	 /* descriptors from there on are not followed */
#define DATA_MOST 65536
#define PATH_MOST 4096
#define PARTS_MOST 16 /* of a message, and messages of a call */

/* Calls that not every machine has. */
#ifndef SYS_open
#define SYS_open (-1)
#endif
#ifndef SYS_socketcall
#define SYS_socketcall (-1)
#endif
#ifndef SYS_poll
#define SYS_poll (-1)
#endif
#ifndef SYS_ppoll_time64
#define SYS_ppoll_time64 (-1)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd (-1)
#endif
#ifndef SYS_close_range
#define SYS_close_range (-1)
#endif

struct call {
	int64_t start; /* when it was entered */
	uint64_t number, args[6];
	int64_t result;
	int error;
};

struct witness {
	pid_t pid;
	bool gone; /* its end has been waited for: the pid may be another's */
	sight_fn *seen;
	void *arg;
	struct call call;
	struct socket_seen {
		bool open, stream;
		int error;	     /* with which it is being closed */
		struct address peer; /* of length 0: not connected */
	} sockets[SOCKETS_MOST];
	char data[DATA_MOST + 1];
};

/* ---- the child's memory ---- */

/* What is an address to the child, or a number to ptrace(2), as a pointer that nobody here follows.
 */
static void *theirs(uint64_t bits)
{
	uintptr_t value = (uintptr_t)bits;
	void *pointer;

	memcpy(&pointer, &value, sizeof pointer);
	return pointer;
}

/* Reads up to N bytes that the child has at AT into OUT. Returns how many there were. */
static size_t witness_peek(const struct witness *w, uint64_t at, void *out, size_t n)
{
	struct iovec to = { .iov_base = out, .iov_len = n };
	struct iovec from = { .iov_base = theirs(at), .iov_len = n };
	ssize_t got = n ? process_vm_readv(w->pid, &to, 1, &from, 1, 0) : 0;

	return got > 0 ? (size_t)got : 0;
}

/* Reads the string at AT into OUT of SIZE bytes. A page that is not there may follow it. */
static void witness_peek_string(const struct witness *w, uint64_t at, char *out, size_t size)
{
	const size_t page = 256; /* divides each machine's */
	size_t n = 0;

	while (n + 1 < size && !memchr(out, '\0', n)) {
		size_t part = page - (size_t)(at + n) % page;
		size_t got =
			witness_peek(w, at + n, out + n, part < size - 1 - n ? part : size - 1 - n);
		if (!got)
			break;
		n += got;
	}
	out[n] = '\0';
}

static bool witness_peek_address(const struct witness *w, uint64_t at, uint64_t length,
				 struct address *out)
{
	*out = (struct address){ 0 };
	if (!at || length > sizeof out->u ||
	    witness_peek(w, at, &out->u, (size_t)length) != (size_t)length)
		return false;
	out->length = (socklen_t)length;
	return length != 0;
}

/* Reads up to MOST bytes of what stands in the N parts of VECTOR into the data. Returns how many.
 */
static size_t witness_peek_parts(struct witness *w, const struct iovec *vector, size_t n,
				 size_t most)
{
	size_t all = 0;

	for (size_t i = 0; i < n && all < most; i++) {
		size_t part = vector[i].iov_len < most - all ? vector[i].iov_len : most - all;
		all += witness_peek(w, (uintptr_t)vector[i].iov_base, w->data + all, part);
	}
	return all;
}

/* ---- what it was seen to do ---- */

static void witness_tell(struct witness *w, struct sight s)
{
	s.at = clock_now();
	s.ns = s.at - w->call.start;
	s.error = w->call.error;
	if (s.error && s.kind != SIGHT_FILE)
		s.n = 0;
	w->data[s.n] = '\0';
	s.data = w->data;
	w->seen(w->arg, &s);
}

static struct socket_seen *witness_socket(struct witness *w, uint64_t fd)
{
	return fd < SOCKETS_MOST && w->sockets[fd].open ? &w->sockets[fd] : NULL;
}

static void saw_open(struct witness *w)
{
	witness_peek_string(w, w->call.args[w->call.number == (uint64_t)SYS_openat], w->data,
			    PATH_MOST);
	witness_tell(w, (struct sight){ .kind = SIGHT_FILE, .n = strlen(w->data) });
}

static void saw_socket(struct witness *w)
{
	uint64_t fd = (uint64_t)w->call.result;
	int domain = (int)w->call.args[0];

	if (w->call.error || fd >= SOCKETS_MOST)
		return;
	w->sockets[fd] = (struct socket_seen){
		.open = domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX,
		.stream = (w->call.args[1] & 0xff) == SOCK_STREAM,
	};
}

/* The child is about to close a socket: what error does that have? poll(2) tells only that there is
 * one, which is enough for glibc. To ask earlier would take it away. */
static int witness_socket_error(const struct witness *w, int fd)
{
	int error = 0, pid = (int)syscall(SYS_pidfd_open, w->pid, 0U);
	int copy = pid < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pid, fd, 0U);
	socklen_t length = sizeof error;

	if (copy >= 0 && getsockopt(copy, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		error = 0;
	if (copy >= 0)
		close(copy);
	if (pid >= 0)
		close(pid);
	return error;
}

static void saw_close(struct witness *w)
{
	struct socket_seen *s = witness_socket(w, w->call.args[0]);

	if (!s)
		return;
	w->call.error = s->error;
	witness_tell(w, (struct sight){ .kind = SIGHT_CLOSED,
					.fd = (int)w->call.args[0],
					.stream = s->stream,
					.address = s->peer });
	*s = (struct socket_seen){ 0 };
}

static void saw_connect(struct witness *w)
{
	struct socket_seen *s = witness_socket(w, w->call.args[0]);

	if (!s || !witness_peek_address(w, w->call.args[1], w->call.args[2], &s->peer))
		return;
	if (w->call.error == EINPROGRESS)
		w->call.error = 0;
	if (s->stream || w->call.error)
		witness_tell(w, (struct sight){ .kind = SIGHT_CONNECT,
						.fd = (int)w->call.args[0],
						.stream = s->stream,
						.address = s->peer });
}

/* N bytes of a message stand in the data. */
static void witness_tell_message(struct witness *w, enum sight_kind kind,
				 const struct address *address, size_t n)
{
	const struct socket_seen *s = &w->sockets[w->call.args[0]];

	witness_tell(w, (struct sight){ .kind = kind,
					.fd = (int)w->call.args[0],
					.stream = s->stream,
					.address = address->length ? *address : s->peer,
					.n = n });
}

/* The message that H describes, in the child's memory, of N bytes. */
static void witness_take_message(struct witness *w, enum sight_kind kind, const struct msghdr *h,
				 size_t n)
{
	struct iovec vector[PARTS_MOST];
	size_t parts = (size_t)h->msg_iovlen < PARTS_MOST ? (size_t)h->msg_iovlen : PARTS_MOST;
	struct address address;

	parts = witness_peek(w, (uintptr_t)h->msg_iov, vector, parts * sizeof *vector) /
		sizeof *vector;
	witness_peek_address(w, (uintptr_t)h->msg_name, h->msg_namelen, &address);
	witness_tell_message(w, kind, &address, witness_peek_parts(w, vector, parts, n));
}

/* By a call (fd, bytes, n), or (fd, bytes, n, flags, address, its length or where that is). */
static void witness_take_buffer(struct witness *w, enum sight_kind kind, bool addressed)
{
	const uint64_t *args = w->call.args;
	size_t n = w->call.error ? 0 : (size_t)w->call.result;
	const struct iovec part = { .iov_base = theirs(args[1]), .iov_len = n };
	struct address address = { 0 };
	socklen_t length = (socklen_t)args[5];

	if (!witness_socket(w, args[0]))
		return;
	if (addressed && kind == SIGHT_CAME && args[5])
		witness_peek(w, args[5], &length, sizeof length);
	if (addressed && !w->call.error)
		witness_peek_address(w, args[4], length, &address);
	witness_tell_message(w, kind, &address, witness_peek_parts(w, &part, 1, n));
}

static void saw_write(struct witness *w)
{
	witness_take_buffer(w, SIGHT_SENT, false);
}

static void saw_sendto(struct witness *w)
{
	witness_take_buffer(w, SIGHT_SENT, true);
}

static void saw_read(struct witness *w)
{
	witness_take_buffer(w, SIGHT_CAME, false);
}

static void saw_recvfrom(struct witness *w)
{
	witness_take_buffer(w, SIGHT_CAME, true);
}

static void witness_take_vector(struct witness *w, enum sight_kind kind)
{
	const uint64_t n = w->call.args[2];
	const struct msghdr h = { .msg_iov = theirs(w->call.args[1]),
				  .msg_iovlen = (unsigned char)(n < PARTS_MOST ? n : PARTS_MOST) };

	if (witness_socket(w, w->call.args[0]))
		witness_take_message(w, kind, &h, w->call.error ? 0 : (size_t)w->call.result);
}

static void saw_writev(struct witness *w)
{
	witness_take_vector(w, SIGHT_SENT);
}

static void saw_readv(struct witness *w)
{
	witness_take_vector(w, SIGHT_CAME);
}

/* By a call (fd, header, ...), or (fd, headers, how many, ...). */
static void witness_take_messages(struct witness *w, enum sight_kind kind, bool several)
{
	size_t n = several && !w->call.error ? (size_t)w->call.result : 1;
	struct mmsghdr h[PARTS_MOST] = { 0 };

	if (!witness_socket(w, w->call.args[0]))
		return;
	if (n > PARTS_MOST)
		n = PARTS_MOST;
	witness_peek(w, w->call.args[1], h, several ? n * sizeof *h : sizeof h->msg_hdr);
	for (size_t i = 0; i < n; i++)
		witness_take_message(w, kind, &h[i].msg_hdr,
				     w->call.error ? 0 :
				     several	   ? h[i].msg_len :
						     (size_t)w->call.result);
}

static void saw_sendmsg(struct witness *w)
{
	witness_take_messages(w, SIGHT_SENT, false);
}

static void saw_sendmmsg(struct witness *w)
{
	witness_take_messages(w, SIGHT_SENT, true);
}

static void saw_recvmsg(struct witness *w)
{
	witness_take_messages(w, SIGHT_CAME, false);
}

static void saw_recvmmsg(struct witness *w)
{
	witness_take_messages(w, SIGHT_CAME, true);
}

/* By poll(2) and ppoll(2). That a socket was not ready is no news if it was only looked at. */
static void saw_poll(struct witness *w)
{
	struct pollfd p = { .fd = -1 };
	const struct socket_seen *s;

	witness_peek(w, w->call.args[0], &p, w->call.args[1] ? sizeof p : 0);
	s = p.fd >= 0 ? witness_socket(w, (uint64_t)p.fd) : NULL;
	if (w->call.error || w->call.result || !s || clock_now() - w->call.start < MILLISECOND)
		return;
	witness_tell(w, (struct sight){ .kind = SIGHT_WAITED,
					.fd = p.fd,
					.stream = s->stream,
					.address = s->peer });
}

/* socketcall(2): the number of the call, and where its arguments are. */
static void saw_socketcall(struct witness *w);

static const struct {
	int number;
	int by_socketcall; /* its number there; see net/ipc.h of the kernel */
	void (*saw)(struct witness *w);
} calls[] = {
	{ SYS_open, 0, saw_open },
	{ SYS_openat, 0, saw_open },
	{ SYS_close, 0, saw_close },
	{ SYS_socket, 1, saw_socket },
	{ SYS_connect, 3, saw_connect },
	{ SYS_write, 0, saw_write },
	{ SYS_sendto, 11, saw_sendto },
	{ SYS_writev, 0, saw_writev },
	{ SYS_sendmsg, 16, saw_sendmsg },
	{ SYS_sendmmsg, 20, saw_sendmmsg },
	{ SYS_read, 0, saw_read },
	{ SYS_recvfrom, 12, saw_recvfrom },
	{ SYS_readv, 0, saw_readv },
	{ SYS_recvmsg, 17, saw_recvmsg },
	{ SYS_recvmmsg, 19, saw_recvmmsg },
	{ SYS_poll, 0, saw_poll },
	{ SYS_ppoll, 0, saw_poll },
	{ SYS_ppoll_time64, 0, saw_poll },
	{ SYS_socketcall, 0, saw_socketcall },
	{ -1, 9, saw_write }, /* send(2) and recv(2) are calls of their own there alone */
	{ -1, 10, saw_read },
};

static void saw_socketcall(struct witness *w)
{
	unsigned long args[6] = { 0 };
	int number = (int)w->call.args[0];

	witness_peek(w, w->call.args[1], args, sizeof args);
	for (size_t i = 0; i < 6; i++)
		w->call.args[i] = args[i];
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (number && calls[i].by_socketcall == number)
			calls[i].saw(w);
}

/* ---- following ---- */

/* The child stands before or behind a system call. */
static void witness_look(struct witness *w)
{
	struct __ptrace_syscall_info info = { 0 };
	struct call *c = &w->call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, w->pid, theirs(sizeof info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		struct socket_seen *s;
		c->start = clock_now();
		c->number = info.entry.nr;
		memcpy(c->args, info.entry.args, sizeof c->args);
		s = c->number == SYS_close ? witness_socket(w, c->args[0]) : NULL;
		if (s)
			s->error = witness_socket_error(w, (int)c->args[0]);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		c->result = info.exit.is_error ? -1 : info.exit.rval;
		c->error = info.exit.is_error ? (int)-info.exit.rval : 0;
		for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
			if (calls[i].number >= 0 && (uint64_t)calls[i].number == c->number) {
				calls[i].saw(w);
				break;
			}
	}
}

/* Waits for the child to stop or to end. Returns whether it stands still; *STATUS is of waitpid(2).
 */
static bool witness_wait(struct witness *w, int *status)
{
	pid_t pid;

	do
		pid = waitpid(w->pid, status, __WALL);
	while (pid < 0 && errno == EINTR);
	w->gone = pid < 0 || !WIFSTOPPED(*status);
	return !w->gone;
}

/* Follows the child, which stands still, to its end. */
static void witness_follow(struct witness *w)
{
	int status, signal = 0;

	while (ptrace(PTRACE_SYSCALL, w->pid, NULL, theirs((uint64_t)signal)) == 0 &&
	       witness_wait(w, &status)) {
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80))
			witness_look(w);
		/* Of what is left only a signal is to be passed on. */
		if (signal == (SIGTRAP | 0x80) || status >> 16)
			signal = 0;
	}
}

/* Where the child leaves what it has found: memory that both have. */
struct room {
	size_t n;
	char data[WITNESS_ROOM];
};

/* In the child. What else is open belongs to others, who would wait in vain for its end. */
static _Noreturn void witness_child(witness_fn *fn, void *arg, struct room *room)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U) < 0)
		for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS; fd++)
			close(fd);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(errno);
	kill(getpid(), SIGSTOP);
	room->n = fn(arg, room->data);
	_exit(0);
}

/* Waits for the child to stand still, and from there on stops it at each system call. Returns 0, or
 * -1 with errno. */
static int witness_meet(struct witness *w)
{
	const uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	struct __ptrace_syscall_info info;
	int status = 0;

	if (!witness_wait(w, &status)) {
		errno = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : ECHILD;
		return -1;
	}
	if (ptrace(PTRACE_SETOPTIONS, w->pid, NULL, theirs(options)) < 0)
		return -1;
	return ptrace(PTRACE_GET_SYSCALL_INFO, w->pid, theirs(sizeof info), &info) < 0 ? -1 : 0;
}

int witness_run(witness_fn *fn, void *arg, sight_fn *seen, void *seen_arg, struct text *out)
{
	struct witness *w = calloc(1, sizeof *w);
	struct room *room =
		mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result = -1, error;

	if (w && room != MAP_FAILED && (w->pid = fork()) == 0)
		witness_child(fn, arg, room);
	error = errno;
	if (w && room != MAP_FAILED && w->pid > 0) {
		w->seen = seen;
		w->arg = seen_arg;
		result = witness_meet(w);
		error = errno;
		if (result == 0)
			witness_follow(w);
		if (!w->gone)
			kill(w->pid, SIGKILL);
		while (!w->gone)
			witness_wait(w, &(int){ 0 });
		text_put(out, room->data, room->n);
	}
	if (room != MAP_FAILED)
		munmap(room, sizeof *room);
	free(w);
	errno = error;
	return result;
}
