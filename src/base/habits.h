/* habits.h - what users of nc type */
#ifndef BASE_HABITS_H
#define BASE_HABITS_H

#include <stddef.h>

/* The ARGC words ARGV, typed after `sockit SUBCOMMAND` (NULL: after `sockit` alone) as they would be
 * after `nc`, as the sockit line that means it, in LINE of SIZE bytes. Returns LINE, or NULL where
 * they are nothing that nc would take. */
const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size);

#endif
