/* text.c - texts that grow, and texts of a fixed size */
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/utf8.h"
#include "base/wait.h"

/* Makes room for MORE bytes. Returns false, and notes the failure, if memory runs out; from then on
 * always, so that what there is remains the beginning of the text. */
static bool text_reserve(struct text *t, size_t more)
{
	size_t size = t->size ? t->size : 1024;
	char *data;

	if (t->failed)
		return false;
	while (size - t->length < more)
		size *= 2;
	if (size == t->size)
		return true;
	data = realloc(t->lent ? NULL : t->data, size);
	if (!data) {
		t->failed = true;
		return false;
	}
	if (t->lent)
		memcpy(data, t->data, t->length);
	t->lent = false;
	t->data = data;
	t->size = size;
	return true;
}

void text_add(struct text *t, const char *format, ...)
{
	va_list list;
	int n = 0;

	/* Nearly always there is room at once. */
	while (n >= 0 && text_reserve(t, (size_t)n + 1)) {
		size_t room = t->size - t->length;
		va_start(list, format);
		n = vsnprintf(t->data + t->length, room, format, list);
		va_end(list);
		if (n >= 0 && (size_t)n < room) {
			t->length += (size_t)n;
			return;
		}
	}
}

char *text_room(struct text *t, size_t n)
{
	return text_reserve(t, n) ? t->data + t->length : NULL;
}

void text_put(struct text *t, const void *bytes, size_t n)
{
	if (n == 0 || !text_reserve(t, n))
		return;
	memcpy(t->data + t->length, bytes, n);
	t->length += n;
}

void text_time(struct text *t, int64_t ns)
{
	time_t seconds = (time_t)(ns / SECOND);
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	text_add(t, "%s.%06lldZ", date, (long long)(ns % SECOND / MICROSECOND));
}

void text_blanks(struct text *t, size_t n)
{
	while (n-- > 0)
		text_put(t, " ", 1);
}

void text_wrap(struct text *t, const char *words, size_t column, size_t indent, size_t width)
{
	bool begun = false; /* is there a word on this line? */
	size_t n;

	for (const char *word; (word = text_word(&words, &n));) {
		if (begun && column + 1 + n >= width) {
			text_put(t, "\n", 1);
			text_blanks(t, indent);
			column = indent;
			begun = false;
		}
		text_put(t, " ", begun);
		text_put(t, word, n);
		column += n + begun;
		begun = true;
	}
	text_put(t, "\n", 1);
}

bool text_equal(const struct text *a, const struct text *b)
{
	return a->length == b->length && (a->length == 0 || !memcmp(a->data, b->data, a->length));
}

int text_write(const struct text *t, int fd)
{
	size_t done = 0;

	if (t->failed) {
		errno = ENOMEM;
		return -1;
	}
	while (done < t->length) {
		ssize_t n = write(fd, t->data + done, t->length - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			wait_ready(fd, POLLOUT, -1);
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

void text_free(struct text *t)
{
	if (!t->lent)
		free(t->data);
	*t = (struct text){ 0 };
}

const char *text_word(const char **rest, size_t *n)
{
	const char *word = *rest;

	if (!word || *word == '\0')
		return NULL;
	*n = strcspn(word, " ");
	*rest = word + *n + (word[*n] == ' ');
	return word;
}

/* Is C a byte of UTF-8 that continues a character? */
static bool utf8_continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_shorten(char *text, size_t most)
{
	size_t n = strlen(text), head = most / 2, tail = n - (most - most / 2 - 3);

	if (n <= most)
		return n;
	while (head > 0 && utf8_continues(text[head]))
		head--;
	while (utf8_continues(text[tail]))
		tail++;
	for (int i = 0; i < 3; i++)
		text[head + (size_t)i] = '.';
	memmove(text + head + 3, text + tail, n - tail + 1);
	return head + 3 + n - tail;
}

bool text_begins(const char *word, const char *begin)
{
	while (*begin && *word == *begin) {
		word++;
		begin++;
	}
	return *begin == '\0';
}

char *text_append(char *at, const char *end, const char *word)
{
	while (*word && at < end - 1)
		*at++ = *word++;
	*at = '\0';
	return at;
}

void text_fit(char *out, size_t size, const char *format, va_list list)
{
	char *all = NULL;
	va_list again;
	int n;

	va_copy(again, list);
	n = vsnprintf(out, size, format, list);
	if (n >= 0 && (size_t)n >= size)
		all = malloc((size_t)n + 1);
	if (all) {
		vsnprintf(all, (size_t)n + 1, format, again);
		text_shorten(all, size - 1);
		snprintf(out, size, "%s", all);
		free(all);
	}
	va_end(again);
}

size_t text_escape(char *out, size_t size, const char *text, size_t n, bool backslash)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	size_t used = 0;

	while (p < end) {
		/* Nearly all are of this kind. */
		for (; used + 1 < size && p < end && *p >= ' ' && *p < 0x7f && *p != '\\'; p++)
			out[used++] = (char)*p;
		if (p == end)
			break;
		uint32_t c = 0;
		size_t length = utf8_length(p, (size_t)(end - p), &c), need = length;
		bool control = utf8_is_control(c);
		char short_form = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : 0;

		if (c == '\\' && backslash)
			short_form = '\\';
		if (length == 0)
			length = 1, control = true, short_form = 0;
		if (short_form)
			need = 2;
		else if (control)
			need = 4 * length;
		if (used + need >= size)
			break;
		if (short_form) {
			out[used++] = '\\';
			out[used++] = short_form;
		} else {
			for (size_t i = 0; i < length; i++) {
				if (control) {
					out[used++] = '\\';
					out[used++] = 'x';
					out[used++] = hex[p[i] >> 4];
					out[used++] = hex[p[i] & 15];
				} else {
					out[used++] = (char)p[i];
				}
			}
		}
		p += length;
	}
	out[used] = '\0';
	return used;
}

bool text_equal_secret(const char *a, const char *b, size_t n)
{
	unsigned differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	return !differ;
}

void text_put_escaped(struct text *t, const char *text, size_t n, bool backslash)
{
	if (text_reserve(t, 4 * n + 1))
		t->length += text_escape(t->data + t->length, 4 * n + 1, text, n, backslash);
}

const char *text_unescape(struct text *t, const char *word)
{
	static const char letters[] = "nrt0\\", bytes[] = "\n\r\t\0\\";

	for (; *word; word++) {
		const char *letter = *word == '\\' && word[1] ? strchr(letters, word[1]) : NULL;
		char byte = *word;

		if (letter) {
			byte = bytes[letter - letters];
			word++;
		} else if (*word == '\\') {
			int high = word[1] == 'x' ? digit_value(word[2]) : -1;
			int low = high < 0 ? -1 : digit_value(word[3]);
			if (low < 0)
				return word;
			byte = (char)(high << 4 | low);
			word += 3;
		}
		text_put(t, &byte, 1);
	}
	return NULL;
}
