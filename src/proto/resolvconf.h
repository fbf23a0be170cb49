/* resolvconf.h - resolv.conf(5): the servers that are asked, and how
 *
 * By the rules of the libcs, which are not those of other files: a keyword stands at the beginning
 * of its line, a comment is a whole line, and a carriage return is a character as any other. To
 * musl (1.2.3) it is a blank; `domain` may have many names, and a `search` without one empties the
 * list; a line of 255 bytes or more is passed over, and of the options the numbers alone are known.
 */
#ifndef PROTO_RESOLVCONF_H
#define PROTO_RESOLVCONF_H

#include <stdbool.h>
#include <stddef.h>

#define RESOLVCONF_SERVERS 3 /* the system asks no more, of those that are addresses */
#define RESOLVCONF_LINES 8   /* `nameserver`: words that are no address do not count */
#define RESOLVCONF_SEARCH 32
#define RESOLVCONF_WORD 256

struct resolvconf {
	size_t n_servers, n_search;
	size_t more_servers;				 /* how many more the file names */
	char servers[RESOLVCONF_LINES][RESOLVCONF_WORD]; /* as the file has them */
	char search[RESOLVCONF_SEARCH][RESOLVCONF_WORD];
	size_t server_lines[RESOLVCONF_LINES], search_line; /* line numbers from 1, 0: none */
	unsigned ndots, timeout, attempts;		    /* timeout in seconds; at most 15, 30
							       and 5, to musl 15, 60 and 10 */
	bool edns, tcp, no_aaaa; /* the options edns0, use-vc and no-aaaa, */
	bool no_tld;		 /* and no-tld-query */
	size_t long_line;	 /* the last one that is passed over for its length; 0: none */
};

/* Reads the N bytes at TEXT into *OUT, as MUSL does or glibc, with the defaults of the manual page.
 * Of `search` and `domain` the last one counts. Unknown lines and options are skipped. */
void resolvconf_read(struct resolvconf *out, const char *text, size_t n, bool musl);

#endif
