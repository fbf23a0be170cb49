/* traffic.c - figures, totals and the idle limit of a run of datagrams */
#include "dgram/traffic.h"

#include "base/clock.h"
#include "base/number.h"

static void dgram_traffic_is_idle(void *arg)
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
	t->idle_timer = (struct timer){ .fn = dgram_traffic_is_idle, .arg = t };
	if (idle)
		timer_set(r->loop, &t->idle_timer, clock_after(t->start, r->data->idle_timeout));
	run_begin_intervals(r);
}

/* ---- what moves ---- */

/* Says under -vv that a datagram of SIZE bytes was sent to OTHER by INTERFACE, or came from there
 * (NULL: from a socket without a name) to LOCAL; empty or NULL: that is not said. */
static void dgram_traffic_trace(const struct dgram_traffic *t, bool sent,
				const struct address *other, const struct address *local,
				const char *interface, size_t size)
{
	char text[ADDRESS_TEXT], local_text[ADDRESS_TEXT], who[ADDRESS_TEXT] = "";
	const char *verb = sent ? "sent" : "received";
	const char *name = other ? address_text(other, text) :
			   local ? "a socket without a name" :
				   "";
	struct notice n;

	notice_begin(&n, t->run->messages, MESSAGE_STEP, verb);
	if (other)
		address_json(&n.json, sent ? "to" : "from", other);
	if (local)
		address_json(&n.json, "to", local);
	if (*interface)
		json_string(&n.json, "interface", interface);
	json_number(&n.json, "size", (int64_t)size);
	if (other)
		address_who(other, who);
	notice_end(&n, "%s %zu byte%s%s%s%s%s%s%s%s", verb, size, size == 1 ? "" : "s",
		   !*name ? "" :
		   sent	  ? " to " :
			    " from ",
		   name, who, local ? " on " : "", local ? address_text(local, local_text) : "",
		   *interface ? " by " : "", interface);
}

void dgram_traffic_copy(const struct dgram_traffic *t, const void *data, size_t size)
{
	const struct transcript_piece piece = { .sent = true, .offset = t->sent - size };

	run_copy(t->run, &piece, data, size);
}

void dgram_traffic_sent(struct dgram_traffic *t, const struct dgram *v, size_t n, bool copy,
			const struct address *to, const char *interface)
{
	bool trace = to && message_wanted(t->run->messages, MESSAGE_STEP);
	struct dgram_place place = { .v = v };

	copy = copy && run_copies(t->run);
	for (size_t done = 0, some; done < n; done += some) {
		const char *data = dgram_data(&place);
		size_t size = place.v->size;
		some = dgram_pass(&place, copy || trace ? 1 : n - done);
		t->sent += some * size;
		if (copy)
			dgram_traffic_copy(t, data, size);
		if (trace)
			dgram_traffic_trace(t, true, to, NULL, interface, size);
	}
	t->counts.sent += n;
	t->last_move = clock_now();
}

void dgram_traffic_received(struct dgram_traffic *t, const struct dgram_received *v, size_t n,
			    const struct address *local)
{
	bool trace = message_wanted(t->run->messages, MESSAGE_STEP);

	for (size_t i = 0; i < n; i++) {
		const struct dgram_received *d = &v[i];
		bool known = d->from->length || (local && d->from->who.known);

		t->received += d->size;
		if (trace)
			dgram_traffic_trace(t, false, known ? d->from : NULL,
					    local && d->to ? d->to : local, "",
					    local ? d->true_size : d->size);
	}
	t->counts.received += n;
	t->last_move = loop_now(t->run->loop);
}

/* ---- the idle limit and figures ---- */

void dgram_traffic_rest(struct dgram_traffic *t, int64_t time)
{
	if (t->rest_end < time)
		t->rest_end = time;
}

void dgram_traffic_report(struct dgram_traffic *t, enum message_level level, enum run_figures when,
			  const char *event, const struct address *peer,
			  const struct address *local, const char *why)
{
	struct dgram_mark now = { t->sent, t->received, t->counts, clock_now() };
	struct dgram_mark since = { .at = t->start };
	struct datagram_counts counts;
	struct figures f;

	if (when == FIGURES_INTERVAL) {
		since = t->mark.at ? t->mark : since;
		t->mark = now;
		event = "interval";
	}
	counts = (struct datagram_counts){ now.counts.sent - since.counts.sent,
					   now.counts.received - since.counts.received,
					   now.counts.errors - since.counts.errors };
	f = (struct figures){
		.sent = now.sent - since.sent,
		.received = now.received - since.received,
		.acknowledged = UNSET,
		.datagrams = &counts,
		.ns = since.at ? now.at - since.at : 0,
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
