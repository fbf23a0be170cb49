/* report_listen.c - why a socket cannot be bound, and who listens on a port of this machine */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"
#include "system/interfaces.h"
#include "system/inventory.h"

#define ELSEWHERE_MOST 3 /* at most so many are named in a message */

/* Returns the name of S, in TEXT. A path is told as the user gave it, in WANTED. */
static const char *report_socket_text(const struct address *wanted,
				      const struct inventory_socket *s, char *text)
{
	return wanted->u.sa.sa_family == AF_UNIX ? address_text(wanted, text) :
						   inventory_local_text(s, text);
}

void report_holder(struct notice *n, int type, const struct address *wanted, char *text,
		   size_t size)
{
	char owner[64], address[INVENTORY_TEXT];
	struct inventory found;

	*text = '\0';
	if (!n->wanted || !inventory_find_holder(type, wanted, &found))
		return;
	snprintf(text, size, ": %s has %s",
		 inventory_owner_text(&found, &found.sockets[0], owner, sizeof owner),
		 report_socket_text(wanted, &found.sockets[0], address));
	json_open(&n->json, "holder", '{');
	inventory_json(&n->json, &found, &found.sockets[0]);
	json_close(&n->json, '}');
	inventory_free(&found);
}

/* Adds the sockets FOUND as the member KEY. */
static void report_sockets(struct notice *n, const char *key, const struct inventory *found)
{
	json_open(&n->json, key, '[');
	for (size_t i = 0; i < found->n; i++) {
		json_open(&n->json, NULL, '{');
		inventory_json(&n->json, found, &found->sockets[i]);
		json_close(&n->json, '}');
	}
	json_close(&n->json, ']');
}

/* Finds who has WANTED by UDP, where a socket of TYPE was to be connected. */
static void report_by_udp(struct notice *n, int type, const struct address *wanted, char *text,
			  size_t size)
{
	char owner[64], address[INVENTORY_TEXT];
	struct inventory found;

	if (type != SOCK_STREAM || !address_is_ip(wanted) || !interfaces_have(wanted) ||
	    !inventory_find_holder(SOCK_DGRAM, wanted, &found))
		return;
	snprintf(text, size, "; but %s has %s by UDP",
		 inventory_owner_text(&found, &found.sockets[0], owner, sizeof owner),
		 inventory_local_text(&found.sockets[0], address));
	report_sockets(n, "elsewhere", &found);
	inventory_free(&found);
}

void report_elsewhere(struct notice *n, int type, const struct address *wanted, char *text,
		      size_t size)
{
	char owner[64], address[INVENTORY_TEXT];
	struct inventory found;
	size_t used = 0;

	*text = '\0';
	if (!n->wanted)
		return;
	if (!inventory_find_elsewhere(type, wanted, &found)) {
		report_by_udp(n, type, wanted, text, size);
		return;
	}
	for (size_t i = 0; i < found.n && i < ELSEWHERE_MOST && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s listens on %s",
					 i ? ", " : "; but ",
					 inventory_owner_text(&found, &found.sockets[i], owner,
							      sizeof owner),
					 inventory_local_text(&found.sockets[i], address));
	report_sockets(n, "elsewhere", &found);
	inventory_free(&found);
}

void report_full(struct notice *n, int type, const struct address *wanted, char *text, size_t size)
{
	char owner[64], address[INVENTORY_TEXT];
	struct inventory found;

	*text = '\0';
	if (!n->wanted || !inventory_find_full(type, wanted, &found))
		return;
	snprintf(text, size, "; the queue of %s on %s is full: %lld wait%s to be accepted",
		 inventory_owner_text(&found, &found.sockets[0], owner, sizeof owner),
		 report_socket_text(wanted, &found.sockets[0], address),
		 (long long)found.sockets[0].recv_queue,
		 found.sockets[0].recv_queue == 1 ? "s" : "");
	json_open(&n->json, "full", '{');
	inventory_json(&n->json, &found, &found.sockets[0]);
	json_close(&n->json, '}');
	inventory_free(&found);
}

struct outcome report_binding(const struct messages *m, const char *port,
			      const struct binding_result *r)
{
	char text[ADDRESS_TEXT], why[ERRNO_TEXT], holder[PATH_MAX + 128] = "", step[REPORT_STEP];
	/* Of a UNIX socket only the rest of the words tells that it was an option. */
	const char *what = r->why && *r->why == '-' ? r->why : r->what;
	const char *where = r->address.length ? address_text(&r->address, text) : what ? "" : port;
	struct notice n;

	if (r->lookup.eai)
		return report_lookup(m, &r->lookup);
	notice_begin(&n, m, MESSAGE_ERROR, "error");
	notice_error(&n, OUTCOME_FAILED, errno_name(r->error));
	if (r->address.length)
		address_json(&n.json, "local", &r->address);
	json_string(&n.json, "step", what);
	if (r->error == EADDRINUSE && r->address.length && !r->what)
		report_holder(&n, r->socktype ? r->socktype : SOCK_STREAM, &r->address, holder,
			      sizeof holder);
	else if (r->address.length && !what && !r->why)
		report_reason(m, &(struct cause_question){ r->error, true, &r->address }, holder);
	/* The name of the holder says more than the reason. */
	if (r->why && r->why != what && !*holder)
		snprintf(holder, sizeof holder, ": %s", r->why);
	report_step(m, what, step);
	if (*r->word)
		snprintf(step, sizeof step, "%s %s", what, r->word);
	notice_end(&n, "%s%s%s: %s%s", where, *where && what ? ": " : "", step,
		   errno_text(r->error, why), holder);
	return (struct outcome){ OUTCOME_FAILED, 0 };
}
