/* tcp.c - what `bench` needs of streams: loads that compare what comes with what was sent, and
 * servers that do no more than they must
 *
 *	tcp short PORT COUNT TOGETHER [socks5|connect TO]    a message, its echo, the end
 *	tcp trips PORT COUNT                                 prints the median, in ns
 *	tcp idle PORT COUNT 0 [socks5|connect TO]            says `ready`, and waits for stdin
 *	tcp send PORT COUNT SIZE                             SIZE bytes of ./data by each
 *	tcp fan PORT COUNT SIZE                              the same by one, to COUNT others
 *	tcp sink 0 COUNT SIZE                                for what `send` sends
 *	tcp echo, tcp broker, tcp relay TO
 *
 * All ports are of 127.0.0.1. A server finds its listening socket at descriptor 3. The exit status
 * is 2 where something else came than was sent, 3 where less came.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENER 3
#define MESSAGE 64
#define PIECE (64 << 10)
#define MANY 65536 /* descriptors */

enum failure { GOOD, FAILED, DAMAGED, INCOMPLETE }; /* and exit status */

static int port, to, sender;
static const char *proxy = "";
static const char *data;
static size_t size;
static atomic_int left;
static _Atomic enum failure verdict;

static void die(enum failure failure, const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit((int)failure);
}

/* Dies of a system call. A connection that is reset has lost what was under way. */
static void fail(void)
{
	bool lost = errno == ECONNRESET || errno == EPIPE;

	die(lost ? INCOMPLETE : FAILED, strerror(errno));
}

/* Keeps in mind that other bytes came than were sent, or that fewer did: the end tells. */
static void judge(bool same, size_t arrived, size_t sent)
{
	if (verdict || (same && arrived == sent))
		return;
	verdict = same && arrived < sent ? INCOMPLETE : DAMAGED;
	if (verdict == DAMAGED)
		fprintf(stderr, "bench: other bytes came than were sent\n");
	else
		fprintf(stderr, "bench: %zu of %zu bytes arrived\n", arrived, sent);
}

static int dial(int where)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)where) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		fail();
	return fd;
}

static void give(int fd, const char *from, size_t length)
{
	for (ssize_t n; length; from += n, length -= (size_t)n)
		if ((n = write(fd, from, length)) < 0)
			fail();
}

/* Reads LENGTH bytes, fewer at the end. Returns how many. */
static size_t take(int fd, char *into, size_t length)
{
	size_t got = 0;
	ssize_t n;

	while (got < length && (n = read(fd, into + got, length - got)) != 0) {
		if (n < 0)
			fail();
		got += (size_t)n;
	}
	return got;
}

/* Reads LENGTH bytes, which are to be those of the data. */
static void compare(int fd, size_t length)
{
	char piece[PIECE];
	size_t got = 0;
	ssize_t n;
	bool same = true;

	while (got < length && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0)
			fail();
		same = same && got + (size_t)n <= length && !memcmp(piece, data + got, (size_t)n);
		got += (size_t)n;
	}
	judge(same, got, length);
}

/* Reads to the end, which is to be here. */
static void finish(int fd)
{
	char piece[PIECE];

	while (take(fd, piece, sizeof piece))
		judge(false, 0, 0);
	close(fd);
}

static void ask_socks5(int fd)
{
	unsigned char question[] = {
		5, 1, 0, 1, 127, 0, 0, 1, (unsigned char)(to >> 8), (unsigned char)(to & 255)
	};
	char answer[10];

	give(fd, "\5\1", 3);
	if (take(fd, answer, 2) < 2 || answer[1])
		die(DAMAGED, "the proxy wants a password");
	give(fd, (char *)question, sizeof question);
	if (take(fd, answer, sizeof answer) < sizeof answer || answer[1])
		die(DAMAGED, "the proxy refuses");
}

static void ask_connect(int fd)
{
	char text[4096];
	int n = snprintf(text, sizeof text,
			 "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", to, to);
	size_t got = 0;

	give(fd, text, (size_t)n);
	while (got < 4 || memcmp(text + got - 4, "\r\n\r\n", 4) != 0)
		if (got == sizeof text || !take(fd, text + got++, 1))
			die(DAMAGED, "the proxy gives no answer");
	if (memcmp(text + 8, " 200", 4) != 0)
		die(DAMAGED, "the proxy refuses");
}

/* Returns a connection by the way that is measured. */
static int reach(void)
{
	struct timeval patience = { 5, 0 };
	int fd = dial(port), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!strcmp(proxy, "socks5"))
		ask_socks5(fd);
	else if (!strcmp(proxy, "connect"))
		ask_connect(fd);
	return fd;
}

static void exchange(int fd, int number)
{
	char sent[MESSAGE], got[MESSAGE];
	size_t n;

	memset(sent, 'a' + number % 26, sizeof sent);
	memcpy(sent, &number, sizeof number);
	give(fd, sent, sizeof sent);
	n = take(fd, got, sizeof got);
	judge(!memcmp(sent, got, n), n, sizeof sent);
	if (verdict)
		exit((int)verdict);
}

static void *short_ones(void *unused)
{
	for (int number; (number = atomic_fetch_sub(&left, 1)) > 0;) {
		int fd = reach();
		exchange(fd, number);
		shutdown(fd, SHUT_WR);
		finish(fd);
	}
	return unused;
}

static void *send_data(void *unused)
{
	int fd = reach();

	give(fd, data, size);
	shutdown(fd, SHUT_WR);
	finish(fd);
	return unused;
}

static void *sink(void *unused)
{
	int fd = accept(LISTENER, NULL, NULL);

	compare(fd, size);
	finish(fd);
	return unused;
}

/* What each client of a broker does. */
static void *take_part(void *fd)
{
	if (*(int *)fd == sender)
		give(sender, data, size);
	else
		compare(*(int *)fd, size);
	return NULL;
}

/* Has N threads run FUNCTION, each with an element of FDS if there are any. */
static void threads(int n, void *(*function)(void *), int *fds)
{
	pthread_t *all = calloc((size_t)n, sizeof *all);

	for (int i = 0; i < n; i++)
		if (pthread_create(&all[i], NULL, function, fds ? &fds[i] : NULL) != 0)
			fail();
	for (int i = 0; i < n; i++)
		pthread_join(all[i], NULL);
	free(all);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void trips(int n)
{
	long *times = calloc((size_t)n, sizeof *times);
	int fd = reach();

	exchange(fd, 0);
	for (int i = 0; i < n; i++) {
		long long begin = now();
		exchange(fd, i);
		times[i] = (long)(now() - begin);
	}
	qsort(times, (size_t)n, sizeof *times, by_size);
	printf("%ld\n", times[n / 2]);
	free(times);
}

static void idle(int n)
{
	int *fds = calloc((size_t)n, sizeof *fds);
	char go;

	for (int i = 0; i < n; i++)
		exchange(fds[i] = reach(), i);
	puts("ready");
	fflush(stdout);
	if (read(STDIN_FILENO, &go, 1) < 0)
		fail();
	for (int i = 0; i < n; i++)
		exchange(fds[i], i + 1);
	free(fds);
}

/* The sender comes last: where it is known, the receivers are. */
static void fan(int n)
{
	int *fds = calloc((size_t)n + 1, sizeof *fds);

	for (int i = 0; i <= n; i++)
		fds[i] = reach();
	sender = fds[n];
	threads(n + 1, take_part, fds);
	free(fds);
}

/* The servers: one thread, which writes without looking whether it can. */

static int epoll, highest;
static int partner[MANY]; /* who gets what comes by a descriptor; 0: it is not open */
static bool ended[MANY], broker;

static void watch(int fd, int other)
{
	struct epoll_event e = { EPOLLIN, { .fd = fd } };

	partner[fd] = other;
	ended[fd] = false;
	highest = fd > highest ? fd : highest;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

static void arrive(void)
{
	int fd = accept(LISTENER, NULL, NULL), other = to ? dial(to) : fd;

	watch(fd, other);
	if (other != fd)
		watch(other, fd);
}

static void leave(int fd)
{
	int other = partner[fd];

	ended[fd] = true;
	shutdown(other, SHUT_WR);
	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
	if (!ended[other])
		return;
	partner[fd] = partner[other] = 0;
	close(fd);
	if (other != fd)
		close(other);
}

static void serve(void)
{
	struct epoll_event events[MESSAGE];
	static char piece[PIECE];

	epoll = epoll_create1(0);
	watch(LISTENER, LISTENER);
	for (int n; (n = epoll_wait(epoll, events, MESSAGE, -1)) > 0;)
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			ssize_t got;
			if (fd == LISTENER)
				arrive();
			else if ((got = read(fd, piece, sizeof piece)) <= 0)
				leave(fd);
			else if (!broker)
				give(partner[fd], piece, (size_t)got);
			else
				for (int all = LISTENER + 1; all <= highest; all++)
					if (partner[all] && all != fd)
						give(all, piece, (size_t)got);
		}
}

static void open_data(size_t length)
{
	int fd = open("data", O_RDONLY);

	size = length;
	data = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		fail();
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	long long numbers[3] = { 0 };
	int n;

	for (int i = 0; i < 3 && i + 2 < argc; i++)
		numbers[i] = atoll(argv[i + 2]);
	if (argc > 6) {
		proxy = argv[5];
		to = atoi(argv[6]);
	}
	signal(SIGPIPE, SIG_IGN);
	port = (int)numbers[0];
	n = (int)numbers[1];
	if (!strcmp(mode, "short")) {
		atomic_store(&left, n);
		threads((int)numbers[2], short_ones, NULL);
	} else if (!strcmp(mode, "trips")) {
		trips(n);
	} else if (!strcmp(mode, "idle")) {
		idle(n);
	} else if (!strcmp(mode, "send") || !strcmp(mode, "sink") || !strcmp(mode, "fan")) {
		open_data((size_t)numbers[2]);
		if (!strcmp(mode, "fan"))
			fan(n);
		else
			threads(n, strcmp(mode, "send") ? sink : send_data, NULL);
	} else {
		to = port;
		broker = !strcmp(mode, "broker");
		serve();
	}
	return (int)verdict;
}
