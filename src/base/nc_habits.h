/* nc_habits.h - what users of nc type */
#ifndef BASE_NC_HABITS_H
#define BASE_NC_HABITS_H

#include <stddef.h>

/* The ARGC words ARGV, typed after `sockit SUBCOMMAND` (NULL: after `sockit` alone) as they would
 * be after `nc`, as the sockit line that means it, in LINE of SIZE bytes. Returns LINE, or NULL
 * where they are nothing that nc would take, or too long. Words are quoted as a shell wants it. */
const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size);

/* The ARGC words ARGV, typed after `sockit`, with the subcommand ARGV[AT] before all others, as a
 * line in LINE of SIZE bytes. Returns LINE, or NULL where they are too long. */
const char *habits_order(int at, int argc, char **argv, char *line, size_t size);

#endif
