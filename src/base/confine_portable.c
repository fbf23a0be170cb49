/* confine_portable.c - POSIX has nothing to give up by */
#include "base/confine.h"

void confine(const struct confine_wish *wish, struct confinement *c)
{
	(void)wish;
	*c = (struct confinement){ .why = "not on this system" };
}
