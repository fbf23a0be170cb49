#include "loop/many.h"

void many_start(struct many *m)
{
	m->fd = -1;
}

void many_stop(struct many *m)
{
	(void)m;
}

bool many_add(struct many *m, struct watch *w, short events)
{
	(void)m;
	(void)w;
	(void)events;
	return false;
}

void many_change(struct many *m, struct watch *w, short events)
{
	(void)m;
	(void)w;
	(void)events;
}

void many_remove(struct many *m, const struct watch *w)
{
	(void)m;
	(void)w;
}

size_t many_collect(const struct many *m, struct many_ready *ready, size_t most)
{
	(void)m;
	(void)ready;
	(void)most;
	return 0;
}
