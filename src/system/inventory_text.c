/* inventory_text.c - a socket of the inventory as a row of a table, or as an object */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "system/inventory.h"

/* Returns `%eth0`, in TEXT, where S is bound to an interface that the address's zone does not tell.
 */
static const char *bound_text(const struct inventory_socket *s, char *text)
{
	text[0] = '\0';
	if (s->interface &&
	    !(s->local.u.sa.sa_family == AF_INET6 && s->local.u.in6.sin6_scope_id)) {
		text[0] = '%';
		if (!if_indextoname(s->interface, text + 1))
			digits_format(text + 1, s->interface);
	}
	return text;
}

const char *inventory_local_text(const struct inventory_socket *s, char *text)
{
	char address[ADDRESS_TEXT], bound[IF_NAMESIZE + 1];
	const char *zone = bound_text(s, bound);

	if (*zone)
		snprintf(text, INVENTORY_TEXT, "%s%s port %u", address_host(&s->local, address),
			 zone, address_port(&s->local));
	else
		snprintf(text, INVENTORY_TEXT, "%s", address_text(&s->local, address));
	return text;
}

/* Adds two cells: the address, BOUND behind it, and the port if it has one. */
static void address_cells(struct table *t, const struct address *a, const char *bound)
{
	char text[ADDRESS_TEXT];

	if (a->length == 0) {
		table_cell(t, "-");
		table_cell(t, "-");
	} else if (a->u.sa.sa_family == AF_UNIX) {
		table_cell(t, "%s", address_host(a, text) + strlen("unix:"));
		table_cell(t, "-");
	} else {
		table_cell(t, "%s%s", address_host(a, text), bound);
		table_cell(t, "%u", address_port(a));
	}
}

static void number_cell(struct table *t, int64_t n)
{
	if (n == UNSET)
		table_cell(t, "-");
	else
		table_cell(t, "%lld", (long long)n);
}

/* Of the peer, which has a number at least where it is a UNIX socket without a name. */
static void peer_cells(struct table *t, const struct inventory_socket *s)
{
	if (s->peer.length == 0 && s->peer_inode) {
		table_cell(t, "#%llu", (unsigned long long)s->peer_inode);
		table_cell(t, "-");
	} else {
		address_cells(t, &s->peer, "");
	}
}

void inventory_heading(struct table *t, unsigned columns, size_t width)
{
	static const char names[][12] = { "PROTO",   "ADDRESS",	    "PORT",
					  "PEER",    "PORT",	    "STATE",
					  "RECVQ",   "SENDQ",	    "UID",
					  "INODE",   "PID",	    "PROGRAM",
					  "PEERPID", "PEERPROGRAM", TCP_INFO_HEADINGS };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (i == 3 || i == 4   ? columns & INVENTORY_PEERS :
		    i == 12 || i == 13 ? columns & INVENTORY_PEER_OWNERS :
		    i > 13	       ? columns & INVENTORY_INFO :
					 1)
			table_cell(t, "%s", names[i]);
	table_end_row(t);
	/* With more columns the processes' numbers go too, window and state; in the end the
	 * programs and other figures. */
	table_fit(t, width,
		  !(columns & INVENTORY_PEERS)	  ? "\7\4\5\6\3\10" :
		  !(columns & INVENTORY_INFO)	  ? "\11\6\7\10" :
		  columns & INVENTORY_PEER_OWNERS ? "\11\6\7\10\12\14\20\5\15\13\17\21" :
						    "\11\6\7\10\12\16\5\13\15\17");
}

/* Of N of I's owners, from FIRST on: their pids and the program of the first. */
static void owner_cells(struct table *t, const struct inventory *i, size_t first, size_t n)
{
	struct text pids = { 0 };

	/* On a terminal the first has to do. */
	for (size_t k = 0; k < n && (k == 0 || !t->screen); k++)
		text_add(&pids, "%s%lld", k ? "," : "", (long long)i->owners[first + k].pid);
	if (t->screen && n > 1)
		text_add(&pids, "+%zu", n - 1);
	table_cell(t, "%.*s", pids.length ? (int)pids.length : 1, pids.length ? pids.data : "-");
	table_cell(t, "%s", n ? i->owners[first].program : "-");
	t->cells.failed |= pids.failed;
	text_free(&pids);
}

void inventory_row(struct table *t, const struct inventory *i, const struct inventory_socket *s,
		   unsigned columns)
{
	char bound[IF_NAMESIZE + 1];

	table_cell(t, "%s%s", inventory_protocol(s->protocol), s->subflow ? "/mptcp" : "");
	address_cells(t, &s->local, bound_text(s, bound));
	if (columns & INVENTORY_PEERS)
		peer_cells(t, s);
	table_cell(t, "%s", inventory_state(s->protocol, s->state));
	number_cell(t, s->recv_queue);
	number_cell(t, s->send_queue);
	number_cell(t, s->uid);
	number_cell(t, s->inode ? (int64_t)s->inode : UNSET);
	owner_cells(t, i, s->owner, s->n_owners);
	if (columns & INVENTORY_PEER_OWNERS)
		owner_cells(t, i, s->peer_owner, s->n_peer_owners);
	if (columns & INVENTORY_INFO)
		tcp_info_cells(t, s->info ? &i->infos[s->info - 1] : NULL);
	table_end_row(t);
}

static const char *type_name(int type)
{
	return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "dgram" : "seqpacket";
}

void inventory_json(struct json *j, const struct inventory *i, const struct inventory_socket *s)
{
	const struct inventory_owner *owners = s->n_owners ? &i->owners[s->owner] : NULL;
	char bound[IF_NAMESIZE + 1];

	json_string(j, "protocol", inventory_protocol(s->protocol));
	if (s->subflow)
		json_string(j, "part_of", "mptcp");
	if (s->protocol == INVENTORY_UNIX)
		json_string(j, "type", type_name(s->type));
	if (s->local.length)
		address_json(j, "local", &s->local);
	if (*bound_text(s, bound))
		json_string(j, "interface", bound + 1);
	if (s->peer.length)
		address_json(j, "peer", &s->peer);
	if (s->peer_inode)
		json_number(j, "peer_inode", (int64_t)s->peer_inode);
	if (s->n_peer_owners) {
		json_number(j, "peer_pid", i->owners[s->peer_owner].pid);
		json_string(j, "peer_program", i->owners[s->peer_owner].program);
	}
	json_string(j, "state", inventory_state(s->protocol, s->state));
	if (s->recv_queue != UNSET) {
		json_number(j, "recv_queue", s->recv_queue);
		json_number(j, "send_queue", s->send_queue);
	}
	if (s->uid != UNSET)
		json_number(j, "uid", s->uid);
	if (s->inode)
		json_number(j, "inode", (int64_t)s->inode);
	if (s->info)
		tcp_info_json(j, &i->infos[s->info - 1]);
	if (!owners)
		return;
	json_number(j, "pid", owners->pid);
	json_string(j, "program", owners->program);
	if (s->n_owners > 1) {
		json_open(j, "others", '[');
		for (size_t k = 1; k < s->n_owners; k++)
			json_number(j, NULL, owners[k].pid);
		json_close(j, ']');
	}
}

const char *inventory_owner_text(const struct inventory *i, const struct inventory_socket *s,
				 char *text, size_t size)
{
	const struct inventory_owner *owner = s->n_owners ? &i->owners[s->owner] : NULL;

	if (!owner && s->uid == UNSET)
		snprintf(text, size, "another process");
	else if (!owner)
		snprintf(text, size, "a process of user %lld", (long long)s->uid);
	else if (s->n_owners == 1)
		snprintf(text, size, "%s (process %lld)", owner->program, (long long)owner->pid);
	else
		snprintf(text, size, "%s (process %lld and %zu more)", owner->program,
			 (long long)owner->pid, s->n_owners - 1);
	return text;
}
