/* filter.c - what changes the bytes of one direction, or sees them pass */
#include "flow/filter.h"

#include <string.h>

#include "base/clock.h"

#define INSERTED_MOST (64 << 10)      /* answers to a peer that does not read them */
#define LOOK_AGAIN (20 * MILLISECOND) /* at whether a slow reader has caught up */

bool filter_changes(const struct filter *f)
{
	return f->crlf || f->telnet || f->escapes || f->editor;
}

/* Has F anything to do but to copy? */
static bool filter_acts(const struct filter *f)
{
	return filter_changes(f) || f->delay || f->heartbeat || f->dialogue;
}

bool filter_only_copies(const struct filter *f)
{
	return f->copies && !filter_acts(f);
}

bool filter_needed(const struct filter *f)
{
	return filter_acts(f) || (f->copies && transcripts_needed(f->copies));
}

/* Copies N bytes of IN to OUT without escapes. Returns how many that are: at most one more, the
 * first half of an escape that stood at the end of the data before. */
static size_t filter_drop_escape(struct filter *f, const char *in, size_t n, char *out)
{
	size_t length = 0;

	for (size_t i = 0; i < n && !f->quit; i++) {
		bool after = f->after_escape;
		f->after_escape = !after && in[i] == f->escape;
		if (f->after_escape)
			continue;
		if (after && in[i] == '.') {
			f->quit = true;
			break;
		}
		/* Typed twice, the escape is sent once; before any other byte it is sent as it is.
		 */
		if (after && in[i] != f->escape)
			out[length++] = f->escape;
		out[length++] = in[i];
	}
	return length;
}

/* Copies N bytes of IN to OUT as telnet has them: a byte 255 twice. Returns how many that are. */
static size_t filter_put(const struct filter *f, const char *in, size_t n, char *out)
{
	const char *iac;
	size_t length = 0;

	while (f->telnet && (iac = memchr(in, 0xff, n))) {
		size_t run = (size_t)(iac - in) + 1;
		memmove(out + length, in, run);
		length += run;
		out[length++] = '\xff';
		in += run;
		n -= run;
	}
	memmove(out + length, in, n);
	return length + n;
}

static size_t filter_send(struct filter *f, const char *in, size_t n, char *out)
{
	const char *lf;
	size_t length = 0;

	while (f->crlf && (lf = memchr(in, '\n', n))) {
		size_t line = (size_t)(lf - in);
		bool after_cr = line ? lf[-1] == '\r' : f->after_cr;
		length += filter_put(f, in, line, out + length);
		if (!after_cr)
			out[length++] = '\r';
		out[length++] = '\n';
		f->after_cr = false;
		in = lf + 1;
		n -= line + 1;
	}
	if (n)
		f->after_cr = in[n - 1] == '\r';
	return length + filter_put(f, in, n, out + length);
}

static size_t filter_receive(struct filter *f, const char *in, size_t n, char *out)
{
	unsigned char answers[TELNET_REPLY_MOST(4096)];
	size_t length = 0;

	for (size_t i = 0; i < n;) {
		size_t piece = n - i < 4096 ? n - i : 4096, data, answer;
		telnet_receive(&f->state, (const unsigned char *)in + i, piece,
			       (unsigned char *)out + length, &data, answers, &answer);
		if (f->answers)
			text_put(&f->answers->inserted, answers, answer);
		length += data;
		i += piece;
	}
	return length;
}

/* Changes what has come, and lets the dialogue hear it. */
static size_t filter_hear(struct filter *f, const char *in, size_t n, char *out)
{
	if (f->telnet)
		n = filter_receive(f, in, n, out);
	else if (out != in)
		memmove(out, in, n);
	if (f->dialogue)
		dialogue_take(f->dialogue, out, n, &f->answers->inserted);
	return n;
}

size_t filter_apply(struct filter *f, const char *in, size_t n, char *out)
{
	if (!f->sent)
		filter_copy(f, in, n);
	if (f->editor) {
		f->editor->take(f->editor->arg, in, n, &f->inserted);
		return 0;
	}
	if (!f->sent)
		return filter_hear(f, in, n, out);
	if (f->escapes) {
		/* It comes from a terminal: so little may be copied once more. */
		char typed[4096];
		size_t length = 0;
		for (size_t i = 0; i < n; i += sizeof typed / 2) {
			size_t piece = n - i < sizeof typed / 2 ? n - i : sizeof typed / 2;
			piece = filter_drop_escape(f, in + i, piece, typed);
			length += filter_send(f, typed, piece, out + length);
		}
		return length;
	}
	if (f->crlf || f->telnet)
		return filter_send(f, in, n, out);
	if (out != in)
		memmove(out, in, n);
	return n;
}

void filter_copy(struct filter *f, const char *data, size_t n)
{
	const struct transcript_piece piece = { f->sent, f->id, f->offset };

	if (f->copies)
		transcripts_add(f->copies, &piece, data, n);
	f->offset += n;
}

void filter_copy_unsent(struct filter *f, const char *data, size_t n)
{
	char out[4096];

	if (!f->copies)
		return;
	if (!f->crlf && !f->telnet) {
		filter_copy(f, data, n);
		return;
	}
	for (size_t i = 0, piece; i < n; i += piece) {
		piece = n - i < sizeof out / 2 ? n - i : sizeof out / 2;
		filter_copy(f, out, filter_send(f, data + i, piece, out));
	}
}

size_t filter_piece(const struct filter *f, const char *data, size_t n)
{
	const char *end = f->delay ? memchr(data, '\n', n) : NULL;

	return end ? (size_t)(end - data) + 1 : n;
}

void filter_wrote(struct filter *f, const char *data, size_t n)
{
	if (!f->sent || n == 0)
		return;
	filter_copy(f, data, n);
	if (f->delay && data[n - 1] == '\n')
		f->resume = clock_after(clock_now(), f->delay);
}

int64_t filter_resume(const struct filter *f, bool holds)
{
	bool blocked = (f->copies && transcripts_full(f->copies)) ||
		       (f->answers && f->answers->inserted.length > INSERTED_MOST);

	if (blocked)
		return clock_now() + LOOK_AGAIN;
	return holds && !filter_inserts(f, holds) ? f->resume : 0;
}

bool filter_inserts(const struct filter *f, bool holds)
{
	/* Not in the middle of a piece: CR LF, or 255 twice, could be torn apart. */
	return f->inserted.length > 0 && (!holds || f->insertion_begun || f->resume > clock_now());
}

void filter_change(const struct filter *f, const struct frame *mark, const char *data, size_t n,
		   struct text *out)
{
	struct filter alone = { .crlf = f->crlf, .telnet = f->telnet };
	char bytes[2];

	for (size_t i = 0; i < n; i++)
		text_put(out, bytes, filter_send(&alone, data + i, 1, bytes));
	if (f->crlf && mark && mark->mode == FRAME_LINE && !alone.after_cr)
		text_put(out, "\r", 1);
}

int filter_put_heartbeat(const struct filter *f, struct text *out)
{
	const struct text *text = f->heartbeat_text;
	bool newline = text->data[text->length - 1] == '\n';
	struct text changed = { 0 };
	int result = -1;

	if (!f->mark) {
		filter_change(f, NULL, text->data, text->length, out);
		return 0;
	}
	filter_change(f, f->mark, text->data, text->length - newline, &changed);
	if (frame_carries(f->mark, changed.length ? changed.data : "", changed.length)) {
		char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
		text_put(out, head, (size_t)frame_head(f->mark, changed.length, head));
		text_put(out, changed.data, changed.length);
		text_put(out, tail, frame_tail(f->mark, tail));
		result = 0;
	}
	out->failed |= changed.failed;
	text_free(&changed);
	return result;
}

void filter_sent_inserted(struct filter *f, size_t n)
{
	if (f->sent)
		filter_copy(f, f->inserted.data, n);
	memmove(f->inserted.data, f->inserted.data + n, f->inserted.length - n);
	f->inserted.length -= n;
	f->insertion_begun = f->inserted.length > 0;
}

void filter_free(struct filter *f)
{
	text_free(&f->inserted);
}
