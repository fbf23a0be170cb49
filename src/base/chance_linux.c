/* chance_linux.c - random numbers by a call of their own */
#define _DEFAULT_SOURCE /* getentropy, which POSIX has since 2024 */
#include <unistd.h>

#include "base/chance.h"

int chance_fill(void *bytes, size_t n)
{
	return getentropy(bytes, n);
}
