#include "flow/fanout.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LIMIT (1 << 20)
#define BLOCK (64 << 10)

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

static bool is_full(const struct receiver *r)
{
	return r->bytes >= limit(r->fanout);
}

/* Reads while somebody receives and nobody is full. */
static void update(struct fanout *f)
{
	bool wanted = f->receivers && !f->ended;

	for (struct receiver *r = f->receivers; r && wanted; r = r->next)
		wanted = !is_full(r);
	if (wanted)
		watch_set(f->loop, &f->watch, POLLIN);
	else
		watch_drop(f->loop, &f->watch);
}

/* A receiver that is full keeps the others waiting, if there are any. */
static void stalled(void *arg)
{
	struct receiver *r = arg;
	struct fanout *f = r->fanout;
	int64_t now = clock_now(), end = clock_after(r->last_taken, f->c.stall);

	if (!is_full(r))
		return;
	if (now < end || f->n < 2)
		timer_set(f->loop, &r->stall, now < end ? end : clock_after(now, f->c.stall));
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

static void push(struct receiver *r, struct block *b)
{
	grow(r);
	r->queue[(r->first + r->n++) % r->size] = (struct queued){ b, 0 };
	b->users++;
	if (r->bytes == 0)
		r->last_taken = clock_now();
	r->bytes += b->size;
	if (is_full(r) && r->fanout->c.stall != UNSET)
		timer_set(r->fanout->loop, &r->stall,
			  clock_after(r->last_taken, r->fanout->c.stall));
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

static void end(struct fanout *f, int error)
{
	f->ended = true;
	watch_drop(f->loop, &f->watch);
	f->c.ended(f->c.arg, error);
	tell(f);
}

static void readable(void *arg, short events)
{
	struct fanout *f = arg;
	struct block *b = malloc(sizeof *b + BLOCK), *smaller;
	ssize_t n;

	(void)events;
	if (!b) {
		end(f, ENOMEM);
		return;
	}
	n = endpoint_read(f->source, b->data, BLOCK);
	if (n <= 0) {
		int error = errno;
		free(b);
		if (n == 0 || (error != EAGAIN && error != EINTR))
			end(f, n == 0 ? 0 : error);
		return;
	}
	if (n < BLOCK / 2) {
		smaller = realloc(b, sizeof *b + (size_t)n);
		b = smaller ? smaller : b;
	}
	b->size = (size_t)n;
	b->users = 1;
	if (f->c.filter)
		filter_copy(f->c.filter, b->data, b->size);
	for (struct receiver *r = f->receivers; r; r = r->next)
		push(r, b);
	release(b);
	tell(f);
}

void fanout_start(struct fanout *f, struct loop *loop, const struct fanout_config *c,
		  struct endpoint *source)
{
	*f = (struct fanout){ .loop = loop, .c = *c, .source = source };
	f->watch = (struct watch){ .fd = source->rfd, .fn = readable, .arg = f };
}

void fanout_stop(struct fanout *f)
{
	if (f->loop)
		watch_drop(f->loop, &f->watch);
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
	f->n--;
	*r = (struct receiver){ 0 };
	update(f);
}

bool receiver_ready(const struct receiver *r)
{
	return r->bytes > 0 || r->fanout->ended;
}

ssize_t receiver_read(struct receiver *r, void *data, size_t n)
{
	bool was_full = is_full(r);
	size_t done = 0;

	if (r->bytes == 0) {
		errno = EAGAIN;
		return r->fanout->ended ? 0 : -1;
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
