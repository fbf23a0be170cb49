/* The script for fish (3.0 and later): a line for each option, which fish can take apart itself. */
#include "base/completion_shell.h"

static const char head[] =
	"# fish completion for sockit, made by `sockit completion fish'\n"
	"\n"
	"# Does the cursor stand in SUBCOMMAND's words, before any `--'? At operand PLACE, or with a + behind\n"
	"# it there or further on? VALUED is a regular expression: what takes the next word for its argument.\n"
	"function __sockit_in # SUBCOMMAND [PLACE VALUED]\n"
	"\tset -l words (commandline -opc)\n"
	"\ttest \"$words[2]\" = \"$argv[1]\"; or return 1\n"
	"\tcontains -- -- $words; and return 1\n"
	"\tset -q argv[2]; or return 0\n"
	"\tset -l place 1\n"
	"\tset -l argument no\n"
	"\tset -e words[1..2]\n"
	"\tfor word in $words\n"
	"\t\tif test $argument = yes\n"
	"\t\t\tset argument no\n"
	"\t\telse if string match -qr -- \"^($argv[3])\\$\" $word\n"
	"\t\t\tset argument yes\n"
	"\t\telse if not string match -qr -- '^-.' $word\n"
	"\t\t\tset place (math $place + 1)\n"
	"\t\tend\n"
	"\tend\n"
	"\tswitch $argv[2]\n"
	"\t\tcase '*+'\n"
	"\t\t\ttest $place -ge (string trim -c + -- $argv[2])\n"
	"\t\tcase '*'\n"
	"\t\t\ttest $place = $argv[2]\n"
	"\tend\n"
	"end\n"
	"\n"
	"# What stands after `--' is a command line.\n"
	"function __sockit_command\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l dashes (contains -i -- -- $words); or return\n"
	"\tset -l line\n"
	"\tset -e words[1..$dashes]\n"
	"\tfor word in $words\n"
	"\t\tset line $line (string escape -- $word)\n"
	"\tend\n"
	"\tcomplete -C (string join ' ' -- $line (commandline -ct))\n"
	"end\n"
	"\n"
	"# Those of this machine too, which fish leaves out.\n"
	"function __sockit_hosts\n"
	"\t__fish_print_hostnames\n"
	"\ttest -r /etc/hosts; or return\n"
	"\tstring replace -r '#.*' '' </etc/hosts | string replace -rf '^\\s*\\S+\\s+' '' |\n"
	"\t\tstring split -n ' '\n"
	"end\n"
	"\n"
	"function __sockit_services\n"
	"\ttest -r /etc/services; or return\n"
	"\tstring replace -rf '^([^#\\s]+)\\s.*' '$1' </etc/services\n"
	"end\n"
	"\n"
	"function __sockit_interfaces\n"
	"\ttest -d /sys/class/net; or return\n"
	"\tset -l interfaces /sys/class/net/*\n"
	"\tstring replace -r '.*/' '' $interfaces\n"
	"end\n"
	"\n"
	"complete -c sockit -f\n"
	"complete -c sockit -n 'contains -- -- (commandline -opc)' -a '(__sockit_command)'\n";

/* Functions that print words; of files fish takes care itself. */
static const char *const kinds[COMPLETION_KINDS] = {
	[COMPLETION_INTERFACES] = "__sockit_interfaces",
	[COMPLETION_HOSTS] = "__sockit_hosts",
	[COMPLETION_SERVICES] = "__sockit_services",
	[COMPLETION_COMMANDS] = "__fish_complete_command",
};

/* What is offered, which is files or is not; frees *C. */
static void add_choice(struct text *t, struct completion_choice *c)
{
	bool listed = c->words.length > 0;

	text_add(t, c->kinds[COMPLETION_FILES] ? " -F" : " -f");
	if (listed)
		text_add(t, " -a '%.*s", (int)c->words.length, c->words.data);
	for (size_t i = 0; i < COMPLETION_KINDS; i++) {
		if (!c->kinds[i] || !kinds[i])
			continue;
		text_add(t, "%s(%s)", listed ? " " : " -a '", kinds[i]);
		listed = true;
	}
	if (listed)
		text_add(t, "'");
	completion_choice_free(c, t);
}

static void add_help(struct text *t, const char *help)
{
	text_add(t, " -d '");
	completion_quoted(t, help, "\\");
	text_add(t, "'\n");
}

static void add_command(struct text *t, const struct command *command,
			const struct completion_table *table)
{
	enum completion_place place = COMPLETION_PLACE;
	const struct option_row *row;
	struct completion_choice c;

	text_add(t, "\n");
	for (size_t i = 0; (row = completion_row(command, i)); i++) {
		text_add(t, "complete -c sockit -n '__sockit_in %s' -l %s", command->name,
			 row->name);
		if (row->letter)
			text_add(t, " -s %c", row->letter);
		if (completion_takes_next(row)) {
			text_add(t, " -r");
			completion_choose(&c, row, table);
			add_choice(t, &c);
		}
		add_help(t, row->help);
	}
	for (size_t i = 1; place == COMPLETION_PLACE; i++) {
		place = completion_choose_operand(&c, command, i, table);
		if (place == COMPLETION_NO_PLACE)
			break;
		text_add(t, "complete -c sockit -n '__sockit_in %s %zu%s \"-[^-", command->name, i,
			 place == COMPLETION_REST ? "+" : "");
		completion_letters(t, command);
		text_add(t, "]*[");
		completion_letters(t, command);
		text_add(t, "]|--(");
		completion_names(t, command);
		text_add(t, ")\"'");
		add_choice(t, &c);
		text_add(t, "\n");
	}
}

/* The word after `sockit`. */
static void add_first(struct text *t, const struct completion_table *table)
{
	const struct command *command;

	for (size_t i = 0; (command = completion_command(table, i)); i++) {
		bool dash = command->name[0] == '-';
		text_add(t, "complete -c sockit -n '__sockit_in \"\"' %s %s", dash ? "-l" : "-a",
			 command->name + (dash ? 2 : 0));
		add_help(t, command->summary);
	}
}

void completion_fish(struct text *t, const struct completion_table *table)
{
	const struct command *command;

	text_put(t, head, sizeof head - 1);
	add_first(t, table);
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		add_command(t, command, table);
}
