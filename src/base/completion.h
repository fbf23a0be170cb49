/* completion.h - completion scripts for shells, made from the option rows */
#ifndef BASE_COMPLETION_H
#define BASE_COMPLETION_H

#include <stddef.h>

#include "base/command.h"
#include "base/text.h"

/* The shells that there is a script for, as a synopsis has them. */
#define COMPLETION_SHELLS "bash|zsh|fish"

/* What may stand after `sockit`. */
struct completion_table {
	const struct command *const *commands; /* the subcommands */
	size_t n;
	const struct command *others; /* and what is called as they are: help, --version */
	size_t n_others;
};

/* Adds SHELL's script to T. Returns 0, or -1 with *ERROR filled where there is none for it. */
int completion_script(struct text *t, const char *shell, const struct completion_table *table,
		      struct option_error *error);

#endif
