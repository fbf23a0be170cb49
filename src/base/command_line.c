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

/* Adds the beginning of WORD, a URL, without its password, which is not to get into logs. Returns
 * what is left to add of WORD. */
static const char *line_put_scheme(struct command_line *l, const char *word)
{
	const char *at = strrchr(word, '@'), *scheme = strstr(word, "://");

	if (!at || !scheme || at < scheme + 3 ||
	    !memchr(scheme + 3, ':', (size_t)(at - scheme) - 3))
		return word;
	command_line_put(l, word, (size_t)(scheme - word) + 3);
	command_line_put(l, "***", 3);
	return at;
}

void command_line_add(struct command_line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n\"'`\\$&;|<>()[*?#~!{}")];

	command_line_put(l, plain ? " " : " '", plain ? 1 : 2);
	word = line_put_scheme(l, word);
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
