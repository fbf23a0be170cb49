/* help.c - lays help out for a terminal, and prints it */
#include "base/help.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/terminal.h"

#define INDENT 28

const struct option_row help_option = { "help", 'h', OPTION_FLAG, .help = "this help" };

size_t help_width(int fd)
{
	size_t columns = terminal_columns(fd);

	return columns < 40 ? 40 : columns > 120 ? 120 : columns;
}

static void help_row(struct text *t, const struct option_row *row, size_t width)
{
	char left[80];
	size_t n, indent = width < 60 ? 8 : INDENT;

	if (row->letter)
		n = (size_t)snprintf(left, sizeof left, "  -%c, --%s", row->letter, row->name);
	else
		n = (size_t)snprintf(left, sizeof left, "      --%s", row->name);
	if (row->arg)
		n += (size_t)snprintf(left + n, sizeof left - n, row->optional ? "[=%s]" : " %s",
				      row->arg);
	text_add(t, "%s", left);
	if (n + 2 > indent) {
		text_add(t, "\n");
		n = 0;
	}
	text_add(t, "%*s", (int)(indent - n), "");
	text_wrap(t, row->help, indent, indent, width);
}

void help_command(struct text *t, const struct command *command, size_t width)
{
	text_add(t, "usage: sockit %s ", command->name);
	text_wrap(t, command->synopsis, strlen(command->name) + 14, 14, width);
	text_add(t, "\n");
	text_wrap(t, command->summary, 0, 0, width);
	for (const struct option_use *u = command->uses; u->group; u++) {
		text_add(t, "\n%s:\n", u->group->title);
		for (size_t i = 0; i < u->group->n; i++)
			help_row(t, &u->group->rows[i], width);
	}
	text_add(t, "\nHelp:\n");
	help_row(t, &help_option, width);
	/* A command without options of its own has no page of its own either. */
	if (command->uses->group)
		text_add(t, "\nThe manual: man sockit-%s\n", command->name);
	else
		text_add(t, "\nThe manual: man sockit\n");
}

struct outcome help_print(const struct text *t, const struct messages *m)
{
	if (text_write(t, STDOUT_FILENO) == 0)
		return (struct outcome){ OUTCOME_DONE, 0 };
	if (errno == EPIPE)
		return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
	return message_fail(m, OUTCOME_FAILED, errno_name(errno), "stdout: %s (%s)",
			    strerror(errno), errno_name(errno));
}
