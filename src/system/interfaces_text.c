/* interfaces_text.c - network interfaces in a table, or as objects */
#define _DEFAULT_SOURCE /* IFF_* */
#include "system/interfaces_text.h"

#include <string.h>

#include "system/describe.h"

static const struct flag {
	unsigned flag;
	char name[12];
} flags[] = {
	{ IFF_UP, "up" },
	{ IFF_BROADCAST, "broadcast" },
	{ IFF_LOOPBACK, "loopback" },
	{ IFF_POINTOPOINT, "pointopoint" },
	{ IFF_RUNNING, "running" },
	{ IFF_NOARP, "noarp" },
	{ IFF_PROMISC, "promisc" },
	{ IFF_ALLMULTI, "allmulti" },
	{ IFF_MULTICAST, "multicast" },
};

void interfaces_row(struct facts *r, const struct interface *i)
{
	const struct address *a = &i->address;
	char host[ADDRESS_TEXT];
	struct text names = { 0 };

	table_cell(&r->table, "%s", i->name);
	table_cell(&r->table, "%u", i->index);
	table_cell(&r->table, "%s", a->length ? describe_family(a->u.sa.sa_family) : "");
	if (a->length)
		table_cell(&r->table, "%s/%u", address_host(a, host), i->prefix);
	else
		table_cell(&r->table, "%s", "");
	a = &i->broadcast;
	table_cell(&r->table, "%s", a->length ? address_host(a, host) : "");
	table_cell(&r->table, "%d", i->mtu);
	for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
		if (i->flags & flags[k].flag)
			text_add(&names, "%s%s", names.length ? "," : "", flags[k].name);
	table_cell(&r->table, "%.*s", (int)names.length, names.length ? names.data : "");
	table_end_row(&r->table);
	r->table.cells.failed |= names.failed;
	text_free(&names);
}

static void json_interface_address(struct json *j, const struct interface *i)
{
	char host[ADDRESS_TEXT];

	if (i->address.length == 0)
		return;
	json_open(j, NULL, '{');
	json_string(j, "family", describe_family(i->address.u.sa.sa_family));
	json_string(j, "address", address_host(&i->address, host));
	json_number(j, "prefix", i->prefix);
	if (i->broadcast.length)
		json_string(j, i->flags & IFF_POINTOPOINT ? "peer" : "broadcast",
			    address_host(&i->broadcast, host));
	json_close(j, '}');
}

void interfaces_object(struct facts *r, const struct interface *list, size_t n, size_t first)
{
	const struct interface *i = &list[first];
	struct json *j = &r->json;

	for (size_t k = 0; k < first; k++)
		if (!strcmp(list[k].name, i->name))
			return;
	facts_begin(r, NULL);
	json_string(j, "name", i->name);
	json_number(j, "index", i->index);
	json_number(j, "mtu", i->mtu);
	json_open(j, "flags", '[');
	for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
		if (i->flags & flags[k].flag)
			json_string(j, NULL, flags[k].name);
	json_close(j, ']');
	json_open(j, "addresses", '[');
	for (size_t k = first; k < n; k++)
		if (!strcmp(list[k].name, i->name))
			json_interface_address(j, &list[k]);
	json_close(j, ']');
	facts_end(r);
}

void interfaces_sort(struct interface *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct interface one = list[i];
		size_t k = i;
		for (; k > 0 && list[k - 1].index > one.index; k--)
			list[k] = list[k - 1];
		list[k] = one;
	}
}

void interfaces_heading(struct table *t, size_t width)
{
	static const char names[][10] = { "NAME",      "INDEX", "FAMILY", "ADDRESS",
					  "BROADCAST", "MTU",	"FLAGS" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		table_cell(t, "%s", names[i]);
	table_end_row(t);
	/* The address tells its family. */
	table_fit(t, width, "\2\4\1");
}
