/* control.h - the ancillary data of a message: what stands beside its bytes, cmsg(3) */
#ifndef SOCK_CONTROL_H
#define SOCK_CONTROL_H

#include <sys/socket.h>

/* Adds to M's control buffer, which has room for it behind msg_controllen, an object of LENGTH
 * bytes at DATA. */
void control_add(struct msghdr *m, int level, int type, const void *data, size_t length);

/* Returns the object after C in M, NULL after the last: CMSG_NXTHDR of RFC 3542, which some systems
 * make of types that do not fit together. */
struct cmsghdr *control_next(const struct msghdr *m, const struct cmsghdr *c);

#endif
