/* command_line.c - puts a command line together, word by word */
#include "base/command_line.h"

#include <stdio.h>
#include <string.h>

void command_line_put(struct command_line *l, const char *bytes, size_t n)
{
	if (l->length < l->size)
		l->length += (size_t)snprintf(l->text + l->length, l->size - l->length, "%.*s",
					      (int)n, bytes);
}

void command_line_join(struct command_line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n\"'`\\$&;|<>()[*?#~!{}")];

	if (!plain)
		command_line_put(l, "'", 1);
	while (!plain && *word) {
		size_t n = strcspn(word, "'");
		command_line_put(l, word, n);
		word += n;
		if (*word) {
			command_line_put(l, "'\\''", 4);
			word++;
		}
	}
	command_line_put(l, plain ? word : "'", plain ? strlen(word) : 1);
}

void command_line_add(struct command_line *l, const char *word)
{
	command_line_put(l, " ", 1);
	command_line_join(l, word);
}

bool command_line_is_endpoint(const char *word)
{
	const char *colon = strrchr(word, ':');

	return colon && colon > word && colon[1] &&
	       (colon[-1] == ']' || strchr(word, ':') == colon);
}
