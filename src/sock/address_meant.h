/* address_meant.h - words that are no HOST, PORT or ENDPOINT, and what was meant by them */
#ifndef SOCK_ADDRESS_MEANT_H
#define SOCK_ADDRESS_MEANT_H

#include <stdbool.h>

#include "base/options.h"

/* Refuses WORD if it is a URL or the path of a file: -1 with *ERROR, which says how that is
 * written. Else returns 0. */
int address_refuse_meant(const char *word, struct option_error *error);

/* Is WORD, where a HOST should be, a port? As a host it would be an address of 32 bits in one
 * number, and 0.0.0.80 is nobody's. */
bool address_looks_like_port(const char *word);

/* Refuses WORD, an only operand that is no ENDPOINT: one of HOST and PORT is missing. Returns -1
 * with *ERROR. */
int address_refuse_missing(const char *word, struct option_error *error);

#endif
