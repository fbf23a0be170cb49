/* inventory_linux.c - sockets by sock_diag(7) or from /proc/net, and processes from /proc */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/errname.h"
#include "base/lines.h"
#include "base/number.h"
#include "system/inventory.h"
#include "system/inventory_bytecode.h"
#include "system/netlink.h"
#include "proto/procnet.h"

#define SOCK_DIAG 4 /* NETLINK_SOCK_DIAG */
#define SOCK_DIAG_BY_FAMILY 20
#define TCPDIAG_GETSOCK 18
#define ALL_STATES ((1U << INVENTORY_STATES) - 1)
#define ATTRIBUTE_INFO 2
#define ATTRIBUTE_CONGESTION 4
#define ATTRIBUTE_V6ONLY 11
#define ATTRIBUTE_ULP 19
#define ULP_NAME 1
#define EXTENSION(attribute) (1U << ((attribute)-1))
enum { ATTRIBUTE_BYTECODE = 1, ATTRIBUTE_PROTOCOL = 3 }; /* of a question */
#define UNIX_SHOW_NAME 0x01
#define UNIX_SHOW_FILE 0x02 /* UDIAG_SHOW_VFS */
#define UNIX_SHOW_PEER 0x04
#define UNIX_SHOW_QUEUES 0x10
#define UNIX_SHOW_UID 0x40
enum { UNIX_NAME = 0, UNIX_FILE = 1, UNIX_PEER = 2, UNIX_QUEUES = 4, UNIX_UID = 7 };

/* struct inet_diag_sockid */
struct inet_id {
	uint16_t local_port, peer_port; /* as on the wire */
	uint32_t local[4], peer[4], interface, cookie[2];
};

/* struct inet_diag_req_v2, struct inet_diag_msg */
struct inet_request {
	uint8_t family, protocol, extensions, pad;
	uint32_t states;
	struct inet_id id;
};

/* struct inet_diag_req: of TCP in both families */
struct tcp_request {
	uint8_t family, local_bits, peer_bits, extensions;
	struct inet_id id;
	uint32_t states, unused;
};

struct inet_answer {
	uint8_t family, state, timer, retransmits;
	struct inet_id id;
	uint32_t expires, recv_queue, send_queue, uid, inode;
};

/* struct unix_diag_req, struct unix_diag_msg */
struct unix_request {
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t states, inode, show, cookie[2];
};

struct unix_answer {
	uint8_t family, type, state, pad;
	uint32_t inode, cookie[2];
};

struct collecting {
	struct inventory *out;
	struct inventory_socket blank; /* what is known of each before it is read */
	bool failed;		       /* no memory */
};

/* PORT in network order. */
static void set_address(struct address *a, bool six, const void *bytes, uint16_t port,
			uint32_t interface)
{
	address_set_ip(a, six ? AF_INET6 : AF_INET, bytes, ntohs(port));
	if (six && IN6_IS_ADDR_LINKLOCAL(&a->u.in6.sin6_addr))
		a->u.in6.sin6_scope_id = interface;
}

/* ---- sock_diag ---- */

/* Is the N bytes at AT, the attributes of an upper layer on TCP, that of MPTCP? */
static bool ulp_is_mptcp(const char *at, size_t n)
{
	struct netlink_attribute a;

	while (netlink_next(&at, &n, &a))
		if (a.type == ULP_NAME && a.n >= sizeof "mptcp" &&
		    !memcmp(a.data, "mptcp", sizeof "mptcp"))
			return true;
	return false;
}

/* Collects what the N bytes of attributes at AT tell of the connection S. */
static void collect_info(struct collecting *c, struct inventory_socket *s, const char *at, size_t n)
{
	struct netlink_attribute a;
	struct inventory_tcp info = { 0 };
	char congestion[sizeof info.tcp.congestion] = "";
	bool told = false;

	while (netlink_next(&at, &n, &a))
		if (a.type == ATTRIBUTE_INFO) {
			stream_tcp_read(a.data, a.n, &info.tcp);
			told = true;
		} else if (a.type == ATTRIBUTE_CONGESTION && a.n < sizeof congestion) {
			memcpy(congestion, a.data, a.n);
		} else if (a.type == ATTRIBUTE_ULP) {
			info.mptcp = ulp_is_mptcp(a.data, a.n);
		}
	memcpy(info.tcp.congestion, congestion, sizeof congestion);
	if (told && s->peer.length)
		c->failed |= inventory_add_info(c->out, s, &info) < 0;
}

static void collect_inet(void *arg, uint16_t type, const void *payload, size_t n)
{
	struct collecting *c = arg;
	struct inventory_socket s = c->blank;
	struct netlink_attribute attribute;
	struct inet_answer a;
	const char *at;

	if ((type != SOCK_DIAG_BY_FAMILY && type != TCPDIAG_GETSOCK) || n < sizeof a)
		return;
	memcpy(&a, payload, sizeof a);
	s.state = a.state;
	set_address(&s.local, a.family == AF_INET6, a.id.local, a.id.local_port, a.id.interface);
	if (a.id.peer_port)
		set_address(&s.peer, a.family == AF_INET6, a.id.peer, a.id.peer_port,
			    a.id.interface);
	s.interface = a.id.interface;
	s.recv_queue = a.recv_queue;
	s.send_queue = a.send_queue;
	s.uid = a.uid;
	s.inode = a.inode;
	memcpy(&s.cookie, a.id.cookie, sizeof s.cookie);
	at = (const char *)payload + sizeof a;
	n -= sizeof a;
	if (c->out->has_infos && s.protocol == INVENTORY_TCP)
		collect_info(c, &s, at, n);
	while (netlink_next(&at, &n, &attribute))
		if (attribute.type == ATTRIBUTE_V6ONLY && attribute.n > 0)
			s.v6only = *(const char *)attribute.data;
	c->failed |= inventory_add(c->out, &s) < 0;
}

/* A question, and the attributes behind it. */
struct question {
	char bytes[sizeof(struct inet_request) + 16 + BYTECODE_MOST];
	size_t n;
};

static void question_add(struct question *q, const void *bytes, size_t n)
{
	memcpy(q->bytes + q->n, bytes, n);
	q->n += n;
}

/* N is a multiple of four. */
static void question_add_attribute(struct question *q, uint16_t type, const void *bytes, size_t n)
{
	const uint16_t head[2] = { (uint16_t)(sizeof head + n), type };

	question_add(q, head, sizeof head);
	question_add(q, bytes, n);
}

/* Lets the kernel leave out what Q does not ask for. */
static void question_add_bytecode(struct question *question, const struct inventory_query *q)
{
	struct bytecode code;

	inventory_bytecode(q, &code);
	if (code.n > 0)
		question_add_attribute(question, ATTRIBUTE_BYTECODE, code.bytes, code.n);
}

/* Returns the states of a protocol, which CONNECTS or does not, that Q asks for. */
static uint32_t states_asked(const struct inventory_query *q, bool connects)
{
	if (q->listening)
		return 1U << (connects ? INVENTORY_LISTEN : INVENTORY_CLOSE);
	return q->states ? q->states : ALL_STATES;
}

static uint8_t extensions_asked(const struct inventory_query *q)
{
	return q->info ? EXTENSION(ATTRIBUTE_INFO) | EXTENSION(ATTRIBUTE_CONGESTION) : 0;
}

static int diag_inet(struct collecting *c, int family, const struct inventory_query *q)
{
	static const struct {
		uint32_t number;
		bool connects;
	} protocols[] = {
		[INVENTORY_TCP] = { IPPROTO_TCP, true },
		[INVENTORY_MPTCP] = { 262, true },
		[INVENTORY_UDP] = { IPPROTO_UDP, false },
	};
	uint32_t protocol = protocols[c->blank.protocol].number;
	bool wide = protocol > UINT8_MAX;
	struct question question = { 0 };
	/* Before Linux 5.9 nobody looks at the attribute: what is left of 262 is TCP. */
	struct inet_request r = {
		.family = (uint8_t)family,
		.protocol = wide ? 0 : (uint8_t)protocol,
		.extensions = extensions_asked(q),
		.states = states_asked(q, protocols[c->blank.protocol].connects),
	};

	/* The kernel leaves out sockets with another port. */
	if (q->listening && q->port)
		r.id.local_port = htons(q->port);
	question_add(&question, &r, sizeof r);
	if (wide) /* a number of more than a byte */
		question_add_attribute(&question, ATTRIBUTE_PROTOCOL, &protocol, sizeof protocol);
	question_add_bytecode(&question, q);
	return netlink_ask(SOCK_DIAG, SOCK_DIAG_BY_FAMILY, true, question.bytes, question.n,
			   collect_inet, c);
}

/* Asks for TCP in both families at once, by the question of old: the kernel walks through all
 * sockets of the machine once instead of twice. */
static int diag_tcp(struct collecting *c, const struct inventory_query *q)
{
	struct tcp_request r = { .extensions = extensions_asked(q),
				 .states = states_asked(q, true) };
	struct question question = { 0 };

	if (q->listening && q->port)
		r.id.local_port = htons(q->port);
	question_add(&question, &r, sizeof r);
	question_add_bytecode(&question, q);
	return netlink_ask(SOCK_DIAG, TCPDIAG_GETSOCK, true, question.bytes, question.n,
			   collect_inet, c);
}

/* Makes *A the UNIX socket whose name the kernel tells as N bytes at PATH. */
static void set_path(struct address *a, const void *path, size_t n)
{
	if (n == 0 || n > sizeof a->u.un.sun_path)
		return;
	a->u.un.sun_family = AF_UNIX;
	memcpy(a->u.un.sun_path, path, n);
	a->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

/* Turns the kernel's own number of a device, 12 bits of major and 20 of minor, into stat(2)'s. */
static uint64_t device(uint32_t number)
{
	uint64_t major = number >> 20, minor = number & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~(uint64_t)0xff) << 12;
}

static void collect_unix(void *arg, uint16_t type, const void *payload, size_t n)
{
	struct collecting *c = arg;
	struct inventory_socket s = c->blank;
	struct netlink_attribute attribute;
	struct unix_answer a;
	const char *at;
	uint32_t numbers[2];

	if (type != SOCK_DIAG_BY_FAMILY || n < sizeof a)
		return;
	memcpy(&a, payload, sizeof a);
	s.type = a.type;
	s.state = a.state;
	s.inode = a.inode;
	memcpy(&s.cookie, a.cookie, sizeof s.cookie);
	at = (const char *)payload + sizeof a;
	n -= sizeof a;
	while (netlink_next(&at, &n, &attribute)) {
		memset(numbers, 0, sizeof numbers);
		memcpy(numbers, attribute.data,
		       attribute.n < sizeof numbers ? attribute.n : sizeof numbers);
		if (attribute.type == UNIX_NAME) {
			set_path(&s.local, attribute.data, attribute.n);
		} else if (attribute.type == UNIX_FILE) {
			s.file_inode = numbers[0];
			s.file_device = device(numbers[1]);
		} else if (attribute.type == UNIX_PEER) {
			s.peer_inode = numbers[0];
		} else if (attribute.type == UNIX_QUEUES) {
			s.recv_queue = numbers[0];
			s.send_queue = numbers[1];
		} else if (attribute.type == UNIX_UID) {
			s.uid = numbers[0];
		}
	}
	c->failed |= inventory_add(c->out, &s) < 0;
}

static int diag_unix(struct collecting *c)
{
	const struct unix_request r = {
		.family = AF_UNIX,
		.states = ALL_STATES,
		.show = UNIX_SHOW_NAME | UNIX_SHOW_FILE | UNIX_SHOW_PEER | UNIX_SHOW_QUEUES |
			UNIX_SHOW_UID,
	};

	return netlink_ask(SOCK_DIAG, SOCK_DIAG_BY_FAMILY, true, &r, sizeof r, collect_unix, c);
}

/* ---- /proc/net ---- */

static void collect_inet_line(struct collecting *c, const char *line, size_t n)
{
	struct inventory_socket s = c->blank;
	struct procnet_inet l;

	if (!procnet_read_inet(line, n, &l))
		return;
	s.state = l.state;
	set_address(&s.local, l.six, l.local, htons(l.local_port), 0);
	if (l.peer_port)
		set_address(&s.peer, l.six, l.peer, htons(l.peer_port), 0);
	s.recv_queue = l.recv_queue;
	s.send_queue = l.send_queue;
	s.uid = l.uid;
	s.inode = l.inode;
	c->failed |= inventory_add(c->out, &s) < 0;
}

static void collect_unix_line(struct collecting *c, const char *line, size_t n)
{
	struct inventory_socket s = c->blank;
	char path[sizeof s.local.u.un.sun_path + 1];
	struct procnet_unix l;
	size_t length;

	if (!procnet_read_unix(line, n, &l))
		return;
	s.type = l.type;
	s.state = l.listens   ? INVENTORY_LISTEN :
		  l.connected ? INVENTORY_ESTABLISHED :
				INVENTORY_CLOSE;
	s.inode = l.inode;
	length = l.path_n < sizeof path - 1 ? l.path_n : sizeof path - 1;
	if (length > 0) {
		memcpy(path, l.path, length);
		path[length] = '\0';
		if (*path == '@')
			*path = '\0';
		/* A path counts its NUL too. */
		length += *path && length < sizeof s.local.u.un.sun_path;
		set_path(&s.local, path, length);
	}
	c->failed |= inventory_add(c->out, &s) < 0;
}

static int read_table(struct collecting *c, const char *path)
{
	struct lines l;

	lines_open(&l, path);
	while (lines_next(&l))
		if (c->blank.protocol == INVENTORY_UNIX)
			collect_unix_line(c, l.line, l.length);
		else
			collect_inet_line(c, l.line, l.length);
	return lines_close(&l);
}

/* ---- both ---- */

static const struct kernel_table {
	enum inventory_protocol protocol;
	int family;
	char path[16];
} tables[] = {
	{ INVENTORY_TCP, AF_UNSPEC, "" }, /* else the next two */
	{ INVENTORY_TCP, AF_INET, "/proc/net/tcp" },
	{ INVENTORY_TCP, AF_INET6, "/proc/net/tcp6" },
	{ INVENTORY_MPTCP, AF_INET, "" }, /* no file has them */
	{ INVENTORY_MPTCP, AF_INET6, "" },
	{ INVENTORY_UDP, AF_INET, "/proc/net/udp" },
	{ INVENTORY_UDP, AF_INET6, "/proc/net/udp6" },
	{ INVENTORY_UNIX, AF_UNIX, "/proc/net/unix" },
};

static bool is_asked_for(const struct kernel_table *t, const struct inventory_query *q)
{
	return q->wanted[t->protocol] &&
	       (t->protocol == INVENTORY_UNIX || q->family == AF_UNSPEC || q->family == t->family);
}

static int diag_table(struct collecting *c, const struct kernel_table *t,
		      const struct inventory_query *q)
{
	return t->family == AF_UNIX   ? diag_unix(c) :
	       t->family == AF_UNSPEC ? diag_tcp(c, q) :
					diag_inet(c, t->family, q);
}

/* Collects the sockets of T. Returns 0, or -1 with errno. */
static int collect_table(struct collecting *c, const struct kernel_table *t,
			 const struct inventory_query *q)
{
	size_t before = c->out->n;
	int error;

	if (diag_table(c, t, q) == 0)
		return 0;
	error = errno;
	c->out->n = before;
	/* The files tell less, and want of memory is no reason for that. */
	if (!errno_is_lack(error) && read_table(c, t->path) == 0)
		return 0;
	if (!errno_is_lack(errno))
		errno = error;
	return -1;
}

int inventory_list(const struct inventory_query *q, struct inventory *out)
{
	int error = 0;
	bool any = false;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		const struct kernel_table *t = &tables[i];
		struct collecting c = {
			.out = out,
			.blank = { .protocol = t->protocol,
				   .type = t->protocol == INVENTORY_UDP ? SOCK_DGRAM : SOCK_STREAM,
				   .recv_queue = UNSET,
				   .send_queue = UNSET,
				   .uid = UNSET },
		};

		if (!is_asked_for(t, q))
			continue;
		/* A family that this kernel does not know has no file either. */
		if (collect_table(&c, t, q) == 0)
			any = true;
		else
			error = errno;
		if (any && t->family == AF_UNSPEC)
			i += 2;
		if (c.failed || errno_is_lack(error)) {
			errno = c.failed ? ENOMEM : error;
			return -1;
		}
	}
	if (!any)
		errno = error;
	return any ? 0 : -1;
}

/* ---- what tells of changes ---- */

int inventory_listen(void)
{
	/* SKNLGRP_INET_TCP_DESTROY, INET_UDP, INET6_TCP, INET6_UDP; there is none for a beginning.
	 */
	return netlink_listen(SOCK_DIAG, 0xf);
}

/* Adds the N BYTES to HASH (FNV-1a). */
static uint64_t pulse_add(uint64_t hash, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
	return hash;
}

/* Adds to HASH what LINE of a table of sockets counts: those in use and in TIME-WAIT, for its other
 * numbers are of the whole machine. */
static uint64_t pulse_add_counts(uint64_t hash, const char *line)
{
	static const char words[][8] = { " inuse ", " tw " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at = strstr(line, words[i]);
		if (at)
			at += strlen(words[i]);
		if (at)
			hash = pulse_add(hash, at, strcspn(at, " "));
	}
	return hash;
}

int inventory_read_pulse(uint64_t *pulse)
{
	/* All counters of segments and datagrams; sockets, of IPv6 where there is that. */
	static const char paths[][20] = { "/proc/net/snmp", "/proc/net/sockstat",
					  "/proc/net/sockstat6" };
	int status = 0;

	*pulse = 0xcbf29ce484222325U;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct lines l;
		lines_open(&l, paths[i]);
		while (lines_next(&l))
			if (strncasecmp(l.line, "tcp", 3) == 0 ||
			    strncasecmp(l.line, "udp", 3) == 0)
				*pulse = i == 0 ? pulse_add(*pulse, l.line, l.length) :
						  pulse_add_counts(*pulse, l.line);
		if (lines_close(&l) < 0 && i < 2)
			status = -1;
	}
	return status;
}

/* ---- whose they are ---- */

/* Returns INODE, if LINK of DIR is `socket:[INODE]`, else 0. */
static uint64_t inode_of(int dir, const char *link)
{
	char text[32];
	ssize_t n = readlinkat(dir, link, text, sizeof text);
	uint64_t inode = 0;

	if (n <= 9 || n == sizeof text || memcmp(text, "socket:[", 8) != 0)
		return 0;
	for (ssize_t i = 8; i < n && text[i] >= '0' && text[i] <= '9'; i++)
		inode = 10 * inode + (uint64_t)(text[i] - '0');
	return inode;
}

static void read_program(int process, char *program, size_t size)
{
	int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, program, size - 1);

	close_keeping_errno(fd);
	n = n < 0 ? 0 : n;
	program[n] = '\0';
	program[strcspn(program, "\n")] = '\0';
}

/* Adds to T the sockets of the process PID, whose directory is PROCESS. Returns 0, or -1 with
 * errno.
 */
static int scan_process(struct inodes *t, int process, int64_t pid)
{
	struct inventory_owner owner = { .pid = pid };
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		close_keeping_errno(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir))) {
		uint64_t inode = *entry->d_name == '.' ? 0 : inode_of(fd, entry->d_name);
		if (!inode || !inodes_has(t, inode))
			continue;
		if (owner.inode == 0) /* its name is read for the first of them */
			read_program(process, owner.program, sizeof owner.program);
		owner.inode = inode;
		inodes_add_owner(t, &owner);
	}
	error = errno;
	closedir(dir);
	errno = error;
	return error ? -1 : 0;
}

int inventory_scan(struct inodes *t)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int error = 0;

	if (!proc)
		return -1;
	while (errno = 0, !error && (entry = readdir(proc))) {
		int64_t pid;
		int process;

		if (number_parse(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue;
		process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* One may have ended, or be none of ours. */
		if ((process < 0 || scan_process(t, process, pid) < 0) && errno_is_lack(errno))
			error = errno;
		close_keeping_errno(process);
	}
	error = error ? error : errno;
	closedir(proc);
	errno = error;
	return error ? -1 : 0;
}
