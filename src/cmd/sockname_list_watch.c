/* sockname_list_watch.c - `sockit sockname --listening --watch`: the changes of a list of sockets
 *
 * The kernel tells nobody of a socket that is made, only of those that have ended. So a new list is
 * made after such an event and, a few times a second, whenever the counters of TCP and UDP are not
 * as they were; of UNIX sockets, which have no counters, each time. However many sockets there are,
 * that takes at most a hundredth of a processor's time: after what took T follows a pause of 100 T.
 * Where something was found, and its process looked for, 10 T have to do.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "base/terminal.h"
#include "cmd/sockname_listing.h"
#include "cmd/sockname_watch.h"
#include "run/report.h"

#define PAUSE_LEAST (250 * MILLISECOND)
#define PAUSE_FACTOR 100
#define PAUSE_FACTOR_FOUND 10

struct listing_watch {
	struct sockname_watch w;
	struct listing *x;
	struct inventory seen;
	struct timer timer;
	int64_t rested; /* not to look before */
	uint64_t pulse;
	bool started, pulse_known;
	bool found; /* by the last look: a change */
};

/* What inventory_compare() is called for. */
struct comparison {
	struct listing_watch *w;
	struct inventory *now;	 /* what is new there gets its owners */
	struct inventory *fresh; /* what is new: its owners are found in one go */
	size_t at;		 /* how many of these have come */
	bool failed;		 /* no memory */
};

static void listing_collect_new(void *arg, const struct inventory_pair *pair)
{
	struct comparison *c = arg;

	c->w->found |= !pair->old || !pair->new;
	if (!pair->old)
		c->failed |= inventory_add(c->fresh, pair->new) < 0;
}

static void listing_tell(struct listing_watch *w, const struct inventory *i,
			 const struct inventory_socket *s, enum sockname_change change)
{
	struct facts *f = &w->w.facts;

	if (!listing_has_program(w->x, i, s))
		return;
	sockname_watch_begin(&w->w, change);
	inventory_json(&f->json, i, s);
	inventory_row(&f->table, i, s, listing_columns(w->x));
	sockname_watch_end(&w->w);
}

static void listing_take_pair(void *arg, const struct inventory_pair *pair)
{
	struct comparison *c = arg;
	struct listing_watch *w = c->w;
	const struct inventory *from = pair->old ? &w->seen : c->fresh;
	const struct inventory_socket *same = pair->old;

	if (!pair->new) {
		listing_tell(w, &w->seen, pair->old, CHANGE_GONE);
		return;
	}
	if (!same)
		same = &c->fresh->sockets[c->at++];
	c->failed |= inventory_copy_owners(c->now, pair->new, from, same) < 0;
	if (!pair->old)
		listing_tell(w, c->now, pair->new, w->started ? CHANGE_NEW : CHANGE_NONE);
}

/* Tells what is another in NOW than in what was seen before, which it becomes. Returns 0, or -1
 * with errno. */
static int listing_tell_changes(struct listing_watch *w, struct inventory *now)
{
	struct inventory fresh = { 0 };
	struct comparison c = { .w = w, .now = now, .fresh = &fresh };
	int error = ENOMEM;

	inventory_compare(&w->seen, now, listing_collect_new, &c);
	/* Where there is no /proc nobody knows. */
	if (!c.failed && fresh.n > 0 && inventory_find_owners(&fresh) < 0 && errno_is_lack(errno)) {
		c.failed = true;
		error = errno;
	}
	if (!c.failed)
		inventory_compare(&w->seen, now, listing_take_pair, &c);
	inventory_free(&fresh);
	inventory_free(&w->seen);
	w->seen = *now;
	errno = error;
	return c.failed ? -1 : 0;
}

/* Does a connection of I wait to be accepted? That it is no counter tells. */
static bool listing_any_unaccepted(const struct inventory *i)
{
	bool any = false;

	for (size_t k = 0; k < i->n && !any; k++)
		any = i->sockets[k].state == INVENTORY_ESTABLISHED && !i->sockets[k].inode;
	return any;
}

/* Makes a new list, unless it would be the one before. Returns 0, or -1 with errno. */
static int listing_look_anew(struct listing_watch *w)
{
	struct inventory now;
	uint64_t pulse;
	bool known = !w->x->q.wanted[INVENTORY_UNIX] && inventory_read_pulse(&pulse) == 0;

	w->found = false;
	if (known && w->pulse_known && pulse == w->pulse)
		return 0;
	if (listing_get(w->x, &now) < 0)
		return -1;
	w->pulse_known = known && !listing_any_unaccepted(&now);
	w->pulse = known ? pulse : 0;
	if (listing_tell_changes(w, &now) < 0)
		return -1;
	w->started = true;
	sockname_watch_flush(&w->w);
	return 0;
}

static void listing_look(void *arg)
{
	struct listing_watch *w = arg;
	int64_t start = clock_now(), pause;

	/* Until then events pile up unseen. */
	sockname_watch_listen(&w->w, start >= w->rested);
	if (start < w->rested) {
		timer_set(w->x->run.loop, &w->timer, w->rested);
		return;
	}
	if (listing_look_anew(w) < 0) {
		run_end(&w->x->run, report_error(w->x->l->messages, "the list of sockets", errno));
		return;
	}
	pause = (w->found ? PAUSE_FACTOR_FOUND : PAUSE_FACTOR) * (clock_now() - start);
	w->rested = clock_now() + pause;
	timer_set(w->x->run.loop, &w->timer,
		  clock_now() + (pause > PAUSE_LEAST ? pause : PAUSE_LEAST));
}

static void listing_look_in_time(void *arg)
{
	struct listing_watch *w = arg;

	sockname_watch_look(&w->w);
}

struct listing_watch *listing_watch_start(struct listing *x)
{
	struct listing_watch *w = calloc(1, sizeof *w);

	if (!w) {
		run_end(&x->run, report_error(x->l->messages, "--watch", errno));
		return NULL;
	}
	w->x = x;
	w->timer = (struct timer){ .fn = listing_look_in_time, .arg = w };
	w->w = (struct sockname_watch){
		.run = &x->run, .between = "\t", .look = listing_look, .arg = w
	};
	sockname_watch_start(&w->w, inventory_listen());
	if (isatty(STDOUT_FILENO))
		inventory_heading(sockname_watch_heading(&w->w), listing_columns(x),
				  terminal_columns(STDOUT_FILENO));
	listing_look(w);
	/* The first list does not count. */
	w->rested = 0;
	timer_set(x->run.loop, &w->timer, clock_now() + PAUSE_LEAST);
	return w;
}

void listing_watch_free(struct listing_watch *w)
{
	if (!w)
		return;
	timer_drop(w->x->run.loop, &w->timer);
	inventory_free(&w->seen);
	sockname_watch_free(&w->w);
	free(w);
}
