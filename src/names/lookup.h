/* lookup.h - names to addresses without blocking the loop
 *
 * getaddrinfo(3) cannot be cancelled, so each look-up has a thread of its own (or one that several
 * share), which is left behind at a deadline. Numbers need no thread and are answered at once. At
 * most eight look-ups run at a time; the others wait for their turn.
 */
#ifndef NAMES_LOOKUP_H
#define NAMES_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "sock/address.h"

#define LOOKUPS_MOST 8 /* at a time, unless lookup_at_once() says so */

struct account;
struct addrinfo;
struct lookup;

struct lookup_question {
	const char *host; /* NULL: the wildcard addresses, IPv4 first */
	const char *port; /* a number or a service of SOCKTYPE, see services.h too */
	int family;	  /* AF_UNSPEC, AF_INET, AF_INET6 */
	int socktype;	  /* SOCK_STREAM, SOCK_DGRAM */
	bool all;	  /* find the canonical name and the aliases too */
	/* What the look-up does is followed into there, if that can be; NULL: not. */
	struct account *account;
};

/* A set of names. Free it with lookup_names_free(). */
struct lookup_names {
	char **names;
	size_t n;
	bool failed; /* memory ran out: some are missing */
};

/* Adds a copy of NAME to L, unless it is there already. Returns 0, or -1 with errno ENOMEM, which L
 * notes. */
int lookup_names_add(struct lookup_names *l, const char *name);
void lookup_names_free(struct lookup_names *l);

struct lookup_answer {
	int eai;   /* 0 or getaddrinfo's error; EAI_SERVICE: the port, else the host */
	int error; /* the errno of EAI_SYSTEM */
	struct address *addresses; /* each once, in the order of RFC 6724; at least one, or `eai`
				    * tells why not */
	size_t n;
	/* If `all` was asked for: the canonical name, if there is one, then the aliases. */
	struct lookup_names names;
};

/* ANSWER's addresses (to be freed with free(3)) and names are the callee's. */
typedef void lookup_fn(void *arg, struct lookup_answer *answer);

/* Looks up Q, whose words must live until the answer; they have passed address_operands(). FN is
 * called once: from the loop, or from in here where both words are numbers, or where no memory,
 * thread or pipe is to be had (EAI_SYSTEM). Then *OUT is NULL, else it can be cancelled until FN is
 * called. */
void lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		  struct lookup **out);

/* Has the look-up of WORD failed, by the error EAI, since WORD is an address whose zone is no
 * interface? Then writes `no interface eth7` into TEXT of EAI_TEXT bytes. */
bool lookup_lacks_interface(const char *word, int eai, char *text);

/* Writes why the look-up of WORD has failed, as eai_text() does, into TEXT of EAI_TEXT bytes; of an
 * address whose zone is none: `no interface eth7 (EAI_NONAME)`. Returns TEXT. */
const char *lookup_text(const char *word, int eai, int error, int family, char *text);

/* Is NAME an address in one of the forms that getaddrinfo(3) takes (`127.1`)? */
bool lookup_is_numeric(const char *name);

/* Looks up all names of ADDRESS, followed into ACCOUNT unless that is NULL, or if TRUSTED only the
 * name that getnameinfo(3) tells, and only if ADDRESS is one of its addresses: whoever owns an
 * address can give it any name. The answer has no addresses. Look-ups that were left behind and
 * hang can keep a trusted one waiting for long: the caller has to limit its time. Else as
 * lookup_start(). */
void lookup_names_start(struct loop *loop, const struct address *address, bool trusted,
			struct account *account, lookup_fn *fn, void *arg, struct lookup **out);

/* Lets MOST look-ups run at once from now on, in place of eight. */
void lookup_at_once(int most);

/* From now on look-ups share a thread, as far as each begins there within a millisecond: where most
 * are quick, threads would take longer to start than they do. To be ended by lookup_end(). */
void lookup_share_thread(void);

/* Ends that thread, unless a look-up that was given up holds it. None is under way. */
void lookup_end(void);

/* Puts the N addresses of LIST into the order in which to try them: the families take turns, the
 * one that the look-up put first begins (RFC 8305, section 4). */
void lookup_interleave(struct address *list, size_t n);

/* ---- of this system, a twin for each; called in a look-up's thread ---- */

/* Adds the canonical name and the aliases of HOST, a name, to *OUT, as far as they can be found.
 * Returns 0, or an EAI error if memory or the like ran out. */
int lookup_aliases(const char *host, int family, struct lookup_names *out);
/* As getaddrinfo(3), but NODE is a name beyond ASCII, in UTF-8, which is mapped by Unicode's
 * tables. Returns EAI_BADFLAGS if this libc has none, or libidn2 is not there, or they do not
 * permit it. */
int lookup_by_tables(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **list);
/* Does this libc look into nsswitch.conf(5)? */
bool lookup_reads_nsswitch(void);
/* Is it musl, which has rules of its own? */
bool lookup_is_musl(void);
/* Adds the names of ADDRESS to *OUT. Returns 0 or getnameinfo's error. */
int lookup_address_names(const struct address *address, struct lookup_names *out);

/* Gives L up without calling FN; NULL: does nothing. */
void lookup_cancel(struct lookup *l);

#endif
