/* signals.c - the signals that end a run or ask it something */
#include "loop/signals.h"

#include <stddef.h>
#include <unistd.h>

#include "base/wait.h"

#define N_CAUGHT 8

/* By the call that catches them. */
static const int caught[N_CAUGHT] = { SIGHUP,  SIGINT,	SIGTERM, SIGQUIT,
				      SIGUSR1, SIGCHLD, SIGTSTP, SIGCONT };
enum { FIRST_ENDING = 0, N_ENDING = 5, FIRST_CHILD = 5, FIRST_STOP = 6, N_STOP = 2 };

typedef void signal_handler(int signal);

/* Signal handlers leave no choice but statics. */
static volatile sig_atomic_t came[N_CAUGHT];
static volatile sig_atomic_t any;
static sigset_t first_mask, open_mask;
static sigset_t handled; /* what no handler is interrupted by: all that have one */
static bool started;
static bool pipe_ignored;

/* Gives SIGNAL the disposition HANDLER. Returns the one before. No other signal that we catch comes
 * while a handler runs: where wait_interrupt() does not return, the first one would be lost. */
static signal_handler *signals_set(int signal, signal_handler *handler)
{
	struct sigaction old, act = { .sa_handler = handler, .sa_mask = handled };

	sigaction(signal, &act, &old);
	return old.sa_handler;
}

/* Blocks or unblocks (HOW) SIGNAL alone. */
static void signals_mask(int how, int signal, sigset_t *before)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, signal);
	sigprocmask(how, &mask, before);
}

static void signals_handle(int signal)
{
	for (int i = 0; i < N_CAUGHT; i++)
		if (caught[i] == signal)
			came[i] = 1;
	any = 1;
	wait_interrupt();
}

void signals_ignore_pipe(void)
{
	pipe_ignored = signals_set(SIGPIPE, SIG_IGN) == SIG_IGN;
}

bool signals_pipe_was_ignored(void)
{
	return pipe_ignored;
}

/* Catches N of `caught` from FIRST on, but those that are ignored only if IGNORED_TOO, and blocks
 * them outside of the wait. Returns what was blocked before. */
static sigset_t signals_catch(int first, int n, bool ignored_too)
{
	sigset_t block, before;

	sigprocmask(SIG_BLOCK, NULL, &before);
	block = handled = before;
	for (int i = 0; i < N_CAUGHT; i++) {
		sigaddset(&handled, caught[i]);
		if (i >= first && i < first + n)
			sigaddset(&block, caught[i]);
	}
	sigprocmask(SIG_SETMASK, &block, NULL);
	for (int i = first; i < first + n; i++) {
		if (signals_set(caught[i], signals_handle) != SIG_IGN || ignored_too)
			continue;
		/* One that came meanwhile was blocked, and is discarded here. */
		signals_set(caught[i], SIG_IGN);
		if (!sigismember(&before, caught[i]))
			signals_mask(SIG_UNBLOCK, caught[i], NULL);
	}
	return before;
}

void signals_start(void)
{
	open_mask = first_mask = signals_catch(FIRST_ENDING, N_ENDING, false);
	started = true;
}

void signals_catch_children(void)
{
	signals_catch(FIRST_CHILD, 1, true);
	sigdelset(&open_mask, SIGCHLD);
}

void signals_catch_stops(void)
{
	signals_catch(FIRST_STOP, N_STOP, false);
}

void signals_stop(void)
{
	signal_handler *old = signals_set(SIGTSTP, SIG_DFL);
	sigset_t before;

	kill(getpid(), SIGTSTP);
	signals_mask(SIG_UNBLOCK, SIGTSTP, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signals_set(SIGTSTP, old);
}

const sigset_t *signals_open(void)
{
	return started ? &open_mask : NULL;
}

const sigset_t *signals_first(void)
{
	return &first_mask;
}

bool signals_wait(void)
{
	return any;
}

bool signals_have_come(void)
{
	wait_for(NULL, 0, 0, signals_open());
	return signals_wait();
}

int signals_next(void)
{
	for (int i = 0; any && i < N_CAUGHT; i++)
		if (came[i]) {
			came[i] = 0;
			return caught[i];
		}
	any = 0;
	return 0;
}

void signals_give_back(void)
{
	struct sigaction old;
	int ends = 0;

	for (int s; (s = signals_next());)
		ends = s == SIGCHLD || s == SIGCONT || s == SIGUSR1 ? ends : s;
	for (int i = 0; i < N_CAUGHT; i++)
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == signals_handle)
			signals_set(caught[i], SIG_DFL);
	signals_set(SIGPIPE, SIG_DFL);
	signals_set(SIGCHLD, SIG_DFL);
	if (ends)
		raise(ends);
	/* What is still blocked comes now, and does what it does by default. */
	sigprocmask(SIG_SETMASK, &first_mask, NULL);
}

bool signals_die(int signal)
{
	if (signal == SIGPIPE && pipe_ignored)
		return true;
	signals_set(signal, SIG_DFL);
	signals_mask(SIG_UNBLOCK, signal, NULL);
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
