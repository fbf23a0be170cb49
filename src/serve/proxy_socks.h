/* proxy_socks.h - being a SOCKS server */
#ifndef SERVE_PROXY_SOCKS_H
#define SERVE_PROXY_SOCKS_H

#include "serve/proxy.h"

/* Serves X's client, which speaks version 5, 4 or 4a. */
void proxy_socks_start(struct session *x);

#endif
