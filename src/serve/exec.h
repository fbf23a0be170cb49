/* exec.h - connections that are handed to a command
 */
#ifndef SERVE_EXEC_H
#define SERVE_EXEC_H

#include "serve/session.h"

/* Runs the command of X's server with X's connection as its stdin and stdout, itself where nobody needs
 * to see the bytes, else by way of our pump. Its environment says who is who (UCSPI). The connection
 * ends with the command. */
void exec_start(struct session *x);

/* Does a command of S get a relay rather than the connection itself? */
bool exec_relays(const struct server *s);

#endif
