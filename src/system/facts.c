#include "system/facts.h"

#include <stdio.h>

#include "base/number.h"
#include "sock/vsock.h"

void facts_begin(struct facts *r)
{
	if (r->as_json)
		json_open(&r->json, NULL, '{');
}

void facts_end(struct facts *r)
{
	if (!r->as_json)
		return;
	json_close(&r->json, '}');
	text_put(&r->objects, r->json.text.data, r->json.text.length);
	text_put(&r->objects, "\n", 1);
	r->objects.failed |= r->json.text.failed;
	r->json.text.length = 0;
	r->json.more = false;
}

void facts_word(struct facts *r, const char *key, const char *word)
{
	if (r->as_json) {
		json_string(&r->json, key, word);
	} else {
		table_cell(&r->table, "%s", key);
		table_cell(&r->table, "%s", word);
		table_end_row(&r->table);
	}
}

void facts_number(struct facts *r, const char *key, int64_t n)
{
	char word[32];

	snprintf(word, sizeof word, "%lld", (long long)n);
	if (r->as_json)
		json_number(&r->json, key, n);
	else
		facts_word(r, key, word);
}

void facts_microseconds(struct facts *r, const char *key, int64_t us)
{
	char word[32];

	snprintf(word, sizeof word, "%.3f", (double)us / 1000);
	if (r->as_json)
		json_milliseconds(&r->json, key, us * MICROSECOND);
	else
		facts_word(r, key, word);
}

const char *facts_place(const struct address *a, char *text, size_t size)
{
	char host[ADDRESS_TEXT];
	uint32_t cid, port;

	if (vsock_get(a, &cid, &port))
		snprintf(text, size, "%s %lu", address_host(a, host), (unsigned long)port);
	else if (a->u.sa.sa_family == AF_UNIX)
		snprintf(text, size, "%s", address_host(a, host));
	else
		snprintf(text, size, "%s %u", address_host(a, host), address_port(a));
	return text;
}

void facts_address(struct facts *r, const char *key, const struct address *a)
{
	char text[FACTS_PLACE];

	facts_place(a, text, sizeof text);
	if (a->length && r->as_json)
		address_json(&r->json, key, a);
	else if (a->length)
		facts_word(r, key, text);
}

void facts_host(struct facts *r, const char *key, const struct address *a)
{
	char text[ADDRESS_TEXT];

	address_host(a, text);
	if (a->length)
		facts_word(r, key, text);
}

void facts_print(const struct facts *r, const char *between, struct text *out)
{
	table_print(&r->table, between, out);
	text_put(out, r->objects.data, r->objects.length);
	out->failed |= r->objects.failed;
}

void facts_free(struct facts *r)
{
	table_free(&r->table);
	text_free(&r->json.text);
	text_free(&r->objects);
}
