/* idna.h - names beyond ASCII, and the ASCII names that DNS has for them
 *
 * A label beyond ASCII is asked for as its A-label (RFC 5890): `xn--` and what Punycode (RFC 3492)
 * makes of it. Before that it is mapped as far as can be done without Unicode's tables: letters of
 * Latin, Greek, Cyrillic and Armenian become lower case, full-width forms of ASCII are ASCII, and
 * the ideographic full stops are dots. Letters are to be composed already (NFC), as nearly all
 * keyboards make them.
 */
#ifndef PROTO_IDNA_H
#define PROTO_IDNA_H

#include <stdbool.h>
#include <stddef.h>

#define IDNA_MOST 256 /* a name of 253 bytes, a dot at its end, and NUL */

/* Has TEXT a byte beyond ASCII? */
bool idna_is_needed(const char *text);

/* Makes OUT the ASCII name of the name TEXT; what is ASCII in it stays as it is, but for upper case
 * in a label that is not. *SURE (NULL: nobody asks) tells whether a mapping by Unicode's tables
 * (UTS #46) is known to make the same of it. Returns NULL, or why TEXT has none: a phrase that
 * continues a sentence about it. */
const char *idna_to_ascii(const char *text, char out[IDNA_MOST], bool *sure);

/* Returns OUT, the ASCII name of TEXT; TEXT itself where that is ASCII or has none. */
const char *idna_name(const char *text, char out[IDNA_MOST]);

#endif
