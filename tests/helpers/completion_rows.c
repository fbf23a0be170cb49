/* completion_rows.c - `completion_rows completion SHELL` prints the script for a sockit with rows
 * and operands of every kind, which is what this answers as. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/completion.h"

struct values {
	const char *word;
	int64_t number;
	bool flag;
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
	static const char *const names[] = { "FIRST", "SECOND", NULL };

	return names[i];
}

static const struct option_keyword keywords[] = { { "always", 1 }, { "never", 0 }, { "", 0 } };

#define STRING(name, letter, arg)                                                                  \
	OPTION(name, letter, OPTION_STRING, offsetof(struct values, word), KEEP_NOTHING, ARG(arg), \
	       name)

static const struct option_row rows[] = {
	OPTION("plain", 'p', OPTION_FLAG, 0, KEEP_NOTHING, "",
	       "a flag's help: 'quotes', [brackets], \\, $HOME, `x`"),
	STRING("output", 'o', "FILE"),
	STRING("program", 'e', "CMD"),
	STRING("forward", 0, "ENDPOINT"),
	STRING("server", 0, "ADDR[:PORT]"),
	STRING("either", 0, "tcp|udp"),
	STRING("mixed", 0, "auto|FILE"),
	STRING("unknown", 0, "NAME"),
	OPTION("colour", 0, OPTION_KEYWORD, 0, KEEP_NOTHING, ARG("WHEN"), "when",
	       .keywords = keywords),
	OPTION("set", 0, OPTION_PARSED, 0, KEEP_NOTHING, ARG("NAME[:VALUE]"), "set",
	       .repeats = true, .parser = parser, .choices = choices),
	OPTION("maybe", 'm', OPTION_PARSED, 0, KEEP_NOTHING, ARG("WHEN"), "maybe", .optional = true,
	       .parser = parser, .choices = choices),
};
static const struct option_group group = { "All", rows, sizeof rows / sizeof *rows };
static const struct option_use uses[] = { { &group, 0 }, { NULL, 0 } };

#define COMMAND(command_name, operands)                                                            \
	{                                                                                          \
		.name = command_name, .synopsis = operands, .summary = command_name, .uses = uses  \
	}

static const struct command one_path = COMMAND("path-one", "[OPTION...] PATH [-- CMD [ARG...]]");
static const struct command many = COMMAND("many", "[OPTION...] HOST PATH...");
static const struct command any = COMMAND("any", "[OPTION...] [NAME|PATH]...");
static const struct command none = COMMAND("none", "[OPTION...]");
static const struct command *const commands[] = { &one_path, &many, &any, &none };

static const struct command *command_at(size_t i)
{
	return i < sizeof commands / sizeof *commands ? commands[i] : NULL;
}

int main(int argc, char **argv)
{
	struct option_error error;
	struct text t = { 0 };
	int status = 1;

	if (argc > 3 && !strcmp(argv[2], COMPLETION_ASK))
		completion_answer(&t, command_at, argv + 3, (size_t)argc - 3);
	else if (argc != 3 || completion_script(&t, argv[2], &error) < 0)
		return 1;
	status = text_write(&t, STDOUT_FILENO) < 0;
	text_free(&t);
	return status;
}
