/* later.c - a clock that can be put forward: to be preloaded
 *
 * Once there is the file named by $LATER, it is an hour later than it would be.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*real)(clockid_t clock, struct timespec * t);
	const char *path = getenv("LATER");
	int status;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	status = real(clock, t);
	if (path && access(path, F_OK) == 0)
		t->tv_sec += 3600;
	return status;
}
