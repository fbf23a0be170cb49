/* sockname_watch.c - `sockit sockname --watch`: what there is, then a line for each change */
#include "cmd/sockname_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/terminal.h"
#include "run/report.h"
#include "system/netlink.h"

static const char marks[][3] = { "  ", "+ ", "- " };

/* ---- lines for stdout ---- */

void sockname_watch_look(struct sockname_watch *w)
{
	/* A reader that is slow gets fewer looks, not a longer queue. */
	w->due = output_waits(&w->out) > 0;
	if (!w->due && !w->run->ended)
		w->look(w->arg);
}

static void watch_changed(void *arg)
{
	struct sockname_watch *w = arg;

	if (w->out.error)
		run_end(w->run, report_output_error(w->run->messages, "stdout", w->out.error));
	else if (w->due)
		sockname_watch_look(w);
}

static void watch_event(void *arg, short events)
{
	struct sockname_watch *w = arg;

	(void)events;
	netlink_drain(w->events.fd);
	sockname_watch_look(w);
}

static void watch_waits(void *arg, struct text *text)
{
	(void)arg;
	text_add(text, "a change, until stopped by a signal");
}

void sockname_watch_start(struct sockname_watch *w, int events)
{
	w->run->calls = (struct run_calls){ .waits = watch_waits, .arg = w };
	output_start(&w->out, w->run->loop, STDOUT_FILENO, "stdout", watch_changed, w);
	output_watch(&w->out);
	facts_start(&w->facts, w->run->messages, &w->out.text);
	w->events = (struct watch){ .fd = events, .fn = watch_event, .arg = w };
	sockname_watch_listen(w, true);
}

void sockname_watch_listen(struct sockname_watch *w, bool listen)
{
	if (w->events.fd < 0)
		return;
	if (listen && !w->events.slot)
		netlink_drain(w->events.fd);
	if (listen)
		watch_set(w->run->loop, &w->events, POLLIN);
	else
		watch_drop(w->run->loop, &w->events);
}

void sockname_watch_begin(struct sockname_watch *w, enum sockname_change change)
{
	static const char events[][5] = { "", "new", "gone" };

	w->facts.table.mark = change || isatty(STDOUT_FILENO) ? marks[change] : NULL;
	facts_begin(&w->facts, change ? events[change] : NULL);
}

void sockname_watch_end(struct sockname_watch *w)
{
	facts_end(&w->facts);
}

struct table *sockname_watch_heading(struct sockname_watch *w)
{
	w->facts.table.mark = marks[CHANGE_NONE];
	return &w->facts.table;
}

void sockname_watch_flush(struct sockname_watch *w)
{
	facts_rows(&w->facts, w->between);
	output_flush(&w->out);
}

void sockname_watch_free(struct sockname_watch *w)
{
	if (!w->events.fn)
		return;
	facts_free(&w->facts);
	output_close(&w->out);
	sockname_watch_listen(w, false);
	close_keeping_errno(w->events.fd);
}

/* ---- whole reports ---- */

struct line {
	const char *at;
	size_t n;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *l = a, *m = b;
	int order = memcmp(l->at, m->at, l->n < m->n ? l->n : m->n);

	return order ? order : l->n < m->n ? -1 : l->n > m->n;
}

/* Moves *L to the next line of T, without its newline; at first L's `at` is NULL. Returns whether
 * there is one. */
static bool line_next(const struct text *t, struct line *l)
{
	const char *end = t->data + t->length;

	l->at = l->at ? l->at + l->n + 1 : t->data;
	if (t->length == 0 || l->at == end)
		return false;
	l->n = (size_t)((const char *)memchr(l->at, '\n', (size_t)(end - l->at)) - l->at);
	return true;
}

/* Returns the lines of T, sorted, and how many they are in *COUNT; NULL: no memory. */
static struct line *lines_sorted(const struct text *t, size_t *count)
{
	struct line *all, l = { 0 };
	size_t n = 0;

	while (line_next(t, &l))
		n++;
	all = calloc(n + 1, sizeof *all);
	*count = 0;
	for (l.at = NULL; all && line_next(t, &l);)
		all[(*count)++] = l;
	if (all && n > 0)
		qsort(all, n, sizeof *all, compare_lines);
	return all;
}

/* Tells what the line L states: an object, or cells with tabs between them. */
static void report_tell(struct sockname_report *r, const struct line *l, enum sockname_change c)
{
	struct facts *f = &r->w.facts;

	sockname_watch_begin(&r->w, c);
	if (f->as_json) {
		if (c)
			text_put(&f->json.text, ",", 1);
		text_put(&f->json.text, l->at + 1, l->n - 2); /* within its brackets */
	}
	for (size_t i = 0, n; !f->as_json && i < l->n; i += n + 1) {
		const char *tab = memchr(l->at + i, '\t', l->n - i);
		n = tab ? (size_t)(tab - l->at) - i : l->n - i;
		table_cell(&f->table, "%.*s", (int)n, l->at + i);
	}
	table_end_row(&f->table);
	sockname_watch_end(&r->w);
}

/* Tells the lines of T that OTHER has not. Returns 0, or -1 with errno ENOMEM. */
static int report_tell_lines(struct sockname_report *r, const struct text *t,
			     const struct text *other, enum sockname_change change)
{
	struct line l = { 0 };
	size_t n;
	struct line *known = lines_sorted(other, &n);

	if (!known)
		return -1;
	while (line_next(t, &l))
		if (!bsearch(&l, known, n, sizeof l, compare_lines))
			report_tell(r, &l, change);
	free(known);
	return 0;
}

static void report_look(void *arg)
{
	struct sockname_report *r = arg;
	const struct messages *m = r->w.run->messages;
	struct facts f;
	int status;

	facts_start(&f, m, NULL);
	status = r->make(r->arg, &f);
	if (status == 0) {
		table_print(&f.table, "\t", f.out);
		errno = ENOMEM;
		status = f.text.failed ? -1 : 0;
	}
	if (status < 0 || report_tell_lines(r, &r->last, &f.text, CHANGE_GONE) < 0 ||
	    report_tell_lines(r, &f.text, &r->last, r->told ? CHANGE_NEW : CHANGE_NONE) < 0) {
		run_end(r->w.run, report_error(m, r->what, errno));
		facts_free(&f);
		return;
	}
	r->told = true;
	text_free(&r->last);
	r->last = f.text;
	f.text = (struct text){ 0 };
	facts_free(&f);
	sockname_watch_flush(&r->w);
}

void sockname_report_start(struct sockname_report *r, int events)
{
	r->w.look = report_look;
	r->w.arg = r;
	sockname_watch_start(&r->w, events);
	if (r->heading && isatty(STDOUT_FILENO))
		r->heading(sockname_watch_heading(&r->w), terminal_columns(STDOUT_FILENO));
	report_look(r);
}

void sockname_report_free(struct sockname_report *r)
{
	text_free(&r->last);
	sockname_watch_free(&r->w);
}
