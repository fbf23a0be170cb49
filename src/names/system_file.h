/* system_file.h - the system's files about names */
#ifndef NAMES_SYSTEM_FILE_H
#define NAMES_SYSTEM_FILE_H

#include <stdbool.h>

#include "base/text.h"
#include "proto/resolvconf.h"
#include "sock/address.h"

#define HOSTS_FILE "/etc/hosts"
#define HOST_CONF "/etc/host.conf"
#define NSSWITCH_FILE "/etc/nsswitch.conf"
#define RESOLV_CONF "/etc/resolv.conf"

/* Adds the content of the file PATH to *OUT without ever blocking. Returns 0, or -1 with errno:
 * EFBIG if it is larger than 16 MiB, ENOTSUP if it is a FIFO. */
int system_file_read(const char *path, struct text *out);

/* Reads resolv.conf(5) into *OUT, which gets the defaults if that cannot be read. Returns 0, or -1
 * with errno as above. */
int system_file_resolv_conf(struct resolvconf *out);

/* Reads WORD, a server as resolv.conf has it, into *OUT, with the port of DNS. Returns whether it
 * is an address to the libcs: `127.2` is, one in brackets or with a port is not. */
bool system_file_server(const char *word, struct address *out);

/* Returns what that ERROR means, in words that live as long as those of strerror(3). */
const char *system_file_why(int error);

/* Is PATH something else than a regular file? Then libc's readers may wait for it for ever. */
bool system_file_is_odd(const char *path);

#endif
