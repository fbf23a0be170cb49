/* system_file.h - the system's files about names */
#ifndef NET_SYSTEM_FILE_H
#define NET_SYSTEM_FILE_H

#include "base/text.h"

#define HOSTS_FILE "/etc/hosts"
#define NSSWITCH_FILE "/etc/nsswitch.conf"
#define RESOLV_CONF "/etc/resolv.conf"

/* Adds what stands in PATH to *OUT. Returns 0, or -1 with errno; EFBIG: it is larger than 16 MiB. */
int system_file_read(const char *path, struct text *out);

#endif
