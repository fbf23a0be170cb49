/* terminal.c - puts a terminal into raw mode, and back */
#define _DEFAULT_SOURCE /* cfmakeraw, TIOCGWINSZ */
#include "base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* There is one stdin, and its settings outlive the process: every way to the end must find them. */
static struct termios before;
static int changed = -1;

int terminal_raw(int fd)
{
	struct termios raw;

	/* The first settings are the user's. */
	if (changed < 0 && tcgetattr(fd, &before) < 0)
		return -1;
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -1;
	changed = fd;
	return 0;
}

size_t terminal_columns(int fd)
{
	struct winsize w;

	return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

const char *terminal_newline(void)
{
	return changed >= 0 && isatty(STDERR_FILENO) ? "\r\n" : "\n";
}

const char *terminal_erase(void)
{
	const char *type = getenv("TERM");

	return type && *type && strcmp(type, "dumb") != 0 ? "\033[J" : "";
}

void terminal_restore(void)
{
	if (changed >= 0)
		tcsetattr(changed, TCSADRAIN, &before);
	changed = -1;
}
