/* signals.h - the signals that end a run or ask it something */
#ifndef LOOP_SIGNALS_H
#define LOOP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Ignores SIGPIPE: writing to nobody is an error like others. First of all. */
void signals_ignore_pipe(void);

/* Did our parent have SIGPIPE ignored already? Then nobody expects us to die by it. */
bool signals_pipe_was_ignored(void);

/* Catches SIGHUP, SIGINT, SIGTERM, SIGQUIT and SIGUSR1 from here on, except for those that were
 * ignored when we were started (nohup(1)); they are blocked outside of the loop's wait. Once. */
void signals_start(void);

/* Catches SIGCHLD too, also where our parent ignored it: else the status of a child would be lost.
 */
void signals_catch_children(void);

/* Catches SIGTSTP and SIGCONT too, unless they were ignored. */
void signals_catch_stops(void);

/* Stops the process by SIGTSTP as if that were not caught; returns when it is continued. */
void signals_stop(void);

/* The mask for the wait: what was there at the start, but for what is always caught. NULL before
 * signals_start(). */
const sigset_t *signals_open(void);

/* The mask as it was at the start, for processes. After signals_start(). */
const sigset_t *signals_first(void);

/* Undoes all of it for a program that takes our place, but that SIGPIPE and SIGCHLD get their
 * defaults. A signal that has come and was not acted upon ends the process here. After
 * signals_start(). */
void signals_give_back(void);

/* The next signal that has come, 0 if none has. */
int signals_next(void);

/* Has a signal come that signals_next() has still to give? */
bool signals_wait(void);

/* The same, of those too that have come outside of the loop's wait. */
bool signals_have_come(void);

/* Ends the process by SIGNAL as if it had never been caught. Returns where that cannot be: true if
 * the signal was ignored when we were started, else false: as PID 1 no default action ends us. */
bool signals_die(int signal);

/* All signals blocked around a pthread_create(3): threads inherit the mask. BEFORE keeps what was
 * there. */
void signals_block(sigset_t *before);
void signals_unblock(const sigset_t *before);

#endif
