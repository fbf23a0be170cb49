/* services.h - lines of services(5) and protocols(5), and the usual content of these files
 *
 * A line without a number, with a number out of range or without a protocol is skipped, as libc
 * does. `#` begins a comment.
 */
#ifndef PROTO_SERVICES_H
#define PROTO_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the text that is read. No NUL ends them. */
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

/* Reads the next entry between *AT and END into *OUT, and moves *AT behind its line. Returns
 * whether there was one. */
bool services_next(const char **at, const char *end, struct services_entry *out);
bool protocols_next(const char **at, const char *end, struct services_entry *out);

/* Takes the first word off *LIST, to *OUT. Returns whether there was one. */
bool services_next_word(struct services_word *list, struct services_word *out);

/* Is WORD that text? */
bool services_word_is(const struct services_word *word, const char *text);

/* Is NAME the name of ENTRY or one of its aliases, in this case of its letters (getservbyname(3))?
 */
bool services_has_name(const struct services_entry *entry, const char *name);

/* The usual services and protocols in the form of such a file, for systems that have none: names of
 * IANA, https://www.iana.org/assignments/service-names-port-numbers, and others in daily use. */
extern const char services_usual[], protocols_usual[];

#endif
