/* stdio.h - one connection on stdin and stdout */
#ifndef SERVE_STDIO_H
#define SERVE_STDIO_H

#include "flow/pump.h"
#include "net/address.h"
#include "net/sockopt.h"
#include "serve/run.h"

struct stdio {
	struct run *run;
	struct endpoint in, out, peer;
	struct pump pump;
	char peer_name[ADDRESS_TEXT];
	int64_t start;
};

/* Moves data between stdin, stdout and the connection FD with PEER, which becomes S's, as R's data
 * options say, and ends R with what came of it. LISTENING: a stdin that gives nothing counts as
 * --recv-only. */
void stdio_start(struct stdio *s, struct run *r, int fd, const struct address *peer,
		 const struct socket_options *socket, bool listening);

/* Closes the connection. Without effect where S (all zero) was never started. */
void stdio_free(struct stdio *s);

#endif
