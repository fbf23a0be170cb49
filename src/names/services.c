/* services.c - the files of services and protocols, and what libc knows beyond them */
#define _DEFAULT_SOURCE /* getservbyname's companions in old headers */
#include "names/services.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names/system_file.h"

/* Fills S with the entries of its text. Returns 0, or -1 with errno ENOMEM. */
static int services_parse(struct services *s, bool protocols)
{
	struct words_reader r = { .at = s->text.length ? s->text.data : "" };
	struct services_entry entry = { 0 }, *more;
	size_t size = 0;

	r.end = r.at + s->text.length;
	while (services_next(&r, protocols, &entry)) {
		if (s->n == size) {
			size = size ? 2 * size : 128;
			more = realloc(s->entries, size * sizeof *more);
			if (!more)
				return -1;
			s->entries = more;
		}
		s->entries[s->n++] = entry;
	}
	return 0;
}

int services_read(struct services *s, bool protocols)
{
	const char *path = protocols ? PROTOCOLS_PATH : SERVICES_PATH;
	const char *usual = protocols ? protocols_usual : services_usual;

	*s = (struct services){ .source = SERVICES_FILE };
	if (access(path, R_OK) == 0) {
		if (system_file_read(path, &s->text) < 0)
			goto fail;
	} else {
		s->source = SERVICES_USUAL;
		text_put(&s->text, usual, strlen(usual));
	}
	errno = ENOMEM;
	if (s->text.failed || services_parse(s, protocols) < 0)
		goto fail;
	return 0;
fail:
	services_free(s);
	return -1;
}

void services_free(struct services *s)
{
	int error = errno;

	free(s->entries);
	text_free(&s->text);
	*s = (struct services){ 0 };
	errno = error;
}

int services_ask(struct services *s, const char *name, uint16_t port, const char *protocol)
{
	const struct servent *found;

	errno = ENOENT;
	/* libc would wait for a FIFO. */
	if (system_file_is_odd(SERVICES_PATH) || system_file_is_odd(NSSWITCH_FILE))
		return -1;
	/* The reentrant ones are not everywhere, and nobody else calls these. */
	// cppcheck-suppress getservbyportCalled
	found = name ? NULL : getservbyport(htons(port), protocol);
	// cppcheck-suppress getservbynameCalled
	found = name ? getservbyname(name, protocol) : found;
	*s = (struct services){ .source = SERVICES_SYSTEM };
	errno = ENOENT;
	if (!found)
		return -1;
	text_add(&s->text, "%s %u/%s", found->s_name, ntohs((uint16_t)found->s_port),
		 found->s_proto);
	for (char **alias = found->s_aliases; *alias; alias++)
		text_add(&s->text, " %s", *alias);
	text_add(&s->text, "\n");
	errno = ENOMEM;
	if (!s->text.failed && services_parse(s, false) == 0)
		return 0;
	services_free(s);
	return -1;
}

bool services_usual_port(const char *name, const char *protocol, uint16_t *port)
{
	struct words_reader r = { services_usual, services_usual + strlen(services_usual), 0 };
	struct services_entry entry = { 0 };

	if (access(SERVICES_PATH, R_OK) == 0)
		return false;
	while (services_next(&r, false, &entry))
		if (word_is(&entry.protocol, protocol) && services_has_name(&entry, name)) {
			*port = entry.number;
			return true;
		}
	return false;
}
