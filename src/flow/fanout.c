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
	char data[BLOCK];
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

static bool is_full(const struct receiver *r)
{
	return !r->finished && r->bytes >= limit(r->fanout);
}

/* Reads while somebody receives, nobody is full, and the copies are not behind. */
static void update(struct fanout *f)
{
	bool wanted = f->n > 0 && !f->ended;
	int64_t resume = 0;

	for (struct receiver *r = f->receivers; r && wanted; r = r->next)
		wanted = !is_full(r);
	if (wanted && f->c.filter)
		resume = filter_resume(f->c.filter, false);
	timer_set(f->loop, &f->pause, resume ? resume : NEVER);
	if (wanted && !resume)
		watch_set(f->loop, &f->watch, POLLIN);
	else
		watch_drop(f->loop, &f->watch);
}

static void look_later(struct receiver *r, int64_t end)
{
	int64_t look = r->fanout->c.stall / STALL_LOOKS;

	look = clock_after(clock_now(), look < STALL_LOOK_LEAST ? STALL_LOOK_LEAST : look);
	timer_set(r->fanout->loop, &r->stall, look < end ? look : end);
}

/* A receiver that is full keeps the others waiting, if there are any. */
static void stalled(void *arg)
{
	struct receiver *r = arg;
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

/* Room for one more in R's ring. */
static void grow(struct receiver *r)
{
	size_t size = r->size ? 2 * r->size : 8;
	struct queued *queue;

	if (r->n < r->size)
		return;
	queue = malloc(size * sizeof *queue);
	if (!queue)
		abort(); /* as the loop does: nobody else would be told */
	for (size_t i = 0; i < r->n; i++)
		queue[i] = r->queue[(r->first + i) % r->size];
	free(r->queue);
	r->queue = queue;
	r->size = size;
	r->first = 0;
}

/* R gets what B has from OFFSET on. */
static void push(struct receiver *r, struct block *b, size_t offset)
{
	struct fanout *f = r->fanout;

	if (r->finished)
		return;
	if (r->n == 0 || r->queue[(r->first + r->n - 1) % r->size].block != b) {
		grow(r);
		r->queue[(r->first + r->n++) % r->size] = (struct queued){ b, offset };
		b->users++;
	}
	if (r->bytes == 0)
		r->last_taken = clock_now();
	r->bytes += b->size - offset;
	if (is_full(r) && f->c.stall != UNSET)
		look_later(r, clock_after(r->last_taken, f->c.stall));
}

/* Calls all. What is called may leave, and make others leave. */
static void tell(struct fanout *f)
{
	for (f->cursor = f->receivers; f->cursor;) {
		struct receiver *r = f->cursor;
		f->cursor = r->next;
		if (r->ready)
			r->ready(r->arg);
	}
	update(f);
}

static void source_ended(struct fanout *f, int error)
{
	f->ended = true;
	watch_drop(f->loop, &f->watch);
	f->c.ended(f->c.arg, error);
	tell(f);
}

/* A block that has room: small pieces share one. NULL where there is no memory. */
static struct block *room(struct fanout *f)
{
	struct block *b = f->tail;

	if (b && b->users == 1)
		b->size = 0;
	if (b && b->size <= BLOCK / 2)
		return b;
	if (b)
		release(b);
	b = f->tail = malloc(sizeof *b);
	if (b) {
		b->users = 1;
		b->size = 0;
	}
	return b;
}

static void readable(void *arg, short events)
{
	struct fanout *f = arg;
	struct block *b = room(f);
	ssize_t n;

	(void)events;
	if (!b) {
		source_ended(f, ENOMEM);
		return;
	}
	n = endpoint_read(f->source, b->data + b->size, BLOCK - b->size);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			source_ended(f, n == 0 ? 0 : errno);
		return;
	}
	if (f->c.filter)
		filter_copy(f->c.filter, b->data + b->size, (size_t)n);
	b->size += (size_t)n;
	for (struct receiver *r = f->receivers; r; r = r->next)
		push(r, b, b->size - (size_t)n);
	tell(f);
}

static void go_on(void *arg)
{
	update(arg);
}

void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source)
{
	*f = (struct fanout){ .loop = loop, .c = *c, .source = source };
	f->watch = (struct watch){ .fd = source->rfd, .fn = readable, .arg = f };
	f->pause = (struct timer){ .fn = go_on, .arg = f };
}

void fanout_stop(struct fanout *f)
{
	if (!f->loop)
		return;
	watch_drop(f->loop, &f->watch);
	timer_drop(f->loop, &f->pause);
	if (f->tail)
		release(f->tail);
	f->tail = NULL;
	f->loop = NULL;
}

void receiver_on_ready(struct receiver *r, void (*ready)(void *arg), void *arg)
{
	r->ready = ready;
	r->arg = arg;
}

void fanout_join(struct fanout *f, struct receiver *r)
{
	*r = (struct receiver){ .fanout = f, .next = f->receivers, .last_taken = clock_now() };
	r->stall = (struct timer){ .fn = stalled, .arg = r };
	if (r->next)
		r->next->previous = r;
	f->receivers = r;
	f->n++;
	update(f);
}

size_t receiver_finish(struct receiver *r)
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

void fanout_leave(struct receiver *r)
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
		f->receivers = r->next;
	if (!r->finished)
		f->n--;
	*r = (struct receiver){ 0 };
	update(f);
}

bool receiver_ready(const struct receiver *r)
{
	return r->bytes > 0 || r->finished || r->fanout->ended;
}

ssize_t receiver_read(struct receiver *r, void *data, size_t n)
{
	bool was_full = is_full(r);
	size_t done = 0;

	if (r->bytes == 0) {
		errno = EAGAIN;
		return r->finished || r->fanout->ended ? 0 : -1;
	}
	while (done < n && r->n > 0) {
		struct queued *q = &r->queue[r->first];
		size_t piece = q->block->size - q->offset;
		piece = piece < n - done ? piece : n - done;
		memcpy((char *)data + done, q->block->data + q->offset, piece);
		done += piece;
		q->offset += piece;
		if (q->offset < q->block->size)
			break;
		release(q->block);
		r->first = (r->first + 1) % r->size;
		r->n--;
	}
	r->bytes -= done;
	r->last_taken = clock_now();
	if (was_full && !is_full(r))
		update(r->fanout);
	return (ssize_t)done;
}
