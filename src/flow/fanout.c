#include "flow/fanout.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LIMIT (1 << 20)
#define BLOCK (64 << 10)
#define STALL_LOOKS 8 /* at the time when something was taken last, in that of --stall */
#define STALL_LOOK_LEAST (10 * MILLISECOND)

struct block {
	size_t users, size;
	char data[];
};

static void release(struct block *b)
{
	if (--b->users == 0)
		free(b);
}

static size_t limit(const struct fanout *f)
{
	return f->c.limit ? f->c.limit : LIMIT;
}

static bool is_full(const struct subscriber *r)
{
	/* Packets without a byte take memory too. */
	size_t places = r->fanout->c.packets ? r->n * sizeof(struct block) : 0;

	return !r->finished && r->bytes + places >= limit(r->fanout);
}

/* Reads while somebody receives, nobody is full, and the copies are not behind. */
static void update(struct fanout *f)
{
	bool wanted, was_full = f->full;
	int64_t resume = 0;

	f->full = false;
	for (const struct subscriber *r = f->subscribers; r && !f->full; r = r->next)
		f->full = is_full(r);
	wanted = f->source && f->n > 0 && !f->ended && !f->full;
	if (was_full && !f->full && f->c.room)
		f->c.room(f->c.arg);
	if (wanted && f->c.filter)
		resume = filter_resume(f->c.filter, false);
	timer_set(f->loop, &f->pause, resume ? resume : NEVER);
	if (wanted && !resume)
		watch_set(f->loop, &f->watch, POLLIN);
	else
		watch_drop(f->loop, &f->watch);
}

static void look_later(struct subscriber *r, int64_t end)
{
	int64_t look = r->fanout->c.stall / STALL_LOOKS;

	look = clock_after(clock_now(), look < STALL_LOOK_LEAST ? STALL_LOOK_LEAST : look);
	timer_set(r->fanout->loop, &r->stall, look < end ? look : end);
}

/* A subscriber that is full keeps the others waiting, if there are any. */
static void stalled(void *arg)
{
	struct subscriber *r = arg;
	struct fanout *f = r->fanout;
	int64_t taken, end;

	if (!is_full(r))
		return;
	taken = f->c.last_taken ? f->c.last_taken(f->c.arg, r) : 0;
	if (taken > r->last_taken)
		r->last_taken = taken;
	end = clock_after(r->last_taken, f->c.stall);
	if (clock_now() < end)
		look_later(r, end);
	else if (f->n < 2)
		look_later(r, NEVER);
	else
		f->c.stalled(f->c.arg, r);
}

/* The place behind the last one in R's ring, which grows if it has none. */
static struct queued *next_place(struct subscriber *r)
{
	size_t size = r->size ? 2 * r->size : 8;
	struct queued *queue = r->queue;

	if (!r->size || r->n == r->size) {
		queue = malloc(size * sizeof *queue);
		if (!queue)
			abort(); /* as the loop does: nobody else would be told */
		for (size_t i = 0; r->size > 0 && r->queue && i < r->n; i++)
			queue[i] = r->queue[(r->first + i) % r->size];
		free(r->queue);
		r->queue = queue;
		r->size = size;
		r->first = 0;
	}
	return &queue[(r->first + r->n++) % r->size];
}

/* R gets what B has from OFFSET on. */
static void push(struct subscriber *r, struct block *b, size_t offset)
{
	struct fanout *f = r->fanout;
	struct queued *last = r->n ? &r->queue[(r->first + r->n - 1) % r->size] : NULL;

	if (r->finished)
		return;
	if (last && last->block == b && last->end == offset) {
		last->end = b->size;
	} else {
		*next_place(r) = (struct queued){ b, offset, b->size };
		b->users++;
	}
	if (r->bytes == 0)
		r->last_taken = clock_now();
	r->bytes += b->size - offset;
	if (is_full(r) && f->c.stall != UNSET)
		look_later(r, clock_after(r->last_taken, f->c.stall));
}

/* Calls all. What is called may leave, and make others leave. */
static void tell_all(void *arg)
{
	struct fanout *f = arg;

	for (f->cursor = f->subscribers; f->cursor;) {
		struct subscriber *r = f->cursor;
		f->cursor = r->next;
		if (r->ready)
			r->ready(r->arg);
	}
	update(f);
}

/* Not at once: whoever sent is still in the middle of it. */
static void tell(struct fanout *f)
{
	if (!f->news.slot)
		timer_set(f->loop, &f->news, clock_now());
}

/* An empty block with room for N bytes, which the caller uses. NULL where there is no memory. */
static struct block *block_new(size_t n)
{
	struct block *b = malloc(sizeof *b + n);

	if (b) {
		b->users = 1;
		b->size = 0;
	}
	return b;
}

/* A block that has room: small pieces share one. NULL where there is no memory. */
static struct block *tail_block(struct fanout *f)
{
	struct block *b = f->tail;

	if (b && b->users == 1)
		b->size = 0;
	if (b && b->size <= BLOCK / 2)
		return b;
	if (b)
		release(b);
	b = f->tail = block_new(BLOCK);
	return b;
}

/* N bytes have been added to B, for all but EXCEPT. */
static void give(struct fanout *f, struct block *b, size_t n, const struct subscriber *except)
{
	b->size += n;
	for (struct subscriber *r = f->subscribers; r; r = r->next)
		if (r != except)
			push(r, b, b->size - n);
	update(f);
	tell(f);
}

/* DATA of N bytes becomes a packet for all but EXCEPT. Returns 0, or -1 with errno ENOMEM. */
static int give_packet(struct fanout *f, const char *data, size_t n,
		       const struct subscriber *except)
{
	struct block *b = block_new(n);

	if (!b) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(b->data, data, n);
	give(f, b, n, except);
	release(b);
	return 0;
}

/* ---- publishers ---- */

/* Each line in TEXT becomes a packet. As give_text(). */
static int give_lines(struct publisher *s, struct text *text)
{
	bool failed = text->failed;

	for (size_t done = 0, n; !failed && done < text->length; done += n) {
		const char *end = memchr(text->data + done, '\n', text->length - done);
		n = end ? (size_t)(end - text->data) + 1 - done : text->length - done;
		failed = give_packet(s->fanout, text->data + done, n, s->self) < 0;
	}
	text_free(text);
	errno = ENOMEM;
	return failed ? -1 : 0;
}

/* Gives the lines in TEXT, which is freed, to all but S. Returns 0, or -1 with errno. */
static int give_text(struct publisher *s, struct text *text)
{
	bool failed = text->failed;

	if (s->fanout->c.packets)
		return give_lines(s, text);
	for (size_t done = 0, n; !failed && done < text->length; done += n) {
		struct block *b = tail_block(s->fanout);
		n = text->length - done;
		failed = !b;
		if (failed)
			break;
		n = n < BLOCK - b->size ? n : BLOCK - b->size;
		memcpy(b->data + b->size, text->data + done, n);
		give(s->fanout, b, n, s->self);
	}
	text_free(text);
	errno = ENOMEM;
	return failed ? -1 : 0;
}

/* The lines that S's DATA of N bytes ends go out. As publisher_write(). */
static ssize_t give_chat(struct publisher *s, const char *data, size_t n)
{
	struct text out = { 0 };

	chat_put(&s->chat, data, n, &out);
	return give_text(s, &out) < 0 ? -1 : (ssize_t)n;
}

static bool publisher_ready(const void *object)
{
	const struct publisher *s = object;

	return !s->fanout->full;
}

/* Is there room for what S sends, and a block for it in *B? */
static bool may_send(const struct publisher *s, struct block **b)
{
	errno = EAGAIN;
	if (!publisher_ready(s))
		return false;
	*b = tail_block(s->fanout);
	return *b != NULL;
}

/* A packet of N bytes at DATA. As publisher_write(). */
static ssize_t write_packet(struct publisher *s, const char *data, size_t n)
{
	ssize_t result;

	if (!s->fanout->c.chat)
		return give_packet(s->fanout, data, n, s->self) < 0 ? -1 : (ssize_t)n;
	result = give_chat(s, data, n);
	/* Where it ends, so does a line. */
	if (result >= 0)
		publisher_end(s);
	return result;
}

static ssize_t publisher_write(void *object, const void *data, size_t n)
{
	struct publisher *s = object;
	struct block *b;

	if (!may_send(s, &b))
		return -1;
	if (s->fanout->c.packets)
		return write_packet(s, data, n);
	if (s->fanout->c.chat)
		return give_chat(s, data, n < CHAT_MOST ? n : CHAT_MOST);
	n = n < BLOCK - b->size ? n : BLOCK - b->size;
	memcpy(b->data + b->size, data, n);
	give(s->fanout, b, n, s->self);
	return (ssize_t)n;
}

ssize_t publisher_take(struct publisher *s, const struct endpoint *source, size_t n)
{
	struct fanout *f = s->fanout;
	char lines[CHAT_MOST], *to = lines;
	struct block *b;
	size_t most;
	ssize_t got;

	if (!may_send(s, &b))
		return -1;
	if (!f->c.chat)
		to = b->data + b->size;
	most = f->c.chat ? sizeof lines : BLOCK - b->size;
	got = endpoint_read(source, to, n < most ? n : most);
	if (got <= 0)
		return got;
	if (s == &f->publisher && f->c.filter)
		filter_copy_unsent(f->c.filter, to, (size_t)got);
	if (f->c.chat)
		return give_chat(s, lines, (size_t)got);
	give(f, b, (size_t)got, s->self);
	return got;
}

static void publisher_end_object(void *object)
{
	publisher_end(object);
}

void publisher_endpoint(struct endpoint *e, struct publisher *s, const char *name)
{
	static const struct endpoint_ops ops = { .write = publisher_write,
						 .ready = publisher_ready,
						 .end = publisher_end_object };

	endpoint_object(e, ENDPOINT_PUBLISHER, &ops, s, name);
}

void publisher_end(struct publisher *s)
{
	struct text out = { 0 };

	if (s->chat.line.length == 0)
		return;
	chat_end(&s->chat, &out);
	give_text(s, &out);
}

void publisher_free(struct publisher *s)
{
	chat_free(&s->chat);
}

/* ---- the source ---- */

static void source_ended(struct fanout *f, int error)
{
	publisher_end(&f->publisher);
	f->ended = true;
	watch_drop(f->loop, &f->watch);
	f->c.ended(f->c.arg, error);
	tell(f);
}

/* Gives what C has read and is whole. Returns 0, or -1 with errno. */
static int give_whole(struct fanout *f)
{
	const char *data;
	size_t size;
	int found;

	while ((found = framer_next(&f->framer, f->c.packet_most, &data, &size)) > 0) {
		if (f->c.filter) {
			f->c.filter->after_cr = false;
			filter_copy_unsent(f->c.filter, data, size);
		}
		if (write_packet(&f->publisher, data, size) < 0)
			return -1;
		framer_took(&f->framer);
	}
	return found;
}

/* Reads from the source once, and gives that. As read(2). */
static ssize_t take(struct fanout *f)
{
	ssize_t n;

	if (!f->c.packets)
		return publisher_take(&f->publisher, f->source, SIZE_MAX);
	n = framer_fill(&f->framer, f->source, SIZE_MAX);
	return n >= 0 && give_whole(f) < 0 ? -1 : n;
}

static void readable(void *arg, short events)
{
	struct fanout *f = arg;
	ssize_t n = take(f);

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		source_ended(f, n == 0 ? 0 : errno);
}

static void go_on(void *arg)
{
	update(arg);
}

void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source)
{
	*f = (struct fanout){ .loop = loop, .c = *c, .source = source };
	f->publisher.fanout = f;
	framer_start(&f->framer, c->frame, FRAMER_READ_MOST, FRAMER_PIECE);
	f->news = (struct timer){ .fn = tell_all, .arg = f };
	f->watch = (struct watch){ .fd = source ? source->rfd : -1, .fn = readable, .arg = f };
	f->pause = (struct timer){ .fn = go_on, .arg = f };
}

void fanout_finish(struct fanout *f)
{
	f->c.endless = false;
	f->ended = true;
	watch_drop(f->loop, &f->watch);
	tell(f);
}

void fanout_stop(struct fanout *f)
{
	if (!f->loop)
		return;
	watch_drop(f->loop, &f->watch);
	timer_drop(f->loop, &f->pause);
	timer_drop(f->loop, &f->news);
	publisher_free(&f->publisher);
	framer_free(&f->framer);
	if (f->tail)
		release(f->tail);
	f->tail = NULL;
	f->loop = NULL;
}

void subscriber_on_ready(struct subscriber *r, void (*ready)(void *arg), void *arg)
{
	r->ready = ready;
	r->arg = arg;
}

void fanout_join(struct fanout *f, struct subscriber *r)
{
	*r = (struct subscriber){ .fanout = f, .next = f->subscribers, .last_taken = clock_now() };
	r->stall = (struct timer){ .fn = stalled, .arg = r };
	if (r->next)
		r->next->previous = r;
	f->subscribers = r;
	f->n++;
	update(f);
}

size_t subscriber_finish(struct subscriber *r)
{
	struct fanout *f = r->fanout;

	if (!r->finished) {
		r->finished = true;
		timer_drop(f->loop, &r->stall);
		f->n--;
		update(f);
	}
	return r->bytes;
}

void fanout_leave(struct subscriber *r)
{
	struct fanout *f = r->fanout;

	if (!f)
		return;
	timer_drop(f->loop, &r->stall);
	for (size_t i = 0; i < r->n; i++)
		release(r->queue[(r->first + i) % r->size].block);
	free(r->queue);
	if (f->cursor == r)
		f->cursor = r->next;
	if (r->next)
		r->next->previous = r->previous;
	if (r->previous)
		r->previous->next = r->next;
	else
		f->subscribers = r->next;
	if (!r->finished)
		f->n--;
	*r = (struct subscriber){ 0 };
	update(f);
}

/* Does R get nothing more than it has? */
static bool is_over(const struct subscriber *r)
{
	return r->finished || (r->fanout->ended && !r->fanout->c.endless);
}

static bool subscriber_ready(const void *object)
{
	const struct subscriber *r = object;

	return r->n > 0 || is_over(r);
}

int subscriber_look(const struct subscriber *r, struct iovec *iov, int most)
{
	int n = 0;

	for (; n < most && (size_t)n < r->n; n++) {
		const struct queued *q = &r->queue[(r->first + (size_t)n) % r->size];
		iov[n].iov_base = q->block->data + q->offset;
		iov[n].iov_len = q->end - q->offset;
	}
	return n;
}

void subscriber_took(struct subscriber *r, size_t n)
{
	bool was_full = is_full(r);

	r->bytes -= n;
	do {
		struct queued *q = &r->queue[r->first];
		size_t piece = q->end - q->offset;
		if (n < piece) {
			q->offset += n;
			break;
		}
		n -= piece;
		release(q->block);
		r->first = (r->first + 1) % r->size;
		r->n--;
	} while (n > 0);
	r->last_taken = clock_now();
	if (was_full && !is_full(r))
		update(r->fanout);
}

static ssize_t subscriber_read(void *object, void *data, size_t n)
{
	struct subscriber *r = object;
	struct iovec iov;
	size_t done = 0;

	if (r->bytes == 0) {
		errno = EAGAIN;
		return is_over(r) ? 0 : -1;
	}
	while (done < n && subscriber_look(r, &iov, 1)) {
		size_t piece = iov.iov_len < n - done ? iov.iov_len : n - done;
		memcpy((char *)data + done, iov.iov_base, piece);
		done += piece;
		subscriber_took(r, piece);
	}
	return (ssize_t)done;
}

void subscriber_endpoint(struct endpoint *e, struct subscriber *r, const char *name)
{
	static const struct endpoint_ops ops = { .read = subscriber_read,
						 .ready = subscriber_ready };

	endpoint_object(e, ENDPOINT_SUBSCRIBER, &ops, r, name);
}
