/* room.h - how long a datagram is tried again for which the kernel has no room
 *
 * ENOBUFS and ENOMEM of dgram_send() may mean that a queue on the way is full, which poll(2) does
 * not tell of, or that this datagram will never have room: it has more fragments than the send
 * buffer or the interface's queue takes. Nobody can tell one from the other but by time.
 */
#ifndef DGRAM_ROOM_H
#define DGRAM_ROOM_H

#include <errno.h>

#include "base/clock.h"
#include "sock/datagram.h"

#define ROOM_PAUSE MILLISECOND /* before it is tried again */
#define ROOM_PATIENCE SECOND   /* for which it is, at least */

/* Does ERROR of dgram_send() mean that there was no room? */
static inline bool room_lacks(int error)
{
	return error == ENOBUFS || error == ENOMEM;
}

/* There has been no room in S since the time SINCE, 0: there was. Has it to drain before the next
 * try, which is the last one then? */
static inline bool room_is_awaited(const struct dgram_socket *s, int64_t since)
{
	return since && clock_now() - since >= ROOM_PATIENCE && dgram_waits(s);
}

#endif
