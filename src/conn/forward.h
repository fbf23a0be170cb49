/* forward.h - connections that are relayed to another place */
#ifndef CONN_FORWARD_H
#define CONN_FORWARD_H

#include "conn/connection.h"

/* Connects to what --forward says, within the time of -w, and relays X's connection to it, each end
 * of stream to the other side. Where that cannot be reached, X is over, which is said. */
void forward_start(struct connection *x);

#endif
