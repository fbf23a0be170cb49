/* endpoint.c - the operands HOST PORT and ENDPOINT: an input is a mode in its first word, then one
 * or two words.
 */
#include "fuzz.h"

#include "sock/address.h"
#include "sock/unix.h"

static void check_accepted(const char *host, const char *port, bool may_lack_host, bool numeric)
{
	struct address a;
	uint16_t n;
	enum word_kind kind;

	CHECK(host || may_lack_host);
	if (host && address_parse_direct(host, &a) == WORD_NUMBER) {
		CHECK(!*port);
		CHECK(unix_hops(&a) >= 0 && unix_hops(&a) <= UNIX_HOPS_MOST);
		return;
	}
	if (host) {
		kind = address_parse_host(host, &a);
		CHECK(kind == WORD_NUMBER || kind == WORD_ZONE || (kind == WORD_NAME && !numeric));
	}
	kind = address_parse_port(port, &n);
	CHECK(kind == WORD_NUMBER || (kind == WORD_NAME && !numeric));
}

/* HOST and PORT are what stands in WORD, of which nothing else was there but the colon. */
static void check_cut(const char *word, const char *host, const char *port)
{
	size_t n = host ? strlen(host) : 0;

	if (!*port) {
		CHECK(host && !strcmp(word, host));
		return;
	}
	CHECK(!host || (!strncmp(word, host, n) && word[n] == ':'));
	CHECK(!strcmp(word + n + (host != NULL), port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words w = words_new(NULL, data, size);
	struct operands o = { .words = w.words + 1, .n = w.n > 2 ? 2 : 1 };
	struct option_error error;
	const char *host, *port;
	bool may_lack_host, numeric;
	char *before;

	if (w.n > 1) {
		may_lack_host = strchr(w.words[0], 'l') != NULL;
		numeric = strchr(w.words[0], 'n') != NULL;
		before = take_string(w.words[1], strlen(w.words[1]));
		memset(error.text, '#', sizeof error.text);
		if (address_operands(&o, may_lack_host, numeric, &host, &port, &error) == 0) {
			check_accepted(host, port, may_lack_host, numeric);
			if (o.n == 1)
				check_cut(before, host, port);
		} else {
			CHECK(memchr(error.text, '\0', sizeof error.text) && error.text[0]);
		}
		free(before);
	}
	words_free(w);
	return 0;
}
