/* asking.h - a datagram that is sent only to see whether it is answered */
#ifndef NET_ASKING_H
#define NET_ASKING_H

#include <stddef.h>

#include "sock/address.h"
#include "sock/icmp.h"

/* Sends the N bytes at DATA to A by FD, an open socket of UDP of A's family, which becomes
 * connected, unless many hosts may answer: a group, or broadcast. Returns EINPROGRESS, or why that
 * cannot be; ECONNREFUSED: the socket has got that very address for itself. */
int asking_send(int fd, const struct address *a, const void *data, size_t n);

/* Something has come to FD. Returns 0 if it is an answer, EINPROGRESS if it means nothing, else the
 * error that the network tells, and *ICMP. */
int asking_answer(int fd, struct icmp_error *icmp);

#endif
