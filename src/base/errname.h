/* errname.h - the symbolic names of errors, for messages that scripts can match */
#ifndef BASE_ERRNAME_H
#define BASE_ERRNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the name of the errno value ERROR (`ECONNREFUSED`), or one made of its number (`E512`) if
 * it has none. The text is static; that of a number only until the next one. See errno(3). */
const char *errno_name(int error);

/* Does ERROR say that memory, descriptors or the like have run out, or that a disk does not answer?
 * Then it tells nothing of what was asked for. */
bool errno_is_lack(int error);

#define ERRNO_TEXT 128

/* Writes ERROR as `Connection refused (ECONNREFUSED)` into TEXT of ERRNO_TEXT bytes. Returns TEXT.
 */
const char *errno_text(int error, char *text);

/* Returns the name of getaddrinfo(3)'s error CODE (`EAI_NONAME`), or "EAI". The text is static. */
const char *eai_name(int code);

/* Is CODE an error, and more than that there is no such name, or that it has no data? */
bool eai_is_fault(int code);

#define EAI_TEXT 192

/* Writes why a look-up has failed, as in `no such name`, into TEXT of EAI_TEXT bytes: getaddrinfo's
 * error CODE (an EAI_SYSTEM's errno is ERROR) when asked for FAMILY (AF_UNSPEC: any). Returns TEXT.
 * The second adds the error's name, as in `no such name (EAI_NONAME)`. */
const char *eai_words(int code, int error, int family, char *text);
const char *eai_text(int code, int error, int family, char *text);

/* ---- of this system, a twin for each ---- */

struct error_name {
	int16_t value;
	char name[16]; /* in place: a pointer would be relocated in every run */
};

/* The names of errno that not every system of POSIX has. */
extern const struct error_name errnos_more[];
extern const size_t n_errnos_more;

#endif
