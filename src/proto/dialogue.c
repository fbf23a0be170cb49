/* dialogue.c - the steps of a dialogue, and a run of them as a state machine */
#include "proto/dialogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

const char *dialogue_name(enum dialogue_kind kind)
{
	static const char names[DIALOGUE_KINDS][7] = { "expect", "send", "fail" };

	return names[kind];
}

/* ---- the steps ---- */

/* Makes STEP of its word. Returns 0, or -1 with *ERROR. */
static int step_parse(struct dialogue_step *step, struct option_error *error)
{
	const char *name = dialogue_name(step->kind), *why, *at;

	if (step->kind == DIALOGUE_SEND)
		return option_unescape(&step->bytes, name, step->word, error);
	step->pattern = pattern_parse(step->word, &why, &at);
	if (step->pattern)
		return 0;
	return why ? option_fail(error, "--%s '%s': '%s' %s", name, step->word, at, why) :
		     option_fail_errno(error, ENOMEM, "--%s", name);
}

static void step_free(struct dialogue_step *step)
{
	free(step->word);
	pattern_free(step->pattern);
	text_free(&step->bytes);
}

/* Adds a step with the N bytes at WORD, which hold no NUL. */
static int dialogue_add_word(struct dialogue *d, enum dialogue_kind kind, const char *word,
			     size_t n, struct option_error *error)
{
	struct dialogue_step *more = d->steps, *step;

	if ((d->n & (d->n - 1)) == 0)
		more = realloc(more, (d->n ? 2 * d->n : 1) * sizeof *more);
	if (!more)
		return option_fail_errno(error, ENOMEM, "--%s", dialogue_name(kind));
	d->steps = more;
	step = &more[d->n];
	*step = (struct dialogue_step){ .kind = kind, .word = strndup(word, n) };
	if (!step->word) {
		option_fail_errno(error, ENOMEM, "--%s", dialogue_name(kind));
	} else if (step_parse(step, error) == 0) {
		d->room += step->pattern ? pattern_room(step->pattern) : 0;
		d->n++;
		return 0;
	}
	step_free(step);
	return -1;
}

int dialogue_add(struct dialogue *d, enum dialogue_kind kind, const char *word,
		 struct option_error *error)
{
	return dialogue_add_word(d, kind, word, strlen(word), error);
}

int dialogue_add_line(struct dialogue *d, const char *line, size_t n, struct option_error *error)
{
	if (n == 0 || *line == '#')
		return 0;
	for (enum dialogue_kind kind = 0; kind < DIALOGUE_KINDS && !memchr(line, '\0', n); kind++) {
		size_t name = strlen(dialogue_name(kind));
		if (n > name + 1 && !strncmp(line, dialogue_name(kind), name) && line[name] == ' ')
			return dialogue_add_word(d, kind, line + name + 1, n - name - 1, error);
	}
	return option_fail(error, "'%.*s' is no step: expect ERE, send TEXT, fail ERE", (int)n,
			   line);
}

int dialogue_check(const struct dialogue *d, struct option_error *error)
{
	const struct dialogue_step *fail = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (d->steps[i].kind == DIALOGUE_FAIL)
			fail = &d->steps[i];
		else if (d->steps[i].kind == DIALOGUE_EXPECT)
			fail = NULL;
	return !fail ? 0 :
		       option_fail(error,
				   "--fail '%s' has no effect: it looks at what comes before the "
				   "last step is done, and no --expect follows it",
				   fail->word);
}

void dialogue_free(struct dialogue *d)
{
	for (size_t i = 0; i < d->n; i++)
		step_free(&d->steps[i]);
	free(d->steps);
}

/* ---- a run ---- */

/* Is R at the beginning of a line? */
static bool run_at_line(const struct dialogue_run *r)
{
	return r->last < 0 || r->last == '\n';
}

/* Walks over the patterns that are looked for, the FAILs before R's step and that itself: returns
 * the next from step *I on, with its room in *ROOM; NULL: there is none. */
static const struct dialogue_step *run_next(const struct dialogue_run *r, size_t *i, char **room)
{
	for (; *i <= r->step; ++*i) {
		const struct dialogue_step *step = &r->d->steps[*i];
		if (*i > 0 && r->d->steps[*i - 1].pattern)
			*room += pattern_room(r->d->steps[*i - 1].pattern);
		if (step->kind == DIALOGUE_FAIL || (*i == r->step && step->pattern))
			return step;
	}
	return NULL;
}

/* Step I, whose pattern has matched, is done with that. Returns whether it is the end of R. */
static bool run_matched(struct dialogue_run *r, size_t i)
{
	if (r->d->steps[i].kind == DIALOGUE_EXPECT) {
		r->step++;
		return false;
	}
	r->step = i;
	r->end = DIALOGUE_FAILED;
	return true;
}

/* Does the steps from R's on up to the next that waits; each match begins all patterns anew. One
 * that matches nothing at all has matched then. */
static void run_proceed(struct dialogue_run *r, struct text *out)
{
	bool again = true;

	while (again) {
		const struct dialogue_step *step = NULL;
		char *room = r->room;
		size_t i = 0;

		for (; r->step < r->d->n && r->d->steps[r->step].kind != DIALOGUE_EXPECT; r->step++)
			text_put(out, r->d->steps[r->step].bytes.data,
				 r->d->steps[r->step].bytes.length);
		if (r->step == r->d->n) {
			r->end = DIALOGUE_DONE;
			return;
		}
		r->heard_n = 0;
		again = false;
		for (; !again && (step = run_next(r, &i, &room)); i++)
			again = pattern_begin(step->pattern, room, run_at_line(r));
		if (again && run_matched(r, i - 1))
			return;
	}
}

static void run_take(struct dialogue_run *r, unsigned char c, struct text *out);

/* Step I has matched, with C or before it. */
static void run_match(struct dialogue_run *r, size_t i, enum pattern_match match, unsigned char c,
		      struct text *out)
{
	if (match == PATTERN_BEHIND) {
		r->former = r->last;
		r->last = c;
	} else if (match == PATTERN_BEFORE_CR) {
		r->last = r->former;
	}
	r->line_ended = match != PATTERN_BEHIND;
	if (run_matched(r, i))
		return;
	run_proceed(r, out);
	if (match == PATTERN_BEFORE_CR)
		run_take(r, '\r', out);
	if (match != PATTERN_BEHIND)
		run_take(r, c, out);
}

static void run_take(struct dialogue_run *r, unsigned char c, struct text *out)
{
	const struct dialogue_step *step;
	char *room = r->room;

	if (r->end != DIALOGUE_GOES_ON)
		return;
	r->heard[r->heard_n++ % DIALOGUE_HEARD] = (char)c;
	for (size_t i = 0; (step = run_next(r, &i, &room)); i++) {
		enum pattern_match match =
			pattern_take(step->pattern, room, c, run_at_line(r), !r->line_ended);
		if (match != PATTERN_NONE) {
			run_match(r, i, match, c, out);
			return;
		}
	}
	r->line_ended = r->line_ended && c != '\n';
	r->former = r->last;
	r->last = c;
}

struct dialogue_run *dialogue_start(const struct dialogue *d, struct text *out)
{
	struct dialogue_run *r = malloc(sizeof *r + d->room);

	if (!r)
		return NULL;
	*r = (struct dialogue_run){ .d = d, .last = -1, .former = -1 };
	run_proceed(r, out);
	return r;
}

void dialogue_take(struct dialogue_run *r, const char *data, size_t n, struct text *out)
{
	for (size_t i = 0; i < n && r->end == DIALOGUE_GOES_ON; i++)
		run_take(r, (unsigned char)data[i], out);
}

void dialogue_give_up(struct dialogue_run *r, enum dialogue_end end)
{
	if (r->end == DIALOGUE_GOES_ON)
		r->end = end;
}

/* Adds what R has heard since the last match, or the end of it. */
static void run_add_heard(const struct dialogue_run *r, struct text *text)
{
	size_t n = r->heard_n < DIALOGUE_HEARD ? (size_t)r->heard_n : DIALOGUE_HEARD;
	size_t begin = r->heard_n > n ? (size_t)(r->heard_n % DIALOGUE_HEARD) : 0;
	char heard[DIALOGUE_HEARD];

	if (n == 0) {
		text_add(text, "received nothing");
		return;
	}
	for (size_t i = 0; i < n; i++)
		heard[i] = r->heard[(begin + i) % DIALOGUE_HEARD];
	text_add(text, "received '%s", r->heard_n > n ? "..." : "");
	text_put_escaped(text, heard, n, false);
	text_add(text, "'");
}

void dialogue_add_words(const struct dialogue_run *r, int64_t limit, struct text *text)
{
	const struct dialogue_step *step = &r->d->steps[r->step];
	char time[32];

	text_add(text, "%s '", dialogue_name(step->kind));
	text_put_escaped(text, step->word, strlen(step->word), false);
	if (r->end == DIALOGUE_FAILED)
		text_add(text, "': it matches");
	else if (r->end == DIALOGUE_ENDED)
		text_add(text, "': the other side ended before a match");
	else
		text_add(text, "': no match within %s (-w)",
			 duration_format(time, sizeof time, limit));
	text_add(text, "; ");
	run_add_heard(r, text);
}
