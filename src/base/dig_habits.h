/* dig_habits.h - questions as users of dig and host type them, put into sockit's words, for
 * messages */
#ifndef BASE_DIG_HABITS_H
#define BASE_DIG_HABITS_H

#include <stdbool.h>
#include <stddef.h>

enum dig_manner {
	DIG_MANNER = 1,	 /* [@SERVER] NAME [TYPE] */
	HOST_MANNER = 2, /* NAME [SERVER], of host and nslookup */
	RESOLVE_MANNER =
		4, /* as the first, behind `sockit resolve`: what sockit has itself stays */
};

/* Translates the ARGC words ARGV, typed in MANNER: writes the sockit line that means the same to
 * LINE of SIZE bytes, its words quoted as a shell wants it. Returns LINE, or NULL if there is none
 * or it is too long. */
const char *dig_habits_line(enum dig_manner manner, int argc, char **argv, char *line, size_t size);

/* Is WORD, an operand, one that only dig takes: @SERVER, or +short and the like? */
bool dig_habits_know(const char *word);

#endif
