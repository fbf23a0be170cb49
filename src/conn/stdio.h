/* stdio.h - connections on stdin and stdout */
#ifndef CONN_STDIO_H
#define CONN_STDIO_H

#include "conn/connection.h"

/* Prepares stdin and stdout for S, which serves several connections at once. */
void stdio_share(struct connections *s);

/* Lets go of them. */
void stdio_unshare(struct connections *s);

/* Moves data between stdin, stdout and X's connection, as the data options say. With several
 * connections what they send goes to one stdout, and stdin to each of them. A listener's stdin that
 * gives nothing counts as --recv-only. */
void stdio_start(struct connection *x);

/* Stdin's terminal, if it is one and --raw was given, becomes RAW, or as it was. */
void stdio_raw(struct connections *s, bool raw);

#endif
