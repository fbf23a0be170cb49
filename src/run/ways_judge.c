/* ways_judge.c - what is wrong with a way, and what comes of it */
#include <errno.h>

#include "run/report.h"
#include "run/ways_state.h"
#include "system/interfaces.h"

/* Who finds out that a neighbour does not answer takes so long; a firewall does not. */
#define NEIGHBOUR_LEAST (10 * MILLISECOND)

/* Who has sent the ICMP message by which W has failed? */
enum sender { SENDER_NONE, SENDER_SELF, SENDER_HOST, SENDER_OTHER, SENDERS };

static enum sender way_sender(const struct way *w, const struct dial_failure *f)
{
	const struct address *sender = &f->icmp.sender;

	return f->icmp.family == AF_UNSPEC || !sender->length ? SENDER_NONE :
	       address_same_host(sender, &w->address)	      ? SENDER_HOST :
	       interfaces_have(sender)			      ? SENDER_SELF :
								SENDER_OTHER;
}

/* Adds who has not answered this machine when it looked for the next one on W. */
static void way_add_neighbour(const struct way *w, struct text *text)
{
	text_add(text, "nothing gets there: ");
	if (w->route.gateway.length) {
		char gateway[ADDRESS_TEXT];
		text_add(text, "its gateway %s does not answer",
			 address_host(&w->route.gateway, gateway));
	} else {
		text_add(text, "no host on its network has that address");
	}
	if (w->tasks[STEP_CONNECT].ns < NEIGHBOUR_LEAST)
		text_add(text, ", or a firewall of this machine refuses");
}

/* Adds what it means that nothing but an error, the first of W's failures, came from there. */
static void way_add_error(const struct way *w, struct text *text)
{
	static const char refused[SENDERS][72] = {
		[SENDER_NONE] = "nothing can connect",
		[SENDER_SELF] = "nothing gets there: it is a firewall of this machine that refuses",
		[SENDER_HOST] = "nothing can connect: it is the host's own firewall that refuses",
		[SENDER_OTHER] = "nothing gets there: it is a firewall on the way that refuses",
	};
	const struct dial_failure *f = w->result.failures;
	enum sender sender = way_sender(w, f);
	bool unreachable = !f->what && (f->error == EHOSTUNREACH || f->error == ENETUNREACH) &&
			   !icmp_prohibits(&f->icmp);

	if (icmp_is_time_exceeded(&f->icmp))
		text_add(text, "nothing gets there: the way is a loop, or too long");
	else if (!unreachable || sender == SENDER_HOST)
		text_add(text, "%s", refused[sender]);
	else if (sender == SENDER_OTHER)
		text_add(text, "nothing gets there: that router knows no way on%s",
			 f->error == EHOSTUNREACH ? ", or nobody there has that address" : "");
	else if (sender == SENDER_SELF && f->error == EHOSTUNREACH)
		way_add_neighbour(w, text);
	else
		text_add(text, icmp_queues ? "nothing that is sent there leaves this machine" :
					     "nothing gets there");
}

/* Adds what W's failure means where no other address is open. */
static void way_add_consequence(const struct way *w, struct text *text)
{
	char router[ADDRESS_TEXT];

	if (w->kind == WAY_THROUGH)
		text_add(text, "nothing gets there through this proxy");
	else if (way_is_silent(w) && w->last_router.length)
		text_add(text,
			 "whoever connects waits in vain: what is sent or answered is lost "
			 "behind %s",
			 address_host(&w->last_router, router));
	else if (way_is_silent(w) && *w->cause)
		text_add(text, "nobody gets in until it accepts");
	else if (way_is_silent(w))
		text_add(text, "whoever connects waits in vain: %s",
			 w->local ? "a firewall of this machine drops what is sent, or leads it "
				    "elsewhere" :
				    "it is not there, or a firewall drops what is sent or "
				    "answered");
	else if (way_refused_by_host(w) && *w->cause)
		text_add(text, "whoever uses this address does not get there");
	else if (way_refused_by_host(w) && w->listens)
		text_add(text, "nothing can connect: a firewall of this machine refuses, or leads "
			       "it elsewhere, or it listens by another interface only");
	else if (way_refused_by_host(w))
		text_add(text, "nothing can connect: %s",
			 w->local ? "nobody listens at that port" :
				    "nobody listens at that port, or a firewall refuses in the "
				    "host's name");
	else if (w->result.n && w->kind != WAY_DIRECT)
		way_add_error(w, text);
	else
		text_add(text, "nothing can connect");
}

/* Is W without a route, while there is one to another address? That costs nobody anything. */
static bool way_is_passed_over(const struct way *w)
{
	const struct dial_result *r = &w->result;

	return r->n && r->failures[0].error == ENETUNREACH &&
	       r->failures[0].icmp.family == AF_UNSPEC && ways_arrive(w->ways);
}

void way_judge_connection(const struct way *w, struct text *text)
{
	if (way_is_open(w) || way_is_passed_over(w))
		return;
	text_add(text, "%s: ", w->where);
	way_add_failure(w, text);
	text_add(text, "%s, so that ", w->cause);
	if (w->kind != WAY_THROUGH && w->result.n && w->result.failures[0].what)
		text_add(text, "it was not tried");
	else if (!ways_arrive(w->ways))
		way_add_consequence(w, text);
	else
		text_add(text, way_is_silent(w) ? "programs that try it first wait for it in vain" :
						  "programs that try no other address fail");
}

void way_judge_greeting(const struct way *w, struct text *text)
{
	if (w->mute)
		text_add(text,
			 "%s: it ends the connection without a word, so that it serves nobody, or "
			 "not this machine",
			 w->where);
}

void way_judge_tls(const struct way *w, struct text *text)
{
	if (*w->certificate)
		text_add(text, "%s: its certificate %s, so that programs which verify it refuse",
			 w->where, w->certificate);
}

void way_judge_mtu(const struct way *w, struct text *text)
{
	if (w->hole)
		text_add(text,
			 "%s: packets of more than %u bytes get lost, and nobody tells by ICMP, so "
			 "that a connection hangs as soon as one side sends much",
			 w->where, w->hole);
}
