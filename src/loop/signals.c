#include "loop/signals.h"

#include <stddef.h>
#include <unistd.h>

#define N_CAUGHT 8
#define N_ALWAYS 5 /* the first ones */

static const int caught[N_CAUGHT] = { SIGHUP,  SIGINT,	SIGTERM, SIGQUIT,
				      SIGUSR1, SIGCHLD, SIGTSTP, SIGCONT };

/* Signal handlers leave no choice but statics. */
static volatile sig_atomic_t came[N_CAUGHT];
static volatile sig_atomic_t any;
static sigset_t first_mask, open_mask;
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

/* Catches SIGNAL, and has it blocked but for the wait. */
static void catch_signal(int signal, bool ignored_too)
{
	struct sigaction old, act = { .sa_handler = handle };
	sigset_t block;

	sigemptyset(&act.sa_mask);
	sigaction(signal, NULL, &old);
	if (old.sa_handler == SIG_IGN && !ignored_too)
		return;
	sigaction(signal, &act, NULL);
	sigemptyset(&block);
	sigaddset(&block, signal);
	sigprocmask(SIG_BLOCK, &block, NULL);
}

void signals_start(void)
{
	sigprocmask(SIG_BLOCK, NULL, &first_mask);
	open_mask = first_mask;
	started = true;
	for (int i = 0; i < N_ALWAYS; i++)
		catch_signal(caught[i], false);
}

void signals_catch_children(void)
{
	catch_signal(SIGCHLD, true);
	sigdelset(&open_mask, SIGCHLD);
}

void signals_catch_stops(void)
{
	catch_signal(SIGTSTP, false);
	catch_signal(SIGCONT, false);
}

void signals_stop(void)
{
	struct sigaction old, act = { .sa_handler = SIG_DFL };
	sigset_t mask, before;

	sigemptyset(&act.sa_mask);
	sigaction(SIGTSTP, &act, &old);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTSTP);
	kill(getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &mask, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGTSTP, &old, NULL);
}

const sigset_t *signals_open(void)
{
	return started ? &open_mask : NULL;
}

const sigset_t *signals_first(void)
{
	return &first_mask;
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

void signals_give_back(void)
{
	struct sigaction old, act = { .sa_handler = SIG_DFL };
	int ends = 0;

	for (int s; (s = signals_next());)
		ends = s == SIGCHLD || s == SIGCONT || s == SIGUSR1 ? ends : s;
	sigemptyset(&act.sa_mask);
	for (int i = 0; i < N_CAUGHT; i++)
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == handle)
			sigaction(caught[i], &act, NULL);
	sigaction(SIGPIPE, &act, NULL);
	sigaction(SIGCHLD, &act, NULL);
	if (ends)
		raise(ends);
	/* What is still blocked comes now, and does what it does by default. */
	sigprocmask(SIG_SETMASK, &first_mask, NULL);
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
