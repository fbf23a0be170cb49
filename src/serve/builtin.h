/* builtin.h - the services that need nobody else: echo and discard */
#ifndef SERVE_BUILTIN_H
#define SERVE_BUILTIN_H

#include "serve/session.h"

/* X's peer gets back what it sends (RFC 862), or nothing (RFC 863), to its end. */
void builtin_start(struct session *x);

#endif
