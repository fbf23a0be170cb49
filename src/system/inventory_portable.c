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

int inventory_scan(inventory_wanted_fn *wanted, inventory_owner_fn *fn, void *arg)
{
	(void)wanted;
	(void)fn;
	(void)arg;
	errno = ENOTSUP;
	return -1;
}
