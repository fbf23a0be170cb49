/* message.h - what sockit says on stderr: lines, or with --json objects
 *
 * main() and the folders cmd, proxyd, conn, dgram and run speak. What is below them returns errors.
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
	bool no_sandbox; /* nothing is given up, see base/confine.h */
};

extern const struct option_group message_group;

/* Who speaks and how much. */
struct messages {
	const char *subcommand; /* NULL before one is known */
	struct message_options options;
	int64_t start; /* time when the run began (see clock.h): -vv tells the time since then */
	/* The command line, once it has been read, for message_option(). */
	const struct command *command;
	int argc;
	char **argv;
	unsigned keeps; /* what its run keeps once it is set up: a sum of enum keep */
};

enum message_level {
	MESSAGE_ERROR,	 /* unless --quiet */
	MESSAGE_NOTE,	 /* the few things said when all is well; unless --quiet */
	MESSAGE_VERBOSE, /* with -v or --json; with -vv the time stands before it */
	MESSAGE_STEP,	 /* with -vv; the time stands before it */
};

/* Sets O's `quiet` and `json` if ARGV (behind ARGV[0]) has these options anywhere: for a command
 * line that cannot be parsed, so that its error is said as it asks. */
void message_options_ask(struct message_options *o, int argc, char **argv);

/* Are messages of LEVEL said at all? */
bool message_wanted(const struct messages *m, enum message_level level);

/* Writes `sockit SUBCOMMAND: ` and the text as one line to stderr; with --json an object whose
 * `event` is EVENT and whose `message` is the text. Control characters and bytes that are not UTF-8
 * are escaped, so that nothing from outside reaches a terminal raw. The middle of a text that is
 * too long is left out. A failure to write changes nothing. A stderr that takes nothing for a
 * second (a tenth of it for what is no error) loses the line, and further ones until it takes
 * something again. errno is kept. */
__attribute__((format(printf, 4, 5))) void message(const struct messages *m,
						   enum message_level level, const char *event,
						   const char *format, ...);

/* Says an error that ends the run with KIND. CODE is the name of its errno or EAI error, for
 * scripts that read JSON. Returns { KIND, 0 }. */
__attribute__((format(printf, 4, 5))) struct outcome message_fail(const struct messages *m,
								  enum outcome_kind kind,
								  const char *code,
								  const char *format, ...);

#define OPTION_TEXT 256

/* Writes the option with the long name NAME as it was given into TEXT of OPTION_TEXT bytes:
 * `-s 192.0.2.7`, `--nodelay`; a name of the table of --sockopt as `--sockopt SO_MARK=7`. Returns
 * TEXT; it is empty where the option was not given. */
const char *message_option(const struct messages *m, const char *name, char *text);

/* Says that the command line cannot be used. */
#define message_usage(m, ...) message_fail(m, OUTCOME_USAGE, "EINVAL", __VA_ARGS__)

/* Says that one of our time limits has run out. */
#define message_timeout(m, ...) message_fail(m, OUTCOME_TIMEOUT, "ETIMEDOUT", __VA_ARGS__)

/* A message with facts of its own in its object. They are added to `json` between notice_begin()
 * and notice_end(), and come to nothing unless an object is written. */
struct notice {
	const struct messages *m;
	enum message_level level;
	bool wanted; /* false: notice_end() will say nothing, so that no text need be prepared */
	struct json json;
	char room[TEXT_ROOM]; /* where that begins */
};

void notice_begin(struct notice *n, const struct messages *m, enum message_level level,
		  const char *event);
/* Adds the facts of an error, see message_fail(). */
void notice_error(struct notice *n, enum outcome_kind kind, const char *code);
/* Ends the message with its text, and says it. */
__attribute__((format(printf, 2, 3))) void notice_end(struct notice *n, const char *format, ...);

/* Shows TEXT on stderr, cut to MOST columns, as the live line, which each call replaces; "" clears
 * it. The cursor stands at its beginning. A message clears it too. With KEEP the line stays, and
 * the next live line stands below. */
void message_live(const char *text, size_t most, bool keep);

/* Clears the live line: something else is about to be written to the terminal. */
void message_interrupts(void);

#endif
