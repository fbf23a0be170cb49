/* socks.h - being a SOCKS server */
#ifndef PROXYD_SOCKS_H
#define PROXYD_SOCKS_H

#include "proxyd/proxyd.h"

/* Serves X's client, which speaks version 5, 4 or 4a. */
void proxyd_socks_start(struct connection *x);

#endif
