/* stdio.h - stdin and stdout of a run with several connections */
#ifndef CONN_STDIO_H
#define CONN_STDIO_H

#include "conn/connection.h"

/* The `prepare` of a service that shares stdin among all connections of S and, unless it `joins`
 * them, stdout. */
void stdio_share(struct connections *s);

/* The `end` of such a service. Without effect if nothing was shared. */
void stdio_unshare(struct connections *s);

#endif
