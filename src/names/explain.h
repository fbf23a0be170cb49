/* explain.h - a look-up explained: each step by itself, and what is wrong with any of them
 *
 * The system's own look-up is made and followed: what it reads and whom it asks is told as it
 * happens. Then the servers of resolv.conf that it did not ask are asked, all at once, each on its
 * own. Where it cannot be followed (see names/witness.h) the steps are worked out from the files.
 */
#ifndef NAMES_EXPLAIN_H
#define NAMES_EXPLAIN_H

#include "names/resolution.h"

struct explain;

/* One step, valid during the call that tells of it. */
struct explain_step {
	const char *name;     /* `nsswitch`, `hosts`, `resolv`, `server`, `search`, `probe`... */
	const char *where;    /* the file and line, or the server; NULL: none */
	const char *question; /* NULL: none */
	const char *answer;
	int64_t ns; /* how long the step took; below 0: no time */
};

struct explain_calls {
	/* A step is done. Steps are told in the order in which the system takes them, some of them
	 * from within explain_start(). */
	void (*step)(void *arg, const struct explain_step *step);
	/* Something is wrong: TEXT says what. */
	void (*wrong)(void *arg, const char *text);
	/* Steps have been told, and more will be. */
	void (*progress)(void *arg);
	/* The system's look-up has ended with R, which stays until the end; the servers that it has
	 * not asked still are. NULL: does not matter. */
	void (*found)(void *arg, const struct resolution *r);
	/* The look-up has ended with R, valid during the call: all has been told. Called once, from
	 * the loop. The explanation is freed after it. */
	void (*done)(void *arg, const struct resolution *r);
	/* Finds the source address FROM of packets to TO. Returns 0, or -1 with errno. NULL: the
	 * sources are not told. */
	int (*source)(const struct address *to, struct address *from);
};

/* Explains how C's question about WORD is answered. C and CALLS must stay. Returns NULL with errno
 * ENOMEM. */
struct explain *explain_start(const struct resolution_config *c, const char *word,
			      const struct explain_calls *calls, void *arg);

/* Frees E before its end. NULL: does nothing. */
void explain_cancel(struct explain *e);

#endif
