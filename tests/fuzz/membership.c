/* membership.c - the words of --join and --join-source: an input is one of them, the second kind
 * after a comma. */
#include "fuzz.h"

#include "sock/membership.h"
#include "sock/multicast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool source_too = size > 0 && data[0] == ',';
	char *word = take_string(data + source_too, size - source_too);
	struct membership m = { .source.length = 1 };
	struct option_error error;

	memset(error.text, '#', sizeof error.text);
	if (membership_parse(word, source_too, &m, &error) < 0) {
		CHECK(memchr(error.text, '\0', sizeof error.text) && error.text[0]);
	} else {
		CHECK(multicast_is_group(&m.group));
		CHECK((m.source.length > 0) == source_too);
		CHECK(!source_too || (!multicast_is_group(&m.source) &&
				      m.source.u.sa.sa_family == m.group.u.sa.sa_family));
		CHECK(!strchr(word, '@') || m.interface > 0);
	}
	free(word);
	return 0;
}
