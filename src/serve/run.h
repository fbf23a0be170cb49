/* run.h - a run of connect or listen: the loop, its signals, its time limit, its outcome */
#ifndef SERVE_RUN_H
#define SERVE_RUN_H

#include "base/message.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "loop/loop.h"

struct run {
	struct loop *loop;
	const struct messages *messages;
	const struct data_options *data;
	struct timer timeout;
	struct outcome outcome;
	bool ended;
	/* SIGUSR1, and the run's end: says how far it has come. NULL: it has not begun. */
	void (*figures)(void *arg, bool at_end);
	void *figures_arg;
};

/* *R with a loop of its own, which signals and --timeout end. Returns 0, or -1 having said why not. */
int run_start(struct run *r, const struct messages *m, const struct data_options *data);

/* Ends R with OUTCOME; the first one counts. */
void run_end(struct run *r, struct outcome outcome);

/* Runs the loop until run_end(). Returns the outcome. */
struct outcome run_wait(struct run *r);

void run_free(struct run *r);

#endif
