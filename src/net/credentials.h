/* credentials.h - USER:PASS, as options, files and the environment have it */
#ifndef NET_CREDENTIALS_H
#define NET_CREDENTIALS_H

#include <stddef.h>

#include "base/options.h"
#include "proto/handshake.h"

/* Takes the N bytes at TEXT apart: *WHO is the caller's then, for credentials_free(). Returns 0, or
 * -1 with *ERROR, which begins with WHERE and quotes nothing of it. */
int credentials_parse(struct credentials *who, const char *text, size_t n, const char *where,
		      struct option_error *error);

void credentials_free(struct credentials *who);

/* What is done with WHO, which is the callee's: it stands in line N, from 1 on, which is WHERE.
 * Returns 0, or -1 with *ERROR. */
typedef int credentials_fn(void *arg, size_t n, const struct credentials *who, const char *where,
			   struct option_error *error);

/* Reads --proxy-auth-file's PATH: FN is called for each line, but those that are empty. Returns 0,
 * or -1 with *ERROR. */
int credentials_read(const char *path, credentials_fn *fn, void *arg, struct option_error *error);

/* Text of which nobody but its owner may know, N bytes of argv or environ: it is not to be seen in
 * /proc any more. */
void credentials_blot(char *text, size_t n);

#endif
