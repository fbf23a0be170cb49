/* packet.h - packets of a connected SOCK_SEQPACKET socket, one by one and whole
 *
 * unix(7), recvmsg(2).
 */
#ifndef SOCK_PACKET_H
#define SOCK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sock/sockopt.h"

/* To be called once for FD, before the others: an empty packet and the end look the same, but that
 * only a packet has a time (SO_TIMESTAMP). Where the system gives it none, an empty one counts as
 * the end. */
void packet_prepare(int fd);

/* How much room the next packet of FD needs at most; 0 also at the end. Returns -1 with errno of
 * recv(2): EAGAIN, there is none. */
ssize_t packet_room(int fd);

/* The next packet of FD into DATA of N bytes, which packet_room() has said. Descriptors that came
 * with it are closed. Returns its size, 0 with *END at the end, or -1 with errno as above. */
ssize_t packet_receive(int fd, void *data, size_t n, bool *end);

/* How large a packet FD can send. */
size_t packet_most(int fd);

/* The same of a UNIX socket that will have the options O. */
size_t packet_most_with(const struct socket_options *o);

#endif
