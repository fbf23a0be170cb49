/* lookup_task_linux.c - names of hosts and addresses, by calls that threads may make at once */
#define _GNU_SOURCE /* gethostbyname2_r, gethostbyaddr_r, EAI_NODATA */
#include "names/lookup_task.h"

#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"

#define ROOM_MOST (1 << 20)

#ifndef AI_IDN /* of glibc alone */
#define AI_IDN 0x40
#endif
#ifndef EAI_IDN_ENCODE
#define EAI_IDN_ENCODE EAI_BADFLAGS
#endif

/* One of the two calls, repeated until BUFFER is large enough. Returns 0 with *FOUND, or an EAI
 * error. */
static int call(const char *host, int family, const struct address *address, struct hostent *entry,
		char **buffer, struct hostent **found)
{
	int h = HOST_NOT_FOUND, status = ERANGE;

	*buffer = NULL;
	*found = NULL;
	for (size_t size = 4096; status == ERANGE && size <= ROOM_MOST; size *= 4) {
		free(*buffer);
		*buffer = malloc(size);
		if (!*buffer)
			return EAI_MEMORY;
		if (host)
			status = gethostbyname2_r(host, family, entry, *buffer, size, found, &h);
		else if (address && address->u.sa.sa_family == AF_INET)
			status = gethostbyaddr_r(&address->u.in.sin_addr, 4, AF_INET, entry,
						 *buffer, size, found, &h);
		else if (address)
			status = gethostbyaddr_r(&address->u.in6.sin6_addr, 16, AF_INET6, entry,
						 *buffer, size, found, &h);
	}
	if (*found)
		return 0;
	switch (h) {
	case TRY_AGAIN:
		return EAI_AGAIN;
	case NO_RECOVERY:
		return EAI_FAIL;
	case HOST_NOT_FOUND:
	case NO_DATA:
		return EAI_NONAME;
	default:
		errno = status ? status : errno;
		return EAI_SYSTEM;
	}
}

static void add_all(const struct hostent *h, struct lookup_names *out)
{
	if (h->h_name)
		lookup_names_add(out, h->h_name);
	for (char **alias = h->h_aliases; alias && *alias; alias++)
		lookup_names_add(out, *alias);
}

int lookup_aliases(const char *host, int family, struct lookup_names *out)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct hostent entry, *found;
	char *buffer;

	for (size_t i = 0; i < 2; i++) {
		int eai, error;
		if (family != AF_UNSPEC && family != families[i])
			continue;
		eai = call(host, families[i], NULL, &entry, &buffer, &found);
		error = errno;
		if (eai == 0)
			add_all(found, out);
		free(buffer);
		errno = error;
		if (eai == EAI_MEMORY || (eai == EAI_SYSTEM && errno_is_lack(error)))
			return eai;
	}
	return 0;
}

int lookup_by_tables(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **list)
{
	/* A name is in the encoding of the locale for glibc, which loads libidn2; musl says
	 * EAI_BADFLAGS. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before;
	struct addrinfo with = *hints;
	int eai = EAI_BADFLAGS;

	if (!utf8)
		return eai;
	before = uselocale(utf8);
	with.ai_flags |= AI_IDN;
	eai = getaddrinfo(node, service, &with, list);
	uselocale(before);
	freelocale(utf8);
	return eai == EAI_IDN_ENCODE ? EAI_BADFLAGS : eai;
}

bool lookup_reads_nsswitch(void)
{
	return confstr(_CS_GNU_LIBC_VERSION, NULL, 0) > 1;
}

bool lookup_is_musl(void)
{
	return !lookup_reads_nsswitch();
}

int lookup_address_names(const struct address *address, struct lookup_names *out)
{
	struct hostent entry, *found;
	char *buffer, name[NI_MAXHOST], number[ADDRESS_TEXT];
	int eai = call(NULL, 0, address, &entry, &buffer, &found);

	/* Some say the number itself where there is no name. */
	if (eai == 0 && found->h_name && !strcmp(found->h_name, address_host(address, number)))
		eai = EAI_NONAME;
	if (eai == 0)
		add_all(found, out);
	free(buffer);
	/* A zone it does not know. */
	if (eai == EAI_NONAME && address->u.sa.sa_family == AF_INET6 &&
	    address->u.in6.sin6_scope_id &&
	    getnameinfo(&address->u.sa, address->length, name, sizeof name, NULL, 0, NI_NAMEREQD) ==
		    0) {
		lookup_names_add(out, name);
		eai = 0;
	}
	return eai;
}
