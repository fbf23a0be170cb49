/* inventory_bytecode.h - a program by which the kernel chooses sockets, INET_DIAG_REQ_BYTECODE
 *
 * It leaves out what is not asked for by ports and hosts, so that a few of many sockets are told
 * without the others being. What it lets pass is looked at again: a query that is too long for it
 * gets no program.
 */
#ifndef SYSTEM_INVENTORY_BYTECODE_H
#define SYSTEM_INVENTORY_BYTECODE_H

#include <stddef.h>

#include "system/inventory.h"

#define BYTECODE_MOST 2048

struct bytecode {
	unsigned char bytes[BYTECODE_MOST];
	size_t n; /* 0: all sockets pass */
};

/* Writes the program for Q to *OUT. */
void inventory_bytecode(const struct inventory_query *q, struct bytecode *out);

#endif
