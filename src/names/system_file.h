/* system_file.h - the system's files about names */
#ifndef NAMES_SYSTEM_FILE_H
#define NAMES_SYSTEM_FILE_H

#include <stdbool.h>

#include "base/text.h"

#define HOSTS_FILE "/etc/hosts"
#define NSSWITCH_FILE "/etc/nsswitch.conf"
#define RESOLV_CONF "/etc/resolv.conf"

/* Adds what stands in PATH to *OUT; never waits for it. Returns 0, or -1 with errno; EFBIG: it is
 * larger than 16 MiB, ENOTSUP: it is a FIFO. */
int system_file_read(const char *path, struct text *out);

/* What that ERROR means, in words that live as long as those of strerror(3). */
const char *system_file_why(int error);

/* Is PATH there, but no regular file? libc's readers may wait for such a one for ever. */
bool system_file_is_odd(const char *path);

#endif
