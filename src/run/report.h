/* report.h - what a run says of connections: each event, error and figure in words
 */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "base/message.h"
#include "base/outcome.h"
#include "base/text.h"
#include "flow/pump.h"
#include "net/binding.h"
#include "net/dial.h"
#include "net/event.h"
#include "net/places.h"
#include "net/probe.h"

/* An event_fn: says E as -v and -vv want it; always, where it listens on a port that the kernel
 * chose. ARG is a const struct messages. */
void report_event(void *arg, const struct event *e);

/* Says how dialling HOST and PORT failed, in one line that names each address; LIMIT is the time it
 * had, told where that ran out, with OPTION its name. Returns what that means for the run. */
struct outcome report_dial(const struct messages *m, const char *host, const char *port,
			   const struct dial_result *r, int64_t limit, const char *option);

/* Adds in words how each address that R tried has failed to TEXT; where there was none, why; where
 * it is a proxy's failure, what that did not reach. LIMIT and OPTION as above. R's `eai` is 0:
 * report_lookup() is for that. */
void report_dial_text(struct text *text, const struct dial_result *r, int64_t limit,
		      const char *option);

#define PROBE_WHY 256

/* Writes why a probed target, for which there was LIMIT, is not open into TEXT of PROBE_WHY bytes;
 * nothing where it is. The others are members of its struct probe_result. */
void report_probe_text(enum probe_state state, const char *what, int error, int64_t limit,
		       char *text);

/* After EADDRINUSE of a socket of TYPE (SOCK_STREAM, SOCK_DGRAM) for WANTED: who has that, as the
 * end of a sentence, `: nginx (process 7) has 0.0.0.0 port 80`, into TEXT of SIZE bytes (256 do);
 * empty where nobody knows, or nothing is to be said. The member `holder` for N. */
void report_holder(struct notice *n, int type, const struct address *wanted, char *text,
		   size_t size);

/* After ECONNREFUSED, the same of what listens on that port elsewhere on this machine: `; but nginx
 * (process 7) listens on ::1 port 80`. The member `elsewhere`. */
void report_elsewhere(struct notice *n, int type, const struct address *wanted, char *text,
		      size_t size);

/* Adds why a look-up failed to TEXT: EAI in words and by its name, of EAI_SYSTEM with what ERROR
 * is. */
void report_lookup_text(struct text *text, int eai, int error);

/* Says which word could not be looked up, and why. Returns OUTCOME_LOOKUP. */
struct outcome report_lookup(const struct messages *m, const struct places_failure *f);

/* Says why nothing is bound to PORT. Returns OUTCOME_LOOKUP or OUTCOME_FAILED. */
struct outcome report_binding(const struct messages *m, const char *port,
			      const struct binding_result *r);

/* The connection that a message is about. */
struct subject {
	const char *name; /* of its peer, in words */
	const struct address *peer;
	uint64_t id; /* 0: there is only one */
};

/* The facts of S, for an object. */
void report_subject(struct notice *n, const struct subject *s);

/* Says how P's run, that of S, ended, where it did not end well. Returns what that means. */
struct outcome report_pump(const struct messages *m, const struct pump *p, const struct subject *s);

struct datagram_counts {
	uint64_t sent, received;
	uint64_t errors; /* that the network told of those that were sent */
};

/* What can be told of a connection, of several together, or of a run's datagrams. */
struct figures {
	uint64_t sent, received;		 /* bytes */
	int64_t ns;				 /* how long */
	int fd;					 /* its socket, -1: none */
	uint64_t id;				 /* its number, 0: there is only one */
	const struct address *peer, *local;	 /* NULL: of several, or not known */
	const struct datagram_counts *datagrams; /* NULL: of connections */
	uint64_t count;				 /* so many */
	bool unseen;				 /* the bytes did not pass here */
	const char *why;			 /* it was closed, NULL: it was not */
	int status;				 /* of its command, -1: none has ended */
};

/* Says F as the event EVENT: `closed`, `stats`, `total`. */
void report_figures(const struct messages *m, enum message_level level, const struct figures *f,
		    const char *event);

/* Says that a client was `accepted`, or whatever EVENT is; ID as above. */
void report_client(const struct messages *m, const char *event, uint64_t id,
		   const struct address *peer, const struct address *local);

/* Says that a client was refused, and why. */
void report_refused(const struct messages *m, const struct address *peer,
		    const struct address *local, const char *why);

/* ERROR of reading WHAT, or of cutting it into packets of at most MOST bytes. Returns
 * OUTCOME_FAILED. */
struct outcome report_input_error(const struct messages *m, const char *what, int error,
				  size_t most);

/* ERROR of writing to WHAT: where nobody reads it any more, death by SIGPIPE without a word, as of
 * any program, unless our parent had that ignored. */
struct outcome report_output_error(const struct messages *m, const char *what, int error);

/* Says the system's ERROR about WHAT. Returns OUTCOME_FAILED. */
struct outcome report_error(const struct messages *m, const char *what, int error);

#endif
