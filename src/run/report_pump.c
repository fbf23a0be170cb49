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
		if (p->c.messages_down && framer_is_fault(&p->down.transfer.framer, error)) {
			report_input_text(text, sizeof text, s->name, error,
					  &p->down.transfer.framer, p->c.messages_down->most);
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
			 duration_format(time, sizeof time, p->c.idle));
		break;
	case PUMP_IN_FAILED:
		report_input_text(text, sizeof text, p->in->name, error, &p->up.transfer.framer,
				  p->c.messages_up ? p->c.messages_up->most : p->up.transfer.most);
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

/* Writes the figures of F as a sentence. */
static void report_figures_text(const struct figures *f, const char *tcp, char *text, size_t size)
{
	char out[32], in[32], time[32], sent[64], received[64], taken[48] = "";
	double seconds = (double)(f->ns > 0 ? f->ns : 1) / (double)SECOND;
	struct datagram_counts none = { 0 }, d = f->datagrams ? *f->datagrams : none;

	duration_format(time, sizeof time, f->ns);
	if (f->unseen) {
		snprintf(text, size, "after %s%s", time, tcp);
		return;
	}
	if (f->acknowledged != UNSET && (uint64_t)f->acknowledged < f->sent)
		snprintf(taken, sizeof taken, " (%lld acknowledged)", (long long)f->acknowledged);
	snprintf(text, size, "sent %s%s, received %s in %s (%s/s out, %s/s in)%s",
		 report_amount(f->sent, f->datagrams, d.sent, sent), taken,
		 report_amount(f->received, f->datagrams, d.received, received), time,
		 size_format(out, sizeof out, (double)f->sent / seconds),
		 size_format(in, sizeof in, (double)f->received / seconds), tcp);
}

void report_figures(const struct messages *m, enum message_level level, const struct figures *f,
		    const char *event)
{
	char text[256], status[24] = "", tcp[96] = "", who[ADDRESS_TEXT + 32] = "";
	const char *name = who, *separator;
	struct stream_tcp info = { .rtt_us = UNSET };
	struct notice n;
	int used = 0;

	notice_begin(&n, m, level, event);
	if (!n.wanted)
		return;
	/* None was measured; or MPTCP has let go of the TCP connections that it was made of. */
	if (f->fd >= 0 && stream_tcp(f->fd, &info) == 0 && info.rtt_us == 0)
		info.rtt_us = UNSET;
	if (info.rtt_us != UNSET)
		used = snprintf(tcp, sizeof tcp, ", rtt %.3f ms, %lld retransmit%s",
				(double)info.rtt_us / 1000, (long long)info.retransmits,
				info.retransmits == 1 ? "" : "s");
	if (f->transport && !strcmp(f->transport, "tcp"))
		snprintf(tcp + used, sizeof tcp - (size_t)used, ", plain TCP");
	if (f->id)
		json_number(&n.json, "id", (int64_t)f->id);
	if (f->peer)
		address_json(&n.json, "peer", f->peer);
	else if (!f->datagrams)
		json_number(&n.json, "connections", (int64_t)f->count);
	address_json(&n.json, "local", f->local);
	if (!f->unseen) {
		json_number(&n.json, "sent", (int64_t)f->sent);
		if (f->acknowledged != UNSET)
			json_number(&n.json, "acknowledged", f->acknowledged);
		json_number(&n.json, "received", (int64_t)f->received);
	}
	if (f->datagrams) {
		json_number(&n.json, "sent_datagrams", (int64_t)f->datagrams->sent);
		json_number(&n.json, "received_datagrams", (int64_t)f->datagrams->received);
		json_number(&n.json, "errors", (int64_t)f->datagrams->errors);
	}
	json_milliseconds(&n.json, "elapsed_ms", f->ns);
	if (info.rtt_us != UNSET) {
		json_milliseconds(&n.json, "rtt_ms", info.rtt_us * MICROSECOND);
		json_number(&n.json, "retransmits", info.retransmits);
	}
	json_string(&n.json, "transport", f->transport);
	json_string(&n.json, "why", f->why);
	if (f->status >= 0)
		json_number(&n.json, "status", f->status);
	report_figures_text(f, tcp, text, sizeof text);
	if (f->id)
		name = address_text(f->peer, who);
	else if (!f->peer && !f->datagrams)
		snprintf(who, sizeof who, "%llu connection%s", (unsigned long long)f->count,
			 f->count == 1 ? "" : "s");
	separator = *name ? ": " : "";
	if (f->status >= 0)
		snprintf(status, sizeof status, ", status %d", f->status);
	if (f->why && f->datagrams)
		notice_end(&n, "%s; %s", text, f->why);
	else if (f->why && message_wanted(m, MESSAGE_VERBOSE))
		notice_end(&n, "%s%sclosed: %s; %s%s", name, separator, text, f->why, status);
	else
		notice_end(&n, "%s%s%s", name, separator, text);
}

void report_client(const struct messages *m, const char *event, uint64_t id,
		   const struct address *peer, const struct address *local, const char *why)
{
	char from[ADDRESS_TEXT], to[ADDRESS_TEXT], who[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, m, MESSAGE_VERBOSE, event);
	if (!n.wanted)
		return;
	report_subject(&n, &(struct subject){ .peer = peer, .id = id });
	address_json(&n.json, "local", local);
	json_string(&n.json, "why", why);
	notice_end(&n, "%s %s%s on %s%s%s", event, address_text(peer, from), address_who(peer, who),
		   address_text(local, to), why ? ": " : "", why ? why : "");
}
