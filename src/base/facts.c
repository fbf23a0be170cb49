/* facts.c - a report in words or in JSON: whichever form is not wanted is off */
#include "base/facts.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/help.h"

void facts_start(struct facts *f, const struct messages *m, struct text *out)
{
	bool as_json = m->options.json;

	*f = (struct facts){
		.m = m, .as_json = as_json, .json.off = !as_json, .table.off = as_json, .out = out
	};
	if (!out)
		f->out = &f->text;
}

void facts_free(struct facts *f)
{
	table_free(&f->table);
	text_free(&f->text);
}

void facts_begin(struct facts *f, const char *event)
{
	if (!f->as_json)
		return;
	f->json.text = *f->out;
	json_open(&f->json, NULL, '{');
	if (event) {
		json_string(&f->json, "event", event);
		json_time(&f->json, "time", clock_wall());
	}
}

void facts_end(struct facts *f)
{
	if (!f->as_json)
		return;
	json_close(&f->json, '}');
	text_put(&f->json.text, "\n", 1);
	*f->out = f->json.text;
	f->json.more = false;
}

void facts_word(struct facts *f, const char *key, const char *word)
{
	table_cell(&f->table, "%s", key);
	facts_cell(f, key, word);
	table_end_row(&f->table);
}

void facts_number(struct facts *f, const char *key, int64_t n)
{
	json_number(&f->json, key, n);
	table_cell(&f->table, "%s", key);
	table_cell(&f->table, "%lld", (long long)n);
	table_end_row(&f->table);
}

void facts_microseconds(struct facts *f, const char *key, int64_t us)
{
	json_milliseconds(&f->json, key, us * MICROSECOND);
	table_cell(&f->table, "%s", key);
	table_cell(&f->table, "%.3f", (double)us / 1000);
	table_end_row(&f->table);
}

void facts_cell(struct facts *f, const char *key, const char *word)
{
	json_string(&f->json, key, word);
	table_cell(&f->table, "%s", word);
}

void facts_rows(struct facts *f, const char *between)
{
	table_print(&f->table, isatty(STDOUT_FILENO) ? NULL : between, f->out);
	table_clear(&f->table);
}

struct outcome facts_print(struct facts *f, const char *between)
{
	struct outcome outcome;

	facts_rows(f, between);
	outcome = help_print(f->out, f->m);
	facts_free(f);
	return outcome;
}
