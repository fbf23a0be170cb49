/* ucspi.h - who is who, told to a command by its environment
 *
 * http://cr.yp.to/proto/ucspi.txt
 */
#ifndef RUN_UCSPI_H
#define RUN_UCSPI_H

#include "flow/spawn.h"
#include "sock/address.h"

/* What we have inherited, without what others said of another connection. */
void ucspi_inherit(struct spawn_environment *e);

/* PROTO and, named after it, what is known of PEER and of LOCAL (NULL: nothing), addresses of an IP
 * family; HOST, PEER's name, is left out where it is NULL or could not be one. */
void ucspi_describe(struct spawn_environment *e, const char *proto, const struct address *peer,
		    const struct address *local, const char *host);

/* The same of UNIX sockets: their paths, if they have any, and whom the kernel knows at PEER. */
void ucspi_describe_unix(struct spawn_environment *e, const struct address *peer,
			 const struct address *local);

#endif
