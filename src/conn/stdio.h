/* stdio.h - stdin and stdout of a run with several connections */
#ifndef CONN_STDIO_H
#define CONN_STDIO_H

#include "conn/connection.h"

/* Opens stdin for all connections of S and, unless their service `joins` them, stdout. */
void stdio_share(struct connections *s);

/* Closes them. Without effect where they were never shared. */
void stdio_unshare(struct connections *s);

#endif
