/* framer.h - bytes that are read, cut into packets or datagrams
 *
 * This is the side of proto/frame.h that has a descriptor and a buffer.
 */
#ifndef FLOW_FRAMER_H
#define FLOW_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flow/endpoint.h"
#include "flow/frame_options.h"

/* What any datagram carries: so much is read for one where each read is one. */
#define FRAMER_READ_MOST 65507
#define FRAMER_PIECE (64 << 10) /* read at once of a stream */
#define FRAMER_FIRST (4 << 10)	/* as long as little comes */

struct framer {
	struct frame frame;
	size_t piece;		     /* bytes to read at once */
	char *data;		     /* what was read: */
	size_t size, offset, length; /* of `size` bytes these are not cut yet */
	bool ended;		     /* the source has */
	bool grows;		     /* `piece` does, up to FRAMER_PIECE, where so many come */
	const struct frame *carrier; /* which is to carry the packets; NULL: any will do */
	uint64_t count;		     /* packets so far */
	enum frame_found found;	     /* what the last framer_next() came to */
	struct frame_piece next;     /* that packet; of one that is too large or cut off its size */
};

/* Starts F, which cuts as O says (NULL: each read is a packet, of at most READ_MOST bytes unless O
 * has a size) and else reads PIECE bytes at once. Free it with framer_free(). */
void framer_start(struct framer *f, const struct frame_options *o, size_t read_most, size_t piece);

/* Returns how many bytes the packet that framer_next() has found to be a part still lacks, as far
 * as it has told its size; else 0. */
size_t framer_lacks(const struct framer *f);

/* Reads once from SOURCE, at most MOST bytes: a piece, or what a larger packet lacks. Returns as
 * read(2), and remembers the end. */
ssize_t framer_fill(struct framer *f, const struct endpoint *source, size_t most);

/* As if DATA of N bytes could be read from a source that has nothing else: takes of it what one
 * read takes. */
ssize_t framer_give(struct framer *f, const char *data, size_t n);

/* Finds the next packet, of at most MOST bytes: *DATA and *SIZE, good until framer_fill(). Returns
 * 1; 0 if more has to be read first or the end has come (`found` tells); or -1 with errno EMSGSIZE
 * (it is larger, or nothing that the carrier can have), EBADMSG (the source ends within it) or
 * EPROTO (it does not begin with a length). */
int framer_next(struct framer *f, size_t most, const char **data, size_t *size);

/* As if the source had ended here: returns whether that is within a packet, as framer_next() would
 * tell it. */
bool framer_is_cut_off(struct framer *f, size_t most);

/* Goes on behind the packet that framer_next() found. */
void framer_took(struct framer *f);

/* Takes at most MOST packets at once, where all have one size (FRAME_SIZE) and any will do; they
 * adjoin each other from *DATA on. Returns how many; 0: framer_next() may have one yet. */
size_t framer_take_run(struct framer *f, size_t most, const char **data);

/* Gives back what a large packet took, if nothing is left. */
void framer_shrink(struct framer *f);

/* Forgets what was read: the source's offset was set back. */
void framer_restart(struct framer *f);

void framer_free(struct framer *f);

/* Are they messages, which are counted, and was ERROR what framer_next() had to say of one? F may
 * be NULL. */
bool framer_is_fault(const struct framer *f, int error);

#define FRAMER_FAULT 192

/* Writes what is wrong with the message for which framer_next(), with MOST, returned -1, to TEXT of
 * FRAMER_FAULT bytes: `message 3: 12 of 40 bytes`. Returns TEXT. */
const char *framer_fault(const struct framer *f, size_t most, char *text);

#endif
