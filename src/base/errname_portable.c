/* errname_portable.c - the names of errno that not every system of POSIX has: the one that is met
 */
#include <errno.h>

#include "base/errname.h"

#ifndef EHOSTDOWN /* hidden from programs that ask for POSIX */
#define EHOSTDOWN EHOSTUNREACH
#endif

const struct error_name errnos_more[] = { { EHOSTDOWN, "EHOSTDOWN" } };
const size_t n_errnos_more = sizeof errnos_more / sizeof *errnos_more;
