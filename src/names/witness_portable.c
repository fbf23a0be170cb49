/* witness_portable.c - following a child: not by what POSIX has */
#include "names/witness.h"

#include <errno.h>

int witness_run(witness_fn *fn, void *arg, sight_fn *seen, void *seen_arg, struct text *out)
{
	(void)fn;
	(void)arg;
	(void)seen;
	(void)seen_arg;
	(void)out;
	errno = ENOSYS;
	return -1;
}
