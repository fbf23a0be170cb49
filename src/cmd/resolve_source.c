/* resolve_source.c - the words to look up: operands, and lines of stdin */
#include "cmd/resolve_source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MOST 4096 /* longer than any name */
#define INPUT_SIZE (64 << 10)

void source_open(struct source *s)
{
	endpoint_inherit(&s->in, STDIN_FILENO, false, "stdin");
}

static void source_close(struct source *s)
{
	watch_drop(s->loop, &s->watch);
	endpoint_close(&s->in);
	s->reading = false;
	s->ended = true;
}

/* Cuts the next line off. Returns it without blanks around it, or NULL if it is not complete yet.
 */
static char *source_cut_line(struct source *s)
{
	for (;;) {
		char *line = s->data + s->start, *end;
		size_t n = s->end - s->start;

		end = n ? memchr(line, '\n', n) : NULL;
		if (!end && s->skipping) {
			s->start = s->end;
			return NULL;
		}
		if (!end && !s->ended && n < LINE_MOST)
			return NULL;
		if (!end && n == 0)
			return NULL;
		if (s->skipping) {
			s->start += (size_t)(end - line) + 1;
			s->skipping = false;
			continue;
		}
		s->skipping = !end && !s->ended;
		if (!end)
			end = line + (n < LINE_MOST ? n : LINE_MOST);
		s->start = (size_t)(end - s->data) + (s->start + (size_t)(end - line) < s->end);
		/* A NUL must not hide the rest of the line: it becomes another control character.
		 */
		for (char *p = line; p < end; p++)
			if (*p == '\0')
				*p = '\1';
		while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
			end--;
		*end = '\0';
		line += strspn(line, " \t");
		if (*line)
			return line;
	}
}

static void source_readable(void *arg, short events)
{
	struct source *s = arg;
	ssize_t n;

	(void)events;
	memmove(s->data, s->data + s->start, s->end - s->start);
	s->end -= s->start;
	s->start = 0;
	n = endpoint_read(&s->in, s->data + s->end, INPUT_SIZE - s->end);
	if (n > 0) {
		s->end += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		s->error = n < 0 ? errno : 0;
		source_close(s);
	}
	/* What has been read is to be asked for before more is read. */
	watch_drop(s->loop, &s->watch);
	s->more(s->arg);
}

const char *source_next(struct source *s, bool *waits)
{
	const char *word;

	*waits = false;
	if (s->self) {
		word = s->self;
		s->self = NULL;
		return word;
	}
	for (;;) {
		if (s->reading || (s->ended && s->data)) {
			word = source_cut_line(s);
			if (word)
				return word;
			if (s->reading) {
				*waits = true;
				watch_set(s->loop, &s->watch, POLLIN);
				return NULL;
			}
			free(s->data);
			s->data = NULL;
		}
		if (s->next >= s->operands->n)
			return NULL;
		word = s->operands->words[s->next++];
		if (strcmp(word, "-") != 0)
			return word;
		if (s->ended)
			continue; /* stdin has been read already */
		s->data = malloc(INPUT_SIZE + 1);
		if (!s->data) {
			s->error = ENOMEM;
			return NULL;
		}
		s->watch = endpoint_watch(&s->in, source_readable, s);
		s->reading = true;
	}
}

void source_free(struct source *s)
{
	if (s->in.name && !s->ended)
		source_close(s);
	free(s->data);
	s->data = NULL;
}
