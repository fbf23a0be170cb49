/* credentials.c - splitting, reading and hiding USER:PASS */
#include "net/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

int credentials_parse(struct credentials *who, const char *text, size_t n, const char *where,
		      struct option_error *error)
{
	const char *colon = memchr(text, ':', n);
	char *copy;

	/* Text behind a NUL would be overlooked. */
	if (memchr(text, '\0', n))
		return option_fail(error, "%s: a NUL byte", where);
	if (!colon)
		return option_fail(error, "%s: this is not USER:PASS", where);
	copy = strndup(text, n);
	if (!copy)
		return option_fail_errno(error, ENOMEM, "%s", where);
	copy[colon - text] = '\0';
	who->user = copy;
	who->password = copy + (colon - text) + 1;
	return 0;
}

void credentials_free(struct credentials *who)
{
	free((char *)who->user);
	*who = (struct credentials){ 0 };
}

int credentials_read(const char *path, credentials_fn *fn, void *arg, struct option_error *error)
{
	char where[320];
	struct credentials who;
	struct lines l;
	int status = 0;

	lines_open(&l, path);
	while (status == 0 && lines_next(&l)) {
		while (l.length > 0 && l.line[l.length - 1] == '\r')
			l.length--;
		if (l.length == 0)
			continue;
		snprintf(where, sizeof where, "%s, line %zu", path, l.n);
		status = credentials_parse(&who, l.line, l.length, where, error);
		if (status == 0)
			status = fn(arg, l.n, &who, where, error);
	}
	if (lines_close(&l) < 0)
		status = option_fail_errno(error, errno, "--proxy-auth-file: %s", path);
	return status;
}

void credentials_blot(char *text, size_t n)
{
	memset(text, '*', n);
}
