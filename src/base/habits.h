/* habits.h - what users of other tools type after `sockit`, put into sockit's words, for messages
 */
#ifndef BASE_HABITS_H
#define BASE_HABITS_H

#include <stdbool.h>
#include <stddef.h>

/* The ARGC words ARGV (from 1) were typed after `sockit`, and ARGV[0] is no subcommand but the name
 * of another tool or a word for what a subcommand does: writes the line that means the same to LINE
 * of SIZE bytes. Returns LINE, or NULL if there is none or it is too long. */
const char *habits_line(int argc, char **argv, char *line, size_t size);

/* Is WORD one of those that habits_line() knows? */
bool habits_know(const char *word);

/* Writes the ARGC words ARGV, typed after `sockit`, to LINE of SIZE bytes as a line in which the
 * subcommand, ARGV[AT], stands first. Returns LINE, or NULL if the line is too long. */
const char *habits_reorder(int at, int argc, char **argv, char *line, size_t size);

#endif
