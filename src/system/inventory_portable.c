/* inventory_portable.c - no list of sockets */
#include <errno.h>

#include "system/inventory.h"

int inventory_list(const struct inventory_query *q, struct inventory *out)
{
	(void)q;
	(void)out;
	errno = ENOTSUP;
	return -1;
}

int inventory_listen(void)
{
	errno = ENOTSUP;
	return -1;
}

int inventory_read_pulse(uint64_t *pulse)
{
	(void)pulse;
	return -1;
}

int inventory_scan(struct inodes *t)
{
	(void)t;
	errno = ENOTSUP;
	return -1;
}
