/* cause.c - why a call on a socket has failed: files, interfaces, routes, firewalls, rights */
#define _DEFAULT_SOURCE /* faccessat's AT_EACCESS */
#include "system/cause.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sock/unix.h"
#include "system/interfaces.h"
#include "system/inventory.h"
#include "system/route.h"

#define INTERFACES_MOST 3 /* named in a message */

/* ---- UNIX sockets ---- */

/* Finds the socket that has Q's name, into *OUT, and says who has it: `nginx (process 7)`, in TEXT
 * of SIZE bytes. Returns false if nobody has. */
static bool cause_find_owner(const struct cause_question *q, struct inventory_socket *out,
			     char *text, size_t size)
{
	struct inventory found;

	if (!inventory_find_holder(SOCK_STREAM, q->address, &found))
		return false;
	*out = found.sockets[0];
	inventory_owner_text(&found, &found.sockets[0], text, size);
	inventory_free(&found);
	return true;
}

static void cause_of_path_refusal(const struct cause_question *q, const char *path, char *text)
{
	struct inventory_socket socket;
	char owner[64];
	struct stat s;

	if (path && stat(path, &s) == 0 && !S_ISSOCK(s.st_mode))
		snprintf(text, CAUSE_TEXT, "it is %s, no socket",
			 S_ISDIR(s.st_mode)  ? "a directory" :
			 S_ISREG(s.st_mode)  ? "a file" :
			 S_ISFIFO(s.st_mode) ? "a FIFO" :
					       "a device");
	else if (cause_find_owner(q, &socket, owner, sizeof owner))
		snprintf(text, CAUSE_TEXT, "%s has this socket, and does not listen", owner);
	else
		snprintf(text, CAUSE_TEXT, "nobody has this %s%s", path ? "socket" : "name",
			 path ? " any more" : "");
}

/* PATH, or one of its directories, is not ours to use: finds which. */
static void cause_of_path_right(const struct cause_question *q, const char *path, char *text)
{
	char directory[PATH_MAX];
	const char *slash = path;
	struct stat s;

	while ((slash = strchr(slash + 1, '/'))) {
		snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
		if (faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) < 0 && errno == EACCES) {
			snprintf(text, CAUSE_TEXT, "the directory %.256s may not be searched",
				 directory);
			return;
		}
	}
	if (q->binds)
		snprintf(text, CAUSE_TEXT, "its directory may not be written to");
	else if (stat(path, &s) == 0)
		snprintf(text, CAUSE_TEXT,
			 "it may not be written to: its mode is %03o, and user %ld has it",
			 (unsigned)s.st_mode & 07777, (long)s.st_uid);
}

static void cause_of_unix(const struct cause_question *q, char *text)
{
	static const struct {
		int type;
		char name[10];
	} types[] = { { SOCK_STREAM, "stream" },
		      { SOCK_DGRAM, "dgram" },
		      { SOCK_SEQPACKET, "seqpacket" } };
	const char *path = unix_path(q->address);
	struct inventory_socket socket;
	char owner[64];

	if (q->error == ECONNREFUSED && !q->binds)
		cause_of_path_refusal(q, path, text);
	else if (q->error == EACCES && path)
		cause_of_path_right(q, path, text);
	else if (q->error == ENOENT && path && q->binds)
		snprintf(text, CAUSE_TEXT, "its directory is not there");
	if (q->error != EPROTOTYPE)
		return;
	snprintf(text, CAUSE_TEXT, "see sockit unix --type");
	if (!cause_find_owner(q, &socket, owner, sizeof owner))
		return;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == socket.type)
			snprintf(text, CAUSE_TEXT, "its type is %s: see sockit unix --type",
				 types[i].name);
}

/* ---- IP ---- */

/* Is A an address of which each link has its own, without the link being named? */
static bool cause_lacks_zone(const struct address *a)
{
	const struct in6_addr *in6 = &a->u.in6.sin6_addr;

	return a->u.sa.sa_family == AF_INET6 && a->u.in6.sin6_scope_id == 0 &&
	       (IN6_IS_ADDR_LINKLOCAL(in6) || IN6_IS_ADDR_MC_LINKLOCAL(in6));
}

/* Asks for the zone of A, and names those that there are. */
static void cause_ask_zone(const struct address *a, char *text)
{
	struct interface *list = NULL;
	size_t n = 0, named = 0, used;
	unsigned last = 0;
	char host[ADDRESS_TEXT];

	used = (size_t)snprintf(text, CAUSE_TEXT, "which interface? %s", address_host(a, host));
	if (interfaces_get(&list, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n && named < INTERFACES_MOST; i++) {
		const struct address *own = &list[i].address;
		/* Each that can be meant has such an address of its own, or several, which follow
		 * each other. */
		if (!(list[i].flags & IFF_UP) || own->length == 0 ||
		    own->u.sa.sa_family != AF_INET6 ||
		    !IN6_IS_ADDR_LINKLOCAL(&own->u.in6.sin6_addr) || list[i].index == last)
			continue;
		last = list[i].index;
		used += (size_t)snprintf(text + used, CAUSE_TEXT - used, "%s%%%s",
					 named++ ? ", " : "", list[i].name);
	}
	if (named == 0)
		snprintf(text + used, CAUSE_TEXT - used, "%%IFACE");
	free(list);
}

/* Is there a route that says what the call has said? */
static void cause_of_route(const struct cause_question *q, char *text)
{
	struct route_refusal r;

	if (route_refuses(q->address, q->error, &r)) {
		char net[ADDRESS_TEXT];
		snprintf(text, CAUSE_TEXT, "this machine has the route '%s %s/%u'", r.kind,
			 address_host(&r.net, net), r.bits);
	}
}

static void cause_of_ip(const struct cause_question *q, char *text)
{
	int first;

	if (cause_lacks_zone(q->address) && (q->error == EINVAL || q->error == ENETUNREACH)) {
		cause_ask_zone(q->address, text);
	} else if (!q->binds && q->error == EPERM) {
		snprintf(text, CAUSE_TEXT, "a firewall of this machine does not let it out");
	} else if (!q->binds) {
		cause_of_route(q, text);
	} else if (q->error == EACCES) {
		first = cause_first_port();
		if (address_port(q->address) && address_port(q->address) < first)
			snprintf(text, CAUSE_TEXT,
				 "ports under %d are root's (net.ipv4.ip_unprivileged_port_start)",
				 first);
	}
}

const char *cause_find(const struct cause_question *q, char *text)
{
	*text = '\0';
	if (q->address->u.sa.sa_family == AF_UNIX)
		cause_of_unix(q, text);
	else if (address_is_ip(q->address))
		cause_of_ip(q, text);
	return text;
}
