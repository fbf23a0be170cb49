#include "base/clock.h"
#include "dgram/report.h"
#include "dgram/receiver_state.h"
#include "run/report.h"

/* How many the kernel had no room for; -1: it does not tell. *LEAST: or more. */
static int64_t dropped(const struct receiver *x, bool *least)
{
	int64_t all = 0;

	*least = false;

	for (size_t i = 0; i < x->n_sockets; i++) {
		int64_t n = dgram_dropped(x->sockets[i].socket);
		if (n < 0)
			return -1;
		all += n;
		*least = *least || x->sockets[i].socket->grouped;
	}
	return all;
}

void receiver_say(const struct receiver *x, const struct receiver_socket *s,
		  const struct dgram_received *v, size_t n)
{
	char from[ADDRESS_TEXT], who[ADDRESS_TEXT], to[ADDRESS_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct address *asked = v[i].to ? v[i].to : &s->socket->local;
		struct notice notice;
		notice_begin(&notice, x->run->messages, MESSAGE_STEP, "received");
		if (v[i].from->length || v[i].from->who.known)
			address_json(&notice.json, "from", v[i].from);
		address_json(&notice.json, "to", asked);
		json_number(&notice.json, "size", (int64_t)v[i].true_size);
		notice_end(&notice, "received %zu byte%s from %s%s on %s", v[i].true_size,
			   v[i].true_size == 1 ? "" : "s",
			   v[i].from->length || v[i].from->who.known ?
				   address_text(v[i].from, from) :
				   "a socket without a name",
			   address_who(v[i].from, who), address_text(asked, to));
	}
}

static void figures(void *arg, bool at_end)
{
	const struct receiver *x = arg;
	const struct datagram_counts counts = { x->sent, x->received, x->errors };
	const struct figures f = {
		.sent = x->sent_bytes,
		.received = x->received_bytes,
		.datagrams = &counts,
		.fd = -1,
		.status = -1,
		.ns = x->start ? clock_now() - x->start : 0,
		.local = x->n_sockets == 1 ? &x->sockets[0].socket->local : NULL,
	};

	if (!at_end || x->run->data->stats)
		report_figures(x->run->messages, MESSAGE_NOTE, &f, "stats");
}

static void totals(void *arg, struct run_totals *t)
{
	const struct receiver *x = arg;

	*t = (struct run_totals){ .sent = x->sent_bytes,
				  .received = x->received_bytes,
				  .taken = x->input.read,
				  .expected = UNSET,
				  .start = x->start };
}

static void waits(void *arg, struct text *text)
{
	const struct receiver *x = arg;

	if (!x->start)
		return;
	if (datagram_output_waits(&x->out))
		text_add(text, "stdout to take what came (-i)");
	else if (x->exec.n)
		text_add(text, "%zu command%s", x->exec.n, x->exec.n == 1 ? "" : "s");
	else
		text_add(text, "a datagram (-w)");
}

bool receiver_say_losses(const struct receiver *x)
{
	const enum message_level level = x->c.options->strict ? MESSAGE_ERROR : MESSAGE_NOTE;
	bool least;
	int64_t lost = dropped(x, &least);
	struct notice n;

	if (lost > 0) {
		notice_begin(&n, x->run->messages, level, "lost");
		json_number(&n.json, least ? "at_least" : "count", lost);
		notice_end(&n, "%s%lld datagram%s lost: the receive buffer was full (see --rcvbuf)",
			   least ? "at least " : "", (long long)lost, lost == 1 ? "" : "s");
	}
	if (x->cut > 0) {
		notice_begin(&n, x->run->messages, level, "cut");
		json_number(&n.json, "count", (int64_t)x->cut);
		notice_end(&n, "%llu datagram%s cut to %zu byte%s (--size)",
			   (unsigned long long)x->cut, x->cut == 1 ? "" : "s", x->limit,
			   x->limit == 1 ? "" : "s");
	}
	return lost > 0 || x->cut > 0;
}

void receiver_report_start(struct receiver *x, struct run *r)
{
	r->calls = (struct run_calls){
		.figures = figures, .totals = totals, .waits = waits, .arg = x
	};
}
