/* tcp_info.c - what TCP_INFO tells, as cells of a row, as members and as facts */
#include "system/tcp_info.h"

#include <stdio.h>

#include "base/number.h"

#define BUSY_LEAST (100 * MILLISECOND / MICROSECOND) /* the kernel's clock for it is coarse */

enum { RECEIVER, SEND_BUFFER, NETWORK, SHARES };

static const char keys[SHARES][12] = { "receiver", "send_buffer", "network" };
static const char words[SHARES][12] = { "receiver", "send buffer", "network" };

/* Puts into PERCENT how much of the time in which T had something to send, or to be acknowledged,
 * each was what limited it. Returns whether that was long enough to tell. */
static bool tcp_shares(const struct stream_tcp *t, int *percent)
{
	if (t->busy_us == UNSET || t->busy_us < BUSY_LEAST)
		return false;
	percent[RECEIVER] = (int)((t->receiver_us * 100 + t->busy_us / 2) / t->busy_us);
	percent[SEND_BUFFER] = (int)((t->send_buffer_us * 100 + t->busy_us / 2) / t->busy_us);
	percent[NETWORK] = 100 - percent[RECEIVER] - percent[SEND_BUFFER];
	return true;
}

static void tcp_limits_cell(struct table *t, const struct inventory_tcp *info)
{
	char text[128] = "";
	int percent[SHARES], n = 0;
	bool told = tcp_shares(&info->tcp, percent);

	for (int i = 0; told && i < SHARES; i++)
		if (percent[i] > 0)
			n += snprintf(text + n, sizeof text - (size_t)n, "%s%s %d %%",
				      n ? ", " : "", words[i], percent[i]);
	table_cell(t, "%s%s%s", told ? text : "-",
		   told && info->tcp.app_limited ? " (app-limited)" : "",
		   info->mptcp ? " (mptcp)" : "");
}

/* Of bytes a second, which is easier to read on a terminal with a unit. */
static void tcp_rate_cell(struct table *t, int64_t rate)
{
	char size[32];

	if (rate == UNSET || rate == 0)
		table_cell(t, "-");
	else if (t->screen)
		table_cell(t, "%s/s", size_format(size, sizeof size, (double)rate));
	else
		table_cell(t, "%lld", (long long)rate);
}

void tcp_info_cells(struct table *t, const struct inventory_tcp *info)
{
	if (!info) {
		for (int i = 0; i < TCP_INFO_CELLS; i++)
			table_cell(t, "-");
		return;
	}
	table_cell(t, "%.3f", (double)info->tcp.rtt_us / 1000);
	table_cell(t, "%lld", (long long)info->tcp.retransmits);
	table_cell(t, "%lld", (long long)info->tcp.cwnd);
	tcp_rate_cell(t, info->tcp.delivery_rate);
	tcp_limits_cell(t, info);
}

void tcp_info_facts(struct facts *f, const struct stream_tcp *t)
{
	facts_microseconds(f, "rtt_ms", t->rtt_us);
	facts_microseconds(f, "rttvar_ms", t->rttvar_us);
	facts_number(f, "mss", t->mss);
	facts_number(f, "receive_mss", t->receive_mss);
	facts_number(f, "path_mtu", t->path_mtu);
	facts_number(f, "cwnd", t->cwnd);
	if (t->ssthresh != UNSET)
		facts_number(f, "ssthresh", t->ssthresh);
	facts_number(f, "unacknowledged", t->unacknowledged);
	facts_number(f, "retransmits", t->retransmits);
}

void tcp_info_json(struct json *j, const struct inventory_tcp *info)
{
	const struct stream_tcp *t = &info->tcp;
	struct facts members = { .table.off = true };
	int percent[SHARES];

	if (*t->congestion)
		json_string(j, "congestion", t->congestion);
	members.json = *j;
	tcp_info_facts(&members, t);
	*j = members.json;
	if (t->delivery_rate != UNSET)
		json_number(j, "delivery_rate", t->delivery_rate);
	if (t->busy_us != UNSET)
		json_milliseconds(j, "busy_ms", t->busy_us * MICROSECOND);
	if (tcp_shares(t, percent)) {
		json_open(j, "sending_limited_by", '{');
		for (int i = 0; i < SHARES; i++)
			if (percent[i] > 0)
				json_number(j, keys[i], percent[i]);
		json_close(j, '}');
	}
	if (!t->app_limited && !info->mptcp)
		return;
	json_open(j, "flags", '[');
	if (t->app_limited)
		json_string(j, NULL, "app_limited");
	if (info->mptcp)
		json_string(j, NULL, "mptcp");
	json_close(j, ']');
}
