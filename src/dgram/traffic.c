/* traffic.c - figures, totals and the idle limit of a run of datagrams */
#include "dgram/traffic.h"

#include "base/clock.h"
#include "base/number.h"

static void traffic_is_idle(void *arg)
{
	struct dgram_traffic *t = arg;
	int64_t limit = t->run->data->idle_timeout;
	int64_t at = clock_after(t->last_move > t->rest_end ? t->last_move : t->rest_end, limit);
	char time[32];

	if (at > clock_now()) {
		timer_set(t->run->loop, &t->idle_timer, at);
		return;
	}
	t->idle(t->arg, message_timeout(t->run->messages, "nothing moved for %s (--idle-timeout)",
					duration_format(time, sizeof time, limit)));
}

void dgram_traffic_start(struct dgram_traffic *t, struct run *r,
			 void (*idle)(void *arg, struct outcome outcome), void *arg)
{
	*t = (struct dgram_traffic){ .run = r, .idle = idle, .arg = arg };
	t->start = t->last_move = clock_now();
	t->idle_timer = (struct timer){ .fn = traffic_is_idle, .arg = t };
	timer_set(r->loop, &t->idle_timer, clock_after(t->start, r->data->idle_timeout));
}

void dgram_traffic_rest(struct dgram_traffic *t, int64_t time)
{
	if (t->rest_end < time)
		t->rest_end = time;
}

void dgram_traffic_report(const struct dgram_traffic *t, enum message_level level,
			  const char *event, const struct address *peer,
			  const struct address *local, const char *why)
{
	const struct figures f = {
		.sent = t->sent,
		.received = t->received,
		.datagrams = &t->counts,
		.ns = t->start ? clock_now() - t->start : 0,
		.fd = -1,
		.status = -1,
		.peer = peer,
		.local = local,
		.why = why,
	};

	report_figures(t->run->messages, level, &f, event);
}

void dgram_traffic_totals(const struct dgram_traffic *t, uint64_t taken, int64_t expected,
			  struct run_totals *totals)
{
	*totals = (struct run_totals){ .sent = t->sent,
				       .received = t->received,
				       .taken = taken,
				       .expected = expected,
				       .start = t->start };
}

void dgram_traffic_end(struct dgram_traffic *t)
{
	if (t->run)
		timer_drop(t->run->loop, &t->idle_timer);
}
