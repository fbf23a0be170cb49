#include "base/clock.h"
#include "dgram/report.h"
#include "run/report.h"
#include "dgram/sender_state.h"

void sender_say(const struct sender *s, bool sent, const struct address *other,
		const char *interface, size_t size)
{
	char text[ADDRESS_TEXT] = "", who[ADDRESS_TEXT] = "";
	const char *name = text;
	struct notice n;

	notice_begin(&n, s->run->messages, MESSAGE_STEP, sent ? "sent" : "received");
	if (!n.wanted)
		return;
	if (other->length)
		address_json(&n.json, sent ? "to" : "from", other);
	if (interface)
		json_string(&n.json, "interface", interface);
	json_number(&n.json, "size", (int64_t)size);
	if (other->length) {
		name = address_text(other, text);
		address_who(other, who);
	}
	notice_end(&n, "%s %zu byte%s%s%s%s%s%s", sent ? "sent" : "received", size,
		   size == 1 ? "" : "s",
		   !*name ? "" :
		   sent	  ? " to " :
			    " from ",
		   name, who, interface ? " by " : "", interface ? interface : "");
}

static void figures(void *arg, bool at_end)
{
	const struct sender *s = arg;
	enum message_level level = !at_end || s->run->data->stats ? MESSAGE_NOTE : MESSAGE_VERBOSE;
	bool alone = !s->together && s->sock.peer.length;
	const struct outcome *o = &s->run->outcome;
	const struct datagram_counts counts = { s->sent_datagrams, s->received_datagrams,
						s->errors };
	const struct figures f = {
		.sent = s->sent_bytes,
		.received = s->received_bytes,
		.datagrams = &counts,
		.fd = -1,
		.status = -1,
		.ns = clock_now() - s->start,
		.peer = alone ? &s->sock.peer : NULL,
		.local = alone ? &s->sock.local : NULL,
		.why = !at_end			  ? NULL :
		       s->why			  ? s->why :
		       o->kind == OUTCOME_SIGNAL  ? "signal" :
		       o->kind == OUTCOME_TIMEOUT ? "time limit" :
						    "end of the run",
	};

	if (s->started)
		report_figures(s->run->messages, level, &f, at_end ? "closed" : "stats");
}

static void totals(void *arg, struct run_totals *t)
{
	const struct sender *s = arg;

	t->sent = s->sent_bytes;
	t->received = s->received_bytes;
	t->taken = s->input.read;
	t->expected = s->expected;
	t->start = s->start;
}

static void waits(void *arg, struct text *text)
{
	const struct sender *s = arg;

	if (!s->started)
		text_add(text, "the look-up of %s (--timeout)", s->c.host ? s->c.host : s->c.port);
	else if (s->waiting)
		text_add(text, "replies (%s)", s->wait == UNSET ? "--timeout" : "--wait");
	else if (s->finishing)
		text_add(text, "stdout to take what came (--timeout)");
	else if (s->sock_full)
		text_add(text, "the socket to take more (--timeout)");
	else if (s->paused)
		text_add(text, "the end of a pause (--pps, --rate, --interval)");
	else
		text_add(text, "stdin's data or end (-i)");
}

static void signalled(void *arg, int signal)
{
	struct sender *s = arg;

	(void)signal;
	if (!s->why)
		s->why = "signal";
}

void sender_report_start(struct sender *s, struct run *r)
{
	r->calls = (struct run_calls){ .figures = figures,
				       .totals = totals,
				       .waits = waits,
				       .signalled = signalled,
				       .arg = s };
}
