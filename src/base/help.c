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

const struct option_row help_option = OPTION("help", 'h', OPTION_FLAG, 0, KEEP_NOTHING, "",
					     "all options; -h: those of daily use, on one screen");

size_t help_width(int fd)
{
	size_t columns = terminal_columns(fd);

	return columns < 40 ? 40 : columns > 120 ? 120 : columns;
}

/* Adds ROW's names and argument. Returns how many columns that takes. */
static size_t help_names(struct text *t, const struct option_row *row)
{
	char left[80];
	const char *arg = option_words(row, WORDS_ARG);
	size_t n;

	if (row->letter)
		n = (size_t)snprintf(left, sizeof left, "  -%c, --%s", row->letter, row->name);
	else
		n = (size_t)snprintf(left, sizeof left, "      --%s", row->name);
	if (arg)
		n += (size_t)snprintf(left + n, sizeof left - n, row->optional ? "[=%s]" : " %s",
				      arg);
	text_add(t, "%s", left);
	return n;
}

static void help_row(struct text *t, const struct option_row *row, size_t width)
{
	size_t n = help_names(t, row), indent = width < 60 ? 8 : INDENT;

	if (n + 2 > indent) {
		text_add(t, "\n");
		n = 0;
	}
	text_blanks(t, indent - n);
	text_wrap(t, option_words(row, WORDS_HELP), indent, indent, width);
}

/* Returns how many bytes of WORDS, at most ROOM, end at one of ENDS with a blank behind it, 0 if
 * none do. */
static size_t help_clause(const char *words, size_t room, const char *ends)
{
	size_t found = 0;

	for (size_t i = 0; i <= room && words[i]; i++)
		if (strchr(ends, words[i]) && words[i + 1] == ' ')
			found = i;
	return found;
}

void help_clauses(struct text *t, const char *words, size_t column, size_t width)
{
	size_t room = width > column + 1 ? width - column - 1 : 0, n = strlen(words);

	if (n > room) {
		const char *bracket = strstr(words, " (");
		n = help_clause(words, room, ";");
		if (!n)
			n = help_clause(words, room, ":,");
		if (!n && bracket && (size_t)(bracket - words) <= room)
			n = (size_t)(bracket - words);
		/* Better half a sentence than half a word. */
		for (size_t i = 0; !n && i <= room; i++)
			if (words[room - i] == ' ')
				n = room - i;
	}
	text_add(t, "%.*s\n", (int)n, words);
}

/* One line for ROW. */
static void help_brief_row(struct text *t, const struct option_row *row, size_t width)
{
	size_t n = help_names(t, row), indent = n + 2 > INDENT ? n + 2 : INDENT;

	text_blanks(t, indent - n);
	help_clauses(t, option_words(row, WORDS_HELP), indent, width);
}

void help_arguments(struct text *t, size_t width)
{
	text_wrap(t, "DURATION: 2 0.5 250ms 3s 1m 2h; SIZE, RATE: 512 64k 1.5M 10MiB 10MB", 0, 0,
		  width);
	text_wrap(t, "ENDPOINT: HOST:PORT [V6]:PORT unix:PATH unix:@NAME vsock:CID:PORT", 0, 0,
		  width);
}

static void help_brief(struct text *t, const struct command *command, size_t width)
{
	const char *rest = command->brief;
	struct option_walk w;
	size_t n;

	for (bool first = true; *rest && *rest != '\n'; rest += n + 1, first = false) {
		n = strcspn(rest, "\n");
		text_add(t, "%s sockit %s %.*s\n", first ? "usage:" : "      ", command->name,
			 (int)n, rest);
	}
	text_wrap(t, command->summary, 0, 0, width);
	text_add(t, "\n");
	for (rest++; *rest != '\n'; rest += n + (rest[n] == ' ')) {
		n = strcspn(rest, " \n");
		if (option_find_name(command, rest, n, &w))
			help_brief_row(t, w.row, width);
	}
	text_add(t, "\n");
	for (rest += strspn(rest, "\n"); *rest; rest += n + (rest[n] == '\n')) {
		n = strcspn(rest, "\n");
		text_add(t, "  %.*s\n", (int)n, rest);
	}
	text_add(t, "\n");
	help_arguments(t, width);
	text_add(t, "All options: sockit %s --help. The manual: man sockit-%s\n", command->name,
		 command->name);
}

void help_command(struct text *t, const struct command *command, bool brief, size_t width)
{
	if (brief && command->brief) {
		help_brief(t, command, width);
		return;
	}
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
