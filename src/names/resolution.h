/* resolution.h - all that is asked about one word: its addresses, their names, and whether the
 * names lead back to the addresses */
#ifndef NAMES_RESOLUTION_H
#define NAMES_RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "names/finder.h"

/* What to ask about each word. */
struct resolution_config {
	struct finder finder;
	bool dns;	 /* the finder has, or will have, a DNS server to ask, */
	bool mdns;	 /* or everybody on the link */
	bool numeric;	 /* words are addresses: look nothing up */
	unsigned record; /* the DNS type to ask for; 0: addresses and names */
	bool reverse;	 /* find the names of a name's addresses too */
	bool confirm;	 /* find out which names lead back to the address */
	int64_t wait;	 /* for the answer, in ns; UNSET: as long as it takes */
};

/* The names of one of the addresses. */
struct resolution_names {
	struct lookup_names confirmed, others; /* without `confirm` all of them are `others` */
	int eai, error;			       /* why there are none */
};

struct resolution {
	const struct resolution_config *c;
	bool is_address; /* the word is an address, whose names are asked for */
	/* For an address: itself, with `eai`, `error` and `why` about the look-up of its names. */
	struct find_result found;
	struct resolution_names *reverse; /* one for each address; NULL: not asked for */
	bool timed_out; /* `wait` is over: nothing else counts; `found.why` tells what came */
	bool bad;	/* nobody can be asked for the word: `found.why` tells why */
	int64_t ns;	/* how long it took; of DNS, from the first question on */
	bool done;
	/* internal: */
	int64_t start;
	bool begun;	 /* its time counts */
	unsigned strays; /* of the DNS client before the question */
	struct find *find;
	struct timer timer;
	size_t at, name; /* the address, and of its names the one, that is being looked up */
	void (*fn)(void *arg, struct resolution *r);
	void *arg;
	/* not internal: */
	char word[]; /* a copy of the question */
};

/* Can WORD be asked for as C says? Returns 0, or -1 with *ERROR naming it. */
int resolution_check(const struct resolution_config *c, const char *word,
		     struct option_error *error);

/* Asks for WORD, which need not have passed the check. FN is called once, perhaps from in here; the
 * resolution is the callee's, for resolution_free(). C must live until then. Returns NULL with
 * errno ENOMEM. */
struct resolution *resolution_start(const struct resolution_config *c, const char *word,
				    void (*fn)(void *arg, struct resolution *r), void *arg);

/* What the finder's `begins` has to be: the time of the resolution ARG begins. */
void resolution_begins(void *arg);

/* Frees R, also before FN was called; NULL: does nothing. */
void resolution_free(struct resolution *r);

/* Both are for an R that has failed. The first writes a phrase that says why into TEXT of SIZE
 * bytes (768 do). The second adds the error's name to it, as in `no such name (EAI_NONAME)`, unless
 * R has timed out. */
void resolution_why(const struct resolution *r, char *text, size_t size);
void resolution_fault(const struct resolution *r, char *text, size_t size);

/* The name of R's error: ETIMEDOUT, or EAI_... */
const char *resolution_code(const struct resolution *r);

#endif
