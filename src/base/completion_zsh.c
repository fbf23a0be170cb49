/* The script for zsh, whose own _arguments knows how options and operands are told apart. */
#include "base/completion_shell.h"

static const char head[] = "#compdef sockit\n"
			   "# zsh completion for sockit, made by `sockit completion zsh'\n"
			   "\n"
			   "_sockit_interfaces() {\n"
			   "\tlocal expl\n"
			   "\tlocal -a interfaces=(/sys/class/net/*(N:t))\n"
			   "\n"
			   "\t_wanted interfaces expl interface compadd \"$@\" -a interfaces\n"
			   "}\n"
			   "\n"
			   "# What each of several functions offers.\n"
			   "_sockit_each() {\n"
			   "\tlocal each ret=1\n"
			   "\n"
			   "\tfor each; do\n"
			   "\t\t${=each} && ret=0\n"
			   "\tdone\n"
			   "\treturn ret\n"
			   "}\n"
			   "\n"
			   "_sockit() {\n"
			   "\tlocal curcontext=$curcontext dashes=${words[(ie)--]}\n"
			   "\tlocal -a subcommands options\n"
			   "\n"
			   "\tif ((CURRENT > dashes)); then\n"
			   "\t\tshift $dashes words\n"
			   "\t\t((CURRENT -= dashes))\n"
			   "\t\t_normal\n"
			   "\t\treturn\n"
			   "\tfi\n";

static const char middle[] = "\tif ((CURRENT == 2)); then\n"
			     "\t\t_describe -t commands subcommand subcommands\n"
			     "\t\t_describe -o option options\n"
			     "\t\treturn\n"
			     "\tfi\n"
			     "\tshift words\n"
			     "\t((CURRENT--))\n"
			     "\tcase $words[1] in\n";

static const char tail[] = "\tesac\n"
			   "}\n"
			   "\n"
			   "if [[ $funcstack[1] = _sockit ]]; then # autoloaded\n"
			   "\t_sockit \"$@\"\n"
			   "else\n"
			   "\tcompdef _sockit sockit\n"
			   "fi\n";

static const char *const kinds[] = {
	[COMPLETION_FILES] = "_files",
	[COMPLETION_INTERFACES] = "_sockit_interfaces",
	[COMPLETION_HOSTS] = "_hosts",
	[COMPLETION_SERVICES] = "_ports",
	[COMPLETION_COMMANDS] = "_command_names",
};

static void add_label(struct text *t, const char *label, int length)
{
	for (int i = 0; i < length; i++)
		text_add(t, "%s%c", label[i] == ':' ? "\\" : "", label[i]);
}

/* `:MESSAGE:ACTION` of a specification; ends it, and frees *C. */
static void add_action(struct text *t, struct completion_choice *c)
{
	int n = c->words.length > 0;

	for (size_t i = 0; i < COMPLETION_KINDS; i++)
		n += c->kinds[i];
	text_add(t, ":");
	add_label(t, c->label, c->label_length);
	text_add(t, ":%s", n == 0 ? " " : n > 1 ? " _sockit_each" : "");
	if (c->words.length > 0) {
		text_add(t, "%scompadd", n > 1 ? " \"" : "");
		if (c->more == '/') /* is there already */
			text_add(t, " -S \"\"");
		else if (c->more) /* goes again where a blank comes next */
			text_add(t, " -qS%s%c", c->more == ':' ? "\\" : "", c->more);
		text_add(t, " -");
		for (size_t i = 0; i < c->words.length; i++)
			text_add(t, "%s%c", c->words.data[i] == ':' ? "\\" : "", c->words.data[i]);
		text_add(t, "%s", n > 1 ? "\"" : "");
	}
	for (size_t i = 0; i < COMPLETION_KINDS; i++)
		if (c->kinds[i])
			text_add(t, "%s%s", n > 1 ? " " : "", kinds[i]);
	text_add(t, "'");
	completion_choice_free(c, t);
}

/* One of ROW's two names, with what joins it to an argument. */
static void add_option(struct text *t, const struct option_row *row, bool letter,
		       const struct completion_table *table)
{
	bool repeats = row->repeats || row->kind == OPTION_COUNT;
	struct completion_choice c;

	text_add(t, " \\\n\t\t\t'");
	if (repeats)
		text_add(t, "*");
	else if (row->letter)
		text_add(t, "(-%c --%s)", row->letter, row->name);
	if (letter)
		text_add(t, "-%c%s", row->letter, completion_takes_next(row) ? "+" : "");
	else
		text_add(t, "--%s%s", row->name, !row->arg ? "" : row->optional ? "=-" : "=");
	text_add(t, "[");
	completion_quoted(t, row->help, "[]\\");
	text_add(t, "]");
	if (row->arg && (!letter || !row->optional)) {
		completion_choose(&c, row, table);
		text_add(t, "%s", row->optional ? ":" : "");
		add_action(t, &c);
	} else {
		text_add(t, "'");
	}
}

static void add_command(struct text *t, const struct command *command,
			const struct completion_table *table)
{
	enum completion_place place = COMPLETION_PLACE;
	const struct option_row *row;
	struct completion_choice c;

	text_add(t, "\t%s)\n\t\t_arguments -s -S -C", command->name);
	for (size_t i = 0; (row = completion_row(command, i)); i++) {
		if (row->letter)
			add_option(t, row, true, table);
		add_option(t, row, false, table);
	}
	for (size_t i = 1; place == COMPLETION_PLACE; i++) {
		place = completion_choose_operand(&c, command, i, table);
		if (place == COMPLETION_PLACE)
			text_add(t, " \\\n\t\t\t'%zu", i);
		else if (place == COMPLETION_REST)
			text_add(t, " \\\n\t\t\t'*");
		else
			break;
		add_action(t, &c);
	}
	text_add(t, "\n\t\t;;\n");
}

/* What may stand after `sockit`: that which begins with a dash, or the rest. */
static void add_first(struct text *t, const struct completion_table *table, bool dash,
		      const char *array)
{
	const struct command *command;

	text_add(t, "\t%s=(", array);
	for (size_t i = 0; (command = completion_command(table, i)); i++) {
		if ((command->name[0] == '-') != dash)
			continue;
		text_add(t, "\n\t\t'%s:", command->name);
		completion_quoted(t, command->summary, "\\");
		text_add(t, "'");
	}
	text_add(t, "\n\t)\n");
}

void completion_zsh(struct text *t, const struct completion_table *table)
{
	const struct command *command;

	text_put(t, head, sizeof head - 1);
	add_first(t, table, false, "subcommands");
	add_first(t, table, true, "options");
	text_put(t, middle, sizeof middle - 1);
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		add_command(t, command, table);
	text_put(t, tail, sizeof tail - 1);
}
