/* explain_words.c - how the parts of an explanation put into words what they know */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names/explain.h"
#include "names/explain_state.h"

#define MORE " ..." /* what did not fit */

void explain_tell(struct explain *e, const char *name, const char *where, const char *question,
		  const char *answer, int64_t ns)
{
	const struct explain_step step = { name, where, question, answer, ns };

	e->calls->step(e->arg, &step);
}

void explain_wrong(struct explain *e, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	text_fit(text, sizeof text, format, list);
	va_end(list);
	e->n_wrong++;
	e->calls->wrong(e->arg, text);
}

void explain_wake(struct explain *e)
{
	timer_set(e->c->finder.loop, &e->timer, loop_now(e->c->finder.loop));
}

const char *explain_place(const char *file, size_t line, char *text, size_t size)
{
	if (line)
		snprintf(text, size, "%s:%zu", file, line);
	else
		snprintf(text, size, "%s", file);
	return text;
}

void explain_add_word(char *text, size_t size, const char *word)
{
	size_t n = strlen(text), more = strlen(word) + (n != 0);
	const size_t mark = sizeof MORE - 1;

	if (n >= mark && !strcmp(text + n - mark, MORE))
		return;
	snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
	if (n && n + more + mark >= size)
		snprintf(text + n, size - n, "%s", MORE);
}

void explain_addresses_text(const struct address *a, size_t n, char *text, size_t size)
{
	char one[ADDRESS_TEXT];

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		explain_add_word(text, size, address_host(&a[i], one));
}
