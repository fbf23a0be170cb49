/* forward.h - connections that are relayed to another place */
#ifndef SERVE_FORWARD_H
#define SERVE_FORWARD_H

#include "serve/session.h"

/* Connects to what --forward says, within the time of -w, and relays X's connection to it, each end of stream to
 * the other side. Where that cannot be reached, X is over, which is said. */
void forward_start(struct session *x);

#endif
