/* packet.h - packets of a connected SOCK_SEQPACKET socket, one by one and whole
 *
 * unix(7), recvmsg(2).
 */
#ifndef SOCK_PACKET_H
#define SOCK_PACKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "sock/rights.h"
#include "sock/sockopt.h"

/* Call this once for FD, before the others. An empty packet and the end of the connection differ
 * only in that a packet has a time (SO_TIMESTAMP). If the system gives it none, an empty packet
 * counts as the end. */
void packet_prepare(int fd);

/* Returns how many bytes of room the next packet of FD needs at most, 0 also at the end; or -1 with
 * errno of recv(2): EAGAIN if there is none. */
ssize_t packet_room(int fd);

/* Receives the next packet of FD into DATA, which has the N bytes that packet_room() told.
 * Descriptors that came with it are added to RIGHTS; NULL: they are closed. Returns its size; 0
 * with *END set at the end; or -1 with errno as above, or EMFILE if a descriptor was lost. */
ssize_t packet_receive(int fd, void *data, size_t n, struct rights *rights, bool *end);

/* Returns how large a packet FD can send. */
size_t packet_most(int fd);

/* The same for a UNIX socket that will have the options O. */
size_t packet_most_with(const struct socket_options *o);

#endif
