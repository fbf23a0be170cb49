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

/* Gives the pattern of STEP, which is the last one of D, its place in a run. */
static void dialogue_give_room(struct dialogue *d, struct dialogue_step *step)
{
	size_t room = step->pattern ? pattern_room(step->pattern) : 0;

	if (step->kind == DIALOGUE_FAIL) {
		*(d->last_fail ? &d->steps[d->last_fail - 1].next_fail : &d->first_fail) = d->n + 1;
		d->last_fail = d->n + 1;
		step->room = d->fail_room;
		d->fail_room += room;
	} else if (room > d->expect_room) {
		d->expect_room = room;
	}
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
		dialogue_give_room(d, step);
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

/* Walks over the patterns that are looked for, the FAILs before R's step and then that itself:
 * returns the step behind LAST (NULL: the first), or NULL at the end. */
static const struct dialogue_step *run_next(const struct dialogue_run *r,
					    const struct dialogue_step *last)
{
	size_t fail = last ? last->next_fail : r->d->first_fail;

	if (last && last->kind == DIALOGUE_EXPECT)
		return NULL;
	return &r->d->steps[fail && fail - 1 < r->step ? fail - 1 : r->step];
}

/* Returns the room of STEP's pattern in R. */
static char *run_room(struct dialogue_run *r, const struct dialogue_step *step)
{
	return r->room + (step->kind == DIALOGUE_FAIL ? r->d->expect_room + step->room : 0);
}

/* STEP, whose pattern has matched, is done with that. Returns whether it is the end of R. */
static bool run_matched(struct dialogue_run *r, const struct dialogue_step *step)
{
	if (step->kind == DIALOGUE_EXPECT) {
		r->step++;
		return false;
	}
	r->step = (size_t)(step - r->d->steps);
	r->end = DIALOGUE_FAILED;
	return true;
}

/* Does the steps from R's on up to the next that waits; each match begins all patterns anew. One
 * that matches nothing at all has matched then. */
static void run_proceed(struct dialogue_run *r, struct text *out)
{
	const struct dialogue_step *step, *matched;

	do {
		for (; r->step < r->d->n && r->d->steps[r->step].kind != DIALOGUE_EXPECT; r->step++)
			text_put(out, r->d->steps[r->step].bytes.data,
				 r->d->steps[r->step].bytes.length);
		if (r->step == r->d->n) {
			r->end = DIALOGUE_DONE;
			return;
		}
		r->heard_n = 0;
		matched = NULL;
		for (step = NULL; !matched && (step = run_next(r, step));)
			if (pattern_begin(step->pattern, run_room(r, step), run_at_line(r)))
				matched = step;
	} while (matched && !run_matched(r, matched));
}

/* R hears C. Returns where a match has ended, and has done what follows it: C, and for
 * PATTERN_BEFORE_CR the CR before it, are still to be heard unless they belong to the match. */
static enum pattern_match run_take(struct dialogue_run *r, unsigned char c, struct text *out)
{
	const struct dialogue_step *step = NULL;
	enum pattern_match match = PATTERN_NONE;

	r->heard[r->heard_n++ % DIALOGUE_HEARD] = (char)c;
	while (match == PATTERN_NONE && (step = run_next(r, step)))
		match = pattern_take(step->pattern, run_room(r, step), c, run_at_line(r),
				     !r->line_ended);
	if (match == PATTERN_BEFORE_CR) {
		r->last = r->former;
	} else if (match != PATTERN_BEFORE) {
		r->former = r->last;
		r->last = c;
	}
	if (match == PATTERN_NONE) {
		r->line_ended = r->line_ended && c != '\n';
		return match;
	}
	r->line_ended = match != PATTERN_BEHIND;
	if (!run_matched(r, step))
		run_proceed(r, out);
	return match;
}

struct dialogue_run *dialogue_start(const struct dialogue *d, struct text *out)
{
	struct dialogue_run *r = malloc(sizeof *r + d->expect_room + d->fail_room);

	if (!r)
		return NULL;
	*r = (struct dialogue_run){ .d = d, .last = -1, .former = -1 };
	run_proceed(r, out);
	return r;
}

void dialogue_take(struct dialogue_run *r, const char *data, size_t n, struct text *out)
{
	bool cr = false; /* the CR before this byte is heard once more */

	for (size_t i = 0; i < n && r->end == DIALOGUE_GOES_ON;) {
		enum pattern_match match = run_take(r, cr ? '\r' : (unsigned char)data[i], out);
		i += !cr && (match == PATTERN_NONE || match == PATTERN_BEHIND);
		cr = match == PATTERN_BEFORE_CR;
	}
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
