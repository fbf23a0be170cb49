/* sources.c - a table of those who have connected */
#include "net/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/chance.h"
#include "base/number.h"

#define FIRST_SIZE 64 /* of the table, a power of 2 */

int source_parse(void *field, const char *word, struct option_error *error)
{
	struct source_limit *l = field;
	size_t n = strcspn(word, "/");
	char most[24];

	*l = (struct source_limit)SOURCE_LIMIT_DEFAULT;
	if (n < sizeof most) {
		memcpy(most, word, n);
		most[n] = '\0';
		if (number_parse(most, 1, INT32_MAX, &l->most) == 0 &&
		    (!word[n] || number_parse(word + n + 1, 1, 128, &l->bits) == 0))
			return 0;
	}
	return option_fail(error,
			   "--max-per-source: '%s' is no number from 1, nor one with /BITS from 1 "
			   "to 128",
			   word);
}

bool sources_know(const struct address *a)
{
	return address_is_ip(a) || (a->u.sa.sa_family == AF_UNIX && a->who.known);
}

/* How many bits of A count. */
static unsigned source_bits(const struct source_limit *l, const struct address *a)
{
	bool given = l->bits != UNSET, long_ones = given && l->bits > 32;

	if (a->u.sa.sa_family == AF_INET)
		return given && !long_ones ? (unsigned)l->bits : 32;
	if (long_ones)
		return (unsigned)l->bits;
	/* All of a link have the same network. */
	return IN6_IS_ADDR_LINKLOCAL(&a->u.in6.sin6_addr) ? 128 : 64;
}

/* Writes which source A is to KEY, as L has it. */
static void source_key(const struct source_limit *l, const struct address *a, struct source *key)
{
	struct address plain = *a;
	const unsigned char *ip;
	unsigned bits;
	size_t n;

	memset(key->key, 0, sizeof key->key);
	address_unmap(&plain);
	if (!address_is_ip(&plain)) {
		key->key[0] = 1;
		memcpy(key->key + 1, &plain.who.uid, sizeof plain.who.uid);
		return;
	}
	ip = address_ip(&plain, &n);
	bits = source_bits(l, &plain);
	key->key[0] = (unsigned char)n;
	memcpy(key->key + 1, ip, bits / 8);
	if (bits % 8)
		key->key[1 + bits / 8] = (unsigned char)(ip[bits / 8] & (0xff00U >> bits % 8));
}

/* Returns where in the table KEY begins to be looked for. */
static struct source **source_place(const struct sources *s, const struct source *key)
{
	uint64_t hash = s->secret;

	for (size_t i = 0; i < sizeof key->key; i++) {
		hash = (hash ^ key->key[i]) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
	}
	return &s->table[hash & (s->size - 1)];
}

static struct source *sources_find_key(const struct sources *s, const struct source *key)
{
	struct source *source = s->size ? *source_place(s, key) : NULL;

	while (source && memcmp(source->key, key->key, sizeof key->key) != 0)
		source = source->next;
	return source;
}

struct source *sources_find_crowd(const struct sources *s, const struct source_limit *l,
				  const struct address *a)
{
	struct source key, *source;

	if (l->most == UNSET || !sources_know(a))
		return NULL;
	source_key(l, a, &key);
	source = sources_find_key(s, &key);
	return source && source->n >= (size_t)l->most ? source : NULL;
}

bool source_is_news(struct source *source)
{
	bool news = !source->told;

	source->told = true;
	return news;
}

static void sources_put(struct sources *s, struct source *source)
{
	struct source **place = source_place(s, source);

	source->next = *place;
	*place = source;
}

/* Makes room for one more. Returns 0, or -1 with errno ENOMEM. */
static int sources_grow(struct sources *s)
{
	struct sources more = { .size = s->size ? 2 * s->size : FIRST_SIZE, .secret = s->secret };

	if (s->n < s->size)
		return 0;
	more.table = calloc(more.size, sizeof *more.table);
	if (!more.table)
		return -1;
	/* Without chance it is only slower for who does harm. */
	if (!s->size && chance_fill(&more.secret, sizeof more.secret) < 0)
		more.secret = (uintptr_t)more.table;
	more.n = s->n;
	for (size_t i = 0; i < s->size; i++)
		for (struct source *next, *source = s->table[i]; source; source = next) {
			next = source->next;
			sources_put(&more, source);
		}
	free(s->table);
	*s = more;
	return 0;
}

struct source *sources_add(struct sources *s, const struct source_limit *l, const struct address *a)
{
	struct source key, *source;

	source_key(l, a, &key);
	source = sources_find_key(s, &key);
	if (source) {
		source->n++;
		return source;
	}
	source = sources_grow(s) == 0 ? calloc(1, sizeof *source) : NULL;
	if (!source)
		return NULL;
	memcpy(source->key, key.key, sizeof key.key);
	source->n = 1;
	sources_put(s, source);
	s->n++;
	return source;
}

void sources_drop(struct sources *s, struct source *source)
{
	struct source **at;

	if (!source)
		return;
	source->told = false;
	if (--source->n > 0)
		return;
	at = source_place(s, source);
	while (*at != source)
		at = &(*at)->next;
	*at = source->next;
	free(source);
	s->n--;
}

void sources_free(struct sources *s)
{
	if (!s->table)
		return;
	for (size_t i = 0; i < s->size; i++)
		for (struct source *next, *source = s->table[i]; source; source = next) {
			next = source->next;
			free(source);
		}
	free(s->table);
	*s = (struct sources){ 0 };
}
