/* terminal.c - puts a terminal into raw mode, and back; job control */
#define _DEFAULT_SOURCE /* cfmakeraw, TIOCGWINSZ */
#include "base/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* There is one stdin, and its settings outlive the process: every way to the end must find them. */
static struct termios before;
static int changed = -1;

static bool terminal_in_background(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	/* 0 is a group that our PID namespace does not know. The other end of a pseudo-terminal
	 * answers too, of a session that need not be ours. */
	return foreground > 0 && foreground != getpgrp() && tcgetsid(fd) == getsid(0);
}

bool terminal_holds(int fd, short events)
{
	struct termios t;

	if (!(events & (POLLIN | POLLOUT)) || !terminal_in_background(fd))
		return false;
	return events & POLLIN || (tcgetattr(fd, &t) == 0 && t.c_lflag & TOSTOP);
}

int terminal_raw(int fd)
{
	struct termios raw;

	/* tcsetattr(3) would stop us. */
	if (terminal_in_background(fd)) {
		errno = EAGAIN;
		return -1;
	}
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
	if (changed >= 0 && !terminal_in_background(changed))
		tcsetattr(changed, TCSADRAIN, &before);
	changed = -1;
}
