/* services.h - services(5) and protocols(5), and what stands there as a rule
 *
 * Readers of text and nothing else. A line that is none of theirs (no number, a number out of
 * range, no protocol) is passed over, as libc does; `#` begins a comment.
 */
#ifndef PROTO_SERVICES_H
#define PROTO_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in the text that was read: no NUL at their end, none in them but what the text has. */
struct services_word {
	const char *text;
	size_t n;
};

/* A line: `NAME NUMBER/PROTOCOL ALIAS...` or, of protocols(5), `NAME NUMBER ALIAS...`. */
struct services_entry {
	struct services_word name;
	struct services_word protocol; /* of protocols(5) empty */
	struct services_word aliases;  /* all of them, with blanks between; may be empty */
	uint16_t number;	       /* the port, or the protocol's number */
};

/* The next entry from *AT on, before END, into *OUT; *AT moves behind its line. Returns whether
 * there was one. */
bool services_next(const char **at, const char *end, struct services_entry *out);
bool protocols_next(const char **at, const char *end, struct services_entry *out);

/* The next of the words in *LIST, which begins behind it then, into *OUT. Returns whether there was
 * one. */
bool services_next_word(struct services_word *list, struct services_word *out);

/* Is WORD that text? */
bool services_word_is(const struct services_word *word, const char *text);

/* Does ENTRY bear NAME, as its own or as an alias? Letters of either case differ: getservbyname(3).
 */
bool services_has_name(const struct services_entry *entry, const char *name);

/* The usual services and protocols in the same form, for systems that have no such file. IANA's
 * names, https://www.iana.org/assignments/service-names-port-numbers, and those of daily use. */
extern const char services_usual[], protocols_usual[];

#endif
