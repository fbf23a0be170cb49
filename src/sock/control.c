/* control.c - the ancillary data of a message */
#include "sock/control.h"

#include <string.h>

void control_add(struct msghdr *m, int level, int type, const void *data, size_t length)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	memset(c, 0, CMSG_SPACE(length)); /* what is between the objects goes to the kernel too */
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = (socklen_t)CMSG_LEN(length);
	memcpy(CMSG_DATA(c), data, length);
	m->msg_controllen = (socklen_t)(m->msg_controllen + CMSG_SPACE(length));
}

struct cmsghdr *control_next(const struct msghdr *m, const struct cmsghdr *c)
{
	size_t at = (size_t)((const char *)c - (const char *)m->msg_control);

	at += CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
	if (c->cmsg_len < CMSG_LEN(0) || at + sizeof *c > m->msg_controllen)
		return NULL;
	return (struct cmsghdr *)((char *)m->msg_control + at);
}
