/* cause_linux.c - which ports are not for everybody */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "system/cause.h"

int cause_first_port(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	int64_t port = 1024;
	char line[16];

	if (!file)
		return (int)port;
	if (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		/* What is no number leaves it as it is. */
		number_parse(line, 0, 65536, &port);
	}
	fclose(file);
	return (int)port;
}
