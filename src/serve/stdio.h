/* stdio.h - connections on stdin and stdout */
#ifndef SERVE_STDIO_H
#define SERVE_STDIO_H

#include "serve/session.h"

/* Prepares stdin and stdout for S, which serves several connections at once. */
void stdio_share(struct server *s);

/* Lets go of them. */
void stdio_unshare(struct server *s);

/* Moves data between stdin, stdout and X's connection, as the data options say. With several
 * connections what they send goes to one stdout, and stdin to each of them. A listener's stdin that
 * gives nothing counts as --recv-only. */
void stdio_start(struct session *x);

/* Stdin's terminal, if it is one and --raw was given, becomes RAW, or as it was. */
void stdio_raw(struct server *s, bool raw);

#endif
