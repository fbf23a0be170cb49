/* options.c - reads a command line by the rows of its subcommand */
#include "base/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dig_habits.h"
#include "base/errname.h"
#include "base/nc_habits.h"
#include "base/number.h"
#include "base/suggest.h"

struct parse {
	const struct command *command;
	char *options;
	struct operands *operands;
	struct option_error *error;
	unsigned char places[OPTION_ROWS_MOST]; /* of operands' `given` among the rows */
	bool help, brief;			/* --help is there, or -h */
	char label[64];				/* see parse_label() */
	/* Of option_find_word(), which only looks: */
	const char *wanted, *key; /* the option's name, and the beginning of its argument */
	const struct option_row *row;
	const char *word; /* of the last such */
};

int option_fail(struct option_error *error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	text_fit(error->text, sizeof error->text, format, list);
	va_end(list);
	error->lack = 0;
	return -1;
}

int option_fail_errno(struct option_error *error, int errnum, const char *format, ...)
{
	char what[sizeof error->text - ERRNO_TEXT], why[ERRNO_TEXT];
	va_list list;

	va_start(list, format);
	text_fit(what, sizeof what, format, list);
	va_end(list);
	option_fail(error, "%s: %s", what, errno_text(errnum, why));
	error->lack = errno_is_lack(errnum) ? errnum : 0;
	return -1;
}

int option_unescape(struct text *t, const char *name, const char *word, struct option_error *error)
{
	const char *bad = text_unescape(t, word);

	if (!bad && !t->failed)
		return 0;
	return bad ? option_fail(error,
				 "--%s: '%.4s' in '%s' is no escape: \\n, \\r, \\t, \\0, \\\\, "
				 "\\xHH",
				 name, bad, word) :
		     option_fail_errno(error, ENOMEM, "--%s", name);
}

const char *option_words(const struct option_row *row, enum words_kind which)
{
	const char *words = row->name;

	do
		words += strlen(words) + 1;
	while (*words != (char)which && *words != WORDS_HELP);
	return *words == (char)which ? words + 1 : NULL;
}

bool option_takes_word(const struct option_row *row)
{
	return option_words(row, WORDS_ARG) && !row->optional;
}

struct option_walk option_walk(const struct command *command)
{
	return (struct option_walk){ .use = command->uses };
}

bool option_next(struct option_walk *w)
{
	const struct option_group *group = w->use->group;

	if (w->row) {
		w->row++;
		w->index++;
	} else if (group) {
		w->row = group->rows;
	}
	while (group && w->row == group->rows + group->n) {
		group = (++w->use)->group;
		w->row = group ? group->rows : NULL;
	}
	return group;
}

/* Is NAME the same as the N characters at WORD? */
static bool name_is(const char *name, const char *word, size_t n)
{
	size_t i = 0;

	while (i < n && name[i] == word[i])
		i++;
	return i == n && name[n] == '\0';
}

/* Walks to the row NAME (of N characters; NULL: LETTER) of COMMAND, with less to do for each row
 * than option_next() has. */
static bool option_find(const struct command *command, const char *name, size_t n, char letter,
			struct option_walk *found)
{
	unsigned index = 0;

	for (const struct option_use *use = command->uses; use->group; use++)
		for (size_t i = 0; i < use->group->n; i++, index++) {
			const struct option_row *row = use->group->rows + i;
			if (name ? *row->name == *name && name_is(row->name, name, n) :
				   row->letter == (unsigned char)letter) {
				*found = (struct option_walk){ row, use, index };
				return true;
			}
		}
	return false;
}

bool option_find_name(const struct command *command, const char *name, size_t n,
		      struct option_walk *found)
{
	return option_find(command, name, n, 0, found);
}

bool option_find_letter(const struct command *command, char letter, struct option_walk *found)
{
	return option_find(command, NULL, 0, letter, found);
}

/* ROW's names for a message: `-w, --wait`. */
static const char *parse_label(struct parse *p, const struct option_row *row)
{
	if (row->letter)
		snprintf(p->label, sizeof p->label, "-%c, --%s", row->letter, row->name);
	else
		snprintf(p->label, sizeof p->label, "--%s", row->name);
	return p->label;
}

/* Refuses WORD, the argument of ROW that is a number of some kind, by errno. */
static int parse_refuse_value(struct parse *p, const struct option_row *row, const char *word)
{
	static const char *const forms[] = {
		[OPTION_NUMBER] = "a number",
		[OPTION_DURATION] = "a duration (such as 2, 0.5, 250ms, 3s, 1m, 2h)",
		[OPTION_SIZE] = "a size (such as 512, 64k, 1.5M, 10MiB, 10MB)",
	};
	const char *name = parse_label(p, row);

	if (errno != ERANGE)
		return option_fail(p->error, "%s: '%s' is not %s", name, word, forms[row->kind]);
	if (row->kind == OPTION_DURATION)
		return option_fail(p->error, "%s: '%s' is too long", name, word);
	return option_fail(p->error, "%s: '%s' is out of range (%lld to %lld)", name, word,
			   (long long)row->min, (long long)row->max);
}

/* Reads WORD, one of ROW's keywords or a number in their place, into *FIELD. */
static int parse_keyword(struct parse *p, const struct option_row *row, int64_t *field,
			 const char *word)
{
	struct suggestion s = { .word = word };

	for (const struct option_keyword *k = row->keywords; *k->name; k++) {
		if (!strcmp(k->name, word)) {
			*field = k->value;
			return 0;
		}
		suggest(&s, k->name);
	}
	if (row->max > row->min && number_parse(word, row->min, row->max, field) == 0)
		return 0;
	return option_fail(p->error, "%s: '%s' is unknown%s%s%s", parse_label(p, row), word,
			   s.near[0] ? ": did you mean '" : "", s.near[0] ? s.near[0] : "",
			   s.near[0] ? "'?" : "");
}

/* Keeps ROW with its argument WORD if that is what is looked for. Returns 0. */
static int parse_notice(struct parse *p, const struct option_row *row, const char *word)
{
	size_t n = strlen(p->key);

	if (!strcmp(row->name, p->wanted) &&
	    (n == 0 || (!strncmp(word, p->key, n) && (word[n] == '=' || word[n] == '\0')))) {
		p->row = row;
		p->word = word;
	}
	return 0;
}

/* Lists the option FOUND as one that is there, by the order of the rows. */
static void parse_list(struct parse *p, const struct option_walk *found)
{
	struct operands *o = p->operands;
	size_t i, n = o->n_given;

	for (i = n; i > 0 && p->places[i - 1] >= found->index; i--)
		if (p->places[i - 1] == found->index)
			return;
	for (; n > i; n--) {
		o->given[n] = o->given[n - 1];
		p->places[n] = p->places[n - 1];
	}
	o->given[i] = found->row;
	p->places[i] = (unsigned char)found->index;
	o->n_given++;
}

/* Reads the option FOUND with its argument WORD; NULL: it has none. */
static int parse_option(struct parse *p, const struct option_walk *found, const char *word)
{
	const struct option_row *row = found->row;
	const char *value = word ? word : "";
	int64_t *number;
	void *field;

	if (p->wanted)
		return parse_notice(p, row, value);
	field = p->options + found->use->offset + row->field;
	number = field;
	parse_list(p, found);
	if (option_takes_word(row) && *value == '\0')
		return option_fail(p->error, "%s: '' is empty", parse_label(p, row));
	switch ((enum option_kind)row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_COUNT:
		++*(int *)field;
		return 0;
	case OPTION_NUMBER:
		return number_parse(value, row->min, row->max, number) < 0 ?
			       parse_refuse_value(p, row, value) :
			       0;
	case OPTION_DURATION:
		return duration_parse(value, number) < 0 ? parse_refuse_value(p, row, value) : 0;
	case OPTION_SIZE:
		if (size_parse(value, number) == 0) {
			if (*number >= row->min && *number <= row->max)
				return 0;
			errno = ERANGE;
		}
		return parse_refuse_value(p, row, value);
	case OPTION_STRING:
		*(const char **)field = value;
		return 0;
	case OPTION_KEYWORD:
		return parse_keyword(p, row, number, value);
	case OPTION_PARSED:
		return row->parser(field, word, p->error);
	}
	return 0;
}

static int parse_refuse_name(struct parse *p, const char *name, size_t n)
{
	char word[64];
	struct suggestion s = { .word = word };
	struct option_walk f;

	snprintf(word, sizeof word, "%.*s", (int)n, name);
	for (f = option_walk(p->command); option_next(&f);)
		suggest(&s, f.row->name);
	suggest(&s, "help");
	return option_fail(p->error, "unknown option '--%s'%s%s%s", word,
			   s.near[0] ? ": did you mean '--" : "", s.near[0] ? s.near[0] : "",
			   s.near[0] ? "'?" : "");
}

static int parse_refuse_letter(struct parse *p, char letter, int argc, char **argv,
			       const char *word)
{
	static const char users[][9] = { "connect", "listen", "udp-send", "udp-recv" };
	char line[256];
	bool alone = word[1] == letter && word[2] == '\0';
	bool moves = false;

	for (size_t i = 0; i < sizeof users / sizeof *users; i++)
		moves |= !strcmp(p->command->name, users[i]);
	if (!strcmp(p->command->name, "resolve") &&
	    dig_habits_line(RESOLVE_MANNER, argc - 1, argv + 1, line, sizeof line))
		return option_fail(p->error, "unknown option '-%c': what dig does so is: %s",
				   letter, line);
	if ((moves ? nc_habits_know(letter) : strchr("luUN", letter) != NULL) &&
	    nc_habits_line(p->command->name, false, argc - 1, argv + 1, line, sizeof line))
		return option_fail(p->error, "unknown option '-%c': what nc does so is: %s", letter,
				   line);
	return option_fail(p->error, "unknown option '-%c'%s%s%s", letter, alone ? "" : " in '",
			   alone ? "" : word, alone ? "" : "'");
}

/* Reads the long option ARGV[*I]; *I moves on if the next word is its argument. */
static int parse_long(struct parse *p, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *value;
	struct option_walk f;
	size_t n = 0;

	while (name[n] && name[n] != '=')
		n++;
	value = name[n] ? name + n : NULL;
	if (name_is("help", name, n)) {
		p->help = true;
		return value ? option_fail(p->error, "--help takes no argument: '%s'", argv[*i]) :
			       0;
	}
	if (!option_find_name(p->command, name, n, &f))
		return parse_refuse_name(p, name, n);
	if (value) {
		if (!option_words(f.row, WORDS_ARG))
			return option_fail(p->error, "--%s takes no argument: '%s'", f.row->name,
					   argv[*i]);
		return parse_option(p, &f, value + 1);
	}
	if (!option_takes_word(f.row))
		return parse_option(p, &f, NULL);
	if (*i + 1 == argc)
		return option_fail(p->error, "--%s: %s is missing", f.row->name,
				   option_words(f.row, WORDS_ARG));
	return parse_option(p, &f, argv[++*i]);
}

/* Reads the bundle of letters ARGV[*I]; *I moves on if the next word is an argument. */
static int parse_letters(struct parse *p, int argc, char **argv, int *i)
{
	struct option_walk f;

	for (const char *s = argv[*i] + 1; *s; s++) {
		if (*s == 'h') {
			p->brief = true;
			continue;
		}
		if (!option_find_letter(p->command, *s, &f))
			return parse_refuse_letter(p, *s, argc, argv, argv[*i]);
		if (!option_takes_word(f.row)) {
			if (parse_option(p, &f, NULL) < 0)
				return -1;
			continue;
		}
		if (s[1])
			return parse_option(p, &f, s + 1);
		if (*i + 1 == argc)
			return option_fail(p->error, "-%c, --%s: %s is missing", *s, f.row->name,
					   option_words(f.row, WORDS_ARG));
		return parse_option(p, &f, argv[++*i]);
	}
	return 0;
}

/* Is WORD an option of COMMAND, or meant as one? A dash alone is an operand, and so is what looks
 * like a negative number, since the reader of the operand says better what is wrong with it. But -4
 * and -6 are always meant as the options that most subcommands have. */
static bool word_is_option(const struct command *command, const char *word)
{
	struct option_walk f;

	if (word[0] != '-' || word[1] == '\0')
		return false;
	return word[1] < '0' || word[1] > '9' || !strcmp(word, "-4") || !strcmp(word, "-6") ||
	       option_find_letter(command, word[1], &f);
}

/* Returns the first of NAMES, which are separated by blanks, that is among O's options; NULL: none
 * is. */
static const struct option_row *names_given(const struct operands *o, const char *names)
{
	size_t n;

	for (const char *name; (name = text_word(&names, &n));)
		for (size_t i = 0; i < o->n_given; i++)
			if (name_is(o->given[i]->name, name, n))
				return o->given[i];
	return NULL;
}

/* Refuses ROW, which was given, unless one of the options in NEEDS was; NULL: it needs none. */
static int parse_check_needs(struct parse *p, const struct option_row *row, const char *needs)
{
	char names[sizeof p->error->text];
	struct option_walk other;
	size_t length = 0, n;

	if (!needs || names_given(p->operands, needs))
		return 0;
	*names = '\0';
	for (const char *name; (name = text_word(&needs, &n));) {
		if (!option_find_name(p->command, name, n, &other))
			continue;
		snprintf(names + length, sizeof names - length, "%s--%s", length ? " or " : "",
			 other.row->name);
		length = strlen(names);
	}
	return *names ? option_fail(p->error, "--%s needs %s", row->name, names) : 0;
}

/* Does ROW stand in GROUP? */
static bool group_has(const struct option_group *group, const struct option_row *row)
{
	return row >= group->rows && row < group->rows + group->n;
}

/* The options of which ROW needs one in COMMAND because of its group; NULL: none. */
static const char *group_need(const struct command *command, const struct option_row *row)
{
	for (const struct option_need *n = command->needs; n && n->group; n++)
		if (group_has(n->group, row))
			return n->names;
	return NULL;
}

/* Checks the options that are there against each other. */
static int parse_check_options(struct parse *p)
{
	const struct operands *o = p->operands;

	for (size_t i = 0; i < o->n_given; i++) {
		const struct option_row *row = o->given[i],
					*other = names_given(o, option_words(row, WORDS_EXCLUDES));
		if (other)
			return option_fail(p->error, "--%s and --%s exclude each other", row->name,
					   other->name);
		if (parse_check_needs(p, row, option_words(row, WORDS_NEEDS)) < 0 ||
		    parse_check_needs(p, row, group_need(p->command, row)) < 0)
			return -1;
	}
	return 0;
}

static int parse_check_operands(struct parse *p, const struct operands *o)
{
	if (o->command && !p->command->runs_command)
		return option_fail(p->error, "'--': %s runs no command", p->command->name);
	if (o->command && (!*o->command || !**o->command))
		return option_fail(p->error, "'--': a command is missing after it");
	if (o->n > p->command->max_operands)
		return option_fail(p->error, "extra operand '%s'",
				   o->words[p->command->max_operands]);
	if (o->n < p->command->min_operands && o->n > 0)
		return option_fail(p->error, "an operand is missing after '%s': sockit %s %s",
				   o->words[o->n - 1], p->command->name, p->command->synopsis);
	if (o->n < p->command->min_operands)
		return option_fail(p->error, "an operand is missing: sockit %s %s",
				   p->command->name, p->command->synopsis);
	return 0;
}

/* Moves ARGV[FROM] to place TO, and all words between them one place further. */
static void operand_keep(char **argv, int to, int from)
{
	char *word = argv[from];

	if (from == to)
		return;
	memmove(argv + to + 1, argv + to, (size_t)(from - to) * sizeof *argv);
	argv[to] = word;
}

/* Is NAME one of NAMES, which are separated by blanks? */
static bool names_contain(const char *names, const char *name)
{
	size_t n;

	for (const char *word; (word = text_word(&names, &n));)
		if (name_is(name, word, n))
			return true;
	return false;
}

const struct option_row *option_given(const struct operands *o, const struct option_group *group,
				      const char *except)
{
	for (size_t i = 0; i < o->n_given; i++) {
		const struct option_row *row = o->given[i];
		if (group_has(group, row) && !names_contain(except, row->name))
			return row;
	}
	return NULL;
}

bool option_is_given(const struct operands *o, const char *name)
{
	for (size_t i = 0; i < o->n_given; i++)
		if (!strcmp(o->given[i]->name, name))
			return true;
	return false;
}

/* Reads the words of ARGV up to `--`, before which the operands come to stand. Returns 0, or -1
 * with *ERROR. */
static int parse_words(struct parse *p, int argc, char **argv, struct operands *operands)
{
	operands->words = argv + 1;
	operands->n = 0;
	operands->command = NULL;
	for (int i = 1; i < argc; i++) {
		int status = 0;

		if (!strcmp(argv[i], "--")) {
			operands->command = argv + i + 1;
			break;
		}
		if (!word_is_option(p->command, argv[i]))
			operand_keep(argv, ++operands->n, i);
		else if (argv[i][1] == '-')
			status = parse_long(p, argc, argv, &i);
		else
			status = parse_letters(p, argc, argv, &i);
		if (status < 0)
			return -1;
	}
	return 0;
}

const struct option_row *option_find_word(const struct command *command, int argc, char **argv,
					  const char *name, const char *key, const char **word)
{
	struct option_error none;
	struct parse p = { .command = command, .error = &none, .wanted = name, .key = key };
	struct operands operands;

	/* The operands stand first already: nothing is moved. */
	parse_words(&p, argc, argv, &operands);
	*word = p.word;
	return p.row;
}

enum options_result options_parse(const struct command *command, void *options, int argc,
				  char **argv, struct operands *operands,
				  struct option_error *error)
{
	struct parse p = {
		.command = command, .options = options, .operands = operands, .error = error
	};

	operands->n_given = 0;
	if (parse_words(&p, argc, argv, operands) < 0)
		return OPTIONS_BAD;
	if (p.help || p.brief)
		return p.help ? OPTIONS_HELP : OPTIONS_BRIEF;
	return parse_check_options(&p) < 0 || parse_check_operands(&p, operands) < 0 ? OPTIONS_BAD :
										       OPTIONS_OK;
}
