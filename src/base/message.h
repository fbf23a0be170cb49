/* message.h - what is said on stderr: lines, or with --json objects
 *
 * Only main, commands and src/serve call this; what is below returns its errors.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/options.h"
#include "base/outcome.h"

/* The option group that every subcommand has. */
struct message_options {
	int verbose; /* how often -v was given */
	bool quiet, json;
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
	MESSAGE_VERBOSE, /* with -v or --json; with -vv the time before it */
	MESSAGE_STEP,	 /* with -vv, the time before it */
};

/* What a command line that cannot be read asks for, wherever the fault stands in it. ARGV[0] is no
 * part of it. */
void message_options_ask(struct message_options *o, int argc, char **argv);

/* Is anything of LEVEL said at all? */
bool message_wanted(const struct messages *m, enum message_level level);

/* Writes `sockit SUBCOMMAND: ` and the text as one line to stderr, with every control character
 * and every byte that is not UTF-8 escaped (so that nothing that came from outside reaches a
 * terminal raw); with --json an object whose `event` is EVENT and whose `message` is the text. Of
 * a text that is too long the middle is left out. A stderr that cannot be written changes nothing;
 * one that takes nothing for a second (a tenth of it where it is no error) loses the line, and
 * what comes then until it takes something again. errno is kept. */
__attribute__((format(printf, 4, 5))) void message(const struct messages *m,
						   enum message_level level, const char *event,
						   const char *format, ...);

/* The same for an error that ends the run as KIND says, CODE being the name of its errno or EAI
 * error, for scripts. Returns { KIND, 0 }. */
__attribute__((format(printf, 4, 5))) struct outcome message_fail(const struct messages *m,
								  enum outcome_kind kind,
								  const char *code,
								  const char *format, ...);

/* The same for a command line that cannot be used. */
#define message_usage(m, ...) message_fail(m, OUTCOME_USAGE, "EINVAL", __VA_ARGS__)

/* A time limit of ours has run out. */
#define message_timeout(m, ...) message_fail(m, OUTCOME_TIMEOUT, "ETIMEDOUT", __VA_ARGS__)

/* A message with facts of its own in its object. They are added to `json` between notice_begin()
 * and notice_end(), and come to nothing unless an object is written. */
struct notice {
	const struct messages *m;
	enum message_level level;
	bool wanted; /* false: notice_end() will say nothing, so that no text need be prepared */
	struct json json;
};

void notice_begin(struct notice *n, const struct messages *m, enum message_level level,
		  const char *event);
/* The facts of an error of KIND, see message_fail(). */
void notice_error(struct notice *n, enum outcome_kind kind, const char *code);
/* Says it. */
__attribute__((format(printf, 2, 3))) void notice_end(struct notice *n, const char *format, ...);

/* Shows TEXT on stderr, cut to MOST columns, in place of what stood there live; "": nothing.
 * Messages in between replace it. With KEEP it stays, and the next one stands below. */
void message_live(const char *text, size_t most, bool keep);

/* Something else is about to be written to stderr: the live line gives way. */
void message_interrupts(void);

#endif
