/* frame.h - datagrams in a stream of bytes: how it is cut into them, and how they are told apart in
 * it
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum frame_mode {
	FRAME_READ,  /* each piece as it comes; payloads one after the other */
	FRAME_LINE,  /* each line is one, without its LF */
	FRAME_NUL,   /* each string, without its NUL */
	FRAME_ALL,   /* all there is is one; payloads as with READ */
	FRAME_SIZE,  /* `size` bytes each, the last may have fewer; payloads as with READ */
	FRAME_LEN16, /* a big-endian length of two bytes before each */
	FRAME_LEN32, /* the same of four bytes */
};

struct frame {
	enum frame_mode mode;
	size_t size; /* of FRAME_SIZE */
};

/* The largest `size=N`. */
#define FRAME_SIZE_MOST (1 << 30)

/* MODE as it is written (`line`, `size=512`) into *OUT. Returns 0, or -1 with errno EINVAL, or
 * ERANGE for a size that is none from 1 to FRAME_SIZE_MOST. */
int frame_parse(const char *word, struct frame *out);

/* The words that frame_parse() takes, NULL after the last; `size=` wants a number behind it. */
const char *frame_word(size_t i);

enum frame_found {
	FRAME_FOUND,	 /* a whole one */
	FRAME_PARTIAL,	 /* more bytes are needed */
	FRAME_TOO_LARGE, /* the next one is larger than it may be: `size` tells how large, as far as
			    is known */
	FRAME_CUT_OFF,	 /* the stream ends within one: its length says `size`, or that is cut off
			    itself */
	FRAME_END,	 /* nothing is left */
};

struct frame_piece {
	size_t offset, size; /* the payload's place in the data */
	size_t taken;	     /* where the next one begins */
};

/* Finds the first datagram in the N bytes at DATA, after which the stream is at its END or not;
 * with FRAME_READ the N bytes are one piece that was read, and are cut where they are more than
 * MOST. A payload may have up to MOST bytes. An empty line, a length of 0 is an empty datagram, and
 * with FRAME_ALL an empty stream is one; what follows the last LF or NUL is a datagram unless it is
 * empty. Fills *OUT. Nothing is consumed: the caller goes on with DATA + taken. With FRAME_ALL the
 * call after FRAME_FOUND is the caller's not to make. */
enum frame_found frame_cut(const struct frame *f, const char *data, size_t n, bool end, size_t most,
			   struct frame_piece *out);

/* The most bytes that go before a payload in the stream, and after it. */
#define FRAME_HEAD_MOST 4
#define FRAME_TAIL_MOST 1

/* What stands before a payload of SIZE bytes into HEAD. Returns its length, or -1 where no length
 * of the mode can tell SIZE. */
int frame_head(const struct frame *f, size_t size, char head[FRAME_HEAD_MOST]);

/* What stands after each payload into TAIL. Returns its length. */
size_t frame_tail(const struct frame *f, char tail[FRAME_TAIL_MOST]);

#endif
