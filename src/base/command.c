#include "base/command.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/help.h"

struct outcome command_refuse(const struct messages *m, const struct option_error *error)
{
	return message_usage(m, "%s", error->text);
}

/* An error may stand before --json. */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

bool command_begin(const struct command *self, int argc, char **argv, void *options,
		   struct messages *m, struct operands *operands, struct outcome *outcome)
{
	struct option_error error;
	struct text text = { 0 };

	m->subcommand = self->name;
	m->start = clock_now();
	switch (options_parse(self, options, argc, argv, operands, &error)) {
	case OPTIONS_OK:
		return true;
	case OPTIONS_BAD:
		m->options.json |= asks_for_json(argc, argv);
		*outcome = command_refuse(m, &error);
		break;
	case OPTIONS_HELP:
		help_command(&text, self, help_width(STDOUT_FILENO));
		*outcome = help_print(&text, m);
		text_free(&text);
		break;
	}
	return false;
}
