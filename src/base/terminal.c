#define _DEFAULT_SOURCE /* cfmakeraw */
#include "base/terminal.h"

#include <termios.h>
#include <unistd.h>

/* There is one stdin, and its settings outlive us: they must be found wherever the end comes. */
static struct termios before;
static int changed = -1;

int terminal_raw(int fd)
{
	struct termios raw;

	/* Once more where somebody else may have changed it meanwhile. */
	if (changed < 0 && tcgetattr(fd, &before) < 0)
		return -1;
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -1;
	changed = fd;
	return 0;
}

const char *terminal_newline(void)
{
	return changed >= 0 && isatty(STDERR_FILENO) ? "\r\n" : "\n";
}

void terminal_restore(void)
{
	if (changed >= 0)
		tcsetattr(changed, TCSADRAIN, &before);
	changed = -1;
}
