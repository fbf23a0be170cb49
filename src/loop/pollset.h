/* pollset.h - many descriptors watched as one (a twin for each system)
 *
 * poll(2) looks at all of its descriptors each time. Where the system can gather those that are
 * mostly idle in a set that is a descriptor itself, the cost of an event does not grow with them.
 */
#ifndef LOOP_POLLSET_H
#define LOOP_POLLSET_H

#include <stdbool.h>
#include <stddef.h>

struct watch;

struct pollset {
	int fd; /* to be polled for POLLIN; -1: there is none */
};

/* A watch of the set that is ready; EVENTS as of poll(2). */
struct pollset_ready {
	struct watch *watch;
	short events;
};

void pollset_start(struct pollset *m);
void pollset_stop(struct pollset *m);

/* Adds W, whose descriptor is watched for EVENTS of poll(2) from now on. Returns false where that
 * cannot be: for want of such sets or of memory, or for a file. */
bool pollset_add(struct pollset *m, struct watch *w, short events);

/* Other EVENTS from now on. */
void pollset_change(struct pollset *m, struct watch *w, short events);

void pollset_remove(struct pollset *m, const struct watch *w);

/* Up to MOST of what is ready, without waiting. Returns how many. */
size_t pollset_collect(const struct pollset *m, struct pollset_ready *ready, size_t most);

#endif
