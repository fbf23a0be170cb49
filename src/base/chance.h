/* chance.h - random numbers that nobody can guess (a twin for each system) */
#ifndef BASE_CHANCE_H
#define BASE_CHANCE_H

#include <stddef.h>

/* Fills BYTES with N random ones, at most 256. Returns 0, or -1 with errno. */
int chance_fill(void *bytes, size_t n);

#endif
