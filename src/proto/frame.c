/* frame.c - where a message begins and ends in a stream */
#include "proto/frame.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

#define VARINT_MOST 10	      /* bytes: 7 bits of 64 in each */
#define DIGITS_MOST 20	      /* of a decimal length of 64 bits */
#define HEADER_MOST (8 << 10) /* bytes of header lines */

static const char content_length[] = "Content-Length: ";

/* How a mode's length stands in the stream. */
static const struct frame_kind {
	char word[16];
	unsigned char bytes; /* of a binary length; 0: it is none */
	bool little;	     /* the least significant byte comes first */
	char delimiter;	     /* behind a decimal one */
	char end;	     /* behind the payload */
} kinds[FRAME_MODES] = {
	[FRAME_READ] = { "read", 0, 0, 0, 0 },
	[FRAME_LINE] = { "line", 0, 0, 0, '\n' },
	[FRAME_NUL] = { "nul", 0, 0, 0, 0 },
	[FRAME_ALL] = { "all", 0, 0, 0, 0 },
	[FRAME_SIZE] = { "size=", 0, 0, 0, 0 },
	[FRAME_LEN8] = { "len8", 1, 0, 0, 0 },
	[FRAME_LEN16] = { "len16", 2, 0, 0, 0 },
	[FRAME_LEN32] = { "len32", 4, 0, 0, 0 },
	[FRAME_LEN16LE] = { "len16le", 2, true, 0, 0 },
	[FRAME_LEN32LE] = { "len32le", 4, true, 0, 0 },
	[FRAME_VARINT] = { "varint", 0, 0, 0, 0 },
	[FRAME_OCTET] = { "octet", 0, 0, ' ', 0 },
	[FRAME_NETSTRING] = { "netstring", 0, 0, ':', ',' },
	[FRAME_CONTENT_LENGTH] = { "content-length", 0, 0, 0, 0 },
};

const char *frame_word(size_t mode)
{
	return mode < FRAME_MODES ? kinds[mode].word : NULL;
}

int frame_parse(const char *word, struct frame *out)
{
	size_t n = strlen(kinds[FRAME_SIZE].word);
	int64_t size;

	*out = (struct frame){ .given = true };
	if (strncmp(word, kinds[FRAME_SIZE].word, n) == 0) {
		if (size_parse(word + n, &size) < 0)
			return -1;
		if (size < 1 || size > FRAME_SIZE_MOST) {
			errno = ERANGE;
			return -1;
		}
		out->mode = FRAME_SIZE;
		out->size = (size_t)size;
		return 0;
	}
	for (size_t mode = 0; mode < FRAME_MODES; mode++)
		if (strcmp(word, kinds[mode].word) == 0) {
			out->mode = (enum frame_mode)mode;
			return 0;
		}
	errno = EINVAL;
	return -1;
}

const char *frame_text(const struct frame *f, char text[FRAME_TEXT])
{
	char size[FRAME_TEXT] = "";

	if (f->mode == FRAME_SIZE)
		snprintf(size, sizeof size, "%zu", f->size);
	snprintf(text, FRAME_TEXT, "%s%.20s", kinds[f->mode].word, size);
	return text;
}

bool frame_has_length(const struct frame *f)
{
	return f->mode >= FRAME_LEN8;
}

/* ---- lengths ---- */

/* A length, as far as it has come. */
struct frame_length {
	size_t head; /* bytes that it takes, with what stands around it */
	uint64_t size;
};

static enum frame_found length_binary(const struct frame_kind *k, const char *data, size_t n,
				      struct frame_length *out)
{
	if (n < k->bytes)
		return FRAME_PARTIAL;
	for (size_t i = 0; i < k->bytes; i++) {
		size_t at = k->little ? k->bytes - 1u - i : i;
		out->size = out->size << 8 | (unsigned char)data[at];
	}
	out->head = k->bytes;
	return FRAME_FOUND;
}

static enum frame_found length_varint(const char *data, size_t n, struct frame_length *out)
{
	for (size_t i = 0; i < VARINT_MOST; i++) {
		if (i == n)
			return FRAME_PARTIAL;
		uint64_t bits = data[i] & 0x7f;
		if (bits << 7 * i >> 7 * i != bits)
			return FRAME_INVALID;
		out->size |= bits << 7 * i;
		out->head = i + 1;
		if (!(data[i] & 0x80))
			return FRAME_FOUND;
	}
	return FRAME_INVALID;
}

/* A decimal number, with no 0 before others, and what stands behind it. */
static enum frame_found length_decimal(const struct frame *f, const char *data, size_t n,
				       struct frame_length *out)
{
	char delimiter = kinds[f->mode].delimiter;
	size_t digits = 0;

	while (digits < n && data[digits] >= '0' && data[digits] <= '9')
		digits++;
	if (digits > DIGITS_MOST || (digits > 1 && data[0] == '0') ||
	    (digits < n && (digits == 0 || data[digits] != delimiter)))
		return FRAME_INVALID;
	/* RFC 6587 has no message without a byte. */
	if (digits && data[0] == '0' && f->mode == FRAME_OCTET)
		return FRAME_INVALID;
	if (digits && !digits_parse(data, digits, UINT64_MAX, &out->size))
		return FRAME_INVALID;
	out->head = digits + 1;
	return digits < n ? FRAME_FOUND : FRAME_PARTIAL;
}

/* A header line of N bytes; *FOUND: there was a length before. */
static bool length_take_header(const char *line, size_t n, bool *found, struct frame_length *out)
{
	size_t name = strlen("Content-Length");
	const char *colon = memchr(line, ':', n);
	uint64_t size;

	if (!colon || colon == line)
		return false;
	if ((size_t)(colon - line) != name || strncasecmp(line, content_length, name) != 0)
		return true;
	line += name + 1;
	n -= name + 1;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (!digits_parse(line, n, UINT64_MAX, &size) || (*found && size != out->size))
		return false;
	out->size = size;
	*found = true;
	return true;
}

static enum frame_found length_headers(const char *data, size_t n, struct frame_length *out)
{
	bool found = false;

	for (;;) {
		const char *line = data + out->head;
		size_t left = n - out->head;
		const char *end = memchr(line, '\n', left);
		if (!end)
			return n > HEADER_MOST ? FRAME_INVALID : FRAME_PARTIAL;
		size_t length = (size_t)(end - line);
		out->head += length + 1;
		if (out->head > HEADER_MOST || length == 0 || line[length - 1] != '\r')
			return FRAME_INVALID;
		if (length == 1)
			return found ? FRAME_FOUND : FRAME_INVALID;
		if (!length_take_header(line, length - 1, &found, out))
			return FRAME_INVALID;
	}
}

static enum frame_found length_find(const struct frame *f, const char *data, size_t n,
				    struct frame_length *out)
{
	const struct frame_kind *k = &kinds[f->mode];

	if (k->bytes)
		return length_binary(k, data, n, out);
	if (k->delimiter)
		return length_decimal(f, data, n, out);
	return f->mode == FRAME_VARINT ? length_varint(data, n, out) : length_headers(data, n, out);
}

/* ---- cutting ---- */

static enum frame_found frame_cut_by_length(const struct frame *f, const char *data, size_t n,
					    bool end, size_t most, struct frame_piece *out)
{
	struct frame_length length = { 0 };
	enum frame_found found = length_find(f, data, n, &length);
	size_t behind = kinds[f->mode].end != 0, come;

	if (found != FRAME_FOUND)
		return found == FRAME_PARTIAL && end ? FRAME_CUT_OFF : found;
	if (length.size > most) {
		out->size = length.size < SIZE_MAX ? (size_t)length.size : SIZE_MAX;
		return FRAME_TOO_LARGE;
	}
	out->offset = length.head;
	out->size = (size_t)length.size;
	come = n - length.head;
	if (come < out->size + behind) {
		out->taken = come < out->size ? come : out->size;
		return end ? FRAME_CUT_OFF : FRAME_PARTIAL;
	}
	out->taken = length.head + out->size + behind;
	return behind && data[out->taken - 1] != kinds[f->mode].end ? FRAME_INVALID : FRAME_FOUND;
}

static enum frame_found frame_cut_at(const struct frame *f, const char *data, size_t n, size_t seen,
				     bool end, size_t most, struct frame_piece *out)
{
	const char *found = memchr(data + seen, kinds[f->mode].end, n - seen);

	out->size = found ? (size_t)(found - data) : n;
	if (out->size > most)
		return FRAME_TOO_LARGE;
	if (!found && !end) {
		out->seen = n;
		return FRAME_PARTIAL;
	}
	if (!found && f->strict) {
		out->taken = out->size;
		out->size = 0;
		return FRAME_CUT_OFF;
	}
	out->taken = out->size + (found != NULL);
	return FRAME_FOUND;
}

static enum frame_found frame_cut_by_size(const struct frame *f, size_t n, bool end, size_t most,
					  struct frame_piece *out)
{
	out->size = f->size;
	if (f->size > most)
		return FRAME_TOO_LARGE;
	out->taken = n < f->size ? n : f->size;
	if (n < f->size && (!end || f->strict))
		return end ? FRAME_CUT_OFF : FRAME_PARTIAL;
	out->size = out->taken;
	return FRAME_FOUND;
}

enum frame_found frame_cut(const struct frame *f, const char *data, size_t n, bool end, size_t most,
			   struct frame_piece *out)
{
	size_t seen = out->seen;

	*out = (struct frame_piece){ 0 };
	if (n == 0 && f->mode != FRAME_ALL)
		return end ? FRAME_END : FRAME_PARTIAL;
	switch (f->mode) {
	case FRAME_READ:
		out->size = out->taken = n < most ? n : most;
		return FRAME_FOUND;
	case FRAME_LINE:
	case FRAME_NUL:
		return frame_cut_at(f, data, n, seen, end, most, out);
	case FRAME_ALL:
		out->size = out->taken = n;
		return n > most ? FRAME_TOO_LARGE : end ? FRAME_FOUND : FRAME_PARTIAL;
	case FRAME_SIZE:
		return frame_cut_by_size(f, n, end, most, out);
	default:
		return frame_cut_by_length(f, data, n, end, most, out);
	}
}

/* ---- marking ---- */

int frame_head(const struct frame *f, size_t size, char head[FRAME_HEAD_MOST])
{
	const struct frame_kind *k = &kinds[f->mode];
	uint64_t left = size;
	int n = 0;

	if (k->bytes && left >> 8 * k->bytes)
		return -1;
	if (f->strict &&
	    ((f->mode == FRAME_SIZE && size != f->size) || (f->mode == FRAME_OCTET && size == 0)))
		return -1;
	for (; n < k->bytes; n++) {
		int at = k->little ? n : k->bytes - 1 - n;
		head[n] = (char)(unsigned char)(left >> 8 * at);
	}
	if (k->delimiter)
		n = snprintf(head, FRAME_HEAD_MOST, "%zu%c", size, k->delimiter);
	else if (f->mode == FRAME_CONTENT_LENGTH)
		n = snprintf(head, FRAME_HEAD_MOST, "%s%zu\r\n\r\n", content_length, size);
	else if (f->mode == FRAME_VARINT)
		do {
			unsigned byte = left & 0x7f;
			left >>= 7;
			head[n++] = (char)(unsigned char)(byte | (left ? 0x80 : 0));
		} while (left);
	return n;
}

size_t frame_tail(const struct frame *f, char tail[FRAME_TAIL_MOST])
{
	tail[0] = kinds[f->mode].end;
	return tail[0] || f->mode == FRAME_NUL;
}

bool frame_carries(const struct frame *f, const char *data, size_t size)
{
	char head[FRAME_HEAD_MOST], end = kinds[f->mode].end;

	if (frame_head(f, size, head) < 0)
		return false;
	return (f->mode != FRAME_LINE && f->mode != FRAME_NUL) || !size || !memchr(data, end, size);
}
