/* dialogue.c - the steps of a dialogue: an input has them in lines up to an empty one, as a file of
 * --dialogue has, and behind that what comes. */
#include "fuzz.h"

#include "proto/dialogue.h"

/* A run and what it has sent. */
struct talk {
	struct dialogue_run *run;
	struct text out;
};

/* What comes, in a piece of FIRST bytes and then in pieces of NEXT. */
static struct talk talk(const struct dialogue *d, const char *in, size_t n, size_t first,
			size_t next)
{
	struct talk t = { .out = { 0 } };

	t.run = dialogue_start(d, &t.out);
	CHECK(t.run);
	for (size_t at = 0, piece = first; at < n; at += piece, piece = next) {
		size_t before = t.run->step;
		char *copy;
		piece = piece < n - at ? piece : n - at;
		copy = take(piece);
		memcpy(copy, in + at, piece);
		dialogue_take(t.run, copy, piece, &t.out);
		free(copy);
		CHECK(t.run->end == DIALOGUE_FAILED || t.run->step >= before);
	}
	CHECK((t.run->end == DIALOGUE_DONE) == (t.run->step == d->n));
	return t;
}

static void talk_free(struct talk *t)
{
	struct text words = { 0 };

	dialogue_give_up(t->run, DIALOGUE_ENDED);
	if (t->run->end != DIALOGUE_DONE)
		dialogue_add_words(t->run, 0, &words);
	text_free(&words);
	free(t->run);
	text_free(&t->out);
}

/* However it is cut, it comes to the same. */
static void check_cuts(const struct dialogue *d, const char *in, size_t n)
{
	struct talk whole = talk(d, in, n, n, n);

	for (size_t first = 1; first <= n; first++) {
		struct talk cut = talk(d, in, n, first, first == 1 ? 1 : n);
		CHECK(cut.run->step == whole.run->step && cut.run->end == whole.run->end);
		CHECK(text_equal(&cut.out, &whole.out));
		CHECK(cut.run->heard_n == whole.run->heard_n && cut.run->last == whole.run->last);
		talk_free(&cut);
	}
	talk_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dialogue d = { 0 };
	struct option_error error;
	int wrong = 0;

	while (size && *data != '\n' && !wrong) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;
		char *line = take_string(data, n);
		wrong = dialogue_add_line(&d, line, n, &error) < 0;
		free(line);
		data += end ? n + 1 : n;
		size -= end ? n + 1 : n;
	}
	if (!wrong && d.n && d.n < 32 && size < 512 && dialogue_check(&d, &error) == 0)
		check_cuts(&d, (const char *)data + (size > 0), size - (size > 0));
	dialogue_free(&d);
	return 0;
}
