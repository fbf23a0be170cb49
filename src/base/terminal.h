/* terminal.h - a terminal in raw mode for a while */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>

/* Puts the terminal FD into raw mode (cfmakeraw(3): no echo, no line editing, no signals from keys)
 * until terminal_restore(); again has it so once more. Returns 0, or -1 with errno of tcsetattr(3);
 * ENOTTY where it is none. */
int terminal_raw(int fd);

/* As it was before. Without effect where nothing was changed. */
void terminal_restore(void);

/* How a line on stderr ends: a terminal in raw mode does not go back to the first column by itself.
 */
const char *terminal_newline(void);

#endif
