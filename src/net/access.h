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
	unsigned bits;		/* how many of it count */
	char *name;		/* NULL: none */
	struct access_entry *next;
};

struct access_list {
	struct access_entry *entries;
	bool used; /* given, though it may be empty */
};

/* What the groups' rows fill. Free it with access_free(). */
struct access_options {
	struct access_list allow, deny;
	struct access_users {
		uid_t *uids;
		size_t n;
	} users; /* none: any */
};

/* Of sockets that have addresses; of UNIX sockets. */
extern const struct option_group access_group, user_group;

/* Adds the entries of WORD, the argument of OPTION (`--allow`), to LIST. Returns 0, or -1 with
 * *ERROR. */
int access_parse(struct access_list *list, const char *option, const char *word,
		 struct option_error *error);

/* Checks O for names where NUMERIC forbids them. Returns 0, or -1 with *ERROR. */
int access_check(const struct access_options *o, bool numeric, struct option_error *error);

struct access_lookup;

/* F tells which name could not be looked up; NULL: all are known. */
typedef void access_fn(void *arg, const struct places_failure *f);

/* Looks the names of O up, all addresses of each. FN is called once, from the loop, or from in here
 * where nothing is to be done. *OUT can be cancelled until then; NULL: there is nothing to cancel.
 */
void access_start(struct loop *loop, struct access_options *o, access_fn *fn, void *arg,
		  struct access_lookup **out);
void access_cancel(struct access_lookup *l);

/* NULL if A may come, else why not, in words. What is denied may not; where there is an allow list,
 * only who stands in it. IPv4-mapped addresses count as IPv4; UNIX sockets have no address to go
 * by, and may, unless there is a list of users: then only who is known to be one of them. */
const char *access_refusal(const struct access_options *o, const struct address *a);

/* Does NAME stand in LIST, whatever the case of its letters, and though one of them ends in a dot?
 */
bool access_has_name(const struct access_list *list, const char *name);

void access_free(struct access_options *o);

#endif
