/* pollset.h - many descriptors watched as one (a twin for each system)
 *
 * poll(2) looks at all of its descriptors each time. Where the system can gather the idle ones in a
 * set that is a descriptor itself (epoll(7)), the cost of an event does not grow with their number.
 */
#ifndef LOOP_POLLSET_H
#define LOOP_POLLSET_H

#include <stdbool.h>
#include <stddef.h>

struct watch;

struct pollset {
	int fd; /* to be polled for POLLIN; -1: there is none */
};

/* A watch of the set that is ready, with the EVENTS of poll(2). */
struct pollset_ready {
	struct watch *watch;
	short events;
};

void pollset_start(struct pollset *m);
void pollset_stop(struct pollset *m);

/* Makes the set now, if the system has such sets and there is none yet. */
void pollset_open(struct pollset *m);

/* Watches W's descriptor for EVENTS of poll(2) in the set from now on. Returns false if that cannot
 * be: the system has no such sets, memory ran out, or it is a file. */
bool pollset_add(struct pollset *m, struct watch *w, short events);

/* Watches W's descriptor for other EVENTS from now on. */
void pollset_change(struct pollset *m, struct watch *w, short events);

void pollset_remove(struct pollset *m, const struct watch *w);

/* Puts up to MOST of the watches that are ready into READY, without waiting. Returns how many. */
size_t pollset_collect(const struct pollset *m, struct pollset_ready *ready, size_t most);

#endif
