/* access.h - who may connect: lists of addresses, networks and names */
#ifndef NET_ACCESS_H
#define NET_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"
#include "loop/loop.h"
#include "net/places.h"
#include "sock/address.h"

struct access_entry {
	struct address address; /* of length 0: the name has not been looked up */
	unsigned bits;		/* how many leading bits of it count */
	char *name;		/* NULL: it was given as an address */
	struct access_entry *next;
};

struct access_list {
	struct access_entry *entries;
	bool used; /* it was given, though it may be empty */
	/* What was given, in its order: the words stay the caller's. */
	struct access_word {
		const char *word;
		bool file; /* it is the path of one */
		struct access_word *next;
	} * words;
};

/* What the groups' rows fill. Free it with access_free(). */
struct access_options {
	struct access_list allow, deny;
	struct access_list proxies; /* who tells by a PROXY header whose connection it is */
	struct access_users {
		uid_t *uids;
		size_t n;
	} users, proxy_users; /* the same of UNIX sockets. No `users`: any user */
};

/* For sockets of IP, and of what connects there alone; for UNIX sockets. */
extern const struct option_group access_group, accept_proxy_group, user_group;

/* Adds the entries of WORD, the argument of OPTION (`--allow`), to LIST. Returns 0, or -1 with
 * *ERROR. */
int access_parse(struct access_list *list, const char *option, const char *word,
		 struct option_error *error);

/* Checks O for names where NUMERIC forbids them. Returns 0, or -1 with *ERROR. */
int access_check(const struct access_options *o, bool numeric, struct option_error *error);

/* Is there a list that stands in a file? */
bool access_has_files(const struct access_options *o);

/* Reads all that O's lists were made of once more, files included, into *FRESH, which is to be
 * freed or to become O's by access_replace(). A file that is no regular one gives nothing twice,
 * and is an error. Returns 0, or -1 with *ERROR. */
int access_read_again(const struct access_options *o, bool numeric, struct access_options *fresh,
		      struct option_error *error);

/* O's lists become those of FRESH, which has none then. */
void access_replace(struct access_options *o, struct access_options *fresh);

struct access_lookup;

/* F tells which name could not be looked up; NULL: all names are known. */
typedef void access_fn(void *arg, const struct places_failure *f);

/* Looks up all addresses of each name in O. FN is called once: from the loop, or from in here if
 * there is nothing to look up. Until then *OUT can be cancelled; afterwards it is NULL. */
void access_start(struct loop *loop, struct access_options *o, access_fn *fn, void *arg,
		  struct access_lookup **out);
void access_cancel(struct access_lookup *l);
/* Returns the name that L looks up now; NULL: L is NULL. */
const char *access_looks_up(const struct access_lookup *l);

/* Returns why A may not connect, in words; NULL: it may. A denied address may not; if there is an
 * allow list, only addresses in it may. IPv4-mapped addresses count as IPv4. A UNIX socket has no
 * address to check: it may, unless there is a list of users and it is not known to belong to one of
 * them. */
const char *access_refusal(const struct access_options *o, const struct address *a);

/* Is A, the address of a client's own, that of one who begins with a PROXY header (--accept-proxy)?
 */
bool access_is_proxy(const struct access_options *o, const struct address *a);

/* As access_refusal() of A that a client of one told by such a header. Whose process the client is
 * does not count: that was not told. */
const char *access_refusal_of_told(const struct access_options *o, const struct address *a);

/* Is NAME in LIST? Upper and lower case are equal, and a final dot does not count. */
bool access_has_name(const struct access_list *list, const char *name);

void access_free(struct access_options *o);

#endif
