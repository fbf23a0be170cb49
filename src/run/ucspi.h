/* ucspi.h - who is who, told to a command by its environment
 *
 * http://cr.yp.to/proto/ucspi.txt
 */
#ifndef RUN_UCSPI_H
#define RUN_UCSPI_H

#include "flow/spawn.h"
#include "sock/address.h"

/* Makes *E the environment of a command for PEER: what we have inherited, without what others said
 * of another connection, then PROTO and, named after it, what is known of PEER and of LOCAL, to
 * which PEER sent (NULL: nothing is). PROTO is that of IP; UNIX sockets and vsock have their own.
 * HOST, PEER's name, is left out where it is NULL or could not be one. */
void ucspi_describe(struct spawn_environment *e, const char *proto, const struct address *peer,
		    const struct address *local, const char *host);

#endif
