/* chat.h - what one of many says, as all the others see it
 *
 * Each line goes out with its author's number before it, and with control characters escaped, so
 * that it cannot do anything to a terminal.
 */
#ifndef FLOW_CHAT_H
#define FLOW_CHAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define CHAT_MOST (16 << 10) /* bytes to put at once: each may become several */

/* The author of lines. */
struct chat {
	uint64_t number;
	struct text line; /* unfinished */
};

/* C has said DATA of N bytes: adds each line that is finished to OUT, as `<NUMBER> LINE`; lines of
 * more than 4096 bytes are broken. OUT fails if memory runs out. */
void chat_put(struct chat *c, const char *data, size_t n, struct text *out);

/* Adds the unfinished line to OUT. */
void chat_end(struct chat *c, struct text *out);

void chat_free(struct chat *c);

#endif
