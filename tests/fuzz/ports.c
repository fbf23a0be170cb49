/* ports.c - lists of ports: an input is one word. */
#include "fuzz.h"

#include <stdbool.h>

#include "proto/ports.h"

/* The same, seen simply. */
static bool seen[PORTS_MOST];

/* What is bad holds no number that could be used; what is a name has something to look up. */
static void check_item(enum ports_kind kind, const struct ports_item *item)
{
	size_t digits = 0, others = 0;

	for (size_t i = 0; i < item->length; i++) {
		unsigned char c = (unsigned char)item->word[i];
		CHECK(c != ',');
		CHECK(kind != PORTS_NAME || (c > ' ' && c != 0x7f && c != ':'));
		digits += c >= '0' && c <= '9';
		others += (c < '0' || c > '9') && c != '-';
	}
	if (kind == PORTS_RANGE) {
		CHECK(item->first <= item->last && digits > 0 && others == 0);
		for (unsigned port = item->first; port <= item->last; port++)
			seen[port] = true;
	}
	CHECK(kind != PORTS_NAME || (others > 0 && item->word[0] != '-' && item->word[0] != '+'));
	if (kind == PORTS_BAD && digits == item->length && digits > 0) {
		size_t zeros = strspn(item->word, "0");
		CHECK(digits - zeros >= 5);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = take_string(data, size);
	const char *list = word, *at = word;
	struct ports ports = { 0 };
	struct ports_item item;
	enum ports_kind kind;
	unsigned n = 0;

	memset(seen, 0, sizeof seen);
	while ((kind = ports_item(&list, &item)) != PORTS_END) {
		/* Together they are the word, a comma between them. */
		CHECK(item.word == at &&
		      (item.word[item.length] == ',' || !item.word[item.length]));
		at = item.word + item.length + 1;
		CHECK((list == NULL) == (item.word[item.length] == '\0'));
		check_item(kind, &item);
		if (kind == PORTS_RANGE)
			ports_add(&ports, item.first, item.last);
	}
	CHECK(at == word + strlen(word) + 1);
	for (int port = ports_next(&ports, 0), next = 0; next < PORTS_MOST; next++) {
		CHECK(seen[next] == (port == next));
		n += seen[next];
		if (port == next)
			port = ports_next(&ports, next + 1);
	}
	CHECK(n == ports_count(&ports) && ports_next(&ports, PORTS_MOST) == -1);
	free(word);
	return 0;
}
