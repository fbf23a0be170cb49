/* exec.h - connections that are handed to a command
 */
#ifndef CONN_EXEC_H
#define CONN_EXEC_H

#include "conn/connection.h"

/* Runs the command of X's server with X's connection as its stdin and stdout, itself where nobody
 * needs to see the bytes, else by way of our pump. Its environment says who is who (UCSPI). The
 * connection ends with the command. */
void exec_start(struct connection *x);

/* Does a command of S get a relay rather than the connection itself? */
bool exec_relays(const struct connections *s);

#endif
