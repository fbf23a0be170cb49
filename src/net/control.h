/* control.h - what stands beside the data of recvmsg(2)
 */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include <stddef.h>
#include <sys/socket.h>

/* The object of M after C, as CMSG_NXTHDR(3), of which not every libc's compiles without a warning. */
static inline struct cmsghdr *control_next(const struct msghdr *m, const struct cmsghdr *c)
{
	size_t at = (size_t)((const char *)c - (const char *)m->msg_control);
	size_t next = at + CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));

	if (c->cmsg_len < CMSG_LEN(0) || next + sizeof *c > m->msg_controllen)
		return NULL;
	return (struct cmsghdr *)(void *)((char *)m->msg_control + next);
}

#endif
