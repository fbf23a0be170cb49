/* pollset_linux.c - a pollset is an epoll(7) instance */
#define _GNU_SOURCE /* epoll, POLLRDHUP */
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/pollset.h"

#define AT_ONCE 64

/* The numbers of the events are the same: see epoll_ctl(2) and poll(2). */
_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR &&
		       POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP,
	       "epoll's events are those of poll");

void pollset_start(struct pollset *m)
{
	m->fd = -1;
}

void pollset_stop(struct pollset *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

void pollset_open(struct pollset *m)
{
	if (m->fd < 0)
		m->fd = epoll_create1(EPOLL_CLOEXEC);
}

static bool control(const struct pollset *m, int operation, const struct watch *w, short events)
{
	struct epoll_event e = { .events = (uint32_t)events, .data.ptr = (void *)w };

	return epoll_ctl(m->fd, operation, w->fd, &e) == 0;
}

bool pollset_add(struct pollset *m, struct watch *w, short events)
{
	pollset_open(m);
	return m->fd >= 0 && control(m, EPOLL_CTL_ADD, w, events);
}

void pollset_change(struct pollset *m, struct watch *w, short events)
{
	control(m, EPOLL_CTL_MOD, w, events);
}

void pollset_remove(struct pollset *m, const struct watch *w)
{
	control(m, EPOLL_CTL_DEL, w, 0);
}

size_t pollset_collect(const struct pollset *m, struct pollset_ready *ready, size_t most)
{
	struct epoll_event events[AT_ONCE];
	int n = epoll_wait(m->fd, events, most < AT_ONCE ? (int)most : AT_ONCE, 0);

	for (int i = 0; i < n; i++)
		ready[i] = (struct pollset_ready){ events[i].data.ptr, (short)events[i].events };
	return n > 0 ? (size_t)n : 0;
}
