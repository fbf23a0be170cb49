/* icmp.c - what an ICMP message says, in words */
#include "sock/icmp.h"

#include <stdio.h>

#include "base/errname.h"

/* RFC 792, RFC 1812 and RFC 4443; each list in the order of the types, ANY at the end of each. */
enum { ANY = 256 };
static const struct icmp_row {
	int family, type, code;
	bool prohibits;
	char words[40];
} icmp_rows[] = {
	{ AF_INET, 3, 0, false, "network unreachable" },
	{ AF_INET, 3, 1, false, "host unreachable" },
	{ AF_INET, 3, 2, false, "protocol unreachable" },
	{ AF_INET, 3, 3, false, "port unreachable" },
	{ AF_INET, 3, 4, false, "packet too big" },
	{ AF_INET, 3, 6, false, "network unknown" },
	{ AF_INET, 3, 7, false, "host unknown" },
	{ AF_INET, 3, 9, true, "administratively prohibited" },
	{ AF_INET, 3, 10, true, "administratively prohibited" },
	{ AF_INET, 3, 13, true, "administratively prohibited" },
	{ AF_INET, 3, ANY, false, "unreachable" },
	{ AF_INET, 11, ANY, false, "too many hops (TTL)" },
	{ AF_INET, 12, ANY, false, "bad header" },
	{ AF_INET6, 1, 0, false, "no route" },
	{ AF_INET6, 1, 1, true, "administratively prohibited" },
	{ AF_INET6, 1, 2, false, "beyond the scope of the source address" },
	{ AF_INET6, 1, 3, false, "host unreachable" },
	{ AF_INET6, 1, 4, false, "port unreachable" },
	{ AF_INET6, 1, 5, true, "source address prohibited" },
	{ AF_INET6, 1, 6, true, "route prohibited" },
	{ AF_INET6, 1, ANY, false, "unreachable" },
	{ AF_INET6, 2, ANY, false, "packet too big" },
	{ AF_INET6, 3, ANY, false, "too many hops (TTL)" },
	{ AF_INET6, 4, ANY, false, "bad header" },
	{ AF_INET, ANY, ANY, false, "ICMP error" },
	{ AF_INET6, ANY, ANY, false, "ICMP error" },
};

static const struct icmp_row *icmp_find(const struct icmp_error *e)
{
	for (size_t i = 0; i < sizeof icmp_rows / sizeof *icmp_rows; i++) {
		const struct icmp_row *row = &icmp_rows[i];
		if (row->family == e->family && (row->type == e->type || row->type == ANY) &&
		    (row->code == e->code || row->code == ANY))
			return row;
	}
	return NULL;
}

/* Returns what E says: `port unreachable`, `administratively prohibited`; NULL: nothing was said.
 */
static const char *icmp_words(const struct icmp_error *e)
{
	const struct icmp_row *row = icmp_find(e);

	return row ? row->words : NULL;
}

bool icmp_prohibits(const struct icmp_error *e)
{
	const struct icmp_row *row = icmp_find(e);

	return row && row->prohibits;
}

bool icmp_is_time_exceeded(const struct icmp_error *e)
{
	return e->code == 0 &&
	       ((e->family == AF_INET && e->type == 11) || (e->family == AF_INET6 && e->type == 3));
}

bool icmp_equal(const struct icmp_error *a, const struct icmp_error *b)
{
	return a->family == b->family && a->type == b->type && a->code == b->code &&
	       a->error == b->error && a->mtu == b->mtu && address_equal(&a->sender, &b->sender);
}

const char *icmp_words_by(const struct icmp_error *e, char *text)
{
	char sender[ADDRESS_TEXT];

	snprintf(text, ICMP_TEXT, "%s%s%s", icmp_words(e), e->sender.length ? ", says " : "",
		 e->sender.length ? address_host(&e->sender, sender) : "");
	return text;
}

const char *icmp_text(const struct icmp_error *e, int error, char *text)
{
	char words[ICMP_TEXT];

	if (!e || !icmp_words(e))
		return errno_text(error, text);
	snprintf(text, ICMP_TEXT, "%.*s (%s)", ICMP_TEXT - 32, icmp_words_by(e, words),
		 errno_name(error));
	return text;
}

void icmp_json(struct json *json, const struct icmp_error *e)
{
	json_string(json, "icmp", icmp_words(e));
	if (e->sender.length) {
		char sender[ADDRESS_TEXT];
		json_string(json, "sender", address_host(&e->sender, sender));
	}
}
