/* report_pump.c - the end of a connection, its figures, and the clients that come and go */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"
#include "sock/stream.h"

void report_subject(struct notice *n, const struct subject *s)
{
	if (s->id)
		json_number(&n->json, "id", (int64_t)s->id);
	address_json(&n->json, "peer", s->peer);
}

/* Did P's peer answer, and have all of ours, before it reset the connection? Its kernel does so for
 * a program that closes what it has not read to the end. What it sent before that has come. */
static bool report_left_unread(const struct pump *p)
{
	int64_t fin = p->state.send == SEND_SHUT, left = stream_unacknowledged(p->peer->wfd);

	return p->error == ECONNRESET && pump_sent(p) && pump_received(p) && left >= 0 &&
	       left <= fin;
}

/* Says which step of P's dialogue came to nothing. */
static struct outcome report_step_failed(const struct messages *m, const struct pump *p,
					 const struct subject *s)
{
	const struct dialogue_run *r = p->extras->down->dialogue;
	bool late = r->end == DIALOGUE_TIMED_OUT;
	enum outcome_kind kind = late ? OUTCOME_TIMEOUT : OUTCOME_FAILED;
	struct text text = { 0 };
	struct notice n;

	dialogue_add_words(r, p->o->step_limit, &text);
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, kind, errno_name(late ? ETIMEDOUT : EPROTO));
	report_subject(&n, s);
	notice_end(&n, "%s: %.*s", s->name, (int)text.length, text.data ? text.data : "");
	text_free(&text);
	return (struct outcome){ kind, 0 };
}

struct outcome report_pump(const struct messages *m, const struct pump *p, const struct subject *s)
{
	char text[PATH_MAX + 192], why[ERRNO_TEXT], time[32];
	enum outcome_kind kind = OUTCOME_FAILED;
	int error = p->error;
	struct notice n;

	if (p->end <= PUMP_DONE)
		return (struct outcome){ OUTCOME_DONE, 0 };
	errno_text(error, why);
	switch (p->end) {
	case PUMP_RUNNING:
	case PUMP_CUT:
	case PUMP_DONE:
		break;
	case PUMP_RESET:
		if (p->messages && framer_is_fault(transfer_framer(&p->down.transfer), error)) {
			report_input_text(text, sizeof text, s->name, error,
					  transfer_framer(&p->down.transfer),
					  transfer_most(&p->down.transfer));
			break;
		}
		/* EPIPE: the peer had ended its direction before. The kernel has one errno for
		 * both. */
		snprintf(text, sizeof text, "%s: %s%s", s->name,
			 error == EPIPE ? "reset with input unsent: " :
			 report_left_unread(p) ?
					  "closed with what we sent unread, or broken off: " :
			 endpoint_passes(p->peer) && !stream_is_broken_by(error) ? "--send-fd: " :
										   "",
			 why);
		break;
	case PUMP_UNSENT:
		error = ECONNABORTED;
		snprintf(text, sizeof text, "%s: not all that was sent has been acknowledged",
			 s->name);
		break;
	case PUMP_IDLE:
		kind = OUTCOME_TIMEOUT;
		error = ETIMEDOUT;
		snprintf(text, sizeof text, "%s: nothing moved for %s (--idle-timeout)", s->name,
			 duration_format(time, sizeof time, p->o->idle));
		break;
	case PUMP_STEP_FAILED:
		return report_step_failed(m, p, s);
	case PUMP_IN_FAILED:
		report_input_text(text, sizeof text, p->in->name, error,
				  transfer_framer(&p->side->up.transfer),
				  transfer_most(&p->side->up.transfer));
		break;
	case PUMP_OUT_FAILED:
		/* SIGPIPE is for our stdout, not for another connection that we relay to. */
		if (report_ends_by_signal(error) && !p->out->owned)
			return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
		snprintf(text, sizeof text, "%s: %s", p->out->name, why);
		break;
	}
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, kind, errno_name(error));
	report_subject(&n, s);
	notice_end(&n, "%s", text);
	return (struct outcome){ kind, 0 };
}

/* Writes BYTES and, with COUNTED, the number of DATAGRAMS into TEXT. Returns TEXT. */
static const char *report_amount(uint64_t bytes, bool counted, uint64_t datagrams, char text[64])
{
	int n = 0;

	if (counted)
		n = snprintf(text, 64, "%llu datagram%s, ", (unsigned long long)datagrams,
			     datagrams == 1 ? "" : "s");
	snprintf(text + n, 64 - (size_t)n, "%llu byte%s", (unsigned long long)bytes,
		 bytes == 1 ? "" : "s");
	return text;
}

/* ---- what limited it ---- */

#define LIMITS_LEAST (100 * MILLISECOND)

/* A key for --json, and words. */
static const struct {
	char key[12], words[16];
} report_limits[PUMP_LIMITS] = {
	[PUMP_BY_RECEIVER] = { "receiver", "the receiver" },
	[PUMP_BY_NETWORK] = { "network", "the network" },
	[PUMP_BY_SEND_BUFFER] = { "send_buffer", "our send buffer" },
	[PUMP_BY_OTHER_SIDE] = { "other_side", "the other side" },
	[PUMP_BY_END] = { "", "" }, /* the endpoint's */
	[PUMP_BY_PAUSE] = { "pause", "a pause" },
};

/* Turns the times at NS into percent. Returns whether that is worth telling. */
static bool report_percents(const int64_t *ns, int *percent)
{
	int64_t all = 0;

	for (int i = 0; i < PUMP_LIMITS; i++)
		all += ns[i];
	for (int i = 0; i < PUMP_LIMITS; i++)
		percent[i] = all ? (int)((ns[i] * 100 + all / 2) / all) : 0;
	return all >= LIMITS_LEAST;
}

/* Adds the object of what limited F by PERCENT, and, if SAID, the words for it. */
static void report_limited(struct notice *n, struct text *text, const struct figures *f,
			   const int *percent, bool sending, bool said)
{
	const char *separator = sending ? ", limited by" : ", receiving limited by";
	const char *key = sending ? "input" : "output", *words = sending ? f->input : f->output;

	if (!words)
		words = sending ? "the input" : "the output";
	json_open(&n->json, sending ? "sending_limited_by" : "receiving_limited_by", '{');
	for (int i = 0; i < PUMP_LIMITS; i++) {
		bool own = i == PUMP_BY_END;
		if (!percent[i])
			continue;
		json_number(&n->json, own ? key : report_limits[i].key, percent[i]);
		if (said)
			text_add(text, "%s %s %d %%", separator,
				 own			       ? words :
				 i == PUMP_BY_PAUSE && f->rate ? "--rate" :
								 report_limits[i].words,
				 percent[i]);
		separator = ",";
	}
	json_close(&n->json, '}');
}

/* Adds who held F up: where nothing moved too, unless it was for want of data. Of the receiving our
 * side alone is worth words. */
static void report_add_limits(struct notice *n, struct text *text, const struct figures *f)
{
	int percent[PUMP_LIMITS];

	if (report_percents(f->limits.sending, percent) &&
	    (f->sent || percent[PUMP_BY_END] + percent[PUMP_BY_PAUSE] < 100))
		report_limited(n, text, f, percent, true, true);
	if (report_percents(f->limits.receiving, percent) &&
	    (f->received || percent[PUMP_BY_OTHER_SIDE] < 100))
		report_limited(n, text, f, percent, false, percent[PUMP_BY_OTHER_SIDE] < 100);
}

/* ---- figures ---- */

/* Adds the amounts and times of F as a sentence. */
static void report_add_amounts(struct text *text, const struct figures *f)
{
	char out[32], in[32], time[32], sent[64], received[64], taken[48] = "";
	double seconds = (double)(f->ns > 0 ? f->ns : 1) / (double)SECOND;
	struct datagram_counts none = { 0 }, d = f->datagrams ? *f->datagrams : none;

	duration_format(time, sizeof time, f->ns);
	if (f->unseen) {
		text_add(text, "after %s", time);
		return;
	}
	if (f->acknowledged != UNSET && (uint64_t)f->acknowledged < f->sent)
		snprintf(taken, sizeof taken, " (%lld acknowledged)", (long long)f->acknowledged);
	text_add(text, "sent %s%s, received %s in %s (%s/s out, %s/s in)",
		 report_amount(f->sent, f->datagrams, d.sent, sent), taken,
		 report_amount(f->received, f->datagrams, d.received, received), time,
		 size_format(out, sizeof out, (double)f->sent / seconds),
		 size_format(in, sizeof in, (double)f->received / seconds));
	if (f->lost)
		text_add(text, ", lost %llu %s%s (%s)", (unsigned long long)f->lost, f->lost_what,
			 f->lost == 1 ? "" : "s",
			 size_format(out, sizeof out, (double)f->lost_bytes));
}

/* Adds whose figures F are. */
static void report_add_whose(struct json *json, const struct figures *f)
{
	if (f->id)
		json_number(json, "id", (int64_t)f->id);
	if (f->peer)
		address_json(json, "peer", f->peer);
	else if (!f->datagrams)
		json_number(json, "connections", (int64_t)f->count);
	address_json(json, "local", f->local);
}

static void report_add_counts(struct json *json, const struct figures *f)
{
	if (!f->unseen) {
		json_number(json, "sent", (int64_t)f->sent);
		if (f->acknowledged != UNSET)
			json_number(json, "acknowledged", f->acknowledged);
		json_number(json, "received", (int64_t)f->received);
	}
	if (f->datagrams) {
		json_number(json, "sent_datagrams", (int64_t)f->datagrams->sent);
		json_number(json, "received_datagrams", (int64_t)f->datagrams->received);
		json_number(json, "errors", (int64_t)f->datagrams->errors);
	}
	if (f->lost) {
		json_number(json, "lost", (int64_t)f->lost);
		json_number(json, "lost_bytes", (int64_t)f->lost_bytes);
	}
	json_milliseconds(json, "elapsed_ms", f->ns);
}

/* Adds what the kernel tells of F's connection. */
static void report_add_tcp(struct notice *n, struct text *text, const struct figures *f)
{
	const struct stream_tcp *t = f->tcp;

	if (t) {
		text_add(text, ", rtt %.3f ms, %lld retransmit%s", (double)t->rtt_us / 1000,
			 (long long)t->retransmits, t->retransmits == 1 ? "" : "s");
		json_milliseconds(&n->json, "rtt_ms", t->rtt_us * MICROSECOND);
		json_number(&n->json, "retransmits", t->retransmits);
		if (t->delivery_rate > 0)
			json_number(&n->json, "delivery_rate", t->delivery_rate);
	}
	if (f->transport)
		text_add(text, strcmp(f->transport, "tcp") ? ", MPTCP" : ", plain TCP");
	if (f->fastopen)
		text_add(text, strcmp(f->fastopen, "taken") ? ", no Fast Open" : ", Fast Open");
	json_string(&n->json, "transport", f->transport);
	json_string(&n->json, "fastopen", f->fastopen);
}

void report_figures(const struct messages *m, enum message_level level, const struct figures *f,
		    const char *event)
{
	char room[TEXT_ROOM], status[24] = "", who[ADDRESS_TEXT + 32] = "";
	struct text text = TEXT_IN(room);
	const char *name = who, *separator;
	struct notice n;
	int length;

	notice_begin(&n, m, level, event);
	if (!n.wanted)
		return;
	report_add_whose(&n.json, f);
	report_add_counts(&n.json, f);
	report_add_amounts(&text, f);
	report_add_tcp(&n, &text, f);
	report_add_limits(&n, &text, f);
	json_string(&n.json, "why", f->why);
	if (f->status >= 0)
		json_number(&n.json, "status", f->status);
	if (f->id)
		name = address_text(f->peer, who);
	else if (!f->peer && !f->datagrams)
		snprintf(who, sizeof who, "%llu connection%s", (unsigned long long)f->count,
			 f->count == 1 ? "" : "s");
	separator = *name ? ": " : "";
	if (f->status >= 0)
		snprintf(status, sizeof status, ", status %d", f->status);
	length = (int)text.length;
	if (f->why && f->datagrams && !f->id)
		notice_end(&n, "%.*s; %s", length, text.data, f->why);
	else if (f->why && message_wanted(m, MESSAGE_VERBOSE))
		notice_end(&n, "%s%sclosed: %.*s; %s%s", name, separator, length, text.data, f->why,
			   status);
	else
		notice_end(&n, "%s%s%.*s", name, separator, length, text.data);
	text_free(&text);
}

void report_client(const struct messages *m, const char *event, uint64_t id,
		   const struct client_report *c)
{
	char from[ADDRESS_TEXT], to[ADDRESS_TEXT], who[ADDRESS_TEXT], via[ADDRESS_TEXT];
	const char *why = c->fault ? c->fault : c->why;
	struct notice n;

	notice_begin(&n, m, c->fault ? MESSAGE_NOTE : MESSAGE_VERBOSE, event);
	if (!n.wanted)
		return;
	report_subject(&n, &(struct subject){ .peer = c->peer, .id = id });
	address_json(&n.json, "local", c->local);
	address_json(&n.json, "via", c->via);
	json_string(&n.json, "why", c->fault ? "no header" : c->why);
	json_string(&n.json, "header", c->fault);
	notice_end(&n, "%s %s%s%s%s on %s%s%s%s", event, address_text(c->peer, from),
		   address_who(c->peer, who), c->via ? " via " : "",
		   c->via ? address_text(c->via, via) : "", address_text(c->local, to),
		   why ? ": " : "", c->fault ? "PROXY header: " : "", why ? why : "");
}

void report_crowd(const struct messages *m, const struct address *peer, size_t count,
		  const char *what)
{
	char text[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, m, MESSAGE_NOTE, "crowded");
	report_subject(&n, &(struct subject){ .peer = peer });
	json_number(&n.json, "count", (int64_t)count);
	notice_end(&n,
		   "%s: refused, and what comes next: %zu %s%s from there already "
		   "(--max-per-source)",
		   address_text(peer, text), count, what, count == 1 ? "" : "s");
}
