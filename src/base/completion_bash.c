/* The script for bash (3.2 and later), which needs no package. bash passes a line in pieces, and
 * knows nothing of options: most of the script finds out which word is which. */
#include "base/completion_shell.h"

static const char head[] =
	"# bash completion for sockit, made by `sockit completion bash'\n"
	"\n"
	"# What there is of KIND (words: of those given) that begins with $value.\n"
	"_sockit_list() { # KIND [WORD...]\n"
	"\tlocal path\n"
	"\tcase $1 in\n"
	"\tfiles) compgen -f -- \"$value\" ;;\n"
	"\tinterfaces)\n"
	"\t\tcompgen -f -- \"/sys/class/net/$value\" |\n"
	"\t\t\twhile IFS= read -r path; do echo \"${path##*/}\"; done\n"
	"\t\t;;\n"
	"\thosts) compgen -A hostname -- \"$value\" ;;\n"
	"\tservices) compgen -A service -- \"$value\" ;;\n"
	"\tcommands) compgen -c -- \"$value\" ;;\n"
	"\twords) compgen -W \"${*:2}\" -- \"$value\" ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# Offers it. $kept stands before the value in its word; $joined before what readline\n"
	"# replaces of the word, since to readline = and : are the end of one.\n"
	"_sockit_offer() { # KIND [WORD...]\n"
	"\tlocal word\n"
	"\t[[ $1 != files ]] || compopt -o filenames 2>/dev/null\n"
	"\twhile IFS= read -r word; do\n"
	"\t\tword=$kept$word\n"
	"\t\tCOMPREPLY[${#COMPREPLY[@]}]=${word#\"$joined\"}\n"
	"\tdone < <(_sockit_list \"$@\")\n"
	"}\n"
	"\n"
	"# $value without its quotes, the last of which may be missing still.\n"
	"_sockit_unquote() {\n"
	"\tlocal raw=$value\n"
	"\tvalue=''\n"
	"\tcase $raw in\n"
	"\t\\'*)\n"
	"\t\tvalue=${raw#?}\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\t\\\"*) raw=${raw#?} ;;\n"
	"\tesac\n"
	"\twhile [[ $raw == *\\\\* ]]; do\n"
	"\t\tvalue+=${raw%%\\\\*}\n"
	"\t\traw=${raw#*\\\\}\n"
	"\t\tvalue+=${raw:0:1}\n"
	"\t\traw=${raw:1}\n"
	"\tdone\n"
	"\tvalue+=$raw\n"
	"}\n"
	"\n"
	"# For a subcommand: its options, and the letters and names (as a regular expression) of\n"
	"# those whose argument may be the next word. Offers what WHAT may be: the argument of an\n"
	"# option, or the operand in that place.\n"
	"_sockit_rows() { # SUBCOMMAND WHAT\n"
	"\tcase $1 in\n";

static const char tail[] =
	"\tesac\n"
	"}\n"
	"\n"
	"_sockit() {\n"
	"\tlocal IFS=$' \\t\\n' line=${COMP_LINE:0:COMP_POINT} rest piece word subcommand='' what\n"
	"\tlocal options='' letters='=' names='=' valued kept='' joined='' value\n"
	"\tlocal -a words at\n"
	"\tlocal -i i n=0 place=1\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# The words as they were typed: a piece that has no blank before it belongs to the\n"
	"\t# one before, unless there is a redirection.\n"
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"\t\trest=${line#\"${line%%[![:blank:]]*}\"}\n"
	"\t\tpiece=${COMP_WORDS[i]}\n"
	"\t\t((i < COMP_CWORD)) || piece=$rest\n"
	"\t\tif ((n == 0)) || [[ $rest != \"$line\" || ${words[n - 1]} == *[\\<\\>] ]] ||\n"
	"\t\t\t[[ $piece == [\\<\\>]* && ${words[n - 1]} == *[!0-9]* ]]; then\n"
	"\t\t\tjoined=''\n"
	"\t\t\tat[n]=$i\n"
	"\t\t\twords[n]=$piece\n"
	"\t\t\tn+=1\n"
	"\t\telse\n"
	"\t\t\tjoined=${words[n - 1]}\n"
	"\t\t\twords[n - 1]+=$piece\n"
	"\t\tfi\n"
	"\t\tline=${rest#\"$piece\"}\n"
	"\tdone\n"
	"\tif [[ $piece == [\\<\\>]* ]]; then\n"
	"\t\twords[n]='' at[n]=$i joined=''\n"
	"\t\tn+=1\n"
	"\telif [[ $piece && $piece != *[!=:@]* ]]; then\n"
	"\t\tjoined=${words[n - 1]} # all of it is before what readline replaces\n"
	"\tfi\n"
	"\t((n > 1)) || return 0\n"
	"\n"
	"\tvalue=${words[n - 1]}\n"
	"\t((n == 2)) || subcommand=${words[1]}\n"
	"\t_sockit_rows \"$subcommand\" ''\n"
	"\tvalued=\"^(-[^-$letters]*[$letters]|--($names))$\"\n"
	"\twhat=''\n"
	"\tfor ((i = 2; i < n - 1; i++)); do\n"
	"\t\tword=${words[i]}\n"
	"\t\tif [[ $word == -- ]]; then\n"
	"\t\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t\t_command_offset \"${at[i + 1]}\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\t\t_sockit_unquote\n"
	"\t\t\tif ((i + 2 == n)); then\n"
	"\t\t\t\t_sockit_offer commands\n"
	"\t\t\telse\n"
	"\t\t\t\t_sockit_offer files\n"
	"\t\t\tfi\n"
	"\t\t\treturn 0\n"
	"\t\telif [[ $word =~ $valued ]]; then\n"
	"\t\t\ti+=1\n"
	"\t\t\t[[ $word == --* ]] || word=-${word: -1}\n"
	"\t\t\t((i < n - 1)) || what=$word\n"
	"\t\telif [[ $word == *[\\<\\>] && $word != *[\\'\\\"\\\\]* ]]; then\n"
	"\t\t\ti+=1\n"
	"\t\t\t((i < n - 1)) || what='>'\n"
	"\t\telif [[ $word != -?* ]]; then\n"
	"\t\t\tplace+=1\n"
	"\t\tfi\n"
	"\tdone\n"
	"\n"
	"\tif [[ $what ]]; then\n"
	"\t\t:\n"
	"\telif [[ $value == --*=* ]]; then\n"
	"\t\twhat=${value%%=*} kept=${value%%=*}=\n"
	"\telif [[ $value != --* && $value =~ ^-[^$letters]*[$letters] ]]; then\n"
	"\t\tkept=${BASH_REMATCH[0]} what=-${kept: -1}\n"
	"\telif [[ $value == -* ]]; then\n"
	"\t\t_sockit_offer words \"$options\"\n"
	"\t\treturn 0\n"
	"\telse\n"
	"\t\twhat=$place\n"
	"\tfi\n"
	"\tvalue=${value#\"$kept\"}\n"
	"\t[[ $value != [\\'\\\"]* ]] || joined=$kept # to readline a quote begins a word\n"
	"\t_sockit_unquote\n"
	"\tif [[ $what == '>' ]]; then\n"
	"\t\t_sockit_offer files\n"
	"\telse\n"
	"\t\t_sockit_rows \"$subcommand\" \"$what\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"complete -o bashdefault -F _sockit sockit\n";

static const char *const kinds[] = {
	[COMPLETION_FILES] = "files",	    [COMPLETION_INTERFACES] = "interfaces",
	[COMPLETION_HOSTS] = "hosts",	    [COMPLETION_SERVICES] = "services",
	[COMPLETION_COMMANDS] = "commands",
};

/* Ends a case, and frees *C. */
static void offer(struct text *t, struct completion_choice *c)
{
	if (c->more && completion_offers(c))
		text_add(t, "\t\t\tcompopt -o nospace 2>/dev/null\n");
	for (size_t i = 0; i < COMPLETION_KINDS; i++)
		if (c->kinds[i])
			text_add(t, "\t\t\t_sockit_offer %s\n", kinds[i]);
	if (c->words.length > 0)
		text_add(t, "\t\t\t_sockit_offer words%.*s\n", (int)c->words.length, c->words.data);
	text_add(t, "\t\t\t;;\n");
	completion_choice_free(c, t);
}

static void add_options(struct text *t, const struct command *command)
{
	const struct option_row *row;

	text_add(t, "\t\toptions='");
	for (size_t i = 0; (row = completion_row(command, i)); i++) {
		text_add(t, "%s--%s", i ? " " : "", row->name);
		if (row->letter)
			text_add(t, " -%c", row->letter);
	}
	text_add(t, "'\n\t\tletters='");
	completion_letters(t, command);
	text_add(t, "' names='");
	completion_names(t, command);
	text_add(t, "'\n");
}

static void add_command(struct text *t, const struct command *command,
			const struct completion_table *table)
{
	enum completion_place place = COMPLETION_PLACE;
	const struct option_row *row;
	struct completion_choice c;

	text_add(t, "\t%s)\n", command->name);
	add_options(t, command);
	text_add(t, "\t\tcase $2 in\n");
	for (size_t i = 0; (row = completion_row(command, i)); i++) {
		completion_choose(&c, row, table);
		if (!completion_offers(&c))
			continue;
		text_add(t, "\t\t--%s", row->name);
		if (row->letter)
			text_add(t, " | -%c", row->letter);
		text_add(t, ")\n");
		offer(t, &c);
	}
	for (size_t i = 1; place == COMPLETION_PLACE; i++) {
		place = completion_choose_operand(&c, command, i, table);
		if (place == COMPLETION_PLACE)
			text_add(t, "\t\t%zu)\n", i);
		else if (place == COMPLETION_REST)
			text_add(t, "\t\t[0-9]*)\n");
		else
			break;
		offer(t, &c);
	}
	text_add(t, "\t\tesac\n\t\t;;\n");
}

/* The word after `sockit`. */
static void add_first(struct text *t, const struct completion_table *table)
{
	const struct command *command;

	text_add(t, "\t'')\n\t\toptions='");
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		if (command->name[0] == '-')
			text_add(t, "%s ", command->name);
	text_add(t, "'\n\t\t[[ $2 != 1 ]] || _sockit_offer words");
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		if (command->name[0] != '-')
			text_add(t, " %s", command->name);
	text_add(t, "\n\t\t;;\n");
}

void completion_bash(struct text *t, const struct completion_table *table)
{
	const struct command *command;

	text_put(t, head, sizeof head - 1);
	add_first(t, table);
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		add_command(t, command, table);
	text_put(t, tail, sizeof tail - 1);
}
