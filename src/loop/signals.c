#include "loop/signals.h"

#include <stddef.h>

#define N_CAUGHT 5

static const int caught[N_CAUGHT] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1 };

/* Signal handlers leave no choice but statics. */
static volatile sig_atomic_t came[N_CAUGHT];
static volatile sig_atomic_t any;
static sigset_t open_mask;
static bool started;
static bool pipe_ignored;

static void handle(int signal)
{
	for (int i = 0; i < N_CAUGHT; i++)
		if (caught[i] == signal)
			came[i] = 1;
	any = 1;
}

void signals_ignore_pipe(void)
{
	struct sigaction old, act = { .sa_handler = SIG_IGN };

	sigemptyset(&act.sa_mask);
	sigaction(SIGPIPE, &act, &old);
	pipe_ignored = old.sa_handler == SIG_IGN;
}

bool signals_pipe_was_ignored(void)
{
	return pipe_ignored;
}

void signals_start(void)
{
	struct sigaction old, act = { .sa_handler = handle };
	sigset_t block;

	sigemptyset(&act.sa_mask);
	sigemptyset(&block);
	for (int i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&block, caught[i]);
		sigaction(caught[i], &act, NULL);
	}
	sigprocmask(SIG_BLOCK, &block, &open_mask);
	started = true;
}

const sigset_t *signals_open(void)
{
	return started ? &open_mask : NULL;
}

int signals_next(void)
{
	if (!any)
		return 0;
	for (int i = 0; i < N_CAUGHT; i++)
		if (came[i]) {
			came[i] = 0;
			return caught[i];
		}
	any = 0;
	return 0;
}

bool signals_die(int signal)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t mask;

	if (signal == SIGPIPE && pipe_ignored)
		return true;
	sigemptyset(&act.sa_mask);
	sigaction(signal, &act, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, signal);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	raise(signal);
	return false;
}

void signals_block(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

void signals_unblock(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}
