/* cause_portable.c - which ports are not for everybody */
#include "system/cause.h"

int cause_first_port(void)
{
	return 1024; /* IPPORT_RESERVED, as everywhere */
}
