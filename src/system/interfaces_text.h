/* interfaces_text.h - network interfaces in a table, or as objects */
#ifndef SYSTEM_INTERFACES_TEXT_H
#define SYSTEM_INTERFACES_TEXT_H

#include "base/facts.h"
#include "system/interfaces.h"

/* Sorts the N in LIST by their indices, so that the addresses of an interface come together. */
void interfaces_sort(struct interface *list, size_t n);

/* Add a row for I, and the heading: name, index, family, address, broadcast, MTU, flags. Where a
 * terminal of WIDTH columns is too narrow, family, broadcast and index are left out. */
void interfaces_row(struct facts *r, const struct interface *i);
void interfaces_heading(struct table *t, size_t width);

/* An object for the interface of LIST[FIRST] of N, with all of its addresses; none if there was an
 * address of it before. */
void interfaces_object(struct facts *r, const struct interface *list, size_t n, size_t first);

#endif
