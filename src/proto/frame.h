/* frame.h - datagrams in a stream of bytes: how it is cut into them, and what marks them in it */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum frame_mode {
	FRAME_READ,  /* each piece that is read is one; written, nothing stands between payloads */
	FRAME_LINE,  /* each line is one, without its LF */
	FRAME_NUL,   /* each string is one, without its NUL */
	FRAME_ALL,   /* the whole stream is one; written as READ */
	FRAME_SIZE,  /* each has `size` bytes, the last may have fewer; written as READ */
	FRAME_LEN16, /* a big-endian length of two bytes stands before each */
	FRAME_LEN32, /* a big-endian length of four bytes stands before each */
};

struct frame {
	enum frame_mode mode;
	size_t size; /* of FRAME_SIZE */
};

/* The largest `size=N`. */
#define FRAME_SIZE_MOST (1 << 30)

/* Reads WORD, a mode as the user writes it (`line`, `size=512`), into *OUT. Returns 0, or -1 with
 * errno EINVAL, or ERANGE for a size that is not from 1 to FRAME_SIZE_MOST. */
int frame_parse(const char *word, struct frame *out);

/* Returns the I-th word that frame_parse() takes, NULL after the last; `size=` wants a number
 * behind it. */
const char *frame_word(size_t i);

enum frame_found {
	FRAME_FOUND,	 /* a whole one */
	FRAME_PARTIAL,	 /* more bytes are needed */
	FRAME_TOO_LARGE, /* the next one is larger than allowed: `size` bytes at least */
	FRAME_CUT_OFF,	 /* the stream ends within one that should have `size` bytes; 0: within its
			    length */
	FRAME_END,	 /* nothing is left */
};

struct frame_piece {
	size_t offset, size; /* the payload's place in the data */
	size_t taken;	     /* where the next one begins */
};

/* Finds the first datagram in the N bytes at DATA and fills *OUT. END: the stream ends behind them.
 * A payload may have up to MOST bytes. With FRAME_READ the N bytes are one piece that was read;
 * more than MOST of them are cut. An empty line and a length of 0 are empty datagrams, and with
 * FRAME_ALL so is an empty stream. Bytes behind the last LF or NUL are a datagram too. Nothing is
 * consumed: the caller goes on with DATA + taken. With FRAME_ALL it must not call again after
 * FRAME_FOUND. */
enum frame_found frame_cut(const struct frame *f, const char *data, size_t n, bool end, size_t most,
			   struct frame_piece *out);

/* The most bytes that go before a payload in the stream, and after it. */
#define FRAME_HEAD_MOST 4
#define FRAME_TAIL_MOST 1

/* Writes what stands before a payload of SIZE bytes to HEAD. Returns its length, or -1 if SIZE is
 * too large for a length of that mode. */
int frame_head(const struct frame *f, size_t size, char head[FRAME_HEAD_MOST]);

/* Writes what stands after each payload to TAIL. Returns its length. */
size_t frame_tail(const struct frame *f, char tail[FRAME_TAIL_MOST]);

#endif
