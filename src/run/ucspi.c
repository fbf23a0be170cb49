#include "run/ucspi.h"

#include <stdio.h>
#include <string.h>

void ucspi_inherit(struct spawn_environment *e)
{
	static const char *const stale[] = {
		"PROTO=",	  "TCPREMOTE",	 "TCPLOCAL",	   "UDPREMOTE",
		"UDPLOCAL",	  "SSLREMOTE",	 "SSLLOCAL",	   "UNIXREMOTE",
		"UNIXLOCAL",	  "VSOCKREMOTE", "VSOCKLOCAL",	   "LISTEN_FDS",
		"LISTEN_FDNAMES", "LISTEN_PID",	 "NOTIFY_SOCKET=", NULL
	};

	spawn_environment_inherit(e, stale);
}

/* A name is not ours: it may only be what a host's name can be. */
static bool is_host_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	return *name && *name != '-' && name[strspn(name, letters)] == '\0';
}

static void set(struct spawn_environment *e, const char *proto, const char *what, const char *value)
{
	char name[32];

	snprintf(name, sizeof name, "%s%s", proto, what);
	spawn_environment_set(e, name, value);
}

static void set_address(struct spawn_environment *e, const char *proto, const char *side,
			const struct address *a)
{
	char port[8], what[16];

	/* Of a place behind a proxy that looked it up only the name is known. */
	if (a->u.sa.sa_family != AF_UNSPEC) {
		char text[ADDRESS_TEXT];
		snprintf(what, sizeof what, "%sIP", side);
		set(e, proto, what, address_host(a, text));
	}
	snprintf(what, sizeof what, "%sPORT", side);
	snprintf(port, sizeof port, "%u", address_port(a));
	set(e, proto, what, port);
}

void ucspi_describe(struct spawn_environment *e, const char *proto, const struct address *peer,
		    const struct address *local, const char *host)
{
	spawn_environment_set(e, "PROTO", proto);
	set_address(e, proto, "REMOTE", peer);
	if (local)
		set_address(e, proto, "LOCAL", local);
	if (host && is_host_name(host))
		set(e, proto, "REMOTEHOST", host);
}

/* NAME is the path of A, if it has any. */
static void set_path(struct spawn_environment *e, const char *name, const struct address *a)
{
	char text[ADDRESS_TEXT];
	const char *path = address_host(a, text) + strlen("unix:");

	if (*path)
		spawn_environment_set(e, name, path);
}

static void set_id(struct spawn_environment *e, const char *name, long long number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", number);
	spawn_environment_set(e, name, text);
}

void ucspi_describe_unix(struct spawn_environment *e, const struct address *peer,
			 const struct address *local)
{
	const struct address_who *who = &peer->who;

	spawn_environment_set(e, "PROTO", "UNIX");
	set_path(e, "UNIXLOCALPATH", local);
	set_path(e, "UNIXREMOTEPATH", peer);
	if (!who->known)
		return;
	set_id(e, "UNIXREMOTEPID", (long long)who->pid);
	set_id(e, "UNIXREMOTEEUID", (long long)who->uid);
	set_id(e, "UNIXREMOTEEGID", (long long)who->gid);
}
