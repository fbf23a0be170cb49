/* completion.h - completion in shells: which words may follow on a command line
 *
 * sockit itself reads the line, by the option rows, and says what may stand at the cursor. The
 * scripts that it prints for bash, zsh and fish only call it, and offer what it answers.
 */
#ifndef BASE_COMPLETION_H
#define BASE_COMPLETION_H

#include <stddef.h>

#include "base/options.h"
#include "base/text.h"

/* The shells that there is a script for, as a synopsis has them. */
#define COMPLETION_SHELLS "bash|zsh|fish"

/* The option of `sockit completion` by which the scripts ask. It is for them alone. */
#define COMPLETION_ASK "--words"

/* Returns number I, from 0, of what may stand after `sockit`: the subcommands, and what is called
 * as they are (help, --version). NULL after the last. */
typedef const struct command *completion_list(size_t i);

/* Adds SHELL's script to T. Returns 0, or -1 with *ERROR filled if there is none for SHELL. */
int completion_script(struct text *t, const char *shell, struct option_error *error);

/* Adds to T what the script of WORDS[0], a shell, is to offer at the end of a command line. The
 * other words, up to N, are
 * from zsh and fish: the line's words before the cursor without their quotes, the last of them (it
 * may be empty) as it was typed;
 * from bash: the line up to the cursor, then the pieces that bash makes of it (COMP_WORDS).
 * All are overwritten. The answer consists of lines:
 *   word WORD[<TAB>HELP]  offer WORD
 *   list KIND             offer what the shell knows of a KIND of bash's `compgen -A`
 *   label NAME            the name that help has for what stands here
 *   more C                the character C, or nothing, may follow at once: no blank is due yet
 *   kept TEXT             the part of the last word that stands before what is offered: `--tos=`
 *   typed TEXT            the part after that, from bash without its quotes
 *   joined TEXT           bash only: the part of the last word that readline does not replace
 *   line N                a command line begins at word N (from 0; from bash: at piece N) */
void completion_answer(struct text *t, completion_list *list, char **words, size_t n);

#endif
