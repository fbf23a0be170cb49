/* nc_habits.h - lines as users of nc and ncat type them, put into sockit's words, for messages */
#ifndef BASE_NC_HABITS_H
#define BASE_NC_HABITS_H

#include <stdbool.h>
#include <stddef.h>

/* Translates the ARGC words ARGV, typed after `sockit SUBCOMMAND` (NULL: after `sockit` alone) as
 * they would be after `nc`, or after `ncat` if NCAT or if they have one of its long options: writes
 * the sockit line that means the same to LINE of SIZE bytes, its words quoted as a shell wants it.
 * Returns LINE, or NULL if there is none or it is too long. */
const char *nc_habits_line(const char *subcommand, bool ncat, int argc, char **argv, char *line,
			   size_t size);

/* Does nc have the option LETTER? */
bool nc_habits_know(char letter);

#endif
