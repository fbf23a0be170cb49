/* message.h - lines on stderr
 *
 * Only main, commands and src/serve call this; what is below returns its errors.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

/* The option group that every subcommand has. */
struct message_options {
	int verbose; /* how often -v was given */
	bool quiet;
};

extern const struct option_group message_group;

/* Who speaks and how much. */
struct messages {
	const char *subcommand; /* NULL before one is known */
	struct message_options options;
	int64_t start; /* of the run, see clock.h: -vv tells the time since then */
};

enum message_level {
	MESSAGE_ERROR,	 /* unless --quiet */
	MESSAGE_NOTE,	 /* the few things said when all is well; unless --quiet */
	MESSAGE_VERBOSE, /* with -v */
	MESSAGE_STEP,	 /* with -vv, the time before it */
};

/* Is anything of LEVEL said at all? */
bool message_wanted(const struct messages *m, enum message_level level);

/* Writes `sockit SUBCOMMAND: ` and the text as one line to stderr, with every control character
 * and every byte that is not UTF-8 escaped (so that nothing that came from outside reaches a
 * terminal raw). A stderr that cannot be written changes nothing; one that takes nothing for a
 * second (a tenth of it where it is no error) loses the line. errno is kept. */
__attribute__((format(printf, 3, 4))) void message(const struct messages *m,
						   enum message_level level, const char *format,
						   ...);

/* TEXT of N bytes as it may be shown: control characters (C0, DEL, C1) and bytes that are not
 * UTF-8 (RFC 3629) become \n, \t, \r, \xHH, a backslash \\ only if BACKSLASH. Fills OUT of SIZE
 * bytes, always ended by NUL, cut between characters where it does not fit; four times N and 1
 * always fit. Returns the length. */
size_t message_escape(char *out, size_t size, const char *text, size_t n, bool backslash);

#endif
