/* places.h - the addresses of a host and port, and those to connect from
 *
 * One look-up for whatever connects, listens or sends: first of the source (--source,
 * --source-port), then of the host and port. A failure names the word that it is about.
 */
#ifndef NET_PLACES_H
#define NET_PLACES_H

#include <stddef.h>

#include "loop/loop.h"
#include "net/event.h"

enum place_word {
	PLACE_HOST,
	PLACE_PORT,
	PLACE_SOURCE,
	PLACE_SOURCE_PORT,
	PLACE_PROXY,
	PLACE_PROXY_PORT,
	PLACE_SERVER, /* of resolve --server */
	PLACE_SERVER_PORT,
};

/* The words stay the caller's and must live until the answer. They have passed
 * address_operands() or address_check(). */
struct places_question {
	const char *host; /* NULL: the wildcard addresses */
	const char *port; /* NULL: only the source is asked for */
	int family;	  /* AF_UNSPEC: both */
	int socktype;
	enum place_word which;		  /* what a failure calls HOST; the next one is PORT */
	const char *source, *source_port; /* both NULL: no source is asked for */
	struct events events;		  /* EVENT_LOOKUP and EVENT_RESOLVED, of HOST and PORT */
};

struct places_failure {
	int eai;	       /* getaddrinfo's error; 0: nothing failed */
	int error;	       /* the errno of EAI_SYSTEM */
	enum place_word which; /* which word could not be looked up */
	const char *word;      /* the word itself */
	int family;	       /* that was asked for, AF_UNSPEC: any */
};

struct places_answer {
	struct address *addresses; /* each once, in the order of RFC 6724; at least one */
	size_t n;
	struct address *sources;
	size_t n_sources;
	struct places_failure failure; /* with `eai` set there are no addresses and no sources */
};

/* FOUND's two arrays are the callee's, to be freed with free(3). */
typedef void places_fn(void *arg, struct places_answer *found);

struct places_lookup;

/* Looks up what Q asks for and calls FN once: from the loop, or from in here where all words are
 * numbers. Lack of memory, threads or descriptors is a failed look-up too. *OUT can be cancelled
 * until FN is called, and is NULL from then on. */
void places_find(struct loop *loop, const struct places_question *q, places_fn *fn, void *arg,
		 struct places_lookup **out);

/* Returns the word that L looks up now; NULL: L is NULL. */
const char *places_word(const struct places_lookup *l);

/* Gives L up without calling FN; NULL: does nothing. */
void places_cancel(struct places_lookup *l);

#endif
