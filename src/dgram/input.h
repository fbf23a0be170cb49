/* input.h - the datagrams in what an endpoint gives
 *
 * A framer cuts the bytes as --frame says, -C changes them, and dgram_send() takes them many at a
 * time.
 */
#ifndef DGRAM_INPUT_H
#define DGRAM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flow/filter.h"
#include "flow/framer.h"
#include "sock/datagram.h"

struct dgram_input {
	struct endpoint *in; /* the caller's, as long as the input lives */
	struct framer framer;
	size_t most;		/* bytes that a datagram may have on its way */
	uint64_t read;		/* bytes so far */
	enum frame_found found; /* why there was not one more than what was given last */
	/* of -C */
	struct filter filter;
	char *changed;
	size_t changed_size;
};

/* Checks that the modes of O fit a datagram of MOST bytes (dgram_most()), as far as the command
 * line tells, and that --size fits --frame. Returns 0, or -1 with *ERROR (exit status 2). */
int dgram_input_check(const struct frame_options *o, size_t most, struct option_error *error);

/* *D reads IN, with the modes of O, and -C if CRLF: then each LF of a payload becomes CRLF, and
 * with --frame line each line keeps its end, as CRLF. Free it with dgram_input_free(). */
void dgram_input_start(struct dgram_input *d, struct endpoint *in, const struct frame_options *o,
		       bool crlf, size_t most);

/* Reads once, after dgram_input_next() had nothing left to give. Returns 1 if something came or
 * the end was met; 0 if nothing is there now: wait until the endpoint is readable; -1 with errno if
 * it cannot be read. */
int dgram_input_fill(struct dgram_input *d);

/* Puts up to MOST (at most DGRAM_BATCH) datagrams into V, `data` and `size` of each, good until the
 * next call for D. Returns how many; if that is 0 `found` tells why: PARTIAL (fill it), END, or
 * what dgram_input_error() has words for. -1 with errno ENOMEM. */
ssize_t dgram_input_next(struct dgram_input *d, struct dgram *v, size_t most);

/* Does what comes next in D make no datagram? Then the sentence for that goes into TEXT of SIZE
 * bytes, and nothing more will come. */
bool dgram_input_error(const struct dgram_input *d, char *text, size_t size);

/* Starts anew after the endpoint's offset was set back. */
void dgram_input_again(struct dgram_input *d);

void dgram_input_free(struct dgram_input *d);

#endif
