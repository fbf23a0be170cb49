/* lookup_task_portable.c - the names of hosts and addresses by what POSIX has: one name of an
 * address, and no aliases of a host but the word itself */
#define _DEFAULT_SOURCE /* NI_MAXHOST */
#include "names/lookup_task.h"

#include <netdb.h>
#include <sys/stat.h>

int lookup_aliases(const char *host, int family, struct lookup_names *out)
{
	(void)family;
	return out->n && lookup_names_add(out, host) < 0 ? EAI_MEMORY : 0;
}

int lookup_by_tables(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **list)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)list;
	return EAI_BADFLAGS;
}

bool lookup_reads_nsswitch(void)
{
	struct stat st;

	return stat("/etc/nsswitch.conf", &st) == 0;
}

bool lookup_is_musl(void)
{
	return false; /* nobody can say */
}

int lookup_address_names(const struct address *address, struct lookup_names *out)
{
	char name[NI_MAXHOST];
	int eai = getnameinfo(&address->u.sa, address->length, name, sizeof name, NULL, 0,
			      NI_NAMEREQD);

	if (eai == 0 && lookup_names_add(out, name) < 0)
		eai = EAI_MEMORY;
	return eai;
}
