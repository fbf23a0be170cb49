/* proxy_http.h - being an HTTP proxy */
#ifndef SERVE_PROXY_HTTP_H
#define SERVE_PROXY_HTTP_H

#include "serve/proxy.h"

/* Serves X's client. */
void proxy_http_start(struct session *x);

#endif
