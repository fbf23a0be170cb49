/* resolve_explain_state.h - what the parts of `resolve --explain` share
 *
 * resolve_explain.c runs it and tells the steps, resolve_explain_files.c knows what the system's
 * files say, resolve_explain_servers.c asks each server, resolve_explain_judge.c finds what is
 * wrong.
 */
#ifndef CMD_RESOLVE_EXPLAIN_STATE_H
#define CMD_RESOLVE_EXPLAIN_STATE_H

#include "cmd/resolve_explain.h"
#include "names/dns_client.h"
#include "names/finder.h"
#include "proto/nsswitch.h"
#include "proto/resolvconf.h"

#define HITS_MOST 16
#define NAMES_MOST (RESOLVCONF_SEARCH + 1)

/* A line of the hosts file that has the word. */
struct hit {
	size_t line;
	struct address address;
	char text[512];
};

/* A server's answer about one of the names to one type of question. */
struct probe {
	struct explain_server *server;
	size_t name;
	int family;
	struct find *find;
	struct find_result r;
	int64_t start, ns;
	bool done;
	struct probe *next;
};

struct explain_server {
	struct explain *e;
	const char *word; /* as resolv.conf has it */
	size_t line;	  /* there, 0: it is the default */
	bool usable;
	struct address address;
	struct dns_client *dns;
	struct finder finders[2];
	struct probe *probes, **last;
	bool done;
	bool silent, slow;
	size_t found; /* the name that had an answer, from 1; 0: none */
};

struct explain {
	const struct resolution_config *c;
	struct resolution_config asked; /* as getaddrinfo is asked */
	char *word;
	bool is_address;
	struct address address;
	struct show *show;
	struct explain_calls calls;
	void *arg;
	struct text nsswitch_text, conf_text;
	struct nsswitch nsswitch;
	struct resolvconf conf;
	struct hit hits[HITS_MOST];
	size_t n_hits;
	char names[NAMES_MOST][512];
	bool suffixed[NAMES_MOST];
	size_t n_names;
	struct explain_server servers[RESOLVCONF_SERVERS];
	size_t n_servers, told; /* so many of them have been told */
	struct resolution *resolution;
	struct timer step;
	struct json json, wrong;
	struct text wrong_text;
	size_t n_wrong;
};

/* ---- resolve_explain.c ---- */

/* Tells a step; NULL: that is not there. NS below 0: it took no time. */
void explain_tell(struct explain *e, const char *step, const char *where, const char *question,
		  const char *answer, int64_t ns);

/* Adds to what is wrong. */
__attribute__((format(printf, 2, 3))) void explain_wrong(struct explain *e, const char *format,
							 ...);

/* A server has come to its end. */
void explain_wake(struct explain *e);

/* `/etc/hosts:7` into TEXT of SIZE bytes, without a LINE (0) the file alone. Returns TEXT. */
const char *explain_place(const char *file, size_t line, char *text, size_t size);

/* Adds WORD to TEXT of SIZE bytes, a blank between them. */
void explain_add_word(char *text, size_t size, const char *word);

/* The N addresses at A into TEXT of SIZE bytes. */
void explain_addresses_text(const struct address *a, size_t n, char *text, size_t size);

/* ---- resolve_explain_files.c ---- */

/* Reads hosts file, nsswitch.conf, and from what resolv.conf says the names that are asked for in
 * their order
 * (`search` and `ndots`); tells each. */
void explain_hosts(struct explain *e);
void explain_nsswitch(struct explain *e);
void explain_search(struct explain *e);

/* Is SOURCE one that the system asks? Without a line it asks files and dns. */
bool explain_has_source(const struct explain *e, const char *source);

/* Are there others than hosts file and DNS? */
bool explain_has_others(const struct explain *e);

/* ---- resolve_explain_servers.c ---- */

/* Asks all of them, each for one name after the other until one is found. */
void explain_start_servers(struct explain *e);

/* Tells what S, which is done, has answered. */
void explain_tell_server(struct explain *e, const struct explain_server *s);

/* What came of P, into TEXT of SIZE bytes. Returns TEXT. */
const char *explain_probe_text(const struct probe *p, char *text, size_t size);

/* Lets go of them. */
void explain_free_servers(struct explain *e);

/* ---- resolve_explain_judge.c ---- */

/* Finds what is wrong, once all is known. */
void explain_judge(struct explain *e);

#endif
