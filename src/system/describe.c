/* describe.c - what the kernel tells of a socket */
#define _DEFAULT_SOURCE /* IF_NAMESIZE */
#include "system/describe.h"

#include <net/if.h>
#include <stdio.h>

#include "base/number.h"
#include "system/inventory.h"
#include "sock/sockopt.h"
#include "sock/stream.h"
#include "sock/vsock.h"

const char *describe_family(int family)
{
	struct address vsock;

	if (vsock_set(&vsock, 0, 0) == 0 && vsock.u.sa.sa_family == family)
		return "vsock";
	return family == AF_INET  ? "inet" :
	       family == AF_INET6 ? "inet6" :
	       family == AF_UNIX  ? "unix" :
				    NULL;
}

static const char *type_name(int type)
{
	return type == SOCK_STREAM    ? "stream" :
	       type == SOCK_DGRAM     ? "dgram" :
	       type == SOCK_SEQPACKET ? "seqpacket" :
	       type == SOCK_RAW	      ? "raw" :
					NULL;
}

static const char *protocol_name(int protocol)
{
	static const struct {
		int number;
		char name[8];
	} names[] = {
		{ IPPROTO_ICMP, "icmp" }, { IPPROTO_TCP, "tcp" },	{ IPPROTO_UDP, "udp" },
		{ 132, "sctp" },	  { IPPROTO_ICMPV6, "icmpv6" }, { 136, "udplite" },
		{ 262, "mptcp" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == protocol)
			return names[i].name;
	return NULL;
}

const char *describe_place(const struct address *a, char *text)
{
	char host[ADDRESS_TEXT];

	if (a->u.sa.sa_family == AF_UNIX)
		snprintf(text, DESCRIBE_PLACE, "%s", address_host(a, host));
	else
		snprintf(text, DESCRIBE_PLACE, "%s %lu", address_host(a, host),
			 (unsigned long)address_any_port(a));
	return text;
}

void describe_address(struct facts *f, const char *key, const struct address *a)
{
	char text[DESCRIBE_PLACE];

	if (a->length == 0)
		return;
	address_json(&f->json, key, a);
	table_cell(&f->table, "%s", key);
	table_cell(&f->table, "%s", describe_place(a, text));
	table_end_row(&f->table);
}

void describe_host(struct facts *f, const char *key, const struct address *a)
{
	if (a->length) {
		char text[ADDRESS_TEXT];
		facts_word(f, key, address_host(a, text));
	}
}

/* Adds NAME or, if that is NULL, the number. */
static void describe_kind(struct facts *r, const char *key, const char *name, int number)
{
	char word[16];

	snprintf(word, sizeof word, "%d", number);
	facts_word(r, key, name ? name : word);
}

void describe_interface(struct facts *r, unsigned index)
{
	char name[IF_NAMESIZE];

	if (index && if_indextoname(index, name))
		facts_word(r, "interface", name);
}

static void describe_tcp(struct facts *r, const struct stream_tcp *t)
{
	facts_word(r, "state", inventory_state(INVENTORY_TCP, t->state));
	if (*t->congestion)
		facts_word(r, "congestion", t->congestion);
	if (t->state != INVENTORY_LISTEN && t->state != INVENTORY_CLOSE)
		tcp_info_facts(r, t);
}

int describe_number(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

/* Returns the state of FD as far as POSIX tells it. */
static const char *plain_state(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;

	if (describe_number(fd, SO_ACCEPTCONN) > 0)
		return "listen";
	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 ? "established" :
								       "unconnected";
}

void describe_name(int fd, bool peer, struct address *out)
{
	*out = (struct address){ .length = sizeof out->u };
	if ((peer ? getpeername(fd, &out->u.sa, &out->length) :
		    getsockname(fd, &out->u.sa, &out->length)) < 0 ||
	    out->length > sizeof out->u || !describe_family(out->u.sa.sa_family) ||
	    (out->u.sa.sa_family == AF_UNIX &&
	     out->length <= offsetof(struct sockaddr_un, sun_path)))
		out->length = 0;
}

void describe_socket(struct facts *r, int fd, const struct address *local,
		     const struct address *peer)
{
	struct sockaddr_storage any = { 0 };
	socklen_t size = sizeof any;
	int type = describe_number(fd, SO_TYPE), protocol = stream_protocol(fd), family;
	struct stream_tcp tcp;

	family = getsockname(fd, (struct sockaddr *)&any, &size) < 0 ? 0 : any.ss_family;
	if (protocol < 0 && address_family_is_ip(family))
		protocol = type == SOCK_STREAM ? IPPROTO_TCP :
			   type == SOCK_DGRAM  ? IPPROTO_UDP :
						 -1;
	describe_kind(r, "family", describe_family(family), family);
	describe_kind(r, "type", type_name(type), type);
	if (protocol > 0)
		describe_kind(r, "protocol", protocol_name(protocol), protocol);
	describe_address(r, "local", local);
	describe_address(r, "peer", peer);
	if (type == SOCK_STREAM && family != AF_UNIX && stream_tcp(fd, &tcp) == 0)
		describe_tcp(r, &tcp);
	else
		facts_word(r, "state", plain_state(fd));
}

void describe_options(struct facts *r, int fd, int family)
{
	const struct sockopt_row *row;
	char value[64];

	json_open(&r->json, "options", '{');
	for (size_t i = 0; (row = sockopt_row(i)); i++)
		if (sockopt_read(fd, family, row, value, sizeof value) == 0)
			facts_word(r, row->name, *value || r->as_json ? value : "-");
	json_close(&r->json, '}');
}
