/* reload.h - SIGHUP: the lists of who may connect, as their files have them now */
#ifndef RUN_RELOAD_H
#define RUN_RELOAD_H

#include <stdbool.h>

#include "net/access.h"
#include "run/run.h"

/* Start with the members up to `numeric` set, and the others zero. */
struct reload {
	struct run *run;
	struct access_options *access;
	bool numeric; /* the lists may have no names */
	/* its own */
	struct access_options fresh;
	struct access_lookup *again; /* of the names in them; NULL: none is under way */
	bool ready, late;	     /* `late`: SIGHUP came before it was ready */
};

/* The lists are known for the first time: from here on SIGHUP replaces them. */
void reload_ready(struct reload *r);

/* SIGHUP has come. If there is a list in a file all are read again, and replace those of now once
 * their names are known; those of now stay, and that is said, where they cannot be read. Returns
 * false, and does nothing, if there is no such list. */
bool reload_hangup(struct reload *r);

/* Frees what R has. */
void reload_free(struct reload *r);

#endif
