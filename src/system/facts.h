/* facts.h - a report: what is known of a thing, in lines or in objects */
#ifndef SYSTEM_FACTS_H
#define SYSTEM_FACTS_H

#include <stdbool.h>

#include "base/json.h"
#include "base/table.h"
#include "sock/address.h"

/* Key and value on a line each, or rows of a table; AS_JSON: an object for each thing. Start with
 * { .as_json = ... }; facts_free() in the end. */
struct facts {
	bool as_json;
	struct table table;
	struct json json;    /* the object that is being made */
	struct text objects; /* those that are complete */
};

/* An object begins, and ends; without effect in lines. */
void facts_begin(struct facts *r);
void facts_end(struct facts *r);

/* KEY is that. */
void facts_word(struct facts *r, const char *key, const char *word);
void facts_number(struct facts *r, const char *key, int64_t n);
/* In milliseconds. */
void facts_microseconds(struct facts *r, const char *key, int64_t us);
/* With its port, and without; nothing of an address of length 0. */
void facts_address(struct facts *r, const char *key, const struct address *a);
void facts_host(struct facts *r, const char *key, const struct address *a);

#define FACTS_PLACE (ADDRESS_TEXT + 16)

/* `ADDRESS PORT`, of a UNIX socket `unix:PATH`, into TEXT of SIZE bytes (FACTS_PLACE do). Returns
 * TEXT. */
const char *facts_place(const struct address *a, char *text, size_t size);

/* Adds all to OUT; BETWEEN as in table_print(). */
void facts_print(const struct facts *r, const char *between, struct text *out);

void facts_free(struct facts *r);

#endif
