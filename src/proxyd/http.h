/* http.h - being an HTTP proxy (RFC 9110, 9112)
 *
 * A connection serves one request: a tunnel for CONNECT, else the request goes on to the site that
 * its absolute URI names, and the answer comes back. Only who was asked who he is may send it once
 * more.
 */
#ifndef PROXYD_HTTP_H
#define PROXYD_HTTP_H

#include "proxyd/proxyd.h"

/* Serves X's client. */
void proxyd_http_start(struct connection *x);

#endif
