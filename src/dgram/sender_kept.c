/* sender_kept.c - datagrams kept for the next address */
#include "dgram/sender_kept.h"

#include "base/clock.h"

#define KEPT_MOST (64 << 10)
#define KEPT_TIME SECOND

static void sender_kept_too_old(void *arg)
{
	sender_kept_drop(arg);
}

void sender_kept_start(struct sender_kept *k, struct loop *loop, bool complete)
{
	k->loop = loop;
	k->complete = complete;
	k->timer = (struct timer){ .fn = sender_kept_too_old, .arg = k };
}

void sender_kept_drop(struct sender_kept *k)
{
	k->complete = false;
	timer_drop(k->loop, &k->timer);
	if (!k->resending)
		dgram_store_free(&k->store);
}

void sender_kept_add(struct sender_kept *k, const struct dgram *v, size_t n)
{
	if (!k->complete || k->resending)
		return;
	if (dgram_store_add(&k->store, v, n, KEPT_MOST) < 0)
		sender_kept_drop(k);
	else if (!k->timer.slot)
		timer_set(k->loop, &k->timer, clock_after(clock_now(), KEPT_TIME));
}

void sender_kept_next(struct sender_kept *k)
{
	k->batch.at = 0;
	k->batch.n = dgram_store_next(&k->store, k->batch.v, DGRAM_BATCH);
	k->resending = k->batch.n > 0;
	if (!k->resending && !k->complete)
		sender_kept_drop(k);
}

void sender_kept_resend(struct sender_kept *k)
{
	k->store.at = 0;
	sender_kept_next(k);
}

void sender_kept_free(struct sender_kept *k)
{
	if (k->loop)
		timer_drop(k->loop, &k->timer);
	dgram_store_free(&k->store);
}
