#include "serve/report.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "loop/signals.h"
#include "net/stream.h"

/* `Connection refused (ECONNREFUSED)` */
static const char *reason(int error, char *text, size_t size)
{
	snprintf(text, size, "%s (%s)", strerror(error), errno_name(error));
	return text;
}

struct outcome report_error(const struct messages *m, const char *what, int error)
{
	char why[128];

	message(m, MESSAGE_ERROR, "%s: %s", what, reason(error, why, sizeof why));
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

void report_event(void *arg, const struct event *e)
{
	report_event_at(arg, e, false);
}

void report_event_at(const struct messages *m, const struct event *e, bool important)
{
	static const enum message_level levels[] = {
		[EVENT_LOOKUP] = MESSAGE_STEP,	     [EVENT_RESOLVED] = MESSAGE_STEP,
		[EVENT_CONNECTING] = MESSAGE_STEP,   [EVENT_FAILED] = MESSAGE_STEP,
		[EVENT_CONNECTED] = MESSAGE_VERBOSE, [EVENT_LISTENING] = MESSAGE_VERBOSE,
		[EVENT_ACCEPTED] = MESSAGE_VERBOSE,  [EVENT_ACCEPT_FAILED] = MESSAGE_ERROR,
		[EVENT_RETRY] = MESSAGE_STEP,
	};
	enum message_level level = important ? MESSAGE_NOTE : levels[e->kind];
	char address[ADDRESS_TEXT] = "", local[ADDRESS_TEXT] = "", why[128];

	if (!message_wanted(m, level))
		return;
	if (e->address)
		address_text(e->address, address);
	if (e->local)
		address_text(e->local, local);
	reason(e->error, why, sizeof why);
	switch (e->kind) {
	case EVENT_LOOKUP:
		message(m, level, "looking up host %s, port %s", e->host, e->port);
		break;
	case EVENT_RESOLVED:
		message(m, level, "host %s, port %s: %zu address%s", e->host, e->port, e->count,
			e->count == 1 ? "" : "es");
		break;
	case EVENT_CONNECTING:
		message(m, level, "connecting to %s", address);
		break;
	case EVENT_FAILED:
		message(m, level, "%s: %s%s%s", address, e->what ? e->what : "",
			e->what ? ": " : "", why);
		break;
	case EVENT_CONNECTED:
		message(m, level, "connected to %s from %s", address, local);
		break;
	case EVENT_LISTENING:
		message(m, level, "listening on %s", local);
		break;
	case EVENT_ACCEPTED:
		message(m, level, "accepted %s on %s", address, local);
		break;
	case EVENT_ACCEPT_FAILED:
		message(m, level, "accept: %s%s%s: trying again", e->what ? e->what : "",
			e->what ? ": " : "", why);
		break;
	case EVENT_RETRY:
		message(m, level, "trying again");
		break;
	}
}

/* Says how the look-up of WHAT failed. */
static struct outcome lookup_failed(const struct messages *m, const char *what, bool is_port,
				    int eai, int error)
{
	char why[128];

	if (eai == EAI_SERVICE)
		message(m, MESSAGE_ERROR, "port %s: no such service (EAI_SERVICE)", what);
	else if (eai == EAI_FAMILY)
		message(m, MESSAGE_ERROR, "host %s: no address of this family (EAI_FAMILY)", what);
	else if (eai == EAI_SYSTEM)
		message(m, MESSAGE_ERROR, "%s %s: %s (EAI_SYSTEM)", is_port ? "port" : "host", what,
			reason(error, why, sizeof why));
	else
		message(m, MESSAGE_ERROR, "%s %s: %s (%s)", is_port ? "port" : "host", what,
			gai_strerror(eai), eai_name(eai));
	return (struct outcome){ OUTCOME_LOOKUP, 0 };
}

static void add_failure(char *text, size_t size, const struct dial_failure *f, const char *silent)
{
	char address[ADDRESS_TEXT], why[128];
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s: %s%s%s", n ? "; " : "",
		 address_text(&f->address, address), f->what ? f->what : "", f->what ? ": " : "",
		 f->error ? reason(f->error, why, sizeof why) : silent);
}

struct outcome report_dial(const struct messages *m, const char *host, const char *port,
			   const struct dial_result *r, int64_t limit, const char *option)
{
	char text[2048] = "", silent[96], time[32];

	if (r->eai)
		return lookup_failed(m, r->looked_up, r->looked_up == port, r->eai, r->error);
	snprintf(silent, sizeof silent, "no answer within %s (%s)",
		 duration_format(time, sizeof time, limit), option);
	for (size_t i = 0; i < r->n; i++)
		add_failure(text, sizeof text, &r->failures[i], silent);
	if (r->n == 0)
		snprintf(text, sizeof text, "look-up of host %s, port %s: %s", host, port,
			 r->timed_out ? silent : strerror(r->error));
	message(m, MESSAGE_ERROR, "%s", text);
	return (struct outcome){ r->timed_out ? OUTCOME_TIMEOUT : OUTCOME_FAILED, 0 };
}

struct outcome report_listener(const struct messages *m, const char *host, const char *port,
			       const struct listener_result *r)
{
	char address[ADDRESS_TEXT], why[128];

	if (r->eai)
		return lookup_failed(m, r->looked_up, !host || r->looked_up == port, r->eai,
				     r->error);
	message(m, MESSAGE_ERROR, "%s%s%s: %s",
		r->address.length ? address_text(&r->address, address) : port, r->what ? ": " : "",
		r->what ? r->what : "", reason(r->error, why, sizeof why));
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

struct outcome report_pump(const struct messages *m, const struct pump *p, const char *peer)
{
	char why[128], time[32];

	switch (p->end) {
	case PUMP_RUNNING:
	case PUMP_DONE:
		return (struct outcome){ OUTCOME_DONE, 0 };
	case PUMP_RESET:
		/* The peer had ended already; the kernel has only one word for both. */
		if (p->error == EPIPE)
			message(m, MESSAGE_ERROR, "%s: reset with input unsent: %s", peer,
				reason(p->error, why, sizeof why));
		else
			message(m, MESSAGE_ERROR, "%s: %s", peer,
				reason(p->error, why, sizeof why));
		return (struct outcome){ OUTCOME_FAILED, 0 };
	case PUMP_UNSENT:
		message(m, MESSAGE_ERROR, "%s: not all that was sent has been acknowledged", peer);
		return (struct outcome){ OUTCOME_FAILED, 0 };
	case PUMP_IDLE:
		message(m, MESSAGE_ERROR, "%s: nothing moved for %s (--idle-timeout)", peer,
			duration_format(time, sizeof time, p->c.idle));
		return (struct outcome){ OUTCOME_TIMEOUT, 0 };
	case PUMP_IN_FAILED:
		return report_error(m, p->in->name, p->error);
	case PUMP_OUT_FAILED:
		/* As any program dies whose reader has gone: without a word. */
		if (p->error == EPIPE && !signals_pipe_was_ignored())
			return (struct outcome){ OUTCOME_SIGNAL, SIGPIPE };
		return report_error(m, p->out->name, p->error);
	}
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

void report_figures(const struct messages *m, enum message_level level, const struct pump *p,
		    int64_t ns, const char *before)
{
	char sent[32], received[32], time[32], tcp[96] = "";
	double seconds = (double)(ns > 0 ? ns : 1) / (double)SECOND;
	int64_t rtt, retransmits;

	if (!message_wanted(m, level))
		return;
	if (stream_info(p->peer->rfd, &rtt, &retransmits) == 0)
		snprintf(tcp, sizeof tcp, ", rtt %.3f ms, %lld retransmit%s", (double)rtt / 1000,
			 (long long)retransmits, retransmits == 1 ? "" : "s");
	message(m, level, "%ssent %llu bytes, received %llu bytes in %s (%s/s out, %s/s in)%s",
		before, (unsigned long long)pump_sent(p), (unsigned long long)pump_received(p),
		duration_format(time, sizeof time, ns),
		size_format(sent, sizeof sent, (double)pump_sent(p) / seconds),
		size_format(received, sizeof received, (double)pump_received(p) / seconds), tcp);
}
