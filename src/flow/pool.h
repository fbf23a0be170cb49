/* pool.h - buffers that are there only while they hold data
 *
 * Of thousands of connections few move something at any moment; the others keep no memory for it.
 */
#ifndef FLOW_POOL_H
#define FLOW_POOL_H

#include <stddef.h>

/* A buffer of SIZE bytes, or NULL with errno ENOMEM. */
char *pool_take(size_t size);

/* Gives back what pool_take(SIZE) returned. */
void pool_give(char *buffer, size_t size);

/* Frees what nobody uses, at the end. */
void pool_free(void);

#endif
