#include "serve/run.h"

#include <errno.h>

#include "base/clock.h"
#include "loop/signals.h"
#include "serve/report.h"

static void on_signal(void *arg, int signal)
{
	struct run *r = arg;

	if (signal != SIGUSR1)
		run_end(r, (struct outcome){ OUTCOME_SIGNAL, signal });
	else if (r->figures)
		r->figures(r->figures_arg, false);
	else
		message(r->messages, MESSAGE_NOTE, "not connected yet");
}

static void on_timeout(void *arg)
{
	struct run *r = arg;
	char time[32];

	message(r->messages, MESSAGE_ERROR, "not done within %s (--timeout)",
		duration_format(time, sizeof time, r->data->timeout));
	run_end(r, (struct outcome){ OUTCOME_TIMEOUT, 0 });
}

int run_start(struct run *r, const struct messages *m, const struct data_options *data)
{
	*r = (struct run){ .loop = loop_new(), .messages = m, .data = data };
	if (!r->loop) {
		report_error(m, "start", errno);
		return -1;
	}
	signals_start();
	loop_on_signal(r->loop, on_signal, r);
	r->timeout = (struct timer){ .fn = on_timeout, .arg = r };
	timer_set(r->loop, &r->timeout, clock_after(m->start, data->timeout));
	return 0;
}

void run_end(struct run *r, struct outcome outcome)
{
	if (!r->ended)
		r->outcome = outcome;
	r->ended = true;
	loop_stop(r->loop);
}

struct outcome run_wait(struct run *r)
{
	if (!r->ended && loop_run(r->loop) < 0)
		run_end(r, report_error(r->messages, "poll", errno));
	if (r->figures)
		r->figures(r->figures_arg, true);
	return r->outcome;
}

void run_free(struct run *r)
{
	loop_free(r->loop);
}
