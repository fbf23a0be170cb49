/* chat.c - lines of one of many, numbered and made harmless */
#include "flow/chat.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

#define LINE_MOST 4096

/* How many of the N bytes of TEXT make a line: all, or those before a character that would be cut
 * in two. */
static size_t chat_line_length(const char *text, size_t n)
{
	size_t cut = LINE_MOST;

	if (n <= LINE_MOST)
		return n;
	while (cut > LINE_MOST - UTF8_MOST && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return cut > LINE_MOST - UTF8_MOST ? cut : LINE_MOST;
}

/* Adds C's line to OUT as everybody shall see it, in pieces that fit, until at most KEEP bytes of
 * it are left. */
static void chat_add_lines(struct text *out, struct chat *c, size_t keep)
{
	const char *line = c->line.length > 0 ? c->line.data : "";
	size_t done = 0;

	do {
		size_t n = chat_line_length(line + done, c->line.length - done);
		text_add(out, "<%llu> ", (unsigned long long)c->number);
		text_put_escaped(out, line + done, n, false);
		text_put(out, "\n", 1);
		done += n;
	} while (c->line.length - done > keep);
	c->line.length -= done;
	if (c->line.length > 0)
		memmove(c->line.data, c->line.data + done, c->line.length);
}

void chat_put(struct chat *c, const char *data, size_t n, struct text *out)
{
	for (size_t i = 0; i < n && !c->line.failed;) {
		const char *end = memchr(data + i, '\n', n - i);
		size_t piece = end ? (size_t)(end - data) - i : n - i;
		text_put(&c->line, data + i, piece);
		i += piece + (end != NULL);
		if (end) {
			c->line.length -=
				c->line.length > 0 && c->line.data[c->line.length - 1] == '\r';
			chat_add_lines(out, c, 0);
		} else if (c->line.length > LINE_MOST + 1) {
			/* A CR may follow that belongs to the line's end. */
			chat_add_lines(out, c, LINE_MOST + 1);
		}
	}
	out->failed |= c->line.failed;
}

void chat_end(struct chat *c, struct text *out)
{
	chat_add_lines(out, c, 0);
}

void chat_free(struct chat *c)
{
	text_free(&c->line);
}
