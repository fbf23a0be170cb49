/* many.h - many descriptors watched as one (a twin for each system)
 *
 * poll(2) looks at all of its descriptors each time. Where the system can gather those that are
 * mostly idle in a set that is a descriptor itself, the cost of an event does not grow with them.
 */
#ifndef LOOP_MANY_H
#define LOOP_MANY_H

#include <stdbool.h>
#include <stddef.h>

struct watch;

struct many {
	int fd; /* to be polled for POLLIN; -1: there is none */
};

/* A watch of the set that is ready; EVENTS as of poll(2). */
struct many_ready {
	struct watch *watch;
	short events;
};

void many_start(struct many *m);
void many_stop(struct many *m);

/* Adds W, whose descriptor is watched for EVENTS of poll(2) from now on. Returns false where that cannot
 * be: for want of such sets or of memory, or for a file. */
bool many_add(struct many *m, struct watch *w, short events);

/* Other EVENTS from now on. */
void many_change(struct many *m, struct watch *w, short events);

void many_remove(struct many *m, const struct watch *w);

/* Up to MOST of what is ready, without waiting. Returns how many. */
size_t many_collect(const struct many *m, struct many_ready *ready, size_t most);

#endif
