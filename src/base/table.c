/* table.c - collects cells, then prints them in columns */
#include "base/table.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

#define CELL_MOST 1024

void table_cell(struct table *t, const char *format, ...)
{
	char text[CELL_MOST], shown[4 * CELL_MOST + 1];
	va_list list;

	if (t->off || t->column == TABLE_COLUMNS)
		return;
	va_start(list, format);
	text_fit(text, sizeof text, format, list);
	va_end(list);
	text_escape(shown, sizeof shown, text, strlen(text), false);
	if (*shown) {
		size_t width = utf8_columns(shown);
		if (t->column == 0 && t->mark) {
			text_put(&t->cells, t->mark, strlen(t->mark));
			width += strlen(t->mark);
		}
		if (width > t->width[t->column])
			t->width[t->column] = width;
	}
	text_put(&t->cells, shown, strlen(shown) + 1);
	t->column++;
	if (*shown)
		t->written = t->cells.length;
}

void table_end_row(struct table *t)
{
	if (t->off)
		return;
	if (t->written > t->row)
		t->cells.length = t->written;
	else
		t->cells.length = t->row;
	text_put(&t->cells, "\n", 1);
	t->column = 0;
	t->row = t->written = t->cells.length;
}

void table_fit(struct table *t, size_t screen, const char *spare)
{
	t->screen = screen;
	t->spare = spare;
}

/* Which columns are left out of T where they are lined up, as bits. */
static unsigned table_left_out(const struct table *t)
{
	unsigned left_out = 0;
	size_t width = 0;

	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		width += t->width[i] ? t->width[i] + (i ? 2 : 0) : 0;
	for (const char *p = t->spare; p && *p && width > t->screen; p++) {
		width -= t->width[(size_t)*p] + 2;
		left_out |= 1U << *p;
	}
	return left_out;
}

/* The row at P, which ends with a newline, without the columns LEFT_OUT. Returns what comes after
 * it. */
static const char *print_row(const struct table *t, const char *p, const char *between,
			     unsigned left_out, struct text *out)
{
	for (size_t i = 0; *p != '\n'; i++) {
		const char *cell = *p ? p : "-";
		p += strlen(p) + 1;
		if (left_out & 1U << i)
			continue;
		text_put(out, cell, strlen(cell));
		if (*p == '\n')
			break;
		if (between) {
			text_add(out, "%s", between);
		} else {
			size_t width = utf8_columns(cell);
			size_t blanks = (t->width[i] > width ? t->width[i] - width : 0) + 2;
			text_add(out, "%*s", (int)blanks, "");
		}
	}
	text_put(out, "\n", 1);
	return p + 1;
}

void table_print(const struct table *t, const char *between, struct text *out)
{
	unsigned left_out = between ? 0 : table_left_out(t);

	out->failed |= t->cells.failed;
	if (t->row == 0 || t->cells.failed)
		return;
	for (const char *p = t->cells.data, *end = p + t->row; p < end;)
		p = print_row(t, p, between, left_out, out);
}

void table_clear(struct table *t)
{
	t->cells.length = 0;
	t->column = 0;
	t->row = t->written = 0;
}

void table_free(struct table *t)
{
	text_free(&t->cells);
	*t = (struct table){ 0 };
}
