/* udp.c - what `bench` needs for datagrams: a load, an echo behind what is measured, and a
 *forwarder that does no more than it must
 *
 *	udp load PORT SIZE CLIENTS COUNT [pieces]
 *	udp echo [pieces]
 *	udp forward PORT [pieces]
 *
 * `load` sends COUNT datagrams, of so many CLIENTS in turn, to 127.0.0.1; each has to come back as
 *it was. It first sends one of each client, says `ready` and waits for a byte of stdin. The others
 *print their port and go on until stdin ends. `forward` knows of one client at a time. With
 *`pieces` datagrams go and come in pieces that the kernel cuts and joins, as a good interface does
 *it (UDP_SEGMENT, UDP_GRO).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

#define BATCH 64 /* what a receive buffer of the usual size takes */
#define ROOM 65536
#define PIECE 65000
#define BUFFER (8 << 20)

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static struct sockaddr_in names[BATCH];
static _Alignas(struct cmsghdr) char controls[BATCH][64];
static char data[BATCH][ROOM];
static bool pieces;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(int to)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)to) };
	struct timeval patience = { 5, 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER, on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (pieces && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0)
		die("UDP_GRO");
	if (to && connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("connect");
	if (!to && bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("bind");
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
	socklen_t length = sizeof client;
	int n;

	getsockname(in, (struct sockaddr *)&client, &length);
	printf("%d\n", ntohs(client.sin_port));
	fflush(stdout);
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
				fprintf(stderr, "another datagram than was sent\n");
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
	else
		return 2;
	return 0;
}
