/* service.h - a service: what is done with each connection, as a table of operations
 *
 * A service is one file, which defines its operations by SERVICE(), and one row of src/services.c,
 * which has the option that chooses it.
 */
#ifndef CONN_SERVICE_H
#define CONN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "base/text.h"
#include "flow/spawn.h"
#include "net/sources.h"
#include "sock/address.h"

struct connection;
struct connections;
struct proxy;
struct proxy_server_options;
struct service_options;

/* All but `option` and `start` may be left NULL or 0. */
struct service {
	const char *option;	/* long name of the option that chooses it */
	bool runs_command;	/* `-- CMD` chooses it too */
	bool keeps;		/* implies -k */
	bool anywhere;		/* connects to where its clients want to */
	bool arms;		/* promises from the start on, see half_close.h */
	bool joins;		/* what one connection sends goes to all others, */
	bool chat;		/* line by line, each with its sender's number */
	const char *input_ends; /* options that end a wait for what is sent to the peer, for -vv;
				   NULL: -i and --recv-only */
	const struct service *framed; /* takes its place where a connection has messages
					 (--wire-frame); NULL: none */
	size_t size;		      /* bytes of a connection's `own`, all zero at first */
	size_t ends; /* endpoints that it has beside its socket: 1: `in`, 2: `out` too; 0: none, all
			its pumps are `recv_only` */

	/* Checks the service's own options; NUMERIC: they may hold no names. Returns 0, or -1 with
	 * *ERROR. */
	int (*check)(struct service_options *o, bool numeric, struct option_error *error);
	/* Returns an error message that says why it must not serve everybody, or NULL if it may. */
	const char *(*refuses_all)(const struct service_options *o);
	/* Returns the places of which each connection is joined to one. Their ports must be found
	 * before anybody can come, the name of a single one too before anybody is connected to; it
	 * may have another address later. */
	const struct forward_place *(*places)(const struct service_options *o);
	/* Called before the first connection, and after the last one. */
	void (*prepare)(struct connections *s);
	void (*end)(struct connections *s);
	/* Begins to serve X. The service or X's pump calls connections_one_over() at X's end. */
	void (*start)(struct connection *x);
	/* Frees what X's `own` holds. X's pump has been freed, its endpoints are still open. */
	void (*free)(struct connection *x);
	/* SIGNAL ends the run, of which X is the only connection. */
	void (*signal)(struct connection *x, int signal);
	/* Adds what X waits for beside its pump, each as "; WHAT (OPTIONS)". */
	void (*waits)(const struct connection *x, struct text *text);
	/* A connection has ended, or stdin: ends the others if nothing is left for them. */
	void (*settle)(struct connections *s);
	/* Returns how many descriptors N connections open while they begin, beside their sockets.
	 */
	size_t (*spare)(const struct connections *s, size_t n);
};

/* Begins the definition of a service: SERVICE(echo) = { ... }; defines echo_service. */
#define SERVICE(name)                                                                              \
	extern const struct service name##_service;                                                \
	const struct service name##_service

/* All services, in src/services.c. The first one serves where no option chooses another. */
extern const struct service *const services[];
extern const size_t n_services;

/* Returns in words which of its members S lacks, or NULL. */
const char *service_fault(const struct service *s);

enum when_full { WHEN_FULL_WAIT, WHEN_FULL_CLOSE };

#define SERVICES_MOST 16

/* A place of --forward. */
struct forward_place {
	const char *word; /* its ENDPOINT, and the parts of that, which service_check() finds */
	struct endpoint_words to;
	bool named;	     /* its host is looked up for each connection */
	unsigned number;     /* from 0 */
	int64_t passed_over; /* until this time, for it could not be reached; 0: it is not */
	struct forward_place *next;
};

/* What the groups' rows fill. */
struct service_options {
	const struct service *service;	    /* the one to use; set by service_check() */
	bool chosen[SERVICES_MOST];	    /* one flag for each service that a flag chooses */
	struct forward_place *forward;	    /* the first is where to, the others where that fails */
	const struct proxy *way;	    /* by these it connects further; NULL: directly */
	struct proxy_server_options *proxy; /* NULL: none, as of connect */
	/* of what runs a command */
	struct spawn_command command;
	int64_t kill_after; /* ns, or UNSET */
	/* of UNIX sockets */
	int64_t send_fd; /* a descriptor that goes along with the first bytes, or UNSET */
	bool recv_fd;	 /* the command gets the one that comes with them */
	/* of what accepts */
	bool keep_open;
	int64_t max_conns, accept; /* UNSET: any number */
	struct source_limit per_source;
	int64_t when_full; /* enum when_full */
	int64_t stall;	   /* ns */
	bool live;	   /* nobody waits for a client that is slow */
};

#define SERVICE_OPTIONS_DEFAULT                                                                    \
	{                                                                                          \
		.kill_after = UNSET, .send_fd = UNSET, .max_conns = UNSET, .accept = UNSET,        \
		.per_source = SOURCE_LIMIT_DEFAULT, .stall = 5 * SECOND                            \
	}

/* The parser of --forward, which may be given again; and what frees the places in O. */
int service_parse_forward(void *field, const char *word, struct option_error *error);
void service_options_free(struct service_options *o);

/* The service of forward_group is for what connects, too. */
extern const struct option_group command_group, service_group, forward_group, pass_group;

/* Finds the service that the options or the command in OPERANDS choose, and checks what
 * it needs; NUMERIC: no names. Returns 0, or -1 with *ERROR. */
int service_check(struct service_options *o, const struct operands *operands, bool numeric,
		  struct option_error *error);

/* May there be more than one connection? */
bool service_keeps(const struct service_options *o);

#endif
