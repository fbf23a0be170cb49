/* run.h - the course of a subcommand: its loop, signals, time limits, copies, figures, outcome */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "base/message.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "flow/transcript.h"
#include "loop/loop.h"
#include "net/places.h"

/* How far a run has come. */
struct run_totals {
	uint64_t sent, received;
	uint64_t taken;	  /* from stdin; a filter sends more or fewer */
	int64_t expected; /* from stdin in all; UNSET: not known */
	int64_t start;	  /* time of the first connection; 0: none yet */
};

/* The words of run_calls.waits for a look-up: of the word, and which option would end it. */
#define RUN_LOOKUP "the look-up of %s (%s)"

/* When figures are said: on SIGUSR1, for each interval of --stats, and when the run has ended. */
enum run_figures { FIGURES_ASKED, FIGURES_INTERVAL, FIGURES_END };

/* What a subcommand answers for its run. Each may be NULL. */
struct run_calls {
	/* Says how far the run has come, or what it did since the last FIGURES_INTERVAL. Without it
	 * who asks is told what is waited for. */
	void (*figures)(void *arg, enum run_figures when);
	void (*totals)(void *arg, struct run_totals *totals);
	/* Adds to TEXT what is waited for, and in brackets which option would end that. */
	void (*waits)(void *arg, struct text *text);
	/* SIGHUP has come. Returns whether it was for something else than to end the run. */
	bool (*hangup)(void *arg);
	/* A signal has come that ends the run. */
	void (*signalled)(void *arg, int signal);
	/* Is anything still on its way that was read before the run ended? Where it is the loop
	 * goes on, and `leave` is called: no more is to be begun, and run_end() to be called again
	 * as soon as nothing is. After a second, or by another signal, the loop ends all the same.
	 */
	bool (*delivers)(void *arg);
	void (*leave)(void *arg);
	/* The loop has ended, and the files of -o, -x and -X are still open. Last chance to write
	 * to them, to say something, and to change `outcome`. */
	void (*ending)(void *arg);
	/* It calls sandbox_enter() itself; else run_wait() does. */
	bool confines;
	/* The process is about to stop (SIGTSTP), or has been continued. */
	void (*stopped)(void *arg, bool stopped);
	void *arg;
};

struct run {
	struct loop *loop;
	const struct messages *messages;
	const struct data_options *data;
	struct timer timeout, progress_timer, waits_timer, leave_timer, stats_timer;
	struct transcript *copies; /* TRANSCRIPTS of them, of -o, -x and -X; NULL: there are none */
	struct run_calls calls;
	struct outcome outcome;
	bool ended;
	bool leaving;	/* what was read has a second to arrive */
	bool finishing; /* only the files of -o, -x and -X are still written to */
	/* of --progress */
	bool live;	     /* in place; else line by line */
	double rate, taking; /* bytes a second of late: moved, and taken from stdin */
	uint64_t last_moved, last_taken;
	int64_t last_look;
	/* of what -vv says */
	struct text waits;
	bool waits_said;
	uint64_t waits_moved;
	/* of run_look_up() */
	struct run_lookup {
		struct places_lookup *lookup;
		struct timer limit;
		int64_t wait;
		const char *what;
		places_fn *fn;
		void *arg;
	} lookup;
};

/* Checks that stderr is not wanted both for JSON and for a dump, and the steps of a dialogue.
 * Returns 0, or -1 with *ERROR. */
int run_check(const struct messages *m, const struct data_options *data,
	      struct option_error *error);

/* Starts R: makes its loop, which signals and --timeout end, and opens the files of -o, -x and -X.
 * DATA is NULL where a subcommand has none of those options. Returns 0, or -1 having said why not.
 */
int run_start(struct run *r, const struct messages *m, const struct data_options *data);

/* Something moves from here on: begins the intervals of --stats. */
void run_begin_intervals(struct run *r);

/* Looks Q up and calls FN with at least one address, perhaps from in here. A look-up that fails, or
 * takes longer than WAIT (UNSET: no limit), ends R instead, and that is said; WHAT names its object
 * in that message. The words of Q and WHAT must stay until then. One look-up at a time. */
void run_look_up(struct run *r, const struct places_question *q, const char *what, int64_t wait,
		 places_fn *fn, void *arg);

/* Ends R with OUTCOME, of which only the first counts. See `delivers` for what is still done then.
 */
void run_end(struct run *r, struct outcome outcome);

/* Runs the loop until run_end() was called, and what was read has arrived, then writes the rest of
 * the files. Returns the outcome: a run that nobody has ended, though nothing is left to wait for,
 * has failed, which is said.
 */
struct outcome run_wait(struct run *r);

/* Copies N bytes of DATA to the files of -o, -x and -X. */
void run_copy(struct run *r, const struct transcript_piece *piece, const void *data, size_t n);

/* Is there a file of -o, -x or -X? */
bool run_copies(const struct run *r);

/* Has so much not been written to them yet that no more should come? */
bool run_copies_full(const struct run *r);

void run_free(struct run *r);

#endif
