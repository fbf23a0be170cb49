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

static const char *words(size_t i)
{
	static const char *const names[] = { "FIRST", "SECOND", NULL };

	return names[i];
}

static const struct option_keyword keywords[] = { { "always", 1 }, { "never", 0 }, { "", 0 } };

#define FLAG(option_name) .name = option_name, .kind = OPTION_FLAG
#define STRING(option_name, option_arg)                                                            \
	.name = option_name, .kind = OPTION_STRING, .arg = option_arg,                             \
	.field = offsetof(struct values, word), .help = option_name

static const struct option_row rows[] = {
	{ FLAG("plain"), .letter = 'p',
	  .help = "a flag's help: 'quotes', [brackets], \\, $HOME, `x`" },
	{ STRING("output", "FILE"), .letter = 'o' },
	{ STRING("program", "CMD"), .letter = 'e' },
	{ STRING("forward", "ENDPOINT") },
	{ STRING("server", "ADDR[:PORT]") },
	{ STRING("either", "tcp|udp") },
	{ STRING("mixed", "auto|FILE") },
	{ STRING("unknown", "NAME") },
	{ .name = "colour",
	  .kind = OPTION_KEYWORD,
	  .arg = "WHEN",
	  .keywords = keywords,
	  .help = "when" },
	{ .name = "set",
	  .kind = OPTION_PARSED,
	  .arg = "NAME[:VALUE]",
	  .repeats = true,
	  .parser = parser,
	  .words = words,
	  .help = "set" },
	{ .name = "maybe",
	  .letter = 'm',
	  .kind = OPTION_PARSED,
	  .arg = "WHEN",
	  .optional = true,
	  .parser = parser,
	  .words = words,
	  .help = "maybe" },
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
