/* ucspi.h - who is who, told to a command by its environment
 *
 * http://cr.yp.to/proto/ucspi.txt
 */
#ifndef RUN_UCSPI_H
#define RUN_UCSPI_H

#include "flow/spawn.h"
#include "sock/address.h"

/* Fills E with the environment of a command for PEER: our own, without what describes another
 * connection, then PROTO and the variables named after it that describe PEER and LOCAL, to which
 * PEER sent (NULL: not known). PROTO is that of IP; UNIX sockets and vsock have their own. HOST,
 * PEER's name, is left out where it is NULL or cannot be a host name. */
void ucspi_describe(struct spawn_environment *e, const char *proto, const struct address *peer,
		    const struct address *local, const char *host);

#endif
