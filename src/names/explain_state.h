/* explain_state.h - what the parts of an explanation share
 *
 * explain.c is its course. Below that explain_files.c reads the system's files, explain_servers.c
 * asks each server, explain_judge.c finds what is wrong, and explain_words.c passes on what all of
 * them tell.
 */
#ifndef NAMES_EXPLAIN_STATE_H
#define NAMES_EXPLAIN_STATE_H

#include "names/dns_client.h"
#include "names/finder.h"
#include "names/resolution.h"
#include "proto/nsswitch.h"
#include "proto/resolvconf.h"

#define HITS_MOST 16
#define NAMES_MOST (RESOLVCONF_SEARCH + 1)

/* A line of the hosts file that has the word. */
struct explain_hit {
	size_t line;
	struct address address;
	char text[512];
};

/* A query for one of the names, of one type, to one server, and its answer. */
struct explain_query {
	struct explain_server *server;
	size_t name; /* its index in the names */
	int family;
	struct find *find; /* NULL: done */
	struct find_result r;
	int64_t start, ns;
	bool done;
};

struct explain_server {
	struct explain *e;
	const char *word; /* the word in resolv.conf */
	size_t line;	  /* in resolv.conf; 0: the default server */
	bool usable;
	struct address address;
	struct dns_client *dns;
	struct finder finders[2];
	struct explain_query queries[2 * NAMES_MOST]; /* up to two for each name */
	size_t n_queries;
	bool done;
	bool silent, slow;
	size_t found; /* the index of the name that has an answer, plus 1; 0: none */
};

struct explain {
	const struct resolution_config *c;
	char *word;
	bool is_address;
	struct address address;
	const struct explain_calls *calls;
	void *arg;
	struct text nsswitch_text;
	struct nsswitch nsswitch;
	struct resolvconf conf;
	struct explain_hit hits[HITS_MOST];
	size_t n_hits;
	char names[NAMES_MOST][512];
	bool suffixed[NAMES_MOST];
	size_t n_names;
	struct explain_server servers[RESOLVCONF_SERVERS];
	size_t n_servers, told;	       /* told: so many of them */
	struct resolution *resolution; /* the system's own look-up */
	struct timer timer;	       /* calls the course on */
	size_t n_wrong;
};

/* ---- explain_words.c ---- */

/* Tells the step NAME; see struct explain_step. */
void explain_tell(struct explain *e, const char *name, const char *where, const char *question,
		  const char *answer, int64_t ns);

/* Tells that something is wrong. */
__attribute__((format(printf, 2, 3))) void explain_wrong(struct explain *e, const char *format,
							 ...);

/* Has the loop call E's course on: a part has come to its end. */
void explain_wake(struct explain *e);

/* `/etc/hosts:7` into TEXT of SIZE bytes; LINE 0: the file alone. Returns TEXT. */
const char *explain_place(const char *file, size_t line, char *text, size_t size);

/* Appends WORD to TEXT of SIZE bytes, after a blank if there is something before it. */
void explain_add_word(char *text, size_t size, const char *word);

/* Writes the N addresses at A into TEXT of SIZE bytes. */
void explain_addresses_text(const struct address *a, size_t n, char *text, size_t size);

/* ---- explain_files.c ---- */

/* Each reads one of the system's files and tells what it says about the word. */
void explain_nsswitch(struct explain *e);
void explain_hosts(struct explain *e);
void explain_resolv_conf(struct explain *e);

/* Lists the names that are asked for, in their order (`search` and `ndots` of resolv.conf), and
 * tells them. */
void explain_search(struct explain *e);

/* Does nsswitch.conf name SOURCE? Without a line about hosts it means files and dns. */
bool explain_has_source(const struct explain *e, const char *source);

/* Does nsswitch.conf name a source other than files and dns? */
bool explain_has_others(const struct explain *e);

/* ---- explain_servers.c ---- */

/* Asks all servers at once, each for one name after the other until it has an answer. */
void explain_start_servers(struct explain *e);

/* Tells what S, which is done, has answered. */
void explain_tell_server(struct explain *e, const struct explain_server *s);

/* Writes the answer to Q, which is done, into TEXT of SIZE bytes. Returns TEXT. */
const char *explain_query_text(const struct explain_query *q, char *text, size_t size);

void explain_free_servers(struct explain *e);

/* ---- explain_judge.c ---- */

/* Tells all that is wrong; for when all answers are there. */
void explain_judge(struct explain *e);

#endif
