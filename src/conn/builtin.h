/* builtin.h - the services that need nobody else: echo and discard */
#ifndef CONN_BUILTIN_H
#define CONN_BUILTIN_H

#include "conn/connection.h"

/* X's peer gets back what it sends (RFC 862), or nothing (RFC 863), to its end. */
void builtin_start(struct connection *x);

#endif
