/* command_line.h - a command line that is made for a message, its words quoted for a shell */
#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* A line that grows in TEXT of SIZE bytes; longer than its room is where `length` reaches `size`.
 */
struct command_line {
	char *text;
	size_t size, length;
};

/* Adds N BYTES as they are. */
void command_line_put(struct command_line *l, const char *bytes, size_t n);

/* Adds WORD, quoted so that a shell takes it for one word, or for a part of the one before. */
void command_line_join(struct command_line *l, const char *word);

/* Adds a blank and WORD, quoted in the same way. */
void command_line_add(struct command_line *l, const char *word);

/* Is WORD an endpoint, HOST:PORT or [HOST]:PORT? An IPv6 address alone is none. */
bool command_line_is_endpoint(const char *word);

#endif
