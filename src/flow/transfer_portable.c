/* transfer_portable.c - no method but reading and writing */
#include "flow/transfer.h"

transfer_method *transfer_choose_fast(const struct transfer *t)
{
	(void)t;
	return NULL;
}

transfer_method *transfer_choose_watched(const struct transfer *t)
{
	(void)t;
	return NULL;
}

bool transfer_await(struct transfer *t, size_t n)
{
	(void)t, (void)n;
	return false;
}

void transfer_drop_pipe(struct transfer *t)
{
	(void)t;
}
