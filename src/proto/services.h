/* services.h - lines of services(5) and protocols(5), and the usual content of these files
 *
 * A line without a number, with a number out of range or without a protocol is skipped, as libc
 * does. `#` begins a comment.
 */
#ifndef PROTO_SERVICES_H
#define PROTO_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/words.h"

/* A line: `NAME NUMBER/PROTOCOL ALIAS...` or, of protocols(5), `NAME NUMBER ALIAS...`. */
struct services_entry {
	struct word name;
	struct word protocol; /* of protocols(5) empty */
	struct word aliases;  /* all of them, with blanks between; may be empty */
	uint16_t number;      /* the port, or the protocol's number */
};

/* Reads the next entry, of protocols(5) if PROTOCOLS, into *OUT. Returns whether there was one. */
bool services_next(struct words_reader *r, bool protocols, struct services_entry *out);

/* Is NAME the name of ENTRY or one of its aliases, in this case of its letters (getservbyname(3))?
 */
bool services_has_name(const struct services_entry *entry, const char *name);

/* The usual services and protocols in the form of such a file, for systems that have none: names of
 * IANA, https://www.iana.org/assignments/service-names-port-numbers, and others in daily use. */
extern const char services_usual[], protocols_usual[];

#endif
