#define _DEFAULT_SOURCE /* cfmakeraw */
#include "base/terminal.h"

#include <termios.h>

/* There is one stdin, and its settings outlive us: they must be found wherever the end comes. */
static struct termios before;
static int changed = -1;

int terminal_raw(int fd)
{
	struct termios raw;

	if (changed >= 0)
		return 0;
	if (tcgetattr(fd, &before) < 0)
		return -1;
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -1;
	changed = fd;
	return 0;
}

void terminal_restore(void)
{
	if (changed >= 0)
		tcsetattr(changed, TCSADRAIN, &before);
	changed = -1;
}
