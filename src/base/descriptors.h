/* descriptors.h - whether more can be opened */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stddef.h>

/* Could N more descriptors be opened now? That is tried with copies of FD, and not beyond 256.
 * Returns 0, or -1 with errno of fcntl(2), EMFILE mostly. */
int descriptors_try(int fd, size_t n);

#endif
