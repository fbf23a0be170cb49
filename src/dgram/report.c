/* report.c - the words and objects for single datagrams */
#include "dgram/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "run/report.h"

void report_datagram_error(const struct messages *m, enum message_level level,
			   const struct dgram_error *e, bool elsewhere)
{
	char to[ADDRESS_TEXT] = "", sender[ADDRESS_TEXT + 16] = "", mtu[48] = "",
	     host[ADDRESS_TEXT], cause[512] = "";
	struct notice n;

	notice_begin(&n, m, level, "error");
	if (!n.wanted)
		return;
	notice_error(&n, OUTCOME_FAILED, errno_name(e->error));
	if (e->to)
		address_json(&n.json, "peer", e->to);
	if (e->sender)
		json_string(&n.json, "sender", address_host(e->sender, host));
	if (e->mtu)
		json_number(&n.json, "mtu", e->mtu);
	if (e->to)
		address_text(e->to, to);
	if (elsewhere && e->to && e->error == ECONNREFUSED)
		report_elsewhere(&n, SOCK_DGRAM, e->to, cause, sizeof cause);
	if (e->sender && m->options.verbose)
		snprintf(sender, sizeof sender, ", says %s", address_host(e->sender, host));
	if (e->mtu)
		snprintf(mtu, sizeof mtu, ": the path takes %u bytes at most", e->mtu);
	notice_end(&n, "%s%s%s (%s)%s%s%s", to, e->to ? ": " : "", strerror(e->error),
		   errno_name(e->error), mtu, sender, cause);
}

struct outcome report_unsent(const struct messages *m, enum message_level level,
			     const struct address *to, const char *interface, size_t size,
			     int error)
{
	char text[ADDRESS_TEXT] = "", what[64] = "";
	struct notice n;

	notice_begin(&n, m, level, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(error));
	if (to)
		address_json(&n.json, "peer", to);
	if (interface)
		json_string(&n.json, "interface", interface);
	json_number(&n.json, "size", (int64_t)size);
	if (to)
		address_text(to, text);
	if (error == EMSGSIZE)
		snprintf(what, sizeof what, "a datagram of %zu bytes: ", size);
	notice_end(&n, "%s%s%s%s%s%s (%s)", text, interface ? " by " : "",
		   interface ? interface : "", to || interface ? ": " : "", what, strerror(error),
		   errno_name(error));
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

void report_datagram(const struct messages *m, const struct datagram_trace *t)
{
	const char *verb = t->sent ? "sent" : "received", *name = "";
	char other[ADDRESS_TEXT], asked[ADDRESS_TEXT], who[ADDRESS_TEXT] = "";
	struct notice n;

	notice_begin(&n, m, MESSAGE_STEP, verb);
	if (!n.wanted)
		return;
	if (t->other)
		address_json(&n.json, t->sent ? "to" : "from", t->other);
	if (t->asked)
		address_json(&n.json, "to", t->asked);
	if (t->interface)
		json_string(&n.json, "interface", t->interface);
	json_number(&n.json, "size", (int64_t)t->size);
	if (t->other) {
		name = address_text(t->other, other);
		address_who(t->other, who);
	} else if (t->asked) {
		name = "a socket without a name";
	}
	notice_end(&n, "%s %zu byte%s%s%s%s%s%s%s%s", verb, t->size, t->size == 1 ? "" : "s",
		   !*name  ? "" :
		   t->sent ? " to " :
			     " from ",
		   name, who, t->asked ? " on " : "", t->asked ? address_text(t->asked, asked) : "",
		   t->interface ? " by " : "", t->interface ? t->interface : "");
}
