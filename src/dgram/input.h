/* input.h - the datagrams in what an endpoint gives
 *
 * Read in large pieces, cut by --frame (see proto/frame.h), changed by -C, and ready for
 * dgram_send() many at a time.
 */
#ifndef DGRAM_INPUT_H
#define DGRAM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flow/endpoint.h"
#include "flow/filter.h"
#include "flow/frame_options.h"
#include "sock/datagram.h"
#include "proto/frame.h"

struct datagram_input {
	struct endpoint *in; /* the caller's, as long as the input lives */
	struct frame frame;
	size_t most;	  /* bytes that a datagram may have on its way, */
	size_t read_most; /* and what is read for one with --frame read */
	char *data;	  /* what was read and not given yet: from `begin` to `end` */
	size_t begin, end, size;
	bool ended;    /* the endpoint has: what is here is the rest */
	bool all_cut;  /* the one datagram of --frame all was given */
	uint64_t read; /* bytes so far */
	/* Why there was not one more than what was given last, */
	enum frame_found found;
	size_t found_size; /* and how large that would be, 0: not known */
	/* of -C */
	struct filter filter;
	char *changed;
	size_t changed_size;
};

/* Checks O's modes against MOST, the most bytes of a datagram (dgram_most()), as far as the command
 * line tells, and --size against --frame. Returns 0, or -1 with *ERROR (exit status 2). */
int datagram_input_check(const struct frame_options *o, size_t most, struct option_error *error);

/* *D reads IN, with the modes of O, and -C if CRLF: then each LF of a payload becomes CRLF, and
 * with --frame line each line keeps its end, as CRLF. Free it with datagram_input_free(). */
void datagram_input_start(struct datagram_input *d, struct endpoint *in,
			  const struct frame_options *o, bool crlf, size_t most);

/* Reads once, where datagram_input_next() has nothing left to give. Returns 1 where something came
 * or the end was met; 0 where nothing is there now: wait until the endpoint is readable; -1 with
 * errno where it cannot be read. */
int datagram_input_fill(struct datagram_input *d);

/* Up to MOST (at most DGRAM_BATCH) datagrams into V, `data` and `size` of each, good until the next
 * call for D. Returns how many; where that is 0 `found` tells why: PARTIAL (fill it), END, or what
 * datagram_input_error() has words for. -1 with errno ENOMEM. */
ssize_t datagram_input_next(struct datagram_input *d, struct dgram *v, size_t most);

/* Does what stands in D next make no datagram? Then the sentence for that goes into TEXT of SIZE
 * bytes, and nothing more will come. */
bool datagram_input_error(const struct datagram_input *d, char *text, size_t size);

/* Begins anew: the endpoint's offset was set back. */
void datagram_input_again(struct datagram_input *d);

void datagram_input_free(struct datagram_input *d);

#endif
