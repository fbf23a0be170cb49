/* options.h - command-line options as rows of const tables
 *
 * A row says all there is about an option; parsing, help and completion read the same rows. Rows
 * stand in groups, each of which fills a struct of its own; a subcommand lists its groups and
 * where in its own options each group's struct stands.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/confine.h"
#include "base/outcome.h"
#include "base/text.h"

enum option_kind {
	OPTION_FLAG,	 /* bool: true */
	OPTION_COUNT,	 /* int: one more each time */
	OPTION_NUMBER,	 /* int64_t from min to max */
	OPTION_DURATION, /* int64_t, nanoseconds */
	OPTION_SIZE,	 /* int64_t from min to max, bytes */
	OPTION_STRING,	 /* const char *, not empty, points into argv */
	OPTION_KEYWORD,	 /* int64_t: the keyword's value, or a number from min to max */
	OPTION_PARSED,	 /* what the row's own parser makes of it */
};

/* Names of tables stand in their rows: a pointer would have to be relocated at each start. */
struct option_keyword {
	char name[16];
	int64_t value;
};

/* Room for a sentence about a word that cannot be used. */
struct option_error {
	char text[512];
	int lack; /* 0: the words are wrong; or the errno of what the system did not give for them
		   */
};

/* A row's own parser: reads WORD (NULL if an optional argument is missing) into FIELD. Called
 * again, for an option that is given again, it replaces what is there, or adds to it if the row
 * repeats. Returns 0, or -1 with *ERROR filled. */
typedef int option_parser(void *field, const char *word, struct option_error *error);

/* For completion: returns word number I from 0, NULL after the last. */
typedef const char *option_choice(size_t i);

/* A row's words stand in one string: a pointer to each would have to be relocated at each start.
 * Behind its name come those of ARG(), EXCLUDES() and NEEDS(), then help, all ended by NUL and all
 * but the name with one of these before it. */
enum words_kind {
	WORDS_ARG = '=',      /* the argument's name in help and manual */
	WORDS_EXCLUDES = '!', /* long names, separated by blanks */
	WORDS_NEEDS = '&',    /* long names too: one must be there */
	WORDS_HELP = '?',
};

#define ARG(name) "\0=" name
#define EXCLUDES(names) "\0!" names
#define NEEDS(names) "\0&" names

/* One option. */
struct option_row {
	const char *name;      /* long name without its dashes; see option_words() for more */
	unsigned letter : 7;   /* or 0 */
	unsigned kind : 3;     /* an option_kind */
	unsigned field : 13;   /* where in the group's struct */
	unsigned keeps : 7;    /* a sum of enum keep */
	unsigned repeats : 1;  /* given again it adds up (PARSED); of others the last one counts */
	unsigned optional : 1; /* --name needs no argument, and takes one only with = */
	int32_t min;	       /* NUMBER, SIZE, KEYWORD: the least */
	union {
		int64_t max;		/* and the most */
		option_choice *choices; /* STRING, PARSED: names that the argument may begin with */
	};
	union {
		const struct option_keyword *keywords; /* KEYWORD: ended by an empty name */
		option_parser *parser;		       /* PARSED */
	};
};

/* A row of a table: its name, letter, kind and field, what a run with it keeps once it is set up (a
 * sum of enum keep), what else it has words for or "", its help; then other members by their names.
 *	OPTION("wait", 'w', OPTION_DURATION, AT(wait), KEEP_NOTHING, ARG("DURATION"), "limit for
 *..."), OPTION("jobs", 0, OPTION_NUMBER, AT(jobs), KEEP_NOTHING, ARG("N") NEEDS("probe"), "...",
 *	       .max = 9), */
#define OPTION(row_name, row_letter, row_kind, row_field, row_keeps, row_words, ...)               \
	{                                                                                          \
		.letter = (row_letter), .kind = (row_kind), .field = (row_field),                  \
		.keeps = (row_keeps), .name = row_name row_words "\0?" __VA_ARGS__                 \
	}

/* Returns ROW's words of the kind WHICH, NULL: it has none. */
const char *option_words(const struct option_row *row, enum words_kind which);

/* Does ROW's argument, in a word of its own, have to be there? */
bool option_takes_word(const struct option_row *row);

/* How many rows a subcommand may have in all. */
#define OPTION_ROWS_MOST 128

struct option_group {
	const char *title;
	const struct option_row *rows;
	size_t n;
};

/* One of a subcommand's groups, and where the group's struct stands in the subcommand's options. */
struct option_use {
	const struct option_group *group;
	size_t offset;
};

/* In a subcommand each row of the group needs one of the options `names`, separated by blanks. */
struct option_need {
	const struct option_group *group;
	const char *names;
};

/* The words of the command line that are no options, which point into argv; and which options are
 * there. */
struct operands {
	char **words;
	int n;
	char **command; /* what follows `--`, NULL if nothing does */
	/* The rows of the options that are there, in the order of the tables. */
	const struct option_row *given[OPTION_ROWS_MOST];
	size_t n_given;
};

/* A subcommand: its name, how it is called, what it is for, its option groups, how many
 * operands it takes, and the function that runs it. */
struct command {
	const char *name;
	const char *synopsis;	       /* operands: "[OPTION...] HOST PORT" */
	const char *summary;	       /* one line of help, no full stop */
	const struct option_use *uses; /* ended by one whose group is NULL */
	int min_operands, max_operands;
	bool runs_command; /* `-- COMMAND` may stand at the end */
	unsigned keeps;	   /* what each of its runs keeps once it is set up: a sum of enum keep */
	/* Runs `sockit ARGV[0] ...`; says itself what goes wrong. */
	struct outcome (*run)(const struct command *self, int argc, char **argv);
	const struct option_need *needs; /* ended by one whose group is NULL; NULL: none */
	/* What -h has on its one screen, in lines: each form of the operands; an empty line; the
	 * long names of the options of daily use, at most ten, with blanks between them; an empty
	 * line; examples, at most three. NULL: -h is --help. */
	const char *brief;
};

/* A walk over all rows of a subcommand:
 *   for (struct option_walk w = option_walk(command); option_next(&w);) */
struct option_walk {
	const struct option_row *row;
	const struct option_use *use; /* how the subcommand uses the row's group */
	unsigned index;		      /* of the row among all of the subcommand, from 0 */
};

struct option_walk option_walk(const struct command *command);
bool option_next(struct option_walk *w);

/* Walks to the row NAME (of N characters) or LETTER of COMMAND; false: it has none. */
bool option_find_name(const struct command *command, const char *name, size_t n,
		      struct option_walk *found);
bool option_find_letter(const struct command *command, char letter, struct option_walk *found);

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BRIEF, OPTIONS_BAD };

/* Reads ARGV, whose first word is the subcommand, by COMMAND's rows into OPTIONS, which holds the
 * defaults, and *OPERANDS. The words of ARGV are put into another order. Of an option that is
 * given again the last one counts, unless its row repeats. Refuses pairs that exclude each other,
 * unmet needs, and a wrong number of operands. The syntax is that of POSIX XBD 12, with operands
 * and options in any order. Returns OPTIONS_OK; OPTIONS_HELP if --help is there, OPTIONS_BRIEF if
 * -h is; else OPTIONS_BAD with *ERROR filled: one sentence that names the word. */
enum options_result options_parse(const struct command *command, void *options, int argc,
				  char **argv, struct operands *operands,
				  struct option_error *error);

/* Returns the first of O's options that is a row of GROUP and not named in EXCEPT (long names,
 * separated by blanks; NULL: none). NULL: there is none. */
const struct option_row *option_given(const struct operands *o, const struct option_group *group,
				      const char *except);

/* Is the option with the long name NAME one of O's? */
bool option_is_given(const struct operands *o, const char *name);

/* Returns the option with the long name NAME if it is on the command line ARGV, which
 * options_parse() has taken; with a KEY other than "" only where its argument is KEY or `KEY=...`.
 * NULL: it is not there. *WORD is its argument, the last one, which points into ARGV, or "". */
const struct option_row *option_find_word(const struct command *command, int argc, char **argv,
					  const char *name, const char *key, const char **word);

/* Fills *ERROR as printf(3) would; a long text loses its middle. Returns -1. */
__attribute__((format(printf, 2, 3))) int option_fail(struct option_error *error,
						      const char *format, ...);

/* The same with `: Permission denied (EACCES)` of ERRNUM behind it. Is that for want of memory, of
 * descriptors or of the like, it goes into `lack`. */
__attribute__((format(printf, 3, 4))) int option_fail_errno(struct option_error *error, int errnum,
							    const char *format, ...);

/* Adds to T what WORD, the argument of --NAME, means, see text_unescape(). Returns 0, or -1 with
 * *ERROR. */
int option_unescape(struct text *t, const char *name, const char *word, struct option_error *error);

#endif
