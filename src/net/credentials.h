/* credentials.h - USER:PASS from options, files and the environment */
#ifndef NET_CREDENTIALS_H
#define NET_CREDENTIALS_H

#include <stddef.h>

#include "base/options.h"
#include "proto/handshake.h"

/* Splits the N bytes at TEXT into *WHO, which the caller frees with credentials_free(). Returns 0,
 * or -1 with *ERROR, which begins with WHERE and quotes nothing of TEXT. */
int credentials_parse(struct credentials *who, const char *text, size_t n, const char *where,
		      struct option_error *error);

void credentials_free(struct credentials *who);

/* Takes WHO, which becomes the callee's, from line N (from 1), which messages call WHERE. Returns
 * 0, or -1 with *ERROR. */
typedef int credentials_fn(void *arg, size_t n, const struct credentials *who, const char *where,
			   struct option_error *error);

/* Reads PATH of --proxy-auth-file and calls FN for each line that is not empty. Returns 0, or -1
 * with *ERROR. */
int credentials_read(const char *path, credentials_fn *fn, void *arg, struct option_error *error);

/* Overwrites a secret, N bytes of argv or environ, so that /proc does not show it any more. */
void credentials_blot(char *text, size_t n);

#endif
