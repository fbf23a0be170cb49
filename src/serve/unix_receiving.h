/* unix_receiving.h - a run that receives the datagrams of a UNIX socket
 */
#ifndef SERVE_UNIX_RECEIVING_H
#define SERVE_UNIX_RECEIVING_H

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"
#include "flow/data_options.h"
#include "net/access.h"
#include "net/listener.h"
#include "serve/receiving.h"

/* All pointers must stay until the end. */
struct unix_receiving_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct listen_options *listen;
	const struct frame_options *frame;
	const struct access_options *access;
	struct receiving_options *receiving; /* receiving_check() has passed them */
	const char *place;		     /* `unix:PATH`, which address_parse_unix() takes, */
	int inherited;			     /* or NULL, and so many from descriptor 3 on */
	int64_t wait, stall;		     /* see struct receiving_config */
};

/* Checks what C says. Returns 0, or -1 with *ERROR (exit status 2). */
int unix_receiving_check(const struct unix_receiving_config *c, struct option_error *error);

/* Binds the socket (see unix_bind()), receives by it, and removes what was made for it. Says itself what goes
 * wrong. */
struct outcome unix_receiving_run(const struct unix_receiving_config *c);

#endif
