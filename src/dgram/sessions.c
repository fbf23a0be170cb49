/* sessions.c - the sessions of a forwarder in a hash table and in a list */
#include "dgram/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/chance.h"

#define BUCKETS_MOST (1 << 16)

int sessions_start(struct sessions *t, size_t most)
{
	size_t n = 16;

	while (n < most && n < BUCKETS_MOST)
		n *= 2;
	if (chance_fill(t->secret, sizeof t->secret) < 0)
		return -1;
	t->mask = n - 1;
	for (size_t i = 0; i < SESSION_KEYS; i++) {
		t->buckets[i] = calloc(n, sizeof *t->buckets[i]);
		if (!t->buckets[i])
			return -1;
	}
	return 0;
}

void sessions_free(struct sessions *t)
{
	for (size_t i = 0; i < SESSION_KEYS; i++)
		free(t->buckets[i]);
	*t = (struct sessions){ 0 };
}

/* ---- by address ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t sessions_hash(const struct sessions *t, const struct address *a)
{
	uint64_t hash = mix(t->secret[0], (uint64_t)a->u.sa.sa_family << 16 | address_port(a));
	const void *bytes = &a->u;
	size_t n = a->length;

	/* What else stands there of IP is no part of the address. */
	if (address_is_ip(a))
		bytes = address_ip(a, &n);
	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t word = 0;
		memcpy(&word, (const char *)bytes + i, n - i < sizeof word ? n - i : sizeof word);
		hash = mix(hash, word);
	}
	return mix(hash, t->secret[1]);
}

static bool same_client(const struct address *a, const struct address *b)
{
	return a->length && b->length ? address_equal(a, b) : a->length == b->length;
}

static bool same_asked(const struct session *s, const struct address *to)
{
	return to ? s->asked.length && address_equal(&s->asked, to) : s->asked.length == 0;
}

struct session *sessions_find(const struct sessions *t, const struct dgram_received *d,
			      const struct dgram_socket *by)
{
	uint64_t hash = sessions_hash(t, d->from);
	struct session *s = t->buckets[SESSION_BY_CLIENT][hash & t->mask];

	while (s && !(s->hashes[SESSION_BY_CLIENT] == hash && s->by == by &&
		      same_client(&s->client, d->from) && same_asked(s, d->to)))
		s = s->next[SESSION_BY_CLIENT];
	return s;
}

struct session *sessions_of(const struct sessions *t, const struct address *client)
{
	uint64_t hash = sessions_hash(t, client);
	struct session *s = t->buckets[SESSION_BY_CLIENT][hash & t->mask];

	while (s && !(s->hashes[SESSION_BY_CLIENT] == hash && same_client(&s->client, client)))
		s = s->next[SESSION_BY_CLIENT];
	return s;
}

/* The hash alone tells: nobody knows the secret, and of 64 bits none are equal by chance. */
bool sessions_own(const struct sessions *t, const struct address *a)
{
	uint64_t hash = sessions_hash(t, a);
	const struct session *s = t->buckets[SESSION_BY_OWN][hash & t->mask];

	while (s && s->hashes[SESSION_BY_OWN] != hash)
		s = s->next[SESSION_BY_OWN];
	return s;
}

/* ---- by time ---- */

static void sessions_link(struct sessions *t, struct session *s)
{
	s->newer = NULL;
	s->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = s;
	t->newest = s;
}

static void sessions_unlink(struct sessions *t, const struct session *s)
{
	*(s->newer ? &s->newer->older : &t->newest) = s->older;
	*(s->older ? &s->older->newer : &t->oldest) = s->newer;
}

void sessions_touch(struct sessions *t, struct session *s, int64_t now)
{
	s->last = now;
	if (t->newest == s)
		return;
	sessions_unlink(t, s);
	sessions_link(t, s);
}

/* ---- */

void sessions_add(struct sessions *t, struct session *s, const struct address *own)
{
	s->hashes[SESSION_BY_CLIENT] = sessions_hash(t, &s->client);
	s->hashes[SESSION_BY_OWN] = sessions_hash(t, own);
	for (size_t i = 0; i < SESSION_KEYS; i++) {
		struct session **bucket = &t->buckets[i][s->hashes[i] & t->mask];
		s->next[i] = *bucket;
		*bucket = s;
	}
	sessions_link(t, s);
	t->n++;
}

void sessions_remove(struct sessions *t, struct session *s)
{
	for (size_t i = 0; i < SESSION_KEYS; i++) {
		struct session **p = &t->buckets[i][s->hashes[i] & t->mask];
		while (*p != s)
			p = &(*p)->next[i];
		*p = s->next[i];
	}
	sessions_unlink(t, s);
	t->n--;
}
