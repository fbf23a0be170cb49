/* broker.h - connections that are joined to each other */
#ifndef CONN_BROKER_H
#define CONN_BROKER_H

#include "conn/connection.h"

/* What X's peer sends goes to all other peers, and what they and stdin send to it. */
void broker_start(struct connection *x);

/* Where nobody is left to send anything, and nobody can come, S's connections end. */
void broker_settle(struct connections *s);

#endif
