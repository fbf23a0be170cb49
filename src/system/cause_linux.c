/* cause_linux.c - which ports are not for everybody */
#include <stdio.h>

#include "system/cause.h"

int cause_first_port(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	int port = 1024;

	if (!file)
		return port;
	if (fscanf(file, "%d", &port) != 1)
		port = 1024;
	fclose(file);
	return port;
}
