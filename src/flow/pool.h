/* pool.h - buffers that exist only while they hold data
 *
 * Of thousands of connections few move something at any moment; the others need no buffer.
 */
#ifndef FLOW_POOL_H
#define FLOW_POOL_H

#include <stddef.h>

/* Returns a buffer of SIZE bytes, or NULL with errno ENOMEM. */
char *pool_take(size_t size);

/* Gives back what pool_take(SIZE) returned. */
void pool_give(char *buffer, size_t size);

/* Frees the buffers that nobody uses, at the end of the program. */
void pool_free(void);

#endif
