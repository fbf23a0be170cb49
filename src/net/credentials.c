/* credentials.c - splitting, reading and hiding USER:PASS */
#include "net/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errname.h"

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
		return option_fail(error, "%s: %s", where, strerror(ENOMEM));
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
	FILE *file = fopen(path, "re");
	char *line = NULL, where[320];
	struct credentials who;
	size_t size = 0;
	ssize_t length;
	int status = 0;

	for (size_t n = 1; file && status == 0 && (length = getline(&line, &size, file)) >= 0;
	     n++) {
		while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n'))
			length--;
		if (length == 0)
			continue;
		snprintf(where, sizeof where, "%s, line %zu", path, n);
		status = credentials_parse(&who, line, (size_t)length, where, error);
		if (status == 0)
			status = fn(arg, n, &who, where, error);
	}
	if (!file || (status == 0 && ferror(file)))
		status = option_fail(error, "--proxy-auth-file: %s: %s (%s)", path, strerror(errno),
				     errno_name(errno));
	free(line);
	if (file)
		fclose(file);
	return status;
}

void credentials_blot(char *text, size_t n)
{
	memset(text, '*', n);
}
