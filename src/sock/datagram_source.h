/* datagram_source.h - where a datagram goes, and which address and interface it leaves from */
#ifndef SOCK_DATAGRAM_SOURCE_H
#define SOCK_DATAGRAM_SOURCE_H

#include <sys/socket.h>

#include "sock/datagram.h"

/* Room for the control message that dgram_envelope() writes. */
#define DGRAM_SOURCE_ROOM 64

/* Makes D's destination that of M, and adds to M, whose msg_control has DGRAM_SOURCE_ROOM bytes
 * after msg_controllen, the control message by which D leaves S from `from` and through
 * `interface`: IP_PKTINFO of ip(7), IPV6_PKTINFO of RFC 3542. Adds nothing if neither is given, or
 * the system has no such thing. */
void dgram_envelope(const struct dgram_socket *s, const struct dgram *d, struct msghdr *m);

#endif
