/* pollset_portable.c - there are no pollsets: poll(2) looks at every descriptor */
#include "loop/pollset.h"

void pollset_start(struct pollset *m)
{
	m->fd = -1;
}

void pollset_stop(struct pollset *m)
{
	(void)m;
}

void pollset_open(struct pollset *m)
{
	(void)m;
}

bool pollset_add(struct pollset *m, struct watch *w, short events)
{
	(void)m;
	(void)w;
	(void)events;
	return false;
}

void pollset_change(struct pollset *m, struct watch *w, short events)
{
	(void)m;
	(void)w;
	(void)events;
}

void pollset_remove(struct pollset *m, const struct watch *w)
{
	(void)m;
	(void)w;
}

size_t pollset_collect(const struct pollset *m, struct pollset_ready *ready, size_t most)
{
	(void)m;
	(void)ready;
	(void)most;
	return 0;
}
