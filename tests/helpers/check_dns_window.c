/* check_dns_window.c - src/names/dns_window.c against servers of every kind, in a time of its own
 */
#include <stdio.h>

#include "base/clock.h"
#include "names/dns_window.h"

enum { QUESTIONS = 8000, ROOM = 166 }; /* of long questions, in a usual receive buffer */

static int wrong;

/* A server that takes `each` ns to read a question, one by one, from the 3,000th on `then` where
 * that is not 0: this changes while it reads 4,000. It answers `delay` ns later, every second one
 * after `other` where that is not 0. It is `late` to read the first one. */
struct kind {
	const char *name;
	int64_t each, then, delay, other, late;
	int64_t most; /* ns to answer all */
};

static const struct kind kinds[] = {
	{ "near", 10000, 0, 1, 0, 0, 82000000 },
	{ "near and slow", 1000000, 0, 1, 0, 0, 8010000000 },
	{ "near, late at first", 10000, 0, 1, 0, 300000, 83000000 },
	{ "near, slower and slower", 10000, 50000, 1, 0, 0, 210000000 },
	{ "far", 10000, 0, 5000000, 0, 0, 140000000 },
	{ "far and quick", 1000, 0, 5000000, 0, 0, 25000000 },
	{ "far, slower and slower", 10000, 50000, 5000000, 0, 0, 240000000 },
	{ "far, quicker and quicker", 20000, 2000, 5000000, 0, 0, 270000000 },
	{ "very far", 10000, 0, 100000000, 0, 0, 450000000 },
	{ "asks others", 2000, 0, 1000, 10000000, 0, 80000000 },
};

struct question {
	struct dns_flight flight;
	int64_t answered; /* when it will be */
};

static int64_t now = SECOND;

int64_t clock_now(void)
{
	return now;
}

static int64_t delay_of(const struct kind *k, size_t i)
{
	return k->other && i % 2 ? k->other : k->delay;
}

static int64_t each_of(const struct kind *k, int64_t i)
{
	int64_t changed = i < 3000 ? 0 : i < 7000 ? i - 3000 : 4000;

	return k->then ? k->each + (k->then - k->each) * changed / 4000 : k->each;
}

static void run(const struct kind *k)
{
	static struct question q[QUESTIONS];
	int64_t start = now, free_at = now + k->late, widened = 0;
	size_t sent = 0, done = 0, most = 0;
	struct dns_window w;

	dns_window_start(&w);
	while (done < QUESTIONS) {
		int64_t next = NEVER, wait;
		size_t unread = 0, at = 0;
		for (; sent < QUESTIONS && dns_window_is_open(&w); sent++) {
			dns_window_depart(&w, &q[sent].flight);
			q[sent].flight.sent = now;
			free_at = (free_at > now ? free_at : now) + each_of(k, (int64_t)sent);
			q[sent].answered = free_at + delay_of(k, sent);
		}
		for (size_t i = 0; i < sent; i++) {
			if (!q[i].flight.flying)
				continue;
			unread += q[i].answered - delay_of(k, i) > now;
			if (q[i].answered < next) {
				next = q[i].answered;
				at = i;
			}
		}
		most = unread > most ? unread : most;
		wait = sent < QUESTIONS ? dns_window_wait(&w) : UNSET;
		widened = widened > now ? widened : now;
		if (wait != UNSET && widened + wait < next) {
			now = widened += wait;
			dns_window_widen(&w);
			continue;
		}
		now = next;
		dns_window_answered(&w, &q[at].flight, now);
		dns_window_land(&w, &q[at].flight);
		done++;
	}
	if (now - start > k->most || most > ROOM) {
		wrong = 1;
		printf("%s: %lld us, %zu unread, window %zu\n", k->name,
		       (long long)(now - start) / 1000, most, w.size);
	}
}

/* Nobody answers: what is given up makes room, and is few after that. */
static void run_silent(void)
{
	static struct dns_flight f[QUESTIONS];
	struct dns_window w;
	size_t n = 0, first;

	dns_window_start(&w);
	while (dns_window_is_open(&w))
		dns_window_depart(&w, &f[n++]);
	first = n;
	for (size_t i = 0; i < first; i++) {
		dns_window_lost(&w, now, now + SECOND);
		dns_window_land(&w, &f[i]);
	}
	while (n < QUESTIONS && dns_window_is_open(&w))
		dns_window_depart(&w, &f[n++]);
	if (n != 2 * first) {
		wrong = 1;
		printf("silent: %zu, then %zu\n", first, n - first);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		run(&kinds[i]);
	run_silent();
	return wrong;
}
