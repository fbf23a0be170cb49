/* descriptors.h - closing descriptors, and whether more can be opened */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stddef.h>

/* Could N more descriptors be opened now? That is tried with copies of FD, and not beyond 256.
 * Returns 0, or -1 with errno of fcntl(2), EMFILE mostly. */
int descriptors_try(int fd, size_t n);

/* Closes FD, unless it is negative, and leaves errno as it is. */
void close_keeping_errno(int fd);

#endif
