/* nc_habits.h - lines as users of nc type them, put into sockit's words, for messages */
#ifndef BASE_NC_HABITS_H
#define BASE_NC_HABITS_H

#include <stddef.h>

/* Translates the ARGC words ARGV, typed after `sockit SUBCOMMAND` (NULL: after `sockit` alone) as
 * they would be after `nc`: writes the sockit line that means the same to LINE of SIZE bytes, its
 * words quoted as a shell wants it. Returns LINE, or NULL if nc would not take the words either or
 * the line is too long. */
const char *nc_habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size);

/* Writes the ARGC words ARGV, typed after `sockit`, to LINE of SIZE bytes as a line in which the
 * subcommand, ARGV[AT], stands first. Returns LINE, or NULL if the line is too long. */
const char *nc_habits_reorder(int at, int argc, char **argv, char *line, size_t size);

#endif
