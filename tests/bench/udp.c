/* udp.c - what `bench` needs for datagrams: loads, and servers that do no more than they must
 *
 *	udp load PORT SIZE CLIENTS COUNT [pieces]
 *	udp echo [pieces]
 *	udp forward PORT [pieces]
 *	udp send PORT SIZE          the file of stdin, in datagrams of that size, as fast as it goes
 *	udp recv                    to stdout
 *	udp names                   a DNS server of n00000.*, n00001.*, ...: answers 5 ms later
 *
 * `load` sends COUNT datagrams, of so many CLIENTS in turn, to 127.0.0.1; each has to come back as
 * it was. It first sends one of each client, says `ready` and waits for a byte of stdin.
 *
 * The servers find their socket at descriptor 3; echo and forward end with stdin. `forward` knows
 * of one client at a time. With `pieces` datagrams go and come in pieces that the kernel cuts and
 * joins, as a good interface does it (UDP_SEGMENT, UDP_GRO).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

#define BOUND 3
#define BATCH 64 /* what a receive buffer of the usual size takes */
#define ROOM 65536
#define PIECE 65000
#define BUFFER (8 << 20)
#define QUESTIONS 4096
#define SECOND 1000000000L
#define DELAY 5000000L

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in names[BATCH];
static _Alignas(struct cmsghdr) char controls[BATCH][64];
static char data[BATCH][ROOM];
static bool pieces;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Returns a socket connected to port TO, or, TO 0, that of descriptor 3, with much room. */
static int open_socket(int to)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)to) };
	struct timeval patience = { 5, 0 };
	int fd = to ? socket(AF_INET, SOCK_DGRAM, 0) : BOUND, size = BUFFER, on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0)
		die("SO_RCVBUF");
	if (to)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (pieces && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0)
		die("UDP_GRO");
	if (to && connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("connect");
	return fd;
}

/* Has message I cut into datagrams of SIZE bytes, 0: into none. */
static void cut(int i, int size)
{
	struct msghdr *m = &messages[i].msg_hdr;
	uint16_t segment = (uint16_t)size;
	struct cmsghdr *c;

	m->msg_control = controls[i];
	m->msg_controllen = size ? CMSG_SPACE(sizeof segment) : 0;
	if (!size)
		return;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof segment);
	memcpy(CMSG_DATA(c), &segment, sizeof segment);
}

/* Returns of which size the datagrams are that message I has brought. */
static int size_of(int i)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
	int size = (int)messages[i].msg_len;

	if (c && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
		memcpy(&size, CMSG_DATA(c), sizeof size);
	return size;
}

/* Receives up to MOST messages from FD. Returns how many, 0 if there is none. */
static int take(int fd, int most, int flags)
{
	int n;

	for (int i = 0; i < most; i++) {
		parts[i] = (struct iovec){ data[i], ROOM };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &names[i],
						       .msg_namelen = sizeof names[i],
						       .msg_iov = &parts[i],
						       .msg_iovlen = 1,
						       .msg_control = controls[i],
						       .msg_controllen = sizeof controls[i] };
	}
	n = recvmmsg(fd, messages, (unsigned)most, flags, NULL);
	return n > 0 ? n : 0;
}

/* Sends the N messages that have come by FD to where it is connected, or to TO. */
static void give(int fd, int n, const struct sockaddr_in *to)
{
	for (int i = 0; i < n; i++) {
		struct msghdr *m = &messages[i].msg_hdr;
		int size = size_of(i);
		parts[i].iov_len = messages[i].msg_len;
		cut(i, size < (int)messages[i].msg_len ? size : 0);
		m->msg_name = (void *)to;
		m->msg_namelen = to ? sizeof *to : 0;
	}
	for (int done = 0, sent; done<n; done += sent> 0 ? sent : 1)
		sent = sendmmsg(fd, messages + done, (unsigned)(n - done), 0);
}

/* What comes by IN goes to OUT, and what comes from there to who has sent last; OUT -1: it goes
 * back.
 */
static void serve(int in, int out)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 },
				{ in, POLLIN, 0 },
				{ out, POLLIN, 0 } };
	struct sockaddr_in client;
	int n;

	while (poll(fds, 3, -1) > 0 && !fds[0].revents) {
		while ((n = take(in, out < 0 ? 1 : BATCH, MSG_DONTWAIT)) > 0) {
			client = names[0];
			give(out < 0 ? in : out, n, out < 0 ? &client : NULL);
		}
		while (out >= 0 && (n = take(out, BATCH, MSG_DONTWAIT)) > 0)
			give(in, n, &client);
	}
}

/* Sends N datagrams of SIZE bytes by FD. */
static void ask(int fd, int size, int n, unsigned mark)
{
	int each = pieces ? n : 1;

	for (int i = 0; i < n; i++) {
		parts[i] = (struct iovec){ data[0] + i * size, (size_t)(size * each) };
		memset(parts[i].iov_base, (int)(mark + (unsigned)i) & 0xff, (size_t)size);
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		cut(i, each > 1 ? size : 0);
	}
	if (sendmmsg(fd, messages, (unsigned)(n / each), 0) != n / each)
		die("sendmmsg");
}

/* Reads what those have to bring back. */
static void hear(int fd, int size, int n, unsigned mark)
{
	for (int got = 0; got < n;) {
		int taken = take(fd, 1, 0);
		if (!taken)
			die("recvmmsg");
		for (int at = 0; at < (int)messages[0].msg_len; at += size, got++)
			if (size_of(0) != size || got >= n ||
			    data[0][at] != (char)((mark + (unsigned)got) & 0xff) ||
			    memcmp(data[0] + at, data[0] + at + 1, (size_t)size - 1) != 0) {
				fprintf(stderr, "bench: another datagram than was sent\n");
				exit(2);
			}
	}
}

static void load(int port, int size, int clients, int count)
{
	int *fds = calloc((size_t)clients, sizeof *fds),
	    together = clients < BATCH ? clients : BATCH;
	int each = clients > 1 ? 1 : BATCH * size < PIECE || !pieces ? BATCH / 2 : PIECE / size;
	unsigned mark = 0;
	char go;

	for (int i = 0; i < clients; i++) {
		fds[i] = open_socket(port);
		ask(fds[i], size, 1, 0);
		hear(fds[i], size, 1, 0);
	}
	printf("ready\n");
	fflush(stdout);
	if (read(STDIN_FILENO, &go, 1) != 1)
		return;
	for (int done = 0, at = 0; done < count; done += together * each, mark++) {
		for (int i = 0; i < together; i++)
			ask(fds[(at + i) % clients], size, each, mark);
		for (int i = 0; i < together; i++)
			hear(fds[(at + i) % clients], size, each, mark);
		at = (at + together) % clients;
	}
}

/* Sends what stdin, a file, has to where FD is connected. */
static void send_file(int fd, int size)
{
	int each = !pieces ? 1 : BATCH * size < PIECE ? BATCH : PIECE / size, n;
	ssize_t got;

	for (int i = 0; i < BATCH; i++)
		parts[i] = (struct iovec){ data[i], (size_t)(size * each) };
	while ((got = readv(STDIN_FILENO, parts, BATCH)) > 0) {
		for (n = 0; got > 0; n++, got -= size * each) {
			messages[n].msg_hdr =
				(struct msghdr){ .msg_iov = &parts[n], .msg_iovlen = 1 };
			if (got < size * each)
				parts[n].iov_len = (size_t)got;
			cut(n, each > 1 ? size : 0);
		}
		if (sendmmsg(fd, messages, (unsigned)n, 0) != n)
			die("sendmmsg");
	}
}

static void receive(int fd)
{
	for (int n; (n = take(fd, BATCH, MSG_WAITFORONE)) > 0;) {
		for (int i = 0; i < n; i++)
			parts[i].iov_len = messages[i].msg_len;
		if (writev(STDOUT_FILENO, parts, n) < 0)
			die("writev");
	}
}

/* A question, and then its answer. */
struct question {
	long long due; /* ns */
	struct sockaddr_in from;
	size_t size;
	unsigned char text[512 + 16];
};

/* n00300 has the address 10.0.1.44; there is nothing else than addresses. */
static void answer(struct question *q)
{
	int number = atoi((char *)q->text + 14);
	unsigned char *end = memchr(q->text + 12, 0, q->size - 12);
	bool address = end[2] == 1;

	memcpy(q->text + 2, "\x84\0\0\1\0\0\0\0\0", 10);
	q->text[7] = address;
	memcpy(end + 5, "\xc0\14\0\1\0\1\0\0\0\0\0\4\12", 13);
	for (int i = 0; i < 3; i++)
		end[18 + i] = (unsigned char)(number >> (16 - 8 * i));
	q->size = (size_t)(end - q->text) + (address ? 21 : 5);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * SECOND + t.tv_nsec;
}

static void serve_names(int fd)
{
	static struct question waiting[QUESTIONS];
	struct pollfd one = { fd, POLLIN, 0 };
	unsigned first = 0, last = 0;

	for (;;) {
		struct question *q = &waiting[first % QUESTIONS], *new = &waiting[last % QUESTIONS];
		long left = first == last ? SECOND - 1 : (long)(q->due - now());
		socklen_t length = sizeof new->from;
		ssize_t n;
		if (left <= 0) {
			sendto(fd, q->text, q->size, 0, (struct sockaddr *)&q->from,
			       sizeof q->from);
			first++;
		} else if (ppoll(&one, last - first < QUESTIONS, &(struct timespec){ 0, left },
				 NULL) > 0 &&
			   (n = recvfrom(fd, new->text, 512, 0, (struct sockaddr *)&new->from,
					 &length)) > 16) {
			new->size = (size_t)n;
			new->due = now() + DELAY;
			answer(new);
			last++;
		}
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct rlimit limit;

	pieces = !strcmp(argv[argc - 1], "pieces");
	argc -= pieces;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (!strcmp(mode, "load") && argc == 6)
		load(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
	else if (!strcmp(mode, "echo") && argc == 2)
		serve(open_socket(0), -1);
	else if (!strcmp(mode, "forward") && argc == 3)
		serve(open_socket(0), open_socket(atoi(argv[2])));
	else if (!strcmp(mode, "send") && argc == 4)
		send_file(open_socket(atoi(argv[2])), atoi(argv[3]));
	else if (!strcmp(mode, "recv"))
		receive(open_socket(0));
	else if (!strcmp(mode, "names"))
		serve_names(open_socket(0));
	else
		return 2;
	return 0;
}
