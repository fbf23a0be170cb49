/* cutter.h - what is read, cut into packets
 *
 * The descriptor's side of proto/frame.h.
 */
#ifndef FLOW_CUTTER_H
#define FLOW_CUTTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "flow/endpoint.h"
#include "flow/frame_options.h"

/* Start with { 0 } but for the frame; cutter_free() in the end. */
struct cutter {
	struct frame frame;
	size_t read_most; /* so much is read at once where each read is a packet, 0: the usual */
	char *data;	  /* what was read; of it */
	size_t size, offset, length; /* this is not cut yet */
	bool ended;		     /* the source has */
	bool done;		     /* all of it was one packet, which has been taken */
};

/* How C cuts as O says; NULL: each read is one. */
void cutter_configure(struct cutter *c, const struct frame_options *o);

/* Reads once from SOURCE, at most MOST bytes. Returns as read(2), the end being kept in mind. */
ssize_t cutter_fill(struct cutter *c, struct endpoint *source, size_t most);

/* The next packet, of at most MOST bytes, as *DATA and *SIZE. Returns 1; 0 where more has to be read first, or the end has
 * come (`ended`); or -1 with errno EMSGSIZE (it is larger) or EBADMSG (the source ends within it). */
int cutter_next(const struct cutter *c, size_t most, const char **data, size_t *size);

/* That one has been taken. */
void cutter_took(struct cutter *c, size_t most);

void cutter_free(struct cutter *c);

#endif
