/* The script for bash (3.2 and later), which needs no package. bash passes a line in pieces, and
 * knows nothing of options: most of the script finds out which word is which. */
#include "base/completion_shell.h"

static const char *const head[] = {
	"# bash completion for sockit, made by `sockit completion bash'",
	"",
	"# What there is of KIND (words: of those given) that begins with $value.",
	"_sockit_list() { # KIND [WORD...]",
	"\tlocal path",
	"\tcase $1 in",
	"\tfiles) compgen -f -- \"$value\" ;;",
	"\tinterfaces)",
	"\t\tcompgen -f -- \"/sys/class/net/$value\" |",
	"\t\t\twhile IFS= read -r path; do echo \"${path##*/}\"; done",
	"\t\t;;",
	"\thosts) compgen -A hostname -- \"$value\" ;;",
	"\tservices) compgen -A service -- \"$value\" ;;",
	"\tcommands) compgen -c -- \"$value\" ;;",
	"\twords) compgen -W \"${*:2}\" -- \"$value\" ;;",
	"\tesac",
	"}",
	"",
	"# Offers it. $kept stands before the value in its word; $joined before what readline",
	"# replaces of the word, since to readline = and : are the end of one.",
	"_sockit_offer() { # KIND [WORD...]",
	"\tlocal word",
	"\t[[ $1 != files ]] || compopt -o filenames 2>/dev/null",
	"\twhile IFS= read -r word; do",
	"\t\tword=$kept$word",
	"\t\tCOMPREPLY[${#COMPREPLY[@]}]=${word#\"$joined\"}",
	"\tdone < <(_sockit_list \"$@\")",
	"}",
	"",
	"# $value without its quotes, the last of which may be missing still.",
	"_sockit_unquote() {",
	"\tlocal raw=$value",
	"\tvalue=''",
	"\tcase $raw in",
	"\t\\'*)",
	"\t\tvalue=${raw#?}",
	"\t\treturn",
	"\t\t;;",
	"\t\\\"*) raw=${raw#?} ;;",
	"\tesac",
	"\twhile [[ $raw == *\\\\* ]]; do",
	"\t\tvalue+=${raw%%\\\\*}",
	"\t\traw=${raw#*\\\\}",
	"\t\tvalue+=${raw:0:1}",
	"\t\traw=${raw:1}",
	"\tdone",
	"\tvalue+=$raw",
	"}",
	"",
	"# For a subcommand: its options, and the letters and names (as a regular expression) of",
	"# those whose argument may be the next word. Offers what WHAT may be: the argument of an",
	"# option, or the operand in that place.",
	"_sockit_rows() { # SUBCOMMAND WHAT",
	"\tcase $1 in",
};

static const char *const tail[] = {
	"\tesac",
	"}",
	"",
	"_sockit() {",
	"\tlocal IFS=$' \\t\\n' line=${COMP_LINE:0:COMP_POINT} rest piece word subcommand='' what",
	"\tlocal options='' letters='=' names='=' valued kept='' joined='' value",
	"\tlocal -a words at",
	"\tlocal -i i n=0 place=1",
	"",
	"\tCOMPREPLY=()",
	"\t# The words as they were typed: a piece that has no blank before it belongs to the",
	"\t# one before, unless there is a redirection.",
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do",
	"\t\trest=${line#\"${line%%[![:blank:]]*}\"}",
	"\t\tpiece=${COMP_WORDS[i]}",
	"\t\t((i < COMP_CWORD)) || piece=$rest",
	"\t\tif ((n == 0)) || [[ $rest != \"$line\" || ${words[n - 1]} == *[\\<\\>] ]] ||",
	"\t\t\t[[ $piece == [\\<\\>]* && ${words[n - 1]} == *[!0-9]* ]]; then",
	"\t\t\tjoined=''",
	"\t\t\tat[n]=$i",
	"\t\t\twords[n]=$piece",
	"\t\t\tn+=1",
	"\t\telse",
	"\t\t\tjoined=${words[n - 1]}",
	"\t\t\twords[n - 1]+=$piece",
	"\t\tfi",
	"\t\tline=${rest#\"$piece\"}",
	"\tdone",
	"\tif [[ $piece == [\\<\\>]* ]]; then",
	"\t\twords[n]='' at[n]=$i joined=''",
	"\t\tn+=1",
	"\telif [[ $piece && $piece != *[!=:@]* ]]; then",
	"\t\tjoined=${words[n - 1]} # all of it is before what readline replaces",
	"\tfi",
	"\t((n > 1)) || return 0",
	"",
	"\tvalue=${words[n - 1]}",
	"\t((n == 2)) || subcommand=${words[1]}",
	"\t_sockit_rows \"$subcommand\" ''",
	"\tvalued=\"^(-[^-$letters]*[$letters]|--($names))$\"",
	"\twhat=''",
	"\tfor ((i = 2; i < n - 1; i++)); do",
	"\t\tword=${words[i]}",
	"\t\tif [[ $word == -- ]]; then",
	"\t\t\tif declare -F _command_offset >/dev/null; then",
	"\t\t\t\t_command_offset \"${at[i + 1]}\"",
	"\t\t\t\treturn",
	"\t\t\tfi",
	"\t\t\t_sockit_unquote",
	"\t\t\tif ((i + 2 == n)); then",
	"\t\t\t\t_sockit_offer commands",
	"\t\t\telse",
	"\t\t\t\t_sockit_offer files",
	"\t\t\tfi",
	"\t\t\treturn 0",
	"\t\telif [[ $word =~ $valued ]]; then",
	"\t\t\ti+=1",
	"\t\t\t[[ $word == --* ]] || word=-${word: -1}",
	"\t\t\t((i < n - 1)) || what=$word",
	"\t\telif [[ $word == *[\\<\\>] && $word != *[\\'\\\"\\\\]* ]]; then",
	"\t\t\ti+=1",
	"\t\t\t((i < n - 1)) || what='>'",
	"\t\telif [[ $word != -?* ]]; then",
	"\t\t\tplace+=1",
	"\t\tfi",
	"\tdone",
	"",
	"\tif [[ $what ]]; then",
	"\t\t:",
	"\telif [[ $value == --*=* ]]; then",
	"\t\twhat=${value%%=*} kept=${value%%=*}=",
	"\telif [[ $value != --* && $value =~ ^-[^$letters]*[$letters] ]]; then",
	"\t\tkept=${BASH_REMATCH[0]} what=-${kept: -1}",
	"\telif [[ $value == -* ]]; then",
	"\t\t_sockit_offer words \"$options\"",
	"\t\treturn 0",
	"\telse",
	"\t\twhat=$place",
	"\tfi",
	"\tvalue=${value#\"$kept\"}",
	"\t[[ $value != [\\'\\\"]* ]] || joined=$kept # to readline a quote begins a word",
	"\t_sockit_unquote",
	"\tif [[ $what == '>' ]]; then",
	"\t\t_sockit_offer files",
	"\telse",
	"\t\t_sockit_rows \"$subcommand\" \"$what\"",
	"\tfi",
	"}",
	"",
	"complete -o bashdefault -F _sockit sockit",
};

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

	completion_lines(t, head, sizeof head / sizeof *head);
	add_first(t, table);
	for (size_t i = 0; (command = completion_command(table, i)); i++)
		add_command(t, command, table);
	completion_lines(t, tail, sizeof tail / sizeof *tail);
}
