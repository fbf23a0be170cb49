/* check_options.c - the check of the tables of options and of services
 *
 *	check_options           says the first fault of the program's tables, exit status 1, if any
 *	check_options --broken  breaks a small table in each way that there is, and says what the
 *	                        check finds; exit status 1 where it does not find it
 *	check_options --nameless
 *	                        the same with a row that has no name
 *	check_options --services
 *	                        says the option of each service, a line each
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/options.h"
#include "commands.h"
#include "conn/service.h"
#include "options_check.h"

struct values {
	bool flag;
	int64_t number;
	const char *word;
};

static int parser(void *field, const char *word, struct option_error *error)
{
	(void)field;
	(void)word;
	(void)error;
	return 0;
}

static const char *choices(size_t i)
{
	return i == 0 ? "word" : NULL;
}

static const struct option_keyword keywords[] = { { "one", 1 }, { "", 0 } };

#define FLAG(name, letter, words)                                                                  \
	OPTION(name, letter, OPTION_FLAG, 0, KEEP_NOTHING, words, "a flag")
#define NUMBER(name, ...)                                                                          \
	OPTION(name, 0, OPTION_NUMBER, 0, KEEP_NOTHING, ARG("N"), "a number", .min = 1, .max = 9,  \
	       __VA_ARGS__)

/* What is wrong, and a row that is so beside the good ones. */
static const struct broken {
	const char *what;
	struct option_row row;
	bool elsewhere; /* the row stands in the other subcommand */
} broken[] = {
	{ "a name of one letter", FLAG("x", 0, ""), false },
	{ "a blank in a name", FLAG("two words", 0, ""), false },
	{ "a capital in a name", FLAG("Capital", 0, ""), false },
	{ "an empty help", OPTION("silent", 0, OPTION_FLAG, 0, KEEP_NOTHING, "", ""), false },
	{ "nothing said of what its run keeps",
	  OPTION("silent", 0, OPTION_FLAG, 0, 0, "", "a flag"), false },
	{ "the letter of help", FLAG("hidden", 'h', ""), false },
	{ "a flag with an argument", FLAG("valued", 0, ARG("N")), false },
	{ "a string without an argument's name",
	  OPTION("text", 0, OPTION_STRING, 0, KEEP_NOTHING, "", "a word"), false },
	{ "a number without a range",
	  OPTION("count", 0, OPTION_NUMBER, 0, KEEP_NOTHING, ARG("N"), "a number"), false },
	{ "a size without a range",
	  OPTION("size", 0, OPTION_SIZE, 0, KEEP_NOTHING, ARG("SIZE"), "a size"), false },
	{ "a keyword without keywords",
	  OPTION("class", 0, OPTION_KEYWORD, 0, KEEP_NOTHING, ARG("CLASS"), "a class"), false },
	{ "keywords without a keyword", NUMBER("count", .keywords = keywords), false },
	{ "a parsed one without a parser",
	  OPTION("list", 0, OPTION_PARSED, 0, KEEP_NOTHING, ARG("LIST"), "a list"), false },
	{ "a parser without a parsed one", NUMBER("count", .parser = parser), false },
	{ "choices without an argument",
	  OPTION("count", 0, OPTION_FLAG, 0, KEEP_NOTHING, "", "a flag", .choices = choices),
	  false },
	{ "a number that may be missing", NUMBER("count", .optional = true), false },
	{ "a name twice", FLAG("flag", 0, ""), false },
	{ "a letter twice", FLAG("other", 'f', ""), false },
	{ "excludes what is not there", FLAG("alone", 0, EXCLUDES("flag nobody")), false },
	{ "needs what is not there", FLAG("alone", 0, NEEDS("nobody")), false },
	{ "needs one that is not there", FLAG("alone", 0, NEEDS("flag nobody")), false },
	{ "needs what another subcommand has", FLAG("alone", 0, NEEDS("elsewhere")), false },
	{ "another letter elsewhere", FLAG("flag", 'F', ""), true },
	{ "another kind elsewhere",
	  OPTION("flag", 'f', OPTION_NUMBER, 0, KEEP_NOTHING, ARG("N"), "a number", .min = 1,
		 .max = 9),
	  true },
	{ "another argument elsewhere",
	  OPTION("number", 'n', OPTION_NUMBER, 0, KEEP_NOTHING, ARG("COUNT"), "a number", .min = 1,
		 .max = 9),
	  true },
	{ "a letter of another meaning elsewhere", FLAG("force", 'f', ""), true },
};

static const struct option_row good[] = {
	OPTION("flag", 'f', OPTION_FLAG, offsetof(struct values, flag), KEEP_NOTHING, "", "a flag"),
	OPTION("number", 'n', OPTION_NUMBER, offsetof(struct values, number), KEEP_NOTHING,
	       ARG("N"), "a number", .min = 1, .max = 9),
	OPTION("word", 'w', OPTION_STRING, offsetof(struct values, word), KEEP_NOTHING,
	       ARG("WORD") EXCLUDES("flag number"), "a word", .repeats = true),
};
static const struct option_row elsewhere[] = { FLAG("elsewhere", 'e', "") };

/* Checks two subcommands, one with the good rows; ROW, if there is one, is added to one of them. */
static int check(const struct option_row *row, bool other, struct option_error *error)
{
	const struct option_group more = { "More", row, row ? 1 : 0 };
	const struct option_group none = { "None", NULL, 0 };
	const struct option_group mine = { "Mine", good, sizeof good / sizeof *good };
	const struct option_group theirs = { "Theirs", elsewhere, 1 };
	const struct option_use first[] = { { &mine, 0 },
					    { other ? &none : &more, 0 },
					    { NULL, 0 } };
	const struct option_use second[] = { { &theirs, 0 },
					     { other ? &more : &none, 0 },
					     { NULL, 0 } };
	const struct command a = { .name = "first", .uses = first, .keeps = KEEP_NOTHING };
	const struct command b = { .name = "second", .uses = second, .keeps = KEEP_NOTHING };
	const struct command *const both[] = { &a, &b };

	return options_check(both, 2, error);
}

/* How many rows of the subcommands have NAME? */
static size_t count_rows(const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < n_commands; i++)
		for (const struct option_use *u = commands[i]->uses; u->group; u++)
			for (size_t k = 0; k < u->group->n; k++)
				n += !strcmp(u->group->rows[k].name, name);
	return n;
}

/* What is wrong with number I of TABLE, or NULL. The first one needs no option. */
static const char *service_wrong(const struct service *const *table, size_t i)
{
	const char *fault = service_fault(table[i]);

	if (fault || i == 0)
		return fault;
	for (size_t k = 0; k < i; k++)
		if (!strcmp(table[k]->option, table[i]->option))
			return "its option chooses another one";
	return count_rows(table[i]->option) ? NULL : "no subcommand has its option";
}

static int check_services(const struct service *const *table, size_t n)
{
	int faults = 0;

	for (size_t i = 0; i < n; i++) {
		const char *wrong = service_wrong(table, i);
		if (wrong && ++faults)
			printf("service %zu: %s\n", i, wrong);
	}
	return faults;
}

static void start(struct connection *x)
{
	(void)x;
}

/* Is each of these found out? */
static int check_broken_services(void)
{
	const struct service first = { .option = "", .start = start };
	const struct service echo = { .option = "echo", .start = start };
	const struct service holes[] = {
		{ .option = "discard" },
		{ .start = start },
		{ .option = "echo", .start = start },
		{ .option = "nobody", .start = start },
	};
	int missed = 0;

	for (size_t i = 0; i <= sizeof holes / sizeof *holes; i++) {
		const struct service *hole = i < sizeof holes / sizeof *holes ? &holes[i] : NULL;
		const struct service *const table[] = { &first, &echo, hole };
		bool found = check_services(table, 3) == 1;
		printf("a hole in the table of services: %s\n", found ? "found: " : "NOT FOUND");
		missed += !found;
	}
	return missed;
}

/* Does the check find out about B? Says so. */
static bool found(const struct broken *b)
{
	struct option_error error = { "", 0 };
	int faults = check(&b->row, b->elsewhere, &error);

	if (faults > 0 && error.text[0])
		printf("%s: found: %s\n", b->what, error.text);
	else
		printf("%s: NOT FOUND\n", b->what);
	return faults > 0 && error.text[0];
}

static int check_broken(void)
{
	struct option_error error = { "", 0 };
	int missed = 0;

	if (check(NULL, false, &error)) {
		printf("the good rows: %s\n", error.text);
		return 1;
	}
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		missed += !found(&broken[i]);
	return missed + check_broken_services();
}

int main(int argc, char **argv)
{
	const struct broken nameless = { "no name", FLAG("", 0, ""), false };
	struct option_error error;
	int faults;

	if (argc > 1 && !strcmp(argv[1], "--broken"))
		return check_broken() != 0;
	if (argc > 1 && !strcmp(argv[1], "--nameless"))
		return !found(&nameless);
	if (argc > 1 && !strcmp(argv[1], "--services")) {
		for (size_t i = 0; i < n_services; i++)
			puts(services[i]->option);
		return 0;
	}
	faults = options_check(commands, n_commands, &error);
	if (faults)
		printf("%d faults, the first: %s\n", faults, error.text);
	faults += check_services(services, n_services);
	return faults != 0;
}
