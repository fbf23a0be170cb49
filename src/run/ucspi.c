/* ucspi.c - the environment of a command: who its peer is, and on which of our addresses */
#include "run/ucspi.h"

#include <stdio.h>
#include <string.h>

#include "sock/vsock.h"

/* NAME came from outside: pass on only what a host name can be. */
static bool ucspi_is_host_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	return *name && *name != '-' && name[strspn(name, letters)] == '\0';
}

/* Sets the variable whose name begins with PROTO and SIDE (`REMOTE`, `LOCAL`). */
static void ucspi_set(struct spawn_environment *e, const char *proto, const char *side,
		      const char *what, const char *value)
{
	char name[32];

	snprintf(name, sizeof name, "%s%s%s", proto, side, what);
	spawn_environment_set(e, name, value);
}

static void ucspi_set_number(struct spawn_environment *e, const char *proto, const char *side,
			     const char *what, long long number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", number);
	ucspi_set(e, proto, side, what, text);
}

static void ucspi_set_address(struct spawn_environment *e, const char *proto, const char *side,
			      const struct address *a)
{
	/* Only the name is known of a place that a proxy looked up. */
	if (a->u.sa.sa_family != AF_UNSPEC) {
		char text[ADDRESS_TEXT];
		ucspi_set(e, proto, side, "IP", address_host(a, text));
	}
	ucspi_set_number(e, proto, side, "PORT", address_port(a));
}

static void ucspi_describe_ip(struct spawn_environment *e, const char *proto,
			      const struct address *peer, const struct address *local,
			      const char *host)
{
	spawn_environment_set(e, "PROTO", proto);
	ucspi_set_address(e, proto, "REMOTE", peer);
	if (local)
		ucspi_set_address(e, proto, "LOCAL", local);
	if (host && ucspi_is_host_name(host))
		ucspi_set(e, proto, "REMOTE", "HOST", host);
}

/* Sets the path of A, if A has one. */
static void ucspi_set_path(struct spawn_environment *e, const char *side, const struct address *a)
{
	char text[ADDRESS_TEXT];
	const char *path = address_host(a, text) + strlen("unix:");

	if (*path)
		ucspi_set(e, "UNIX", side, "PATH", path);
}

static void ucspi_describe_unix(struct spawn_environment *e, const struct address *peer,
				const struct address *local)
{
	const struct address_who *who = &peer->who;

	spawn_environment_set(e, "PROTO", "UNIX");
	if (local)
		ucspi_set_path(e, "LOCAL", local);
	ucspi_set_path(e, "REMOTE", peer);
	if (!who->known)
		return;
	ucspi_set_number(e, "UNIX", "REMOTE", "PID", (long long)who->pid);
	ucspi_set_number(e, "UNIX", "REMOTE", "EUID", (long long)who->uid);
	ucspi_set_number(e, "UNIX", "REMOTE", "EGID", (long long)who->gid);
}

/* Returns what stands in TEXT behind the first of BEGINNINGS that it has, or NULL. */
static const char *ucspi_behind(const char *text, const char (*beginnings)[16])
{
	for (; **beginnings; beginnings++) {
		size_t n = strlen(*beginnings);
		if (!strncmp(text, *beginnings, n))
			return text + n;
	}
	return NULL;
}

/* Is VARIABLE another such program's, or of our own service manager? ...CONNNUM and TCP6... are of
 * s6-networking, ...CONCURRENCY and ...ORIGDST... of ipsvd and busybox. */
static bool ucspi_is_stale(const char *variable)
{
	static const char whole[][16] = { "PROTO=",	     "LISTEN_FDS",     "LISTEN_PID",
					  "LISTEN_FDNAMES=", "NOTIFY_SOCKET=", "" };
	static const char protocols[][16] = { "TCP6", "TCP",  "UDP",   "SSL",
					      "IPC",  "UNIX", "VSOCK", "" };
	static const char parts[][16] = { "REMOTE",	  "LOCAL",   "CONNNUM=",
					  "CONCURRENCY=", "ORIGDST", "" };
	const char *rest = ucspi_behind(variable, protocols);

	return ucspi_behind(variable, whole) || (rest && ucspi_behind(rest, parts));
}

void ucspi_describe(struct spawn_environment *e, const char *proto, const struct address *peer,
		    const struct address *local, const char *host)
{
	uint32_t cid, port;

	spawn_environment_inherit(e, ucspi_is_stale);
	if (peer->u.sa.sa_family == AF_UNIX || (local && local->u.sa.sa_family == AF_UNIX)) {
		ucspi_describe_unix(e, peer, local);
	} else if (vsock_get(peer, &cid, &port)) {
		spawn_environment_set(e, "PROTO", "VSOCK");
		ucspi_set_number(e, "VSOCK", "REMOTE", "CID", cid);
		ucspi_set_number(e, "VSOCK", "REMOTE", "PORT", port);
		if (local && vsock_get(local, &cid, &port)) {
			ucspi_set_number(e, "VSOCK", "LOCAL", "CID", cid);
			ucspi_set_number(e, "VSOCK", "LOCAL", "PORT", port);
		}
	} else {
		ucspi_describe_ip(e, proto, peer, local, host);
	}
}
