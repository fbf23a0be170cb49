/* ways_state.h - what the parts of the ways share
 *
 * ways.c is their course, ways_steps.c has the table of steps and most of them, ways_trace.c,
 * ways_tls.c and ways_mtu.c one each, ways_judge.c finds what is wrong.
 */
#ifndef RUN_WAYS_STATE_H
#define RUN_WAYS_STATE_H

#include "net/path_mtu.h"
#include "net/proxy_client.h"
#include "net/tls_asker.h"
#include "net/trace.h"
#include "run/ways.h"

#define SAID_MOST 256 /* bytes of what a service says first */

enum way_kind {
	WAY_HOST = 1,	 /* to an address of the host */
	WAY_PROXY = 2,	 /* to an address of the first proxy */
	WAY_THROUGH = 4, /* to the host, by way of the proxies */
	WAY_DIRECT = 8,	 /* to a socket of UNIX or vsock */
};

/* When does a step begin? */
enum step_when {
	STEP_AT_ONCE,
	STEP_OVER,   /* all connections are there, or have failed, and little is under way */
	STEP_OPEN,   /* the connection is there */
	STEP_SILENT, /* nobody has answered */
};

enum task_state { TASK_WAITS, TASK_RUNS, TASK_DONE, TASK_LEFT_OUT };

/* A step of one way. */
struct task {
	enum task_state state;
	int64_t start, ns;
	struct text answer;
};

/* The steps, in the order in which they are told. */
enum step_id {
	STEP_ROUTE,
	STEP_CONNECT,
	STEP_SILENCE,
	STEP_LISTENER,
	STEP_GREETING,
	STEP_TLS,
	STEP_MTU,
	STEPS
};

/* A connection that is being made; all NULL: none is. */
struct way_connection {
	struct dial *dial;
	struct proxy_client *client;
};

struct way {
	struct ways *ways;
	enum way_kind kind;
	struct address address;
	const char *host; /* what is dialled, of an address in `number`, */
	char number[ADDRESS_TEXT], port[8];
	char where[ADDRESS_TEXT]; /* and how it is called */
	bool local;		  /* it is an address of this machine */
	struct task tasks[STEPS];
	struct route route;
	/* of the connection: */
	struct way_connection connection;
	struct dial_result result; /* its `failures` are ours */
	char cause[512];	   /* who listens elsewhere, whose queue is full: `; but...` */
	bool listens;		   /* it has failed, but somebody listens just there */
	/* of silence: */
	struct trace *trace;
	struct address last_router; /* that was heard; of length 0: none */
	/* of TLS: */
	struct timer tls_timer;
	struct way_connection tls_connection;
	struct tls_asker *asker;
	char certificate[64]; /* why its time is not now; empty: it is, or is not known */
	/* of the path's MTU: */
	struct path_mtu *path;
	unsigned hole; /* larger packets get lost, which the kernel does not know; 0: none do */
	/* of what is said first: */
	struct watch watch; /* fd -1: there is no connection (any more) */
	struct timer timer;
	char said[SAID_MOST];
	size_t said_n;
	bool mute; /* it was closed, or broken, without a word */
};

struct ways {
	struct ways_config c;
	struct messages messages; /* C's, but never quiet: what is told is the report */
	struct way *ways;
	size_t n;
	size_t step, at; /* the next one to be told */
	struct timer turn, quiet;
	int64_t over;		       /* when the last connection was; 0: not yet */
	struct dial_failure *failures; /* of ways_result() */
};

struct way_step {
	char name[12];
	unsigned kinds; /* of ways that have it */
	enum step_when when;
	bool timed; /* how long it took is told */
	/* Begins it: calls task_done() or task_leave_out(), from in here or later. */
	void (*start)(struct way *w, struct task *t);
	/* See ways_judge.c; NULL: nothing is ever wrong with it. */
	void (*judge)(const struct way *w, struct text *text);
	/* Gives it up, or frees what it has; NULL: it has nothing. */
	void (*end)(struct way *w);
};

/* ---- ways.c ---- */

/* T, of W, is over, and has its answer. */
void task_done(struct way *w, struct task *t);

/* T has nothing to tell. */
void task_leave_out(struct way *w, struct task *t);

/* W's connection is there, or has failed: begins the steps that waited for that. */
void way_go_on(struct way *w);

/* Is one of W's ways open that leads to the host? Those to a proxy do not. */
bool ways_arrive(const struct ways *w);

bool way_is_open(const struct way *w);

/* Has W failed since nobody has answered? */
bool way_is_silent(const struct way *w);

/* ---- ways_steps.c ---- */

extern const struct way_step ways_steps[STEPS];

/* Adds why W, which has failed, has. */
void way_add_failure(const struct way *w, struct text *text);

/* Has the host refused W by a reset, or somebody in its name? */
bool way_refused_by_host(const struct way *w);

/* Begins a connection *C by W, which has the time LIMIT, ns. FN, whose ARG is W, is called once,
 * from the loop; *C is over then. Returns false if there is no memory. */
bool way_dial(struct way *w, struct way_connection *c, int64_t limit, dial_fn *fn);

/* Gives *C up. */
void way_end_dial(struct way_connection *c);

/* How long W listens, at least, to what is said first, ns: so long as TLS is being asked for. */
int64_t way_listening(const struct way *w);

/* ---- ways_trace.c ---- */

void way_trace(struct way *w, struct task *t);
void way_end_trace(struct way *w);

/* ---- ways_tls.c ---- */

void way_ask_for_tls(struct way *w, struct task *t);
void way_end_asking(struct way *w);

/* ---- ways_mtu.c ---- */

void way_measure(struct way *w, struct task *t);
void way_end_measuring(struct way *w);

/* ---- ways_judge.c: each adds what is wrong to TEXT, nothing where nothing is ---- */

void way_judge_connection(const struct way *w, struct text *text);
void way_judge_greeting(const struct way *w, struct text *text);
void way_judge_tls(const struct way *w, struct text *text);
void way_judge_mtu(const struct way *w, struct text *text);

#endif
