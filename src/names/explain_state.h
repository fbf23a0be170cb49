/* explain_state.h - what the parts of an explanation share
 *
 * explain.c is its course. Below that explain_files.c reads the system's files, explain_servers.c
 * asks each server, explain_judge.c finds what is wrong, and explain_words.c passes on what all of
 * them tell.
 */
#ifndef NAMES_EXPLAIN_STATE_H
#define NAMES_EXPLAIN_STATE_H

#include "base/clock.h"
#include "names/account.h"
#include "names/dns_client.h"
#include "names/finder.h"
#include "names/resolution.h"
#include "proto/nsswitch.h"
#include "proto/resolvconf.h"

#define HITS_MOST 64
#define NAMES_MOST (RESOLVCONF_SEARCH + 1)
#define SERVERS_MOST (RESOLVCONF_LINES + 5) /* that the look-up asks others is rare */
#define QUERIES_MOST (4 * NAMES_MOST)
#define PENDING_MOST 32
#define STREAMS_MOST 8
#define SLOW (500 * MILLISECOND)

/* A line of the hosts file that has the word. */
struct explain_hit {
	size_t line;
	struct address address;
	bool exact; /* not in another case */
	char text[512];
};

/* A query for one of the names, of one type, to one server, and its answer. */
struct explain_query {
	struct explain_server *server;
	size_t name; /* its index in the names */
	int family;
	unsigned type;	   /* of DNS */
	struct find *find; /* of our own queries; NULL: done */
	struct find_result r;
	int64_t start, ns;
	bool tcp, truncated;
	bool done;
};

/* A server that was seen to be asked, or one that we ask ourselves, or both. */
struct explain_server {
	struct explain *e;
	const char *word; /* the word in resolv.conf */
	size_t line;	  /* in resolv.conf; 0: the default server, or one that is not there */
	bool usable;
	bool seen;     /* the look-up has asked it */
	int tcp_error; /* by which it could not by TCP */
	struct address address;
	struct dns_client *dns;
	struct finder finders[2];
	struct explain_query queries[QUERIES_MOST];
	size_t n_queries, n_seen; /* n_seen: so many of them are not ours */
	bool done;
	bool silent, slow;
	size_t found; /* the index of the name that has an answer, plus 1; 0: none */
};

/* A question on its way that was seen to be sent. */
struct explain_pending {
	bool used;
	int fd;
	unsigned id;
	struct explain_query *query;
};

/* What came and went by a TCP connection, as far as it is no whole message. */
struct explain_stream {
	int fd;
	struct text sent, came;
};

struct explain {
	const struct resolution_config *c;
	struct resolution_config followed; /* C, and what is seen goes into the account */
	struct account *account;
	int unfollowed;	 /* why the look-up could not be followed; 0: it is */
	bool files_told; /* what it would read, since it is not followed */
	bool resolution_told;
	bool hosts_told, nsswitch_told, resolv_told;
	bool socket_seen;   /* it has a connection to some other service */
	bool multi;	    /* host.conf(5) has that on */
	bool musl;	    /* the libc is that: its rules count */
	bool other_family;  /* the hosts file has an address for the word that is not asked for */
	const char *unread; /* why the libc passes over a line that has it; NULL: there is none */
	char module[64];    /* that the libc has looked for, and has not found so far */
	struct explain_pending pending[PENDING_MOST];
	struct explain_stream streams[STREAMS_MOST];
	char *word;
	bool is_address;  /* as inet_pton(3) takes it */
	bool is_number;	  /* another form of one, for which nothing is read or asked */
	bool hosts_asked; /* the look-up has read the hosts file */
	struct address address;
	const struct explain_calls *calls;
	void *arg;
	struct text nsswitch_text;
	struct nsswitch nsswitch;
	struct resolvconf conf;
	size_t n_addresses; /* that it names as servers */
	struct explain_hit hits[HITS_MOST];
	size_t n_hits, more_hits; /* so many more lines have it, and are not told one by one */
	char names[NAMES_MOST][512];
	bool suffixed[NAMES_MOST];
	size_t n_names;
	bool types_seen[2]; /* A, AAAA */
	bool edns_seen;
	bool strange; /* it was sent an answer that we cannot read, or one to another question */
	struct explain_server servers[SERVERS_MOST];
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

/* Appends WORD to TEXT of SIZE bytes, after a blank if there is something before it; in place of
 * the first that does not fit, an ellipsis, after which nothing comes. */
void explain_add_word(char *text, size_t size, const char *word);

/* Writes the N addresses at A into TEXT of SIZE bytes. */
void explain_addresses_text(const struct address *a, size_t n, char *text, size_t size);

/* ---- explain_seen.c ---- */

/* Tells what the look-up has been seen to do since the last call; at its END, the rest too. */
void explain_seen(struct explain *e, bool end);

void explain_free_seen(struct explain *e);

/* ---- explain_files.c ---- */

/* Each reads one of the system's files and tells what it says about the word, once. */
void explain_nsswitch(struct explain *e);
void explain_hosts(struct explain *e);
void explain_resolv_conf(struct explain *e);
void explain_host_conf(struct explain *e);

/* Reads resolv.conf, and tells nothing. */
void explain_read_resolv_conf(struct explain *e);

/* Lists the names that would be asked for, in their order (`search` and `ndots` of resolv.conf),
 * and tells them. */
void explain_search(struct explain *e);

/* Returns the index of NAME, as text, in the names, where it is put if it is not there; NAMES_MOST:
 * there is no more room. */
size_t explain_name(struct explain *e, const char *name);

/* Does nsswitch.conf name SOURCE? Without a line about hosts it means files and dns. */
bool explain_has_source(const struct explain *e, const char *source);

/* Does nsswitch.conf name a source other than files and dns? */
bool explain_has_others(const struct explain *e);

/* ---- explain_servers.c ---- */

/* Asks at once all servers of resolv.conf that the look-up was not seen to ask, each for one name
 * after the other until it has an answer. */
void explain_start_servers(struct explain *e);

/* Returns the server at ADDRESS, a new one if it is not among those of resolv.conf; NULL: there is
 * no more room. */
struct explain_server *explain_server(struct explain *e, const struct address *address);

/* Adds a query of S about the name with the index NAME. NULL: there is no more room. */
struct explain_query *explain_add_query(struct explain_server *s, size_t name, int family);

/* The answer to Q has come, or none will. */
void explain_close_query(struct explain_query *q);

/* Tells what S, which is done, has answered to us. */
void explain_tell_server(struct explain *e, const struct explain_server *s);

/* Tells the step NAME, which is Q. */
void explain_tell_query(struct explain *e, const char *name, const struct explain_query *q);

/* Writes the answer to Q, which is done, into TEXT of SIZE bytes. Returns TEXT. */
const char *explain_query_text(const struct explain_query *q, char *text, size_t size);

void explain_free_servers(struct explain *e);

/* ---- explain_judge.c ---- */

/* Tells all that is wrong; for when all answers are there. */
void explain_judge(struct explain *e);

#endif
