/* tcp_info.h - what TCP_INFO tells of a connection that need not be ours, for people and as members
 */
#ifndef SYSTEM_TCP_INFO_H
#define SYSTEM_TCP_INFO_H

#include "base/facts.h"
#include "sock/stream.h"

/* A connection of the inventory. */
struct inventory_tcp {
	struct stream_tcp tcp;
	bool mptcp; /* it is one of those that a connection of MPTCP is made of */
};

/* Adds to T's row the cells round-trip time in ms, retransmits, congestion window, delivery rate in
 * bytes a second, and what limited the sending. Of NULL, or what is not known, they are `-`. */
void tcp_info_cells(struct table *t, const struct inventory_tcp *info);
#define TCP_INFO_CELLS 5
#define TCP_INFO_HEADINGS "RTT", "RETRANS", "CWND", "RATE", "LIMITED"

/* Adds the members for INFO to J's object. */
void tcp_info_json(struct json *j, const struct inventory_tcp *info);

/* States the figures of T, a connection, that a list has too: from round trips to retransmits. */
void tcp_info_facts(struct facts *f, const struct stream_tcp *t);

#endif
