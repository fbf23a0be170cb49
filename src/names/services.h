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
	SERVICES_USUAL,	 /* the table in here: there is no such file */
};

/* All that one of the files has, or the table in its place. Free it with services_free(). */
struct services {
	enum services_source source;
	struct services_entry *entries;
	size_t n;
	struct text text; /* what the entries point into */
};

/* Reads services(5), or PROTOCOLS protocols(5), into *S: where there is no such file, or nobody can
 * read it, the usual ones. Returns 0, or -1 with errno of system_file_read(). */
int services_read(struct services *s, bool protocols);
void services_free(struct services *s);

/* Asks getservbyname(3), or where NAME is NULL getservbyport(3), since the system may have other
 * sources than its file: the entry into *S as above. PROTOCOL may be NULL: any. Returns 0, or -1
 * with errno ENOENT where nobody knows it, or where a file that they would read could hold them up.
 */
int services_ask(struct services *s, const char *name, uint16_t port, const char *protocol);

/* The port of NAME in PROTOCOL by the table of the usual ones, which counts only where the system
 * has no services file. Returns whether that knows it. */
bool services_usual_port(const char *name, const char *protocol, uint16_t *port);

/* What PORT is called in PROTOCOL by the system or, where it has no services file, by the usual
 * ones, into NAME of SIZE bytes. Returns whether it has a name that fits. */
bool services_name(uint16_t port, const char *protocol, char *name, size_t size);

#endif
