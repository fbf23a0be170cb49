/* options_check.h - whether the option tables are sound */
#ifndef OPTIONS_CHECK_H
#define OPTIONS_CHECK_H

#include "base/options.h"

/* Checks the tables of N COMMANDS against each other: each row is complete, no name or letter
 * stands twice in a subcommand, an option means the same everywhere, and the names in excludes and
 * needs exist. Returns the number of faults; *ERROR says the first. */
int options_check(const struct command *const *commands, size_t n, struct option_error *error);

#endif
