/* terminal.h - a terminal: whether it is ours just now, its raw mode, what it shows */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/number.h"

/* How often to look whether a terminal that held us may be used again: a shell that brings a job to
 * the foreground need not tell it. */
#define TERMINAL_LOOK (250 * MILLISECOND)

/* Would the kernel stop us, as it does a background job, if we read from the terminal FD (EVENTS of
 * poll(2): POLLIN), or wrote to it (POLLOUT: only where TOSTOP is set, see termios(3))? False if it
 * is not our controlling terminal, or none at all. */
bool terminal_holds(int fd, short events);

/* Puts the terminal FD into raw mode (cfmakeraw(3): no echo, no line editing, no signals from keys)
 * until terminal_restore(). May be called again, since another program may have changed the mode.
 * Returns 0, or -1 with errno of tcsetattr(3), ENOTTY if FD is no terminal, EAGAIN while we are in
 * its background. */
int terminal_raw(int fd);

/* Gives the terminal its former mode back, if terminal_raw() has changed it. In the background its
 * mode is somebody else's. */
void terminal_restore(void);

/* Returns how many columns the terminal FD has; 80 if it is none, or does not tell. */
size_t terminal_columns(int fd);

/* Returns what ends a line on stderr: "\r\n" while its terminal is in raw mode, in which a newline
 * does not go back to the first column; else "\n". */
const char *terminal_newline(void);

/* Returns what erases a terminal from the cursor on (ECMA-48, ED), or "" if it is one that knows
 * nothing of the kind, by TERM. */
const char *terminal_erase(void);

#endif
