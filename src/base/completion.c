#include "base/completion.h"

#include <ctype.h>
#include <string.h>

#include "base/completion_shell.h"
#include "base/help.h"
#include "base/suggest.h"

static const struct {
	const char *name;
	void (*script)(struct text *t, const struct completion_table *table);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

/* What the names of arguments and operands stand for. */
static const struct {
	const char *name;
	enum completion_kind kind;
} kinds[] = {
	{ "ADDR", COMPLETION_HOSTS },	    { "ADDRESS", COMPLETION_HOSTS },
	{ "CMD", COMPLETION_COMMANDS },	    { "ENDPOINT", COMPLETION_HOSTS },
	{ "FILE", COMPLETION_FILES },	    { "HOST", COMPLETION_HOSTS },
	{ "IFACE", COMPLETION_INTERFACES }, { "PATH", COMPLETION_FILES },
	{ "PORT", COMPLETION_SERVICES },
};

int completion_script(struct text *t, const char *shell, const struct completion_table *table,
		      struct option_error *error)
{
	struct suggestion s = { .word = shell };

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (!strcmp(shells[i].name, shell)) {
			shells[i].script(t, table);
			return 0;
		}
		suggest(&s, shells[i].name);
	}
	if (s.near[0])
		return option_fail(error, "unknown shell '%s': did you mean '%s'?", shell,
				   s.near[0]);
	return option_fail(error, "unknown shell '%s': it is none of " COMPLETION_SHELLS, shell);
}

const struct command *completion_command(const struct completion_table *table, size_t i)
{
	return i < table->n		      ? table->commands[i] :
	       i < table->n + table->n_others ? &table->others[i - table->n] :
						NULL;
}

const struct option_row *completion_row(const struct command *command, size_t i)
{
	const struct option_use *u = command->uses;

	if (!u->group)
		return NULL;
	for (; u->group; u++) {
		if (i < u->group->n)
			return &u->group->rows[i];
		i -= u->group->n;
	}
	return i == 0 ? &help_option : NULL;
}

bool completion_takes_next(const struct option_row *row)
{
	return row->arg && !row->optional;
}

static bool is(const char *name, const char *word, size_t n)
{
	return !strncmp(name, word, n) && name[n] == '\0';
}

/* One of an argument's alternatives: the name of what stands there, or what stands there itself. */
static void add_alternative(struct completion_choice *c, const char *word, size_t n,
			    const struct completion_table *table)
{
	const struct command *command;

	if (!isupper((unsigned char)*word))
		text_add(&c->words, " %.*s", (int)n, word);
	else if (is("SUBCOMMAND", word, n))
		for (size_t i = 0; (command = completion_command(table, i)); i++)
			if (command->name[0] != '-')
				text_add(&c->words, " %s", command->name);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (is(kinds[i].name, word, n))
			c->kinds[kinds[i].kind] = true;
}

/* ARG as it stands in help: alternatives with bars between them. What it begins with counts: the
 * NAME of NAME[=VALUE]. */
static void add_argument(struct completion_choice *c, const char *arg,
			 const struct completion_table *table)
{
	if (!c->label) {
		c->label = arg;
		c->label_length = (int)strcspn(arg, " ");
	}
	arg += strspn(arg, "[");
	for (;; arg++) {
		size_t n = 0;
		while (isalnum((unsigned char)arg[n]) || arg[n] == '-')
			n++;
		if (n > 0)
			add_alternative(c, arg, n, table);
		arg += n;
		if (*arg != '|')
			break;
	}
	c->more = *arg == '[' ? arg[1] : '\0';
}

void completion_choose(struct completion_choice *c, const struct option_row *row,
		       const struct completion_table *table)
{
	const char *word;

	*c = (struct completion_choice){ 0 };
	if (!row->arg)
		return;
	add_argument(c, row->arg, table);
	for (const struct option_keyword *k = row->keywords; k && k->name; k++)
		text_add(&c->words, " %s", k->name);
	for (size_t i = 0; row->words && (word = row->words(i)); i++) {
		text_add(&c->words, " %s", word);
		/* The beginning of a URL. */
		if (word[strlen(word) - 1] == '/')
			c->more = '/';
	}
}

enum completion_place completion_choose_operand(struct completion_choice *c,
						const struct command *command, size_t place,
						const struct completion_table *table)
{
	size_t i = 0, before = 0; /* operands so far, and those that must stand before */
	bool found = false, repeats = false;

	*c = (struct completion_choice){ 0 };
	for (const char *s = command->synopsis, *next; *s; s = next) {
		size_t n = strcspn(s, " ");
		const char *dots = strstr(s, "...");

		next = s + n + (s[n] == ' ');
		if (!strncmp(s, "[OPTION", 7))
			continue;
		if (!strncmp(s + strspn(s, "["), "--", 2))
			break; /* a command */
		i++;
		repeats |= dots && dots < s + n;
		if (place > before && (place <= i || repeats)) {
			add_argument(c, s, table);
			found = true;
		}
		before += *s != '[';
	}
	return !found		     ? COMPLETION_NO_PLACE :
	       repeats && place >= i ? COMPLETION_REST :
				       COMPLETION_PLACE;
}

bool completion_offers(const struct completion_choice *c)
{
	for (size_t i = 0; i < COMPLETION_KINDS; i++)
		if (c->kinds[i])
			return true;
	return c->words.length > 0;
}

void completion_choice_free(struct completion_choice *c, struct text *t)
{
	t->failed |= c->words.failed;
	text_free(&c->words);
}

void completion_letters(struct text *t, const struct command *command)
{
	const struct option_row *row;

	text_add(t, "=");
	for (size_t i = 0; (row = completion_row(command, i)); i++)
		if (completion_takes_next(row) && row->letter)
			text_add(t, "%c", row->letter);
}

void completion_names(struct text *t, const struct command *command)
{
	const struct option_row *row;

	text_add(t, "=");
	for (size_t i = 0; (row = completion_row(command, i)); i++)
		if (completion_takes_next(row))
			text_add(t, "|%s", row->name);
}

void completion_quoted(struct text *t, const char *s, const char *special)
{
	for (; *s; s++) {
		if (*s == '\'')
			text_add(t, "'\\''");
		else
			text_add(t, "%s%c", strchr(special, *s) ? "\\" : "", *s);
	}
}
