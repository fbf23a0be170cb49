/* options.c - the option parser with the tables of the real subcommands: an input is an argument
 * vector, its first word the subcommand. */
#include "fuzz.h"

#include "base/number.h"
#include "commands.h"
#include "conn/service.h"
#include "flow/data_options.h"
#include "net/access.h"
#include "net/proxy_client.h"
#include "sock/membership.h"
#include "sock/sockopt.h"
#include "proxyd/options.h"

/* Where a subcommand's options stand: more room than any of them takes. */
static _Alignas(max_align_t) char fields[8 << 10];

static void *field(const struct option_use *use, const struct option_row *row)
{
	CHECK(use->offset + row->field + sizeof(int64_t) <= sizeof fields);
	return fields + use->offset + row->field;
}

static bool has_number(const struct option_row *row)
{
	return row->kind == OPTION_NUMBER || row->kind == OPTION_DURATION ||
	       row->kind == OPTION_SIZE || row->kind == OPTION_KEYWORD;
}

typedef void row_fn(const struct command *command, const struct option_use *use,
		    const struct option_row *row);

static void each_row(const struct command *command, row_fn *fn)
{
	for (const struct option_use *use = command->uses; use->group; use++)
		for (size_t i = 0; i < use->group->n; i++)
			fn(command, use, &use->group->rows[i]);
}

static void set_default(const struct command *command, const struct option_use *use,
			const struct option_row *row)
{
	(void)command;
	if (has_number(row))
		*(int64_t *)field(use, row) = UNSET;
}

/* Of a row with a parser of its own nobody knows. */
static bool is_given(const struct option_use *use, const struct option_row *row)
{
	const void *value = field(use, row);

	return has_number(row)		  ? *(const int64_t *)value != UNSET :
	       row->kind == OPTION_STRING ? *(const char *const *)value != NULL :
	       row->kind == OPTION_COUNT  ? *(const int *)value > 0 :
	       row->kind == OPTION_FLAG	  ? *(const bool *)value :
					    false;
}

static bool is_keyword(const struct option_row *row, int64_t value)
{
	for (const struct option_keyword *k = row->keywords; *k->name; k++)
		if (k->value == value)
			return true;
	return row->max > row->min && value >= row->min && value <= row->max;
}

static void check_value(const struct option_use *use, const struct option_row *row)
{
	const void *value = field(use, row);

	switch (row->kind) {
	case OPTION_NUMBER:
	case OPTION_SIZE:
		CHECK(*(const int64_t *)value >= row->min && *(const int64_t *)value <= row->max);
		break;
	case OPTION_DURATION:
		CHECK(*(const int64_t *)value >= 0);
		break;
	case OPTION_KEYWORD:
		CHECK(is_keyword(row, *(const int64_t *)value));
		break;
	case OPTION_STRING:
		CHECK(**(const char *const *)value);
		break;
	case OPTION_FLAG:
	case OPTION_COUNT:
	case OPTION_PARSED:
		break;
	}
}

/* Is the option whose name is the N bytes at NAME given too? OTHERWISE where nobody knows. */
static bool has_given(const struct command *command, const char *name, size_t n, bool otherwise)
{
	for (const struct option_use *use = command->uses; use->group; use++)
		for (size_t i = 0; i < use->group->n; i++) {
			const struct option_row *row = &use->group->rows[i];
			if (strlen(row->name) == n && !strncmp(row->name, name, n))
				return row->kind == OPTION_PARSED ? otherwise : is_given(use, row);
		}
	return false;
}

static void check_row(const struct command *command, const struct option_use *use,
		      const struct option_row *row)
{
	if (!is_given(use, row))
		return;
	check_value(use, row);
	for (const char *s = option_words(row, WORDS_EXCLUDES); s && *s;) {
		size_t n = strcspn(s, " ");
		CHECK(!has_given(command, s, n, false));
		s += n + (s[n] == ' ');
	}
	const char *needs = option_words(row, WORDS_NEEDS);
	bool satisfied = !needs;
	for (const char *s = needs; s && *s;) {
		size_t n = strcspn(s, " ");
		satisfied = satisfied || has_given(command, s, n, true);
		s += n + (s[n] == ' ');
	}
	CHECK(satisfied);
}

/* What the parsers have allocated. */
static void free_fields(const struct command *command)
{
	for (const struct option_use *use = command->uses; use->group; use++) {
		void *at = fields + use->offset;
		if (use->group == &stream_group)
			data_options_free(at);
		else if (use->group == &socket_group)
			sockopt_free(at);
		else if (use->group == &access_group || use->group == &accept_proxy_group ||
			 use->group == &user_group)
			access_free(at);
		else if (use->group == &proxy_group || use->group == &proxy_way_group)
			proxy_free(at);
		else if (use->group == &proxy_server_group)
			proxy_server_free(at);
		else if (use->group == &membership_group)
			membership_free(at);
		else if (use->group == &forward_group)
			service_options_free(at);
	}
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return x < y ? -1 : x > y;
}

/* The words have changed places, and none of them was lost. */
static void check_words(const struct words *before, const struct words *after)
{
	size_t n = (size_t)before->n;
	char **sorted = take(2 * n * sizeof *sorted);

	memcpy(sorted, before->words, n * sizeof *sorted);
	memcpy(sorted + n, after->words, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_address);
	qsort(sorted + n, n, sizeof *sorted, by_address);
	CHECK(!memcmp(sorted, sorted + n, n * sizeof *sorted));
	free(sorted);
}

static void parse(const struct command *command, struct words *w)
{
	struct operands o;
	struct option_error error;

	memset(fields, 0, sizeof fields);
	memset(error.text, '#', sizeof error.text);
	each_row(command, set_default);
	switch (options_parse(command, fields, w->n, w->words, &o, &error)) {
	case OPTIONS_OK:
		each_row(command, check_row);
		CHECK(o.n >= command->min_operands && o.n <= command->max_operands);
		break;
	case OPTIONS_BAD:
		CHECK(memchr(error.text, '\0', sizeof error.text) && error.text[0]);
		break;
	case OPTIONS_HELP:
	case OPTIONS_BRIEF:
		break;
	}
	free_fields(command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words w = words_new(NULL, data, size), work = w;
	const struct command *command;

	if (w.n > 0) {
		work.words = take(((size_t)w.n + 1) * sizeof *w.words);
		memcpy(work.words, w.words, ((size_t)w.n + 1) * sizeof *w.words);
		command = commands_find(w.words[0]);
		parse(command ? command : commands[data[0] % n_commands], &work);
		check_words(&w, &work);
		free(work.words);
	}
	words_free(w);
	return 0;
}
