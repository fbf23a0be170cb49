/* report.c - the words and objects for a datagram that goes wrong */
#include "dgram/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "run/report.h"

void report_dgram_error(const struct messages *m, enum message_level level,
			const struct dgram_error *e, const struct dgram_unsent *unsent,
			bool elsewhere)
{
	char to[ADDRESS_TEXT] = "", sender[ADDRESS_TEXT + 16] = "", mtu[48] = "",
	     host[ADDRESS_TEXT], what[64] = "", cause[512] = "";
	const char *interface = unsent ? unsent->interface : "";
	struct notice n;

	notice_begin(&n, m, level, "error");
	if (!n.wanted)
		return;
	notice_error(&n, OUTCOME_FAILED, errno_name(e->error));
	if (e->to) {
		address_json(&n.json, "peer", e->to);
		address_text(e->to, to);
	}
	if (e->sender)
		json_string(&n.json, "sender", address_host(e->sender, host));
	if (e->mtu)
		json_number(&n.json, "mtu", e->mtu);
	if (*interface)
		json_string(&n.json, "interface", interface);
	if (unsent)
		json_number(&n.json, "size", (int64_t)unsent->size);
	if (unsent && (e->error == EMSGSIZE || e->error == ENOBUFS))
		snprintf(what, sizeof what, "a datagram of %zu bytes: ", unsent->size);
	if (elsewhere && e->to && e->error == ECONNREFUSED)
		report_elsewhere(&n, SOCK_DGRAM, e->to, cause, sizeof cause);
	else if (unsent && e->to)
		report_reason(m, &(struct cause_question){ e->error, false, e->to }, cause);
	if (e->sender && m->options.verbose)
		snprintf(sender, sizeof sender, ", says %s", address_host(e->sender, host));
	if (e->mtu)
		snprintf(mtu, sizeof mtu, ": the path takes %u bytes at most", e->mtu);
	notice_end(&n, "%s%s%s%s%s%s (%s)%s%s%s", to, *interface ? " by " : "", interface,
		   e->to ? ": " : "", what, strerror(e->error), errno_name(e->error), mtu, sender,
		   cause);
}
