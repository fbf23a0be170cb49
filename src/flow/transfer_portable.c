#include "flow/transfer.h"

transfer_method *transfer_choose_fast(const struct transfer *t)
{
	(void)t;
	return NULL;
}
