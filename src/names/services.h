/* services.h - the services and protocols that this system knows */
#ifndef NAMES_SERVICES_H
#define NAMES_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "proto/services.h"

#define SERVICES_PATH "/etc/services"
#define PROTOCOLS_PATH "/etc/protocols"

enum services_source {
	SERVICES_FILE,	 /* /etc/services, /etc/protocols */
	SERVICES_SYSTEM, /* another source that nsswitch.conf(5) names */
	SERVICES_USUAL,	 /* there is no such file: the table in proto/services.c */
};

/* The entries of one of the files, or of the table. Free them with services_free(). */
struct services {
	enum services_source source;
	struct services_entry *entries;
	size_t n;
	struct text text; /* what the entries point into */
};

/* Reads services(5), or with PROTOCOLS protocols(5), into *S. If there is no such file, or it is
 * not ours to read, *S has the usual entries. Returns 0, or -1 with errno of system_file_read(). */
int services_read(struct services *s, bool protocols);
void services_free(struct services *s);

/* Asks getservbyname(3), or if NAME is NULL getservbyport(3), which know the system's other sources
 * too, for one entry into *S. PROTOCOL NULL: any. Returns 0, or -1 with errno ENOENT if nobody
 * knows it, or if one of the files that they read would block. */
int services_ask(struct services *s, const char *name, uint16_t port, const char *protocol);

/* Looks the port of NAME in PROTOCOL up in the table of the usual services, which counts only if
 * the system has no services file. Returns whether it is there. */
bool services_usual_port(const char *name, const char *protocol, uint16_t *port);

#endif
