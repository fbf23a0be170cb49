/* stdio.h - stdin and stdout of a run with several connections */
#ifndef CONN_STDIO_H
#define CONN_STDIO_H

#include "conn/connection.h"

/* The `own` of one of several connections. */
struct share {
	struct connection *connection;
	struct subscriber subscriber;
	struct publisher publisher; /* where it says anything to the others */
};

/* The `own` of X, which has its part of what is sent to several. */
struct share *stdio_share_of(struct connection *x);

/* The `prepare` of a service that shares stdin among all connections of S and, unless it `joins`
 * them, stdout. */
void stdio_share(struct connections *s);

/* The `free` of such a service. */
void stdio_leave(struct connection *x);

/* The `end` of such a service. Without effect if nothing was shared. */
void stdio_unshare(struct connections *s);

#endif
