/* frame.h - messages in a stream of bytes: how it is cut into them, and what marks them in it
 *
 * For datagrams that come from a stream of bytes or become one, and for the messages that two
 * programs exchange over a stream connection.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum frame_mode {
	FRAME_READ,	      /* each piece that is read is one; written, nothing stands between */
	FRAME_LINE,	      /* each line is one, without its LF */
	FRAME_NUL,	      /* each string is one, without its NUL */
	FRAME_ALL,	      /* the whole stream is one; written as READ */
	FRAME_SIZE,	      /* each has `size` bytes, the last may have fewer; written as READ */
	FRAME_LEN8,	      /* a length of one byte stands before each, */
	FRAME_LEN16,	      /* of two, big-endian, */
	FRAME_LEN32,	      /* of four, */
	FRAME_LEN16LE,	      /* of two, little-endian, */
	FRAME_LEN32LE,	      /* of four, */
	FRAME_VARINT,	      /* of one to ten: LEB128, without a sign */
	FRAME_OCTET,	      /* a decimal length and a blank: octet counting, RFC 6587 3.4.1 */
	FRAME_NETSTRING,      /* a decimal length, a colon, the message, a comma */
	FRAME_CONTENT_LENGTH, /* header lines, of which Content-Length counts, and an empty line:
				 the base protocol of LSP */
	FRAME_MODES
};

struct frame {
	enum frame_mode mode;
	bool given;  /* by the user */
	bool strict; /* a line, string or piece that the stream's end cuts off is none, and nothing
			is marked that would be read as something else */
	size_t size; /* of FRAME_SIZE */
};

/* The largest `size=N`. */
#define FRAME_SIZE_MOST (1 << 30)

/* Reads WORD, a mode as the user writes it (`line`, `size=512`), into *OUT. Returns 0, or -1 with
 * errno EINVAL, or ERANGE for a size that is not from 1 to FRAME_SIZE_MOST. */
int frame_parse(const char *word, struct frame *out);

/* Returns the word for MODE, NULL from FRAME_MODES on; `size=` wants a number behind it. */
const char *frame_word(size_t mode);

/* Writes F as frame_parse() takes it, `size=512`, to TEXT of FRAME_TEXT bytes. Returns TEXT. */
#define FRAME_TEXT 32
const char *frame_text(const struct frame *f, char text[FRAME_TEXT]);

/* Does a length stand before each, so that what is in it cannot be taken for a mark? */
bool frame_has_length(const struct frame *f);

enum frame_found {
	FRAME_FOUND,	 /* a whole one */
	FRAME_PARTIAL,	 /* more bytes are needed */
	FRAME_TOO_LARGE, /* the next one is larger than allowed: `size` bytes at least */
	FRAME_CUT_OFF, /* the stream ends within one that should have `size` bytes, of which `taken`
			  have come; 0: within its length, or a line or string without its end */
	FRAME_INVALID, /* what should be a length, or stand behind the payload, is none */
	FRAME_UNCARRIED, /* it is whole, but nothing that the frame it is for can say */
	FRAME_END,	 /* nothing is left */
};

struct frame_piece {
	size_t offset, size; /* the payload's place in the data */
	size_t taken;	     /* where the next one begins */
	size_t seen;	     /* of a part: so many bytes have been looked at */
};

/* Finds the first message in the N bytes at DATA and fills *OUT. END: the stream ends behind them.
 * A payload may have up to MOST bytes. With FRAME_READ the N bytes are one piece that was read;
 * more than MOST of them are cut. An empty line and a length of 0 are empty messages, and with
 * FRAME_ALL so is an empty stream. Bytes behind the last LF or NUL are a message too, unless F is
 * strict. Nothing is consumed: the caller goes on with DATA + taken. With FRAME_ALL it must not
 * call again after FRAME_FOUND.
 *
 * Before the first call *OUT is all zero, and then it is what the last call left in it. After
 * FRAME_PARTIAL the same bytes are given with more behind them: those that were looked at for an LF
 * or a NUL are not looked at again. */
enum frame_found frame_cut(const struct frame *f, const char *data, size_t n, bool end, size_t most,
			   struct frame_piece *out);

/* The most bytes that go before a payload in the stream, and after it. */
#define FRAME_HEAD_MOST 48
#define FRAME_TAIL_MOST 1

/* Writes what stands before a payload of SIZE bytes to HEAD. Returns its length, or -1 if
 * that mode has no way to say SIZE: too large, of no byte, or (F is strict) not that of its pieces.
 */
int frame_head(const struct frame *f, size_t size, char head[FRAME_HEAD_MOST]);

/* Writes what stands after each payload to TAIL. Returns its length. */
size_t frame_tail(const struct frame *f, char tail[FRAME_TAIL_MOST]);

/* Can F, which is strict, mark DATA of SIZE bytes so that it is read as that again? */
bool frame_carries(const struct frame *f, const char *data, size_t size);

#endif
