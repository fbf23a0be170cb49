/* fanout.c - what one publishes, to many subscribers */
#include "flow/fanout.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/signals.h"

#define LIMIT (1 << 20) /* bytes that may wait for a subscriber */
#define BLOCK (64 << 10)
#define BULK (32 << 10) /* so much at once: worth a pipe */
#define STALL_LOOKS 8	/* in the time of --stall */
#define STALL_LOOK_LEAST (10 * MILLISECOND)

struct block {
	size_t users, size;
	char data[];
};

static void block_release(struct block *b)
{
	if (--b->users == 0)
		free(b);
}

/* How much waits for R. Packets without a byte take memory too. */
static size_t subscriber_waits(const struct subscriber *r)
{
	return r->bytes + (r->fanout->c.packets ? r->n * sizeof(struct block) : 0);
}

static bool subscriber_is_full(const struct subscriber *r)
{
	return !r->finished && subscriber_waits(r) >= r->fanout->c.limit;
}

/* Does R lose what it has no room for? Else all wait for it. */
static bool subscriber_may_lose(const struct subscriber *r)
{
	return r->fanout->c.live || r->overhears;
}

/* Is what comes now lost for R? Not one by one, so that it has few gaps, and few blocks are kept
 * for a little of each. */
static bool subscriber_loses(struct subscriber *r)
{
	if (r->losing)
		r->losing = subscriber_waits(r) > r->fanout->c.limit / 2;
	else
		r->losing = subscriber_may_lose(r) && subscriber_is_full(r);
	return r->losing;
}

/* Reads the source while there are subscribers, none is full, and the copies are not behind; or, of
 * what is live, always but for the copies. */
static void fanout_update(void *arg)
{
	struct fanout *f = arg;
	bool wanted, was_full = f->full;
	int64_t resume = 0;

	f->full = false;
	for (const struct subscriber *r = f->subscribers; r && !f->full; r = r->next)
		f->full = !subscriber_may_lose(r) && subscriber_is_full(r);
	wanted = f->source && (f->n > 0 || f->c.live) && !f->ended && !f->full;
	if (was_full && !f->full && f->c.room)
		f->c.room(f->c.arg);
	if (wanted)
		resume = filter_resume(f->c.filter, false);
	timer_set(f->loop, &f->pause, resume ? resume : NEVER);
	if (wanted && !resume)
		watch_set(f->loop, &f->watch, POLLIN);
	else
		watch_drop(f->loop, &f->watch);
}

static void subscriber_look_later(struct subscriber *r, int64_t end)
{
	int64_t look = r->fanout->c.stall / STALL_LOOKS;

	look = clock_after(clock_now(), look < STALL_LOOK_LEAST ? STALL_LOOK_LEAST : look);
	timer_set(r->fanout->loop, &r->stall, look < end ? look : end);
}

/* A subscriber that is full keeps the others waiting, if there are any. */
static void subscriber_look_stalled(void *arg)
{
	struct subscriber *r = arg;
	struct fanout *f = r->fanout;
	int64_t taken, end;

	if (!subscriber_is_full(r))
		return;
	taken = f->c.last_taken(f->c.arg, r);
	if (taken > r->last_taken)
		r->last_taken = taken;
	end = clock_after(r->last_taken, f->c.stall);
	if (clock_now() < end)
		subscriber_look_later(r, end);
	else if (f->n < 2)
		subscriber_look_later(r, NEVER);
	else
		f->c.stalled(f->c.arg, r);
}

/* A new place at the end of R's ring, which grows if it is full. NULL without memory. */
static struct queued *subscriber_next_place(struct subscriber *r)
{
	size_t size = r->size ? 2 * r->size : 8;
	struct queued *queue = r->queue;

	if (!r->size || r->n == r->size) {
		queue = malloc(size * sizeof *queue);
		if (!queue)
			return NULL;
		for (size_t i = 0; r->size > 0 && r->queue && i < r->n; i++)
			queue[i] = r->queue[(r->first + i) % r->size];
		free(r->queue);
		r->queue = queue;
		r->size = size;
		r->first = 0;
	}
	return &queue[(r->first + r->n++) % r->size];
}

/* The last thing in R's queue, NULL if that is empty. */
static struct queued *subscriber_last(const struct subscriber *r)
{
	return r->n ? &r->queue[(r->first + r->n - 1) % r->size] : NULL;
}

/* R gets what B has from OFFSET on. */
static void subscriber_push(struct subscriber *r, struct block *b, size_t offset)
{
	struct fanout *f = r->fanout;
	struct queued *last = subscriber_last(r);

	if (r->finished || r->error)
		return;
	if (subscriber_loses(r)) {
		r->lost++;
		r->lost_bytes += b->size - offset;
		return;
	}
	if (last && last->block == b && last->end == offset) {
		last->end = b->size;
	} else {
		struct queued *next = subscriber_next_place(r);
		if (!next) {
			r->error = ENOMEM;
			return;
		}
		*next = (struct queued){ b, offset, b->size };
		b->users++;
	}
	if (r->bytes == 0)
		r->last_taken = clock_now();
	r->bytes += b->size - offset;
	if (f->c.stall != UNSET && !subscriber_may_lose(r) && subscriber_is_full(r))
		subscriber_look_later(r, clock_after(r->last_taken, f->c.stall));
}

/* Tells all subscribers, who may leave, and make others leave. */
static void fanout_tell_all(void *arg)
{
	struct fanout *f = arg;

	for (f->cursor = f->subscribers; f->cursor;) {
		struct subscriber *r = f->cursor;
		f->cursor = r->next;
		if (r->ready)
			r->ready(r->arg);
	}
	fanout_update(f);
}

static void fanout_tell_later(struct fanout *f)
{
	if (!f->news.slot)
		timer_set(f->loop, &f->news, clock_now());
}

/* An empty block with room for N bytes, which the caller uses. NULL with errno ENOMEM. */
static struct block *block_new(size_t n)
{
	struct block *b = malloc(sizeof *b + n);

	if (b)
		*b = (struct block){ .users = 1 };
	return b;
}

/* R loses what the tail was to have, by ERROR. */
static void subscriber_fail(struct subscriber *r, int error)
{
	const struct queued *last = subscriber_last(r);

	if (!last || last->block != r->fanout->tail)
		return;
	r->bytes -= last->end - last->offset;
	r->n--;
	r->error = error;
	block_release(last->block);
}

/* Moves what the pages have to the tail, if somebody has still to take it. */
static void fanout_unpage(struct fanout *f)
{
	struct block *b = f->tail;
	int error;

	if (f->pages.n == 0 || pages_empty(&f->pages, b->users > 1 ? b->data : NULL) == 0)
		return;
	error = errno;
	for (struct subscriber *r = f->subscribers; r; r = r->next)
		subscriber_fail(r, error);
}

/* A block, EMPTY or with room for BLOCK / 2 bytes or more: small pieces share one. NULL as above.
 */
static struct block *fanout_tail(struct fanout *f, bool empty)
{
	struct block *b = f->tail;

	fanout_unpage(f);
	if (b && b->users == 1)
		b->size = 0;
	if (b && b->size <= (empty ? 0 : BLOCK / 2))
		return b;
	if (b)
		block_release(b);
	return f->tail = block_new(BLOCK);
}

/* N bytes have been added to B, for all subscribers but EXCEPT. */
static void fanout_give(struct fanout *f, struct block *b, size_t n,
			const struct subscriber *except)
{
	b->size += n;
	for (struct subscriber *r = f->subscribers; r; r = r->next)
		if (r != except)
			subscriber_push(r, b, b->size - n);
	fanout_update(f);
	/* Not at once: whoever publishes is still in the middle of it. */
	fanout_tell_later(f);
}

/* Copies DATA of N bytes that the source gave, unless nobody is there who gets them. */
static void fanout_copy(struct fanout *f, const char *data, size_t n)
{
	if (f->n > 0)
		filter_copy_unsent(f->c.filter, data, n);
}

/* ---- publishers ---- */

/* Gives DATA of N bytes: where there are packets, or something may be lost, as one. Returns 0, or
 * -1 with errno ENOMEM. */
static int publisher_give(struct publisher *s, const char *data, size_t n)
{
	struct fanout *f = s->fanout;
	bool own = f->c.packets || (f->c.live && n > BLOCK / 2);

	do {
		struct block *b = own ? block_new(n) : fanout_tail(f, false);
		size_t piece = n;
		if (!b)
			return -1;
		if (!own && piece > BLOCK - b->size)
			piece = BLOCK - b->size;
		memcpy(b->data + b->size, data, piece);
		fanout_give(f, b, piece, s->self);
		if (own)
			block_release(b);
		data += piece;
		n -= piece;
	} while (n > 0);
	return 0;
}

/* Gives the lines in TEXT, which is freed. Returns 0, or -1 with errno ENOMEM. */
static int publisher_give_lines(struct publisher *s, struct text *text)
{
	bool failed = text->failed;

	for (size_t done = 0, n; !failed && done < text->length; done += n) {
		const char *line = text->data + done, *end = NULL;
		n = text->length - done;
		if (s->fanout->c.packets)
			end = memchr(line, '\n', n);
		if (end)
			n = (size_t)(end - line) + 1;
		failed = publisher_give(s, line, n) < 0;
	}
	text_free(text);
	errno = ENOMEM;
	return failed ? -1 : 0;
}

/* As publisher_write(), whether there is room or not. */
static ssize_t publisher_put(struct publisher *s, const char *data, size_t n)
{
	const struct fanout_config *c = &s->fanout->c;
	size_t most = c->packets ? n : c->chat ? CHAT_MOST : BLOCK;
	struct text lines = { 0 };

	n = n < most ? n : most;
	if (!c->chat)
		return publisher_give(s, data, n) < 0 ? -1 : (ssize_t)n;
	chat_put(&s->chat, data, n, &lines);
	if (publisher_give_lines(s, &lines) < 0)
		return -1;
	/* A line ends with its packet. */
	if (c->packets)
		publisher_end(s);
	return (ssize_t)n;
}

static bool publisher_ready(const void *object)
{
	const struct publisher *s = object;

	return !s->fanout->full;
}

static ssize_t publisher_write(void *object, const void *data, size_t n)
{
	errno = EAGAIN;
	return publisher_ready(object) ? publisher_put(object, data, n) : -1;
}

/* Can what S reads from SOURCE go out by splice(2), seen by nobody here? */
static bool publisher_is_blind(const struct publisher *s, const struct endpoint *source)
{
	const struct fanout *f = s->fanout;

	return f->bulk && !f->c.chat && (s != &f->publisher || !f->c.filter->copies) &&
	       !source->takes &&
	       (source->kind == ENDPOINT_PIPE || source->kind == ENDPOINT_FILE ||
		(source->owned &&
		 (source->kind == ENDPOINT_TCP || source->kind == ENDPOINT_STREAM)));
}

ssize_t publisher_take(struct publisher *s, const struct endpoint *source, size_t n)
{
	struct fanout *f = s->fanout;
	bool blind = publisher_is_blind(s, source);
	struct block *b;
	size_t most;
	ssize_t got;

	/* What is in the pages is sent first: it would have to be copied for whom it is not. */
	errno = EAGAIN;
	b = publisher_ready(s) && !(f->pages.n && f->news.slot) ? fanout_tail(f, blind) : NULL;
	if (!b)
		return -1;
	most = f->c.chat ? CHAT_MOST : BLOCK - b->size;
	if (n < most)
		most = n;
	got = blind ? pages_take(&f->pages, source->rfd, most) : 0;
	if (got == 0)
		got = endpoint_read(source, b->data + b->size, most);
	f->bulk = got >= BULK;
	if (got <= 0)
		return got;
	if (s == &f->publisher)
		fanout_copy(f, b->data + b->size, (size_t)got);
	if (f->c.chat)
		return publisher_put(s, b->data + b->size, (size_t)got);
	fanout_give(f, b, (size_t)got, s->self);
	return got;
}

void publisher_end(struct publisher *s)
{
	struct text lines = { 0 };

	if (s->chat.line.length == 0)
		return;
	chat_end(&s->chat, &lines);
	publisher_give_lines(s, &lines);
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

/* ---- the source ---- */

static void fanout_end_source(struct fanout *f, int error)
{
	publisher_end(&f->publisher);
	f->ended = true;
	f->error = error;
	watch_drop(f->loop, &f->watch);
	f->c.ended(f->c.arg, error);
	fanout_tell_later(f);
}

/* Reads from the source once, and gives all that is whole. Returns as read(2). */
static ssize_t fanout_read(struct fanout *f)
{
	const char *data;
	int found;
	size_t size;
	ssize_t n;

	if (!f->c.packets)
		return publisher_take(&f->publisher, f->source, SIZE_MAX);
	n = framer_fill(&f->framer, f->source, SIZE_MAX);
	if (n < 0)
		return -1;
	while ((found = framer_next(&f->framer, f->c.packet_most, &data, &size)) > 0) {
		f->c.filter->after_cr = false;
		fanout_copy(f, data, size);
		if (publisher_put(&f->publisher, data, size) < 0)
			return -1;
		framer_took(&f->framer);
	}
	return found < 0 ? -1 : n;
}

static void fanout_readable(void *arg, short events)
{
	struct fanout *f = arg;
	ssize_t n = fanout_read(f);

	(void)events;
	/* See flow_step(). */
	if (n == 0 && endpoint_may_be_cut(f->source) && signals_have_come())
		return;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fanout_end_source(f, n == 0 ? 0 : errno);
}

void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source)
{
	*f = (struct fanout){ .loop = loop, .c = *c, .source = source };
	if (!c->limit)
		f->c.limit = LIMIT;
	f->publisher.fanout = f;
	framer_start(&f->framer, c->frame, c->carrier ? c->packet_most : FRAMER_READ_MOST,
		     FRAMER_PIECE);
	f->framer.carrier = c->carrier;
	f->news = (struct timer){ .fn = fanout_tell_all, .arg = f };
	if (source)
		f->watch = endpoint_watch(source, fanout_readable, f);
	f->pause = (struct timer){ .fn = fanout_update, .arg = f };
	fanout_update(f);
}

void fanout_finish(struct fanout *f)
{
	f->c.endless = false;
	f->ended = true;
	watch_drop(f->loop, &f->watch);
	fanout_tell_later(f);
}

void fanout_stop(struct fanout *f)
{
	if (!f->loop)
		return;
	watch_drop(f->loop, &f->watch);
	timer_drop(f->loop, &f->pause);
	timer_drop(f->loop, &f->news);
	chat_free(&f->publisher.chat);
	framer_free(&f->framer);
	if (f->pages.n > 0)
		pages_empty(&f->pages, NULL);
	if (f->tail)
		block_release(f->tail);
	f->tail = NULL;
	f->loop = NULL;
}

static void fanout_add(struct fanout *f, struct subscriber *r, bool overhears)
{
	*r = (struct subscriber){ .fanout = f,
				  .next = f->subscribers,
				  .last_taken = clock_now(),
				  .overhears = overhears };
	r->stall = (struct timer){ .fn = subscriber_look_stalled, .arg = r };
	if (r->next)
		r->next->previous = r;
	f->subscribers = r;
	f->n += !overhears;
	fanout_update(f);
}

void fanout_join(struct fanout *f, struct subscriber *r)
{
	fanout_add(f, r, false);
}

void fanout_overhear(struct fanout *f, struct subscriber *r)
{
	fanout_add(f, r, true);
}

size_t subscriber_finish(struct subscriber *r)
{
	struct fanout *f = r->fanout;

	if (!r->finished) {
		r->finished = true;
		timer_drop(f->loop, &r->stall);
		f->n -= !r->overhears;
		fanout_update(f);
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
		block_release(r->queue[(r->first + i) % r->size].block);
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
		f->n -= !r->overhears;
	*r = (struct subscriber){ 0 };
	fanout_update(f);
}

bool subscriber_is_over(const struct subscriber *r)
{
	return r->finished || r->error || (r->fanout->ended && !r->fanout->c.endless);
}

int subscriber_nothing(const struct subscriber *r)
{
	errno = !subscriber_is_over(r) ? EAGAIN : r->error ? r->error : r->fanout->error;
	return errno && (r->error || !r->finished) ? -1 : 0;
}

static bool subscriber_ready(const void *object)
{
	const struct subscriber *r = object;

	return r->n > 0 || subscriber_is_over(r);
}

int subscriber_look(struct subscriber *r, struct iovec *iov, int most)
{
	struct fanout *f = r->fanout;
	const struct queued *last = subscriber_last(r);
	int n = 0;

	if (!last)
		return 0;
	if (last->block == f->tail)
		fanout_unpage(f);
	for (; n < most && (size_t)n < r->n; n++) {
		const struct queued *q = &r->queue[(r->first + (size_t)n) % r->size];
		iov[n].iov_base = q->block->data + q->offset;
		iov[n].iov_len = q->end - q->offset;
	}
	return n;
}

void subscriber_took(struct subscriber *r, size_t n)
{
	bool was_full = subscriber_is_full(r);

	r->bytes -= n;
	do {
		struct queued *q = &r->queue[r->first];
		size_t piece = q->end - q->offset;
		if (n < piece) {
			q->offset += n;
			break;
		}
		n -= piece;
		block_release(q->block);
		r->first = (r->first + 1) % r->size;
		r->n--;
	} while (n > 0);
	r->last_taken = clock_now();
	if (was_full && !subscriber_is_full(r))
		fanout_update(r->fanout);
}

ssize_t subscriber_pass(struct subscriber *r, int fd, size_t most)
{
	const struct fanout *f = r->fanout;
	const struct queued *last = subscriber_last(r);
	ssize_t n;

	errno = ENOTSUP;
	if (f->pages.n == 0 || r->n != 1 || last->block != f->tail || r->bytes != f->pages.n ||
	    most < f->pages.n)
		return -1;
	n = pages_send(&f->pages, fd);
	if (n > 0)
		subscriber_took(r, (size_t)n);
	return n;
}

static ssize_t subscriber_read(void *object, void *data, size_t n)
{
	struct subscriber *r = object;
	struct iovec iov;
	size_t done = 0;

	if (r->bytes == 0)
		return subscriber_nothing(r);
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
