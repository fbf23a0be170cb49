/* terminal.h - stdin's terminal in raw mode for a while */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stddef.h>

/* Puts the terminal FD into raw mode (cfmakeraw(3): no echo, no line editing, no signals from keys)
 * until terminal_restore(). May be called again, since another program may have changed the mode.
 * Returns 0, or -1 with errno of tcsetattr(3), ENOTTY if FD is no terminal. */
int terminal_raw(int fd);

/* Gives the terminal its former mode back, if terminal_raw() has changed it. */
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
