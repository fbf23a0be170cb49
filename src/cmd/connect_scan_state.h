/* connect_scan_state.h - what the parts of `connect --probe` share
 *
 * connect_scan.c runs it, connect_scan_words.c knows what is to be probed, connect_scan_report.c
 * says what came of it.
 */
#ifndef CMD_CONNECT_SCAN_STATE_H
#define CMD_CONNECT_SCAN_STATE_H

#include "cmd/connect_scan.h"
#include "flow/output.h"
#include "names/lookup.h"
#include "net/probe.h"
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
	const struct scan_options *o;
	struct run run;
	struct output output;
	bool shows; /* anything at all, */
	bool all;   /* and not only what is open */
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

/* ---- connect_scan.c ---- */

/* All names of services are known: probing begins. */
void scan_start(struct scan *s);

/* Something has come out: it is shown, or the end is drawn from it, once others had their turn. */
void scan_show_soon(struct scan *s);

/* When to try again, under --retry, what failed NOW; NEVER: no more. */
int64_t scan_next_try(const struct scan *s, int64_t now);

/* ---- connect_scan_words.c ---- */

/* Reads WORDS into S's operands. Returns 0, or -1 with *ERROR. */
int scan_parse(struct scan *s, const struct operands *words, struct option_error *error);

/* Asks for all names at once; numbers are known then. scan_start() follows from in here or from the
 * loop. */
void scan_ask_names(struct scan *s);

/* Asks for NAME once more. */
void scan_ask(struct name *name);

/* Has T's operand no port that could be another: a UNIX socket, or vsock? */
bool scan_is_portless(const struct target *t);

/* Will nothing more be tried of OP? */
bool scan_is_lost(const struct scan *s, const struct operand *op);

/* `2 s (-w)` into TEXT of SIZE bytes (48 do). Returns TEXT. */
const char *scan_limit(const struct scan *s, char *text, unsigned size);

void scan_free_words(struct scan *s);

/* ---- connect_scan_report.c ---- */

/* Adds to S's output those whose turn it is; at the end, all that are left. */
void scan_show_next(struct scan *s);

/* Is T as it was asked for? */
bool scan_is_good(const struct scan *s, const struct target *t);

/* Forgets what was read to show services. */
void scan_free_services(struct scan *s);

/* What all that has come out means; says what is not as it was asked for. */
struct outcome scan_judge(const struct scan *s);

#endif
