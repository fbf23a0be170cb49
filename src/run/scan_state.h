/* scan_state.h - what the parts of a scan share
 *
 * scan.c is its course. Below that scan_words.c parses the operands, scan_names.c looks their hosts
 * and services up, and scan_report.c prints what has been found.
 */
#ifndef RUN_SCAN_STATE_H
#define RUN_SCAN_STATE_H

#include "base/facts.h"
#include "flow/output.h"
#include "names/lookup.h"
#include "names/services.h"
#include "proto/ports.h"
#include "net/probe.h"
#include "run/run.h"
#include "run/scan.h"

/* A host or service that the operands name, once or more often. */
struct scan_name {
	struct scan *scan;
	char *text;
	bool is_service;
	enum { NAME_ASKED, NAME_KNOWN, NAME_FAILED } state;
	struct lookup *lookup;
	struct timer timer; /* limit of -w; after a failure the time of the next look-up */
	struct scan_answer {
		struct address *addresses;
		size_t n;
		struct scan_answer *former; /* kept, as results point to its addresses */
	} * answer;
	int64_t asked;
	int eai, error; /* of the last failure; both 0: it took too long */
	int told;	/* the last that -v told of a name that is looked up again */
	struct scan_name *next;
};

/* A message of ICMP, which a firewall gives for many ports. */
struct scan_message {
	struct icmp_error icmp;
	struct scan_message *next;
};

/* A port of an operand. */
struct scan_target {
	struct scan_operand *of;
	struct scan_target *next; /* in the list of those that are tried again */
	int64_t at;		  /* when this one is */
	const struct address *address;
	const char *what;
	const struct icmp_error *icmp; /* one of the scan's messages; NULL: there was none */
	struct dial_failure *failures; /* of all its addresses, its own; NULL: not kept */
	size_t n_failures;
	char *said;		/* see struct probe_result, its own */
	struct tls_result *tls; /* what it said, its own; NULL: it was not asked */
	int64_t ns;
	int error;
	uint16_t port;
	unsigned char state; /* enum probe_state */
	bool tried, settled;
};

struct scan_operand {
	struct scan_name *host;
	char *shown;	  /* the host, escaped */
	const char *list; /* of ports; "": the operand is direct, such as `unix:PATH` */
	struct scan_name **services;
	size_t n_services;
	struct ports *ports;
	struct scan_target *targets; /* in the order of ports */
	size_t n, n_started;
	int next_port;
};

struct scan {
	const struct scan_config *c;
	int64_t wait;	  /* limit of a connection */
	int64_t patience; /* limit of a look-up, UNSET: none. Under --retry it may take as long as
			   * that lasts: begun anew with each try it would never be over */
	struct run run;
	struct output output;
	struct facts facts; /* into the output */
	bool shows;	    /* false: nothing is printed */
	bool all;	    /* print what is not open too */
	struct scan_name *names;
	size_t n_unknown; /* services that are still looked up */
	struct scan_operand *operands;
	size_t n, first; /* first: the first whose targets have not all been started */
	size_t n_targets, n_settled, n_open, n_lost; /* lost: their host has no address */
	size_t n_kept;				     /* of how many the failures are kept */
	size_t shown_operand, shown_target;	     /* the next to be printed */
	struct services services;		     /* read when the first name is needed */
	bool services_read;
	struct prober *prober;
	struct scan_message *messages;
	struct scan_target *again, **again_end;
	struct timer again_timer, show_timer, retry_timer;
	bool concluding, expired;
	enum outcome_kind lost_kind; /* the outcome of lost hosts; OUTCOME_DONE: none is lost */
};

/* ---- scan.c ---- */

/* All names of services are known: begins to probe. */
void scan_start(struct scan *s);

/* ---- scan_words.c ---- */

/* Parses WORDS into S's operands and names. Returns 0, or -1 with *ERROR. */
int scan_parse(struct scan *s, const struct operands *words, struct option_error *error);

/* Is T a direct endpoint, a UNIX socket or one of vsock, which has no list of ports? */
bool scan_is_portless(const struct scan_target *t);

/* Forgets what T said of TLS, if it did. */
void scan_drop_tls(struct scan_target *t);

void scan_free_words(struct scan *s);

/* ---- scan_names.c ---- */

/* Begins to look up all names at once. scan_start() is called once all services are known,
 * perhaps from in here. */
void scan_ask_names(struct scan *s);

/* Looks NAME up once more. */
void scan_ask(struct scan_name *name);

/* Is OP given up, since its host has no address? */
bool scan_is_lost(const struct scan *s, const struct scan_operand *op);

/* Returns the time to try again what failed NOW, under --retry; NEVER: --retry is over by then. */
int64_t scan_next_try(const struct scan *s, int64_t now);

/* Something has come out: has the loop print it, or end the run, after the events that are due. */
void scan_show_soon(struct scan *s);

void scan_free_names(struct scan *s);

/* ---- scan_report.c ---- */

/* Prints the targets whose turn it is; at the end, all that are left. */
void scan_tell_next(struct scan *s);

/* Says with -v that T is tried again, and why. */
void scan_tell_again(const struct scan *s, const struct scan_target *t);

/* Is T as it was asked for? */
bool scan_is_good(const struct scan *s, const struct scan_target *t);

/* Returns what all results together mean; says what is not as it was asked for. */
struct outcome scan_judge(const struct scan *s);

#endif
