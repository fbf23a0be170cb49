/* frame.c - where a datagram begins and ends in a stream */
#include "proto/frame.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"

static const char *const words[] = {
	[FRAME_READ] = "read",	 [FRAME_LINE] = "line",	 [FRAME_NUL] = "nul",
	[FRAME_ALL] = "all",	 [FRAME_SIZE] = "size=", [FRAME_LEN16] = "len16",
	[FRAME_LEN32] = "len32",
};

const char *frame_word(size_t i)
{
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}

int frame_parse(const char *word, struct frame *out)
{
	size_t n = strlen(words[FRAME_SIZE]);
	int64_t size;

	if (strncmp(word, words[FRAME_SIZE], n) == 0) {
		if (size_parse(word + n, &size) < 0)
			return -1;
		if (size < 1 || size > FRAME_SIZE_MOST) {
			errno = ERANGE;
			return -1;
		}
		*out = (struct frame){ FRAME_SIZE, (size_t)size };
		return 0;
	}
	for (enum frame_mode mode = FRAME_READ; mode <= FRAME_LEN32; mode++)
		if (strcmp(word, words[mode]) == 0) {
			*out = (struct frame){ .mode = mode };
			return 0;
		}
	errno = EINVAL;
	return -1;
}

/* Returns how many bytes a length has. */
static size_t frame_length_bytes(const struct frame *f)
{
	return f->mode == FRAME_LEN16 ? 2 : f->mode == FRAME_LEN32 ? 4 : 0;
}

static enum frame_found frame_cut_by_length(const struct frame *f, const char *data, size_t n,
					    bool end, size_t most, struct frame_piece *out)
{
	size_t head = frame_length_bytes(f);

	if (n < head)
		return end ? FRAME_CUT_OFF : FRAME_PARTIAL;
	for (size_t i = 0; i < head; i++)
		out->size = out->size << 8 | (unsigned char)data[i];
	if (out->size > most)
		return FRAME_TOO_LARGE;
	if (out->size > n - head)
		return end ? FRAME_CUT_OFF : FRAME_PARTIAL;
	out->offset = head;
	out->taken = head + out->size;
	return FRAME_FOUND;
}

static enum frame_found frame_cut_at(const char *data, size_t n, char last, bool end, size_t most,
				     struct frame_piece *out)
{
	const char *found = memchr(data, last, n);

	out->size = found ? (size_t)(found - data) : n;
	if (out->size > most)
		return FRAME_TOO_LARGE;
	if (!found && !end)
		return FRAME_PARTIAL;
	out->taken = out->size + (found != NULL);
	return FRAME_FOUND;
}

enum frame_found frame_cut(const struct frame *f, const char *data, size_t n, bool end, size_t most,
			   struct frame_piece *out)
{
	*out = (struct frame_piece){ 0 };
	if (n == 0 && f->mode != FRAME_ALL)
		return end ? FRAME_END : FRAME_PARTIAL;
	switch (f->mode) {
	case FRAME_READ:
		out->size = out->taken = n < most ? n : most;
		return FRAME_FOUND;
	case FRAME_LINE:
		return frame_cut_at(data, n, '\n', end, most, out);
	case FRAME_NUL:
		return frame_cut_at(data, n, '\0', end, most, out);
	case FRAME_ALL:
		out->size = out->taken = n;
		return n > most ? FRAME_TOO_LARGE : end ? FRAME_FOUND : FRAME_PARTIAL;
	case FRAME_SIZE:
		if (f->size > most) {
			out->size = f->size;
			return FRAME_TOO_LARGE;
		}
		if (n < f->size && !end)
			return FRAME_PARTIAL;
		out->size = out->taken = n < f->size ? n : f->size;
		return FRAME_FOUND;
	case FRAME_LEN16:
	case FRAME_LEN32:
		break;
	}
	return frame_cut_by_length(f, data, n, end, most, out);
}

int frame_head(const struct frame *f, size_t size, char head[FRAME_HEAD_MOST])
{
	size_t n = frame_length_bytes(f);

	if (n && (uint64_t)size >> (8 * n))
		return -1;
	for (size_t i = 0; i < n; i++)
		head[i] = (char)(unsigned char)(size >> (8 * (n - 1 - i)));
	return (int)n;
}

size_t frame_tail(const struct frame *f, char tail[FRAME_TAIL_MOST])
{
	tail[0] = f->mode == FRAME_LINE ? '\n' : '\0';
	return f->mode == FRAME_LINE || f->mode == FRAME_NUL;
}
