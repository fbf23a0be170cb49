/* cause.h - why a call on a socket has failed, as far as this machine can tell */
#ifndef SYSTEM_CAUSE_H
#define SYSTEM_CAUSE_H

#include <stdbool.h>

#include "sock/address.h"

/* A call that has failed: connecting to `address` or sending there, or, if it BINDS, binding it. */
struct cause_question {
	int error; /* its errno */
	bool binds;
	const struct address *address;
};

#define CAUSE_TEXT 384

/* Writes what is known into TEXT of CAUSE_TEXT bytes, as the end of a sentence: `it is no socket`,
 * `which interface? fe80::1%eth0`. Empty: nothing is. Looks at files, interfaces, sockets and
 * routes, so that it is for messages only. Returns TEXT. */
const char *cause_find(const struct cause_question *q, char *text);

/* Of this system, a twin for each: the ports under this one are for those alone who have the right
 * to them (root). */
int cause_first_port(void);

#endif
