/* chat.h - what one of many says, as all are to see it: lines with a number before them, nothing in
 * which does anything to a terminal
 */
#ifndef FLOW_CHAT_H
#define FLOW_CHAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define CHAT_MOST (16 << 10) /* to be put at once: each byte may become several */

/* One who speaks. */
struct chat {
	uint64_t number;
	struct text line; /* what has come of one */
};

/* C has said DATA of N bytes: the lines that it ends are added to OUT, `<NUMBER> LINE` each, and
 * what is longer than 4096 bytes is broken. Where memory ran out OUT has failed. */
void chat_put(struct chat *c, const char *data, size_t n, struct text *out);

/* What there is of a line is the last one. */
void chat_end(struct chat *c, struct text *out);

void chat_free(struct chat *c);

#endif
