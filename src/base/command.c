/* command.c - how every subcommand begins */
#include "base/command.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/help.h"

struct outcome command_refuse(const struct messages *m, const struct option_error *error)
{
	if (error->lack)
		return message_fail(m, OUTCOME_FAILED, errno_name(error->lack), "%s", error->text);
	return message_usage(m, "%s", error->text);
}

/* Returns what the run keeps once it is set up. */
static unsigned command_keeps(const struct command *self, const struct operands *operands)
{
	unsigned keeps = self->keeps;

	for (size_t i = 0; i < operands->n_given; i++)
		keeps |= operands->given[i]->keeps;
	return operands->command ? keeps | KEEP_PROGRAMS : keeps;
}

bool command_begin(const struct command *self, int argc, char **argv, void *options,
		   struct messages *m, struct operands *operands, struct outcome *outcome)
{
	struct option_error error;
	struct text text = { 0 };
	enum options_result result;

	m->subcommand = self->name;
	m->start = clock_now();
	result = options_parse(self, options, argc, argv, operands, &error);
	switch (result) {
	case OPTIONS_OK:
		m->keeps = command_keeps(self, operands);
		m->command = self;
		m->argc = argc;
		m->argv = argv;
		return true;
	case OPTIONS_BAD:
		message_options_ask(&m->options, argc, argv);
		*outcome = command_refuse(m, &error);
		break;
	case OPTIONS_HELP:
	case OPTIONS_BRIEF:
		help_command(&text, self, result == OPTIONS_BRIEF, help_width(STDOUT_FILENO));
		*outcome = help_print(&text, m);
		text_free(&text);
		break;
	}
	return false;
}
