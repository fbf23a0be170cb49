/* options_check.c - whether the option tables are sound: row by row, and against each other */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/text.h"
#include "options_check.h"

static int fault(struct option_error *error, int *faults, const struct command *command,
		 const struct option_row *row, const char *what)
{
	if ((*faults)++ == 0)
		option_fail(error, "%s --%s: %s", command->name, row->name, what);
	return *faults;
}

static bool has(const struct command *command, const char *name, size_t n)
{
	for (const struct option_use *u = command->uses; u->group; u++)
		for (size_t i = 0; i < u->group->n; i++)
			if (strlen(u->group->rows[i].name) == n &&
			    !strncmp(u->group->rows[i].name, name, n))
				return true;
	return false;
}

static bool named_somewhere(const struct command *const *commands, size_t n, const char *name,
			    size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (has(commands[i], name, length))
			return true;
	return false;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static const char *row_fault(const struct option_row *r)
{
	bool valued = r->kind != OPTION_FLAG && r->kind != OPTION_COUNT;
	bool argument = option_words(r, WORDS_ARG);

	if (strlen(r->name) < 2 ||
	    strspn(r->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(r->name))
		return "its name is none";
	if (!*option_words(r, WORDS_HELP))
		return "no help";
	if (!r->keeps)
		return "what its run keeps is not said";
	if (r->letter == 'h')
		return "-h is help";
	if (valued != argument)
		return "an argument's name exactly where there is an argument";
	if ((r->kind == OPTION_NUMBER || r->kind == OPTION_SIZE) && r->max <= r->min)
		return "no range";
	if ((r->kind == OPTION_KEYWORD || r->kind == OPTION_PARSED) != (r->parser != NULL))
		return "keywords or a parser exactly where the kind is such";
	if (!argument && r->choices)
		return "choices, or a range, without an argument";
	if (r->optional && r->kind != OPTION_PARSED)
		return "only a parsed argument may be missing";
	return NULL;
}

/* Is the argument of both read in one way? A list of words has a parser of its own. */
static bool same_kind(const struct option_row *a, const struct option_row *b)
{
	bool words = (a->kind == OPTION_STRING && b->kind == OPTION_PARSED && b->repeats) ||
		     (b->kind == OPTION_STRING && a->kind == OPTION_PARSED && a->repeats);

	return a->kind == b->kind || words;
}

/* The same option in two subcommands, or two options that share a name or a letter in one. */
static const char *pair_fault(const struct option_row *a, const struct option_row *b, bool together)
{
	bool name = !strcmp(a->name, b->name), letter = a->letter && a->letter == b->letter;

	if (together && (name || letter))
		return "a name or letter stands twice";
	if (!together && a != b && name &&
	    (a->letter != b->letter || !same_kind(a, b) ||
	     !same(option_words(a, WORDS_ARG), option_words(b, WORDS_ARG))))
		return "it means something else in another subcommand";
	if (!together && letter && !name)
		return "its letter means something else in another subcommand";
	return NULL;
}

static void check_pairs(const struct command *const *commands, size_t n, size_t at,
			const struct option_row *row, int *faults, struct option_error *error)
{
	const struct command *command = commands[at];
	size_t length;

	for (const char *name, *rest = option_words(row, WORDS_EXCLUDES);
	     (name = text_word(&rest, &length));)
		if (!named_somewhere(commands, n, name, length))
			fault(error, faults, command, row, "excludes what does not exist");
	for (const char *name, *rest = option_words(row, WORDS_NEEDS);
	     (name = text_word(&rest, &length));)
		if (!has(command, name, length))
			fault(error, faults, command, row, "needs what does not exist");
	for (const struct option_need *need = command->needs; need && need->group; need++)
		for (const char *name, *rest = need->names; (name = text_word(&rest, &length));)
			if (!has(command, name, length))
				fault(error, faults, command, row,
				      "a group needs what does not exist");
	for (size_t i = at; i < n; i++)
		for (const struct option_use *u = commands[i]->uses; u->group; u++)
			for (size_t k = 0; k < u->group->n; k++) {
				const struct option_row *other = &u->group->rows[k];
				const char *what;
				if (i == at && other == row)
					continue;
				what = pair_fault(row, other, i == at);
				if (what)
					fault(error, faults, command, row, what);
			}
}

static void check_row(const struct command *const *commands, size_t n, size_t at,
		      const struct option_row *row, int *faults, struct option_error *error)
{
	const char *what = row_fault(row);

	(void)n;
	if (what)
		fault(error, faults, commands[at], row, what);
}

typedef void row_check(const struct command *const *commands, size_t n, size_t at,
		       const struct option_row *row, int *faults, struct option_error *error);

static void each_row(const struct command *const *commands, size_t n, row_check *check, int *faults,
		     struct option_error *error)
{
	for (size_t i = 0; i < n; i++) {
		size_t rows = 0;
		for (const struct option_use *u = commands[i]->uses; u->group; u++)
			for (size_t k = 0; k < u->group->n; k++, rows++)
				check(commands, n, i, &u->group->rows[k], faults, error);
		if (rows > OPTION_ROWS_MOST)
			fault(error, faults, commands[i], commands[i]->uses->group->rows,
			      "more rows than the parser has room for");
	}
}

int options_check(const struct command *const *commands, size_t n, struct option_error *error)
{
	int faults = 0;

	for (size_t i = 0; i < n; i++)
		if (!commands[i]->keeps && faults++ == 0)
			option_fail(error, "%s: what its runs keep is not said", commands[i]->name);
	each_row(commands, n, check_row, &faults, error);
	if (!faults) /* what is not complete cannot be compared */
		each_row(commands, n, check_pairs, &faults, error);
	return faults;
}
