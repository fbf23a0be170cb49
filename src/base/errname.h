/* errname.h - the symbolic names of errors, for messages that scripts can match */
#ifndef BASE_ERRNAME_H
#define BASE_ERRNAME_H

/* Name of errno value ERROR (`ECONNREFUSED`); "errno" where it is none that we know.
 * See errno(3). The text is static. */
const char *errno_name(int error);

#define ERRNO_TEXT 128

/* Writes ERROR as `Connection refused (ECONNREFUSED)` into TEXT of ERRNO_TEXT bytes. Returns TEXT.
 */
const char *errno_text(int error, char *text);

/* Name of getaddrinfo's error CODE (`EAI_NONAME`). See getaddrinfo(3). The text is static. */
const char *eai_name(int code);

#endif
