/* broker.h - connections that are joined to each other */
#ifndef SERVE_BROKER_H
#define SERVE_BROKER_H

#include "serve/session.h"

/* What X's peer sends goes to all other peers, and what they and stdin send to it. */
void broker_start(struct session *x);

/* Where nobody is left to send anything, and nobody can come, S's connections end. */
void broker_settle(struct server *s);

#endif
