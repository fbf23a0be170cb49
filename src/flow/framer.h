/* framer.h - what is read, cut into packets
 *
 * The descriptor's side of proto/frame.h.
 */
#ifndef FLOW_FRAMER_H
#define FLOW_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "flow/endpoint.h"
#include "flow/frame_options.h"

/* Start with { 0 } but for the frame; framer_free() in the end. */
struct framer {
	struct frame frame;
	size_t read_most; /* so much is read at once where each read is a packet, 0: the usual */
	char *data;	  /* what was read; of it */
	size_t size, offset, length; /* this is not cut yet */
	bool ended;		     /* the source has */
	bool done;		     /* all of it was one packet, which has been taken */
};

/* How C cuts as O says; NULL: each read is one. */
void framer_configure(struct framer *c, const struct frame_options *o);

/* Reads once from SOURCE, at most MOST bytes. Returns as read(2), the end being kept in mind. */
ssize_t framer_fill(struct framer *c, struct endpoint *source, size_t most);

/* The next packet, of at most MOST bytes, as *DATA and *SIZE. Returns 1; 0 where more has to be
 * read first, or the end has come (`ended`); or -1 with errno EMSGSIZE (it is larger) or EBADMSG
 * (the source ends within it). */
int framer_next(const struct framer *c, size_t most, const char **data, size_t *size);

/* That one has been taken. */
void framer_took(struct framer *c, size_t most);

void framer_free(struct framer *c);

#endif
