/* resolvconf.h - resolv.conf(5): which servers are asked, and how */
#ifndef PROTO_RESOLVCONF_H
#define PROTO_RESOLVCONF_H

#include <stdbool.h>
#include <stddef.h>

#define RESOLVCONF_SERVERS 3 /* more the system does not ask either */
#define RESOLVCONF_SEARCH 32
#define RESOLVCONF_WORD 256

struct resolvconf {
	size_t n_servers, n_search;
	size_t more_servers;				   /* that are named there and not asked */
	char servers[RESOLVCONF_SERVERS][RESOLVCONF_WORD]; /* as they stand there */
	char search[RESOLVCONF_SEARCH][RESOLVCONF_WORD];
	size_t server_lines[RESOLVCONF_SERVERS], search_line; /* their numbers, 0: there is none */
	unsigned ndots, timeout, attempts;		      /* timeout in seconds */
};

/* The N bytes at TEXT into *OUT, with the defaults of the manual page for what is not there. Of
 * `search` and `domain` the last one counts. What is not understood is passed over. */
void resolvconf_read(struct resolvconf *out, const char *text, size_t n);

#endif
