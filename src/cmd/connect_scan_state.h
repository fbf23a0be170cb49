/* connect_scan_state.h - what the parts of `sockit connect --probe` share
 *
 * connect_scan.c is its course. Below that connect_scan_words.c parses the operands,
 * connect_scan_names.c looks their hosts and services up, and connect_scan_report.c prints what has
 * been found.
 */
#ifndef CMD_CONNECT_SCAN_STATE_H
#define CMD_CONNECT_SCAN_STATE_H

#include "base/facts.h"
#include "cmd/connect.h"
#include "flow/output.h"
#include "names/lookup.h"
#include "names/services.h"
#include "proto/ports.h"
#include "run/run.h"

/* A host or service that stands in the operands, once. */
struct name {
	struct scan *scan;
	char *text;
	bool is_service;
	enum { NAME_ASKED, NAME_KNOWN, NAME_FAILED } state;
	struct lookup *lookup;
	struct timer timer; /* of -w, or until it is asked again */
	struct name_answer {
		struct address *addresses;
		size_t n;
		struct name_answer *former; /* some of its addresses are told of */
	} * answer;
	int64_t asked;
	int eai, error; /* of the last failure; neither: it took too long */
	struct name *next;
};

/* A port of an operand. */
struct target {
	struct operand *of;
	struct target *next; /* of those that are tried again */
	int64_t at;	     /* then */
	const struct address *address;
	const char *what;
	int64_t ns;
	int error;
	uint16_t port;
	unsigned char state; /* enum probe_state */
	bool tried, settled;
};

struct operand {
	struct name *host;
	char *shown;	  /* the host as it can be shown */
	const char *list; /* of ports; "": it is no host, and has none */
	struct name **services;
	size_t n_services;
	struct ports *ports;
	struct target *targets; /* from the first that is tried to the last */
	size_t n, n_started;
	int next_port;
};

struct scan {
	const struct connect_options *o;
	int64_t wait; /* limit of a look-up, and of a connection */
	struct run run;
	struct output output;
	struct facts facts;	       /* into the output */
	bool shows;		       /* false: nothing is printed */
	bool all;		       /* print what is not open too */
	void (*start)(struct scan *s); /* all names of services are known: begin to probe */
	struct name *names;
	size_t n_unknown; /* services that are still looked up */
	struct operand *operands;
	size_t n, first; /* first: before it all targets have been started */
	size_t n_targets, n_settled, n_open, n_lost; /* lost: their host has no address */
	size_t shown_operand, shown_target;	     /* the next whose turn it is */
	struct services services;		     /* read once one is shown */
	bool services_read;
	struct prober *prober;
	struct target *again, **again_end;
	struct timer again_timer, show_timer, retry_timer;
	bool concluding, expired;
	enum outcome_kind lost_kind; /* what that is, DONE: nothing that was asked for */
};

/* ---- connect_scan_words.c ---- */

/* Parses WORDS into S's operands and names. Returns 0, or -1 with *ERROR. */
int scan_parse(struct scan *s, const struct operands *words, struct option_error *error);

/* Has T's operand no port that could be another: is it a UNIX socket, or one of vsock? */
bool scan_is_portless(const struct target *t);

void scan_free_words(struct scan *s);

/* ---- connect_scan_names.c ---- */

/* Begins to look up all names at once. S's `start` is called once all services are known, perhaps
 * from in here. */
void scan_ask_names(struct scan *s);

/* Looks NAME up once more. */
void scan_ask(struct name *name);

/* Will nothing more be tried of OP, since its host has no address? */
bool scan_is_lost(const struct scan *s, const struct operand *op);

/* The time to try again what failed NOW, under --retry; NEVER: it is over by then. */
int64_t scan_next_try(const struct scan *s, int64_t now);

/* Something has come out: has it printed, or the end drawn from it, once others had their turn. */
void scan_show_soon(struct scan *s);

void scan_free_names(struct scan *s);

/* ---- connect_scan_report.c ---- */

/* Prints the targets whose turn it is; at the end, all that are left. */
void scan_tell_next(struct scan *s);

/* Is T as it was asked for? */
bool scan_is_good(const struct scan *s, const struct target *t);

void scan_free_services(struct scan *s);

/* Returns what all results together mean; says what is not as it was asked for. */
struct outcome scan_judge(const struct scan *s);

#endif
