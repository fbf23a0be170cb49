/* witness.h - what a function is seen to do: it runs in a child process, which is followed
 *
 * What a look-up does depends on the libc, its modules, files and the environment, and each of them
 * has rules of its own. So it is not worked out but watched: ptrace(2), which a process may do to
 * its child, shows the system calls of whatever libc there is.
 */
#ifndef NAMES_WITNESS_H
#define NAMES_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "sock/address.h"

enum sight_kind {
	SIGHT_FILE,    /* it has opened `data`, a path */
	SIGHT_CONNECT, /* it has a connection to `address`, or a UDP socket could not have one */
	SIGHT_SENT,    /* it has sent `data` to `address` */
	SIGHT_CAME,    /* it has received `data` from `address` */
	SIGHT_WAITED,  /* it has waited for the time `ns`, and nothing came */
	SIGHT_CLOSED,  /* it has closed a socket, which had an ERROR that nobody had asked for */
};

struct sight {
	enum sight_kind kind;
	int64_t at, ns;		/* see base/clock.h: when the call had returned, how long it took */
	int error;		/* the errno of a call that failed; then there are no bytes */
	int fd;			/* by which descriptor, as long as that is open */
	bool stream;		/* of a socket: bytes without boundaries */
	struct address address; /* of length 0: not known */
	const char *data; /* ended by a NUL that does not count; of a long message the beginning */
	size_t n;
};

#define WITNESS_ROOM (1 << 20)

/* Called in the thread that watches; S is valid during the call. */
typedef void sight_fn(void *arg, const struct sight *s);
/* Called in the child, which ends when it returns. Writes what it has found to ROOM, of
 * WITNESS_ROOM bytes, and returns how many they are. */
typedef size_t witness_fn(void *arg, char *room);

/* Runs FN in a child, calls SEEN for each thing that it is seen to do, and adds what it has written
 * to *OUT: nothing if it came to no end. Blocks until then; the child ends with the thread that
 * calls this, if not before. Returns 0; or -1 with errno where there can be no child, or it cannot
 * be followed (ENOSYS, EPERM, EAGAIN...): FN was not called then. */
int witness_run(witness_fn *fn, void *arg, sight_fn *seen, void *seen_arg, struct text *out);

#endif
