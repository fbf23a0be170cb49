/* report.h - what a run says of connections: each event, error and figure, in words or as an object
 *
 * What says that something has failed returns what that means for the run.
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
#include "net/tls_asker.h"
#include "sock/stream.h"
#include "system/cause.h"

/* ---- report.c: files, descriptors, look-ups ---- */

#define REPORT_STEP (2 * OPTION_TEXT)

/* Writes the step WHAT, of net/ or sock/, for a message into TEXT of REPORT_STEP bytes: an option's
 * long name, with or without `--`, as the option was given (`-I eth0`; source: `-s ADDR -p PORT`),
 * a socket option as --sockopt was; else as it stands. NULL: nothing. Returns TEXT. */
const char *report_step(const struct messages *m, const char *what, char *text);

/* Says the system's ERROR about WHAT; `--NAME` is an option, see report_step(). Returns
 * OUTCOME_FAILED. */
struct outcome report_error(const struct messages *m, const char *what, int error);

/* Says ERROR of writing to WHAT. Where nobody reads it any more nothing is said, and the outcome is
 * death by SIGPIPE, as for any program, unless our parent had that ignored. */
struct outcome report_output_error(const struct messages *m, const char *what, int error);

/* Is ERROR of writing one that SIGPIPE is for, and are we to die of it? */
bool report_ends_by_signal(int error);

/* Says ERROR of reading WHAT, or of cutting it by F into packets of at most MOST bytes. Returns
 * OUTCOME_FAILED. The second writes the same sentence into TEXT of SIZE bytes. */
struct outcome report_input_error(const struct messages *m, const char *what, int error,
				  const struct framer *f, size_t most);
void report_input_text(char *text, size_t size, const char *what, int error, const struct framer *f,
		       size_t most);

/* Adds which word could not be looked up, and why. */
void report_places_text(struct text *text, const struct places_failure *f);

/* Says it. Returns OUTCOME_LOOKUP. */
struct outcome report_lookup(const struct messages *m, const struct places_failure *f);

/* ---- report_event.c: what -v and -vv tell ---- */

/* Says E, without -v too where it tells of a port that the kernel chose. This is an event_fn, whose
 * ARG is a const struct messages. */
void report_event(void *arg, const struct event *e);

/* Adds the member `proxy`, P's URL. */
void report_proxy(struct json *json, const struct proxy *p);

/* ---- report_dial.c: connecting ---- */

#define REPORT_REASON (CAUSE_TEXT + 2)

/* Writes what cause_find() finds as the end of a sentence, `: it is no socket`, into TEXT of
 * REPORT_REASON bytes; nothing where nothing is known, or errors are not said. Returns TEXT. */
const char *report_reason(const struct messages *m, const struct cause_question *q, char *text);

/* A dial that has failed. */
struct dial_report {
	const char *host, *port;
	const struct dial_result *result;
	int64_t limit;		   /* ns that it had, */
	const char *option;	   /* and the name of that limit */
	int64_t retry;		   /* ns of --retry, which is over; UNSET: it is not about that */
	const struct text *before; /* how other places failed before; NULL: there were none */
};

/* Says in one line how D has failed at each address. */
struct outcome report_dial(const struct messages *m, const struct dial_report *d);

/* Says that another try follows D, with -v only where the reason is not the one SAID last, which it
 * becomes. */
void report_retry(const struct messages *m, const struct dial_report *d, struct text *said);

struct subject;

/* Says with -v that X goes on to NEXT, D having failed, and adds to BEFORE how. */
void report_passed_over(const struct messages *m, const struct subject *x,
			const struct dial_report *d, const char *next, struct text *before);

/* Adds the words of report_dial() to TEXT: how each address that R tried has failed; where there
 * was none, why; where a proxy has failed, what it did not reach. R has not failed in a look-up:
 * report_lookup() is for that. */
void report_dial_text(const struct messages *m, struct text *text, const struct dial_result *r,
		      int64_t limit, const char *option);

/* Adds how each of the N addresses at F has failed to TEXT, `ADDRESS port PORT: why`; of a single
 * one without the address, unless it is to be NAMED. SILENT is what to say of no answer. The second
 * adds them as the member `failures`. */
void report_failures_text(const struct messages *m, struct text *text, const struct dial_failure *f,
			  size_t n, bool named, const char *silent);
void report_failures_json(struct json *json, const struct dial_failure *f, size_t n);

/* Finds what this machine knows of why connecting sockets of TYPE to those COUNT addresses failed:
 * after a refusal report_elsewhere(), where a source address was taken report_holder(), of silence
 * report_full(). */
void report_cause(struct notice *n, int type, const struct dial_failure *f, size_t count,
		  char *text, size_t size);

#define PROBE_WHY (384 + REPORT_STEP)

/* Writes why a probed target, which had the time LIMIT, is not open into TEXT of PROBE_WHY bytes;
 * nothing where it is. STATE, WHAT, ERROR and ICMP are those of its struct probe_result. */
void report_probe_text(const struct messages *m, enum probe_state state, const char *what,
		       int error, const struct icmp_error *icmp, int64_t limit, char *text);

/* ---- report_tls.c: what a peer says by TLS ---- */

/* Adds `TLS 1.3 TLS_AES_128_GCM_SHA256 h2`, `TLS alert handshake_failure` or `no TLS: the service
 * says '220 mail'` to TEXT. LIMIT is the time that there was, ns, for a silence. */
void report_tls_text(struct text *text, const struct tls_result *r, int64_t limit);

#define REPORT_TLS_BEFORE 64

/* Adds lines of the certificate, if R has one, or that it is hidden, and a line of what could not
 * be read, if anything; each with BEFORE before it, under REPORT_TLS_BEFORE bytes. */
void report_tls_certificate(struct text *text, const struct tls_result *r, const char *before);

/* Adds all of that as the member `tls`. */
void report_tls_json(struct json *json, const struct tls_result *r, int64_t limit);

/* ---- report_listen.c: listening ---- */

/* Says why nothing is bound to PORT. */
struct outcome report_binding(const struct messages *m, const char *port,
			      const struct binding_result *r);

/* Finds who has WANTED, after EADDRINUSE of a socket of TYPE (SOCK_STREAM, SOCK_DGRAM). Writes the
 * end of a sentence, `: nginx (process 7) has 0.0.0.0 port 80`, into TEXT of SIZE bytes (256 do),
 * and adds the member `holder` to N. TEXT is empty where nobody knows, or N is not wanted. */
void report_holder(struct notice *n, int type, const struct address *wanted, char *text,
		   size_t size);

/* Finds who listens on the port of WANTED at another address of this machine, after ECONNREFUSED:
 * `; but nginx (process 7) listens on ::1 port 80`, and the member `elsewhere`. If nobody does, but
 * somebody has it by UDP: `; but unbound (process 7) has 0.0.0.0 port 53 by UDP`. Else as
 * report_holder(). */
void report_elsewhere(struct notice *n, int type, const struct address *wanted, char *text,
		      size_t size);

/* Finds who listens at WANTED without accepting what waits, so that there is no answer: `; the
 * queue of nginx (process 7) on 127.0.0.1 port 80 is full: 6 wait to be accepted`, and the member
 * `full`. Else as report_holder(). */
void report_full(struct notice *n, int type, const struct address *wanted, char *text, size_t size);

/* ---- report_pump.c: connections, their end and their figures ---- */

/* The connection that a message is about. */
struct subject {
	const char *name; /* of its peer, in words */
	const struct address *peer;
	uint64_t id; /* 0: there is only one */
};

/* Adds the members that say which connection S is. */
void report_subject(struct notice *n, const struct subject *s);

/* Says how P's run, that of S, ended, where it did not end well. */
struct outcome report_pump(const struct messages *m, const struct pump *p, const struct subject *s);

struct datagram_counts {
	uint64_t sent, received;
	uint64_t errors; /* that the network told of those that were sent */
};

/* What can be told of a connection, of several together, or of a run's datagrams. */
struct figures {
	uint64_t sent, received;      /* bytes */
	int64_t acknowledged;	      /* of those sent, UNSET: not known */
	int64_t ns;		      /* how long */
	const struct stream_tcp *tcp; /* NULL: not known */
	struct pump_limits limits;
	const char *input, *output; /* what is read and sent, and what is received goes to; NULL: of
				     * several */
	bool rate;		    /* --rate is given */
	uint64_t id;		    /* its number, 0: there is only one */
	const struct address *peer, *local;	 /* NULL: of several, or not known */
	const struct datagram_counts *datagrams; /* NULL: of connections */
	uint64_t count;				 /* so many connections */
	bool unseen;				 /* the bytes did not pass here */
	const char *transport;	   /* what --transport mptcp came to, NULL: nobody asked */
	const char *fastopen;	   /* what --fastopen came to: `taken` or not; NULL: nobody asked */
	uint64_t lost, lost_bytes; /* by --live, and what those are: `read`, `message`... */
	const char *lost_what;
	const char *why; /* it was closed, NULL: it was not */
	int status;	 /* of its command, -1: none has ended */
};

/* Says F as the event EVENT: `closed`, `stats`, `total`, `interval`. What limited
 * it is said where that is of a tenth of a second or more: the kernel's clock for it is coarse. */
void report_figures(const struct messages *m, enum message_level level, const struct figures *f,
		    const char *event);

/* A client that comes. */
struct client_report {
	const struct address *peer, *local;
	const struct address *via; /* of the proxy that told `peer`; NULL: none did */
	const char *why;	   /* it is refused; NULL: it is not, or for its */
	const char *fault;	   /* what is wrong with its PROXY header; NULL: nothing */
};

/* Says that the client C was `accepted` or `refused`, as EVENT is; of a fault without -v too. ID is
 * its number, 0: there is only one, or it got none. */
void report_client(const struct messages *m, const char *event, uint64_t id,
		   const struct client_report *c);

/* Says that there are COUNT of WHAT already from where PEER is, so that it is refused. */
void report_crowd(const struct messages *m, const struct address *peer, size_t count,
		  const char *what);

#endif
