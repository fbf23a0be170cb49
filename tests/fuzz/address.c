/* address.c - a host, and a port, each by itself: an input is one word. */
#include "fuzz.h"

#include <net/if.h>
#include <netdb.h>

#include "base/number.h"
#include "sock/address.h"

/* WORD is the address A: so getaddrinfo(3) has to see it, whom we ask when the port is a name. */
static void check_lookup(const char *word, const struct address *a)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	size_t bracket = word[0] == '[';
	char *bare = take_string(word + bracket, strlen(word) - 2 * bracket);
	struct addrinfo *list;
	struct address b = { .length = 0 };

	if (!strchr(word, '%')) {
		CHECK(getaddrinfo(bare, NULL, &hints, &list) == 0);
		b.length = list->ai_addrlen;
		CHECK(b.length == a->length);
		memcpy(&b.u, list->ai_addr, b.length);
		CHECK(address_equal(a, &b));
		freeaddrinfo(list);
	}
	free(bare);
}

static void check_address(const char *word, struct address *a)
{
	char text[ADDRESS_TEXT], with_port[ADDRESS_TEXT];
	struct address again;
	sa_family_t family = a->u.sa.sa_family;

	CHECK(family == AF_INET || family == AF_INET6);
	CHECK(a->length == (family == AF_INET ? sizeof a->u.in : sizeof a->u.in6));
	CHECK(address_port(a) == 0);
	check_lookup(word, a);
	/* As it is shown it can be typed. */
	CHECK(strlen(address_host(a, text)) > 0);
	CHECK(address_parse_host(text, &again) == WORD_NUMBER && address_equal(a, &again));
	address_set_port(a, 65535);
	CHECK(address_port(a) == 65535 && !address_equal(a, &again));
	CHECK(!strncmp(address_text(a, with_port), text, strlen(text)));
	CHECK(!strcmp(with_port + strlen(text), " port 65535"));
	address_unmap(a);
	CHECK(address_port(a) == 65535);
	again = *a;
	address_unmap(&again);
	CHECK(address_equal(a, &again));
}

/* What may go to a look-up, and into its messages: no blanks and control characters. */
static void check_name(const char *word)
{
	CHECK(*word);
	for (const unsigned char *p = (const unsigned char *)word; *p; p++)
		CHECK(*p > ' ' && *p != 0x7f);
}

/* An IPv6 address but for its zone, which no interface has for its name. */
static void check_zone(const char *word)
{
	const char *percent = strchr(word, '%');
	size_t bracket = word[0] == '[', before;
	char *plain, *zone;
	struct address a;

	CHECK(percent);
	before = (size_t)(percent - word);
	plain = take_string(word + bracket, before - bracket);
	CHECK(address_parse_host(plain, &a) == WORD_NUMBER && a.u.sa.sa_family == AF_INET6);
	free(plain);
	zone = take_string(percent + 1, strlen(percent + 1) - bracket);
	check_name(zone);
	CHECK(strlen(zone) < IF_NAMESIZE && !strpbrk(zone, "/:[]%"));
	CHECK(if_nametoindex(zone) == 0);
	free(zone);
}

static void check_port(const char *word)
{
	uint16_t port;
	int64_t n;

	switch (address_parse_port(word, &port)) {
	case WORD_NUMBER:
		CHECK(number_parse(word, 0, 65535, &n) == 0 && n == port);
		break;
	case WORD_NAME:
		check_name(word);
		CHECK(strspn(word, "0123456789") < strlen(word));
		break;
	case WORD_ZONE: /* of hosts only */
		CHECK(false);
		break;
	case WORD_BAD:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = take_string(data, size);
	struct address a;

	switch (address_parse_host(word, &a)) {
	case WORD_NUMBER:
		check_address(word, &a);
		break;
	case WORD_NAME:
		check_name(word);
		CHECK(strlen(word) <= 254 && !strpbrk(word, "/:[]%@,"));
		break;
	case WORD_ZONE:
		check_zone(word);
		break;
	case WORD_BAD:
		break;
	}
	check_port(word);
	free(word);
	return 0;
}
