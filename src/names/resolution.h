/* resolution.h - all that is asked about one word: its addresses, their names, and whether those
 * lead back
 */
#ifndef NAMES_RESOLUTION_H
#define NAMES_RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "names/finder.h"

/* What is asked of each word. */
struct resolution_config {
	struct finder finder;
	bool dns;	 /* the finder has, or will have, a DNS server to ask */
	bool numeric;	 /* a word is an address, and that is all */
	unsigned record; /* the DNS type to ask for, 0: addresses and names */
	bool reverse;	 /* the names of a name's addresses too */
	bool confirm;	 /* and which of them lead back */
	int64_t wait;	 /* for the answer, in ns; UNSET: as long as it takes */
};

/* The names of one of the addresses. */
struct resolution_names {
	struct lookup_names confirmed, others; /* all of them are `others` where nobody confirms */
	int eai, error;			       /* there are none, for */
};

struct resolution {
	const struct resolution_config *c;
	char *word;		  /* a copy of the question */
	bool is_address;	  /* it is one, and asked for its names */
	struct find_result found; /* of an address: itself, and in `eai`, `error` and `why` how its
				     names were found */
	struct resolution_names *reverse; /* of each of the addresses; NULL: not asked for */
	bool timed_out; /* by `wait`: nothing else counts then, and `found.why` tells what came */
	bool bad;	/* the word cannot be asked for: `found.why` */
	int64_t ns;	/* how long it took */
	bool done;
	/* its own: */
	int64_t start;
	unsigned strays; /* before it was asked */
	struct find *find;
	struct timer timer;
	size_t at, name; /* the address, and of its names the one, that is looked at */
	void (*fn)(void *arg, struct resolution *r);
	void *arg;
};

/* Can C ask for WORD at all? Returns 0, or -1 with *ERROR naming it. */
int resolution_check(const struct resolution_config *c, const char *word,
		     struct option_error *error);

/* Asks for WORD, which need not have passed the check. FN is called once, perhaps from in here,
 * with what resolution_free() has to free. C must stay. Returns NULL with errno ENOMEM. */
struct resolution *resolution_start(const struct resolution_config *c, const char *word,
				    void (*fn)(void *arg, struct resolution *r), void *arg);

/* Frees R, also before FN was called. NULL: does nothing. */
void resolution_free(struct resolution *r);

/* Both are for an R that has failed. The first writes a phrase that says why into TEXT of SIZE
 * bytes (768 do). The second adds the error's name to it, as in `no such name (EAI_NONAME)`, unless
 * R has timed out. */
void resolution_why(const struct resolution *r, char *text, size_t size);
void resolution_fault(const struct resolution *r, char *text, size_t size);

/* The name of R's error: ETIMEDOUT, or EAI_... */
const char *resolution_code(const struct resolution *r);

#endif
