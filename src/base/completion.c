/* completion.c - which words may follow on a command line, found by the option rows */
#include "base/completion.h"

#include <ctype.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/help.h"
#include "base/suggest.h"

/* A command line that is to be completed. */
struct request {
	completion_list *list;
	const struct command *command; /* the subcommand */
	char **words;
	size_t n;
	unsigned char given[OPTION_ROWS_MOST]; /* is the row's option there already? */
	/* As zsh's users know it: what is there, and must not be repeated, is offered no more;
	 * where no operand fits options are offered. */
	bool zsh;
	size_t *first; /* bash alone: the piece at which each word begins; else NULL */
};

static void answer_interfaces(struct text *t)
{
	struct if_nameindex *interfaces = if_nameindex();

	for (struct if_nameindex *i = interfaces; i && i->if_name; i++)
		text_add(t, "word %s\n", i->if_name);
	if (interfaces)
		if_freenameindex(interfaces);
}

/* Adds the subcommands, and what else may stand in their place, that begin with a dash or not. */
static void answer_commands(struct text *t, completion_list *list, bool dash)
{
	const struct command *command;

	for (size_t i = 0; (command = list(i)); i++)
		if ((command->name[0] == '-') == dash)
			text_add(t, "word %s\t%s\n", command->name, command->summary);
}

/* Adds one of an argument's alternatives: NAME of N characters says what stands there, in capitals,
 * or is a word that does. */
static void answer_alternative(struct text *t, const char *name, size_t n, completion_list *list)
{
	static const char kinds[][2][12] = {
		{ "ADDR", "hostname" },	    { "ADDRESS", "hostname" }, { "CMD", "command" },
		{ "ENDPOINT", "hostname" }, { "FILE", "file" },	       { "HOST", "hostname" },
		{ "PATH", "file" },	    { "PORT", "service" },
	};
	char word[32];

	snprintf(word, sizeof word, "%.*s", (int)n, name);
	if (!isupper((unsigned char)*word))
		text_add(t, "word %s\n", word);
	else if (!strcmp(word, "SUBCOMMAND"))
		answer_commands(t, list, false);
	else if (!strcmp(word, "IFACE"))
		answer_interfaces(t);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(word, kinds[i][0]))
			text_add(t, "list %s\n", kinds[i][1]);
}

/* Adds what ARG stands for, as help has it: alternatives with bars between them. What it begins
 * with counts: the NAME of NAME[=VALUE]. */
static void answer_argument(struct text *t, const char *arg, completion_list *list)
{
	text_add(t, "label %.*s\n", (int)strcspn(arg, " "), arg);
	arg += strspn(arg, "[");
	for (;; arg++) {
		size_t n = 0;
		while (isalnum((unsigned char)arg[n]) || arg[n] == '-')
			n++;
		if (n > 0)
			answer_alternative(t, arg, n, list);
		arg += n;
		if (*arg != '|')
			break;
	}
	if (*arg == '[')
		text_add(t, "more %c\n", arg[1]);
}

static void answer_value(struct text *t, const struct option_row *row, completion_list *list)
{
	bool by_name = row->kind == OPTION_STRING || row->kind == OPTION_PARSED;
	const char *word;

	text_add(t, "help %s\n", option_words(row, WORDS_HELP));
	answer_argument(t, option_words(row, WORDS_ARG), list);
	if (row->kind == OPTION_KEYWORD)
		for (const struct option_keyword *k = row->keywords; *k->name; k++)
			text_add(t, "word %s\n", k->name);
	for (size_t i = 0; by_name && row->choices && (word = row->choices(i)); i++)
		/* A `/` ends the beginning of a URL. */
		text_add(t, "word %s\n%s", word, word[strlen(word) - 1] == '/' ? "more /\n" : "");
}

/* Adds what operand PLACE (from 1) of R's subcommand may be, by its synopsis. Returns false where
 * there cannot be so many. */
static bool answer_operand(struct text *t, const struct request *r, size_t place)
{
	size_t n, last = 0, before = 0; /* operands so far, and those that must stand before */
	const char *rest = r->command->synopsis;
	bool repeats = false, found = false;

	for (const char *word; (word = text_word(&rest, &n));) {
		const char *dots = strstr(word, "...");
		if (text_begins(word, "[OPTION"))
			continue;
		if (!strncmp(word + strspn(word, "["), "--", 2))
			break; /* a command */
		last++;
		repeats |= dots && dots < word + n;
		if (place > before && (place <= last || repeats)) {
			answer_argument(t, word, r->list);
			found = true;
		}
		before += *word != '[';
	}
	return found;
}

static void answer_option(struct text *t, const struct option_row *row, const char *stem)
{
	const char *help = option_words(row, WORDS_HELP);

	text_add(t, "word --%s\t%s\n", row->name, help);
	if (row->letter && !strchr(stem, row->letter))
		text_add(t, "word %s%c\t%s\n", stem, row->letter, help);
}

/* Adds R's options, of which WORD is the beginning. */
static void answer_options(struct text *t, const struct request *r, const char *word)
{
	const char *stem = !r->first && *word == '-' && word[1] && word[1] != '-' ? word : "-";

	text_add(t, "label option\n");
	for (struct option_walk w = option_walk(r->command); option_next(&w);)
		if (!r->zsh || !r->given[w.index] || w.row->repeats || w.row->kind == OPTION_COUNT)
			answer_option(t, w.row, stem);
	if (r->command->uses->group)
		answer_option(t, &help_option, stem);
}

/* Notes the options in WORD. Returns the row of the one that has an argument, else NULL. *VALUE is
 * where the argument stands in WORD, which is at its end behind a letter, and NULL behind a name
 * without `=`. */
static const struct option_row *request_read_option(struct request *r, const char *word,
						    const char **value)
{
	struct option_walk w;

	*value = NULL;
	if (word[0] == '-' && word[1] == '-') {
		size_t n = strcspn(word + 2, "=");
		*value = word[2 + n] ? word + 3 + n : NULL;
		if (!option_find_name(r->command, word + 2, n, &w))
			return NULL;
		r->given[w.index] = 1;
		return option_takes_word(w.row) || (option_words(w.row, WORDS_ARG) && *value) ?
			       w.row :
			       NULL;
	}
	for (const char *s = word + 1; *word == '-' && *s; s++) {
		if (!option_find_letter(r->command, *s, &w))
			continue;
		r->given[w.index] = 1;
		if (option_takes_word(w.row)) {
			*value = s + 1;
			return w.row;
		}
	}
	return NULL;
}

/* Adds what the last of R's words may be. Returns how much of that word stands before what is
 * offered. */
static size_t answer_last(struct text *t, struct request *r)
{
	const char *last = r->words[r->n - 1], *value = NULL;
	const struct option_row *row = NULL;
	size_t i = 2, place = 1;

	if (r->n == 2) {
		text_add(t, "label subcommand\n");
		answer_commands(t, r->list, *last == '-');
		return 0;
	}
	for (size_t k = 0; (r->command = r->list(k)); k++)
		if (!strcmp(r->command->name, r->words[1]))
			break;
	if (!r->command)
		return 0;
	for (; i + 1 < r->n; i++) {
		const char *word = r->words[i];
		if (!strcmp(word, "--")) {
			text_add(t, "line %zu\nlist %s\n", r->first ? r->first[i + 1] : i + 1,
				 i + 2 == r->n ? "command" : "file");
			return 0;
		}
		row = request_read_option(r, word, &value);
		if (row && (!value || (!*value && word[1] != '-')))
			i++; /* its argument */
		else
			place += *word != '-' || !word[1];
	}
	if (i == r->n) {
		answer_value(t, row, r->list);
		return 0;
	}
	/* An option that stands in the last word itself is not there already. */
	row = request_read_option(&(struct request){ .command = r->command }, last, &value);
	if (row && value)
		answer_value(t, row, r->list);
	else if (!value && (*last == '-' || (!answer_operand(t, r, place) && r->zsh)))
		answer_options(t, r, last);
	return value ? (size_t)(value - last) : 0;
}

/* ---- bash, which passes a line in pieces ---- */

/* Takes the quotes away from WORD, the last of which may be missing. Returns WORD. */
static char *bash_unquote(char *word)
{
	char quote = '\0', *to = word;

	for (const char *s = word; *s; s++) {
		if (*s == quote) {
			quote = '\0';
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s;
		} else {
			if (*s == '\\' && quote != '\'' && s[1])
				s++;
			*to++ = *s;
		}
	}
	*to = '\0';
	return word;
}

/* What a word of bash's line is. */
enum word_role { WORD_PLAIN, WORD_REDIRECTION, WORD_TARGET };

/* Fills R with the words of LINE, but for redirections. Bash has made N PIECES of it, to which it
 * ends a word at `=` and `:` too; here a piece belongs to the word before it unless there is a
 * blank between them. R's words, and the numbers of the pieces at which they begin, go where there
 * is room for N. *JOINED is where in the last word its last piece begins: readline replaces no more
 * than that. Returns whether the last word is the target of a redirection. */
static bool bash_read_line(struct request *r, char *line, char **pieces, size_t n,
			   const char **joined)
{
	enum word_role role = WORD_PLAIN;
	char *word = line;

	for (size_t i = 0; i < n; i++) {
		char *piece = line + strspn(line, " \t\n");
		size_t length = 0;
		bool redirects = *piece == '<' || *piece == '>';
		char *end = line; /* of the piece before */
		bool number = word < end && strspn(word, "0123456789") >= (size_t)(end - word);

		/* The cursor may stand in the last one. */
		for (const char *same = i + 1 < n ? pieces[i] : piece; same[length]; length++)
			if (same[length] != piece[length]) {
				length = 0; /* it is not as it was typed */
				break;
			}
		line = piece + length;
		*joined = piece + (strspn(piece, "=:@") == strlen(piece) ? length : 0);
		if (i > 0 && piece == end && role != WORD_REDIRECTION && !redirects)
			continue;
		if (piece == end && redirects && role == WORD_PLAIN && number) /* `2>` */
			r->n--;
		else if (i > 0 && role == WORD_PLAIN)
			*end = '\0';
		role = redirects		? WORD_REDIRECTION :
		       role == WORD_REDIRECTION ? WORD_TARGET :
						  WORD_PLAIN;
		word = piece;
		if (role == WORD_PLAIN) {
			r->first[r->n] = i;
			r->words[r->n++] = word;
		}
	}
	if (role == WORD_PLAIN)
		return false;
	if (role == WORD_REDIRECTION)
		*joined = word = line;
	r->words[r->n++] = word;
	return true;
}

/* Adds the answer to bash. */
static void bash_answer(struct text *t, struct request *r, char *line, char **pieces, size_t n)
{
	const char *joined;
	char *last, *value;
	bool redirected;

	r->words = pieces;
	r->first = calloc(n, sizeof *r->first);
	t->failed |= !r->first;
	if (!r->first)
		return;
	redirected = bash_read_line(r, line, pieces, n, &joined);
	for (size_t i = 0; i + 1 < r->n; i++)
		bash_unquote(r->words[i]);
	last = value = r->words[r->n - 1];
	if (redirected)
		text_add(t, "list file\n");
	else if (r->n > 1)
		value += answer_last(t, r);
	if (*value == '\'' || *value == '"')
		joined = value; /* to readline a quote begins a word */
	text_add(t, "joined %.*s\nkept %.*s\n", (int)(joined - last), last, (int)(value - last),
		 last);
	text_add(t, "typed %s\n", bash_unquote(value));
	free(r->first);
}

void completion_answer(struct text *t, completion_list *list, char **words, size_t n)
{
	struct request r = { .list = list, .words = words + 1, .n = n - 1 };
	const char *last = words[n - 1];

	if (!strcmp(words[0], "bash")) {
		r.n = 0;
		if (n > 2)
			bash_answer(t, &r, words[1], words + 2, n - 2);
	} else if (r.n > 1) {
		size_t kept;
		r.zsh = !strcmp(words[0], "zsh");
		kept = answer_last(t, &r);
		text_add(t, "kept %.*s\ntyped %s\n", (int)kept, last, last + kept);
	}
}

/* ---- the scripts ---- */

static const char script_bash[] =
	"# bash completion for sockit, made by `sockit completion bash'. It offers what sockit "
	"answers.\n"
	"_sockit() {\n"
	"\tlocal IFS=$' \\t\\n' program answer value word kept='' joined='' typed='' words=''\n"
	"\tlocal -a list=(compgen)\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tprogram=$(type -P -- \"${1/#\\~/$HOME}\") || program=sockit\n"
	"\twhile IFS= read -r answer; do\n"
	"\t\tvalue=${answer#* }\n"
	"\t\tcase $answer in\n"
	"\t\tword*) words+=\" ${value%%$'\\t'*}\" ;;\n"
	"\t\tmore*) compopt -o nospace 2>/dev/null ;;\n"
	"\t\tlist*)\n"
	"\t\t\tlist+=(-A \"$value\")\n"
	"\t\t\t[[ $value != file ]] || compopt -o filenames 2>/dev/null\n"
	"\t\t\t;;\n"
	"\t\tline*)\n"
	"\t\t\tif declare -F _command_offset >/dev/null; then # of the package bash-completion\n"
	"\t\t\t\t_command_offset \"$value\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\t\t;;\n"
	"\t\t*) printf -v \"${answer%% *}\" %s \"$value\" ;;\n"
	"\t\tesac\n"
	"\tdone < <(command \"$program\" completion " COMPLETION_ASK
	" bash \"${COMP_LINE:0:COMP_POINT}\" \\\n"
	"\t\t\"${COMP_WORDS[@]:0:COMP_CWORD+1}\" 2>/dev/null)\n"
	"\twhile IFS= read -r word; do\n"
	"\t\tword=$kept$word\n"
	"\t\tCOMPREPLY+=(\"${word#\"$joined\"}\")\n"
	"\tdone < <(\"${list[@]}\" -W \"$words\" -- \"$typed\")\n"
	"}\n"
	"\n"
	"complete -o bashdefault -F _sockit sockit\n";

static const char script_zsh[] =
	"#compdef sockit\n"
	"# zsh completion for sockit, made by `sockit completion zsh'. It offers what sockit "
	"answers.\n"
	"_sockit() {\n"
	"\tlocal curcontext=$curcontext program=${(Q)~words[1]} answer value ret=1\n"
	"\tlocal -a word list label more kept typed help line expl\n"
	"\n"
	"\twhence -p -- $program >/dev/null || program=sockit\n"
	"\tfor answer in ${(f)\"$(command $program completion " COMPLETION_ASK " zsh \\\n"
	"\t\t\"${(@Q)words[1,CURRENT-1]}\" \"${(Q)PREFIX}\" 2>/dev/null)\"}; do\n"
	"\t\tvalue=${answer%% *}\n"
	"\t\tset -A $value \"${(@P)value}\" \"${answer#* }\"\n"
	"\tdone\n"
	"\tif (($#line)); then\n"
	"\t\tshift $line words\n"
	"\t\t((CURRENT -= line))\n"
	"\t\t_normal\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcompset -p $#kept[1]\n"
	"\t_description values expl \"$label[1]\"\n"
	"\tcase $more[1] in\n"
	"\t/) more=(-S '') ;; # is there already\n"
	"\t?) more=(-qS $more[1]) ;; # goes again where a blank comes next\n"
	"\tesac\n"
	"\tword=(\"${(@)${(@)word//(#m)[\\\\:]/\\\\$MATCH}/$'\\t'/:}\")\n"
	"\t((!$#word)) || _describe ${${(M)PREFIX:#-*}:+-o} \"$label[1]\" word $more && ret=0\n"
	"\tfor value in $list; do\n"
	"\t\tcase $value in\n"
	"\t\tfile) _files \"$expl[@]\" ;;\n"
	"\t\thostname) _hosts \"$expl[@]\" ;;\n"
	"\t\tservice) _ports \"$expl[@]\" ;;\n"
	"\t\tcommand) _command_names ;;\n"
	"\t\tesac && ret=0\n"
	"\tdone\n"
	"\t(($#word + $#list)) || _message -e values \"$label[1]\"\n"
	"\treturn ret\n"
	"}\n"
	"\n"
	"if [[ $funcstack[1] = _sockit ]]; then # autoloaded\n"
	"\t_sockit \"$@\"\n"
	"else\n"
	"\tcompdef _sockit sockit\n"
	"fi\n";

static const char script_fish[] =
	"# fish completion for sockit, made by `sockit completion fish'. It offers what sockit "
	"answers.\n"
	"function __sockit\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l token (commandline -ct)\n"
	"\tset -l program (string replace -r '^~(?=/)' -- \"$HOME\" $words[1])\n"
	"\tset -l word; set -l list; set -l label; set -l more\n"
	"\tset -l kept; set -l typed; set -l help; set -l line\n"
	"\tcommand -sq -- $program; or set program sockit\n"
	"\tcommand -sq -- $program; or return\n"
	"\tfor answer in (command $program completion " COMPLETION_ASK
	" fish $words \"$token\" 2>/dev/null)\n"
	"\t\tset -l part (string split -m 1 ' ' -- $answer)\n"
	"\t\tset -a $part[1] $part[2]\n"
	"\tend\n"
	"\tif set -q line[1]\n"
	"\t\tset -e words[1..$line]\n"
	"\t\tcomplete -C (string join ' ' -- (string escape -- $words) \"$token\")\n"
	"\t\treturn\n"
	"\tend\n"
	"\tfor value in $list\n"
	"\t\tswitch $value\n"
	"\t\t\tcase file\n"
	"\t\t\t\tset -a word (complete -C \"'' $typed\" | string replace -r '(\\t.*)?$' \\t)\n"
	"\t\t\tcase command\n"
	"\t\t\t\tset -a word (__fish_complete_command)\n"
	"\t\t\tcase hostname # those of this machine too, which fish leaves out\n"
	"\t\t\t\tset -a word (__fish_print_hostnames)\n"
	"\t\t\t\tset -a word (string replace -r '#.*' '' </etc/hosts 2>/dev/null |\n"
	"\t\t\t\t\tstring replace -rf '^\\s*\\S+\\s+' '' | string split -n ' ')\n"
	"\t\t\tcase service\n"
	"\t\t\t\tset -a word (string replace -rf '^([^#\\s]+)\\s.*' '$1' </etc/services "
	"2>/dev/null)\n"
	"\t\tend\n"
	"\tend\n"
	"\tfor value in $kept$word\n"
	"\t\tstring match -q -- \\*\\t\\* $value; and printf '%s\\n' $value\n"
	"\t\tor printf '%s\\t%s\\n' $value \"$help\"\n"
	"\tend\n"
	"end\n"
	"\n"
	"complete -c sockit -f -a '(__sockit)'\n";

int completion_script(struct text *t, const char *shell, struct option_error *error)
{
	static const struct {
		const char *name, *script;
	} shells[] = { { "bash", script_bash }, { "zsh", script_zsh }, { "fish", script_fish } };
	struct suggestion s = { .word = shell };

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (!strcmp(shells[i].name, shell)) {
			text_add(t, "%s", shells[i].script);
			return 0;
		}
		suggest(&s, shells[i].name);
	}
	if (s.near[0])
		return option_fail(error, "unknown shell '%s': did you mean '%s'?", shell,
				   s.near[0]);
	return option_fail(error, "unknown shell '%s': it is none of " COMPLETION_SHELLS, shell);
}
