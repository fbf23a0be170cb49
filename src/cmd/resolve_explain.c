/* --explain: each step of a look-up by itself, told in the order in which the system takes them.
 * All are begun at once, so that it takes no longer than the slowest of them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/errname.h"
#include "cmd/resolve_explain_state.h"
#include "system/route.h"
#include "names/system_file.h"

/* ---- what is told ---- */

void explain_tell(struct explain *e, const char *step, const char *where, const char *question,
		  const char *answer, int64_t ns)
{
	char time[32];
	const char *cells[] = { e->show->named ? e->word : NULL, step,	 where ? where : "-",
				question ? question : "-",	 answer, ns < 0 ? NULL : time };

	if (e->show->m->options.json) {
		json_open(&e->json, NULL, '{');
		json_string(&e->json, "step", step);
		if (where)
			json_string(&e->json, "where", where);
		if (question)
			json_string(&e->json, "question", question);
		json_string(&e->json, "answer", answer);
		if (ns >= 0)
			json_milliseconds(&e->json, "elapsed_ms", ns);
		json_close(&e->json, '}');
		return;
	}
	snprintf(time, sizeof time, "%.3f ms", (double)ns / (double)MILLISECOND);
	show_row(e->show, cells, sizeof cells / sizeof *cells);
}

void explain_wrong(struct explain *e, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	text_fit(text, sizeof text, format, list);
	va_end(list);
	text_add(&e->wrong_text, "%s%s", e->n_wrong++ ? "; " : "", text);
	json_string(&e->wrong, NULL, text);
}

const char *explain_place(const char *file, size_t line, char *text, size_t size)
{
	if (line)
		snprintf(text, size, "%s:%zu", file, line);
	else
		snprintf(text, size, "%s", file);
	return text;
}

void explain_add_word(char *text, size_t size, const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? " " : "", word);
}

void explain_addresses_text(const struct address *a, size_t n, char *text, size_t size)
{
	char one[ADDRESS_TEXT];

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		explain_add_word(text, size, address_host(&a[i], one));
}

void explain_wake(struct explain *e)
{
	timer_set(e->c->finder.loop, &e->step, loop_now(e->c->finder.loop));
}

/* ---- the end ---- */

/* The source address towards each result. */
static void tell_sources(struct explain *e)
{
	const struct find_result *r = &e->resolution->found;
	char to[ADDRESS_TEXT], text[ADDRESS_TEXT + 64], host[ADDRESS_TEXT];
	size_t routes = 0, inet6 = 0;

	if (r->eai || e->resolution->timed_out)
		return;
	for (size_t i = 0; i < r->n; i++) {
		struct address from;
		inet6 += r->addresses[i].u.sa.sa_family == AF_INET6;
		if (route_source(&r->addresses[i], &from) == 0) {
			routes++;
			snprintf(text, sizeof text, "from %s", address_host(&from, host));
		} else {
			snprintf(text, sizeof text, "no way there: %s (%s)", strerror(errno),
				 errno_name(errno));
		}
		explain_tell(e, "source", NULL, address_host(&r->addresses[i], to), text, -1);
	}
	if (routes == 0 && inet6 == r->n)
		explain_wrong(e, "it has IPv6 addresses only, and there is no route to them");
	else if (routes == 0)
		explain_wrong(e, "there is no route to any of its addresses");
}

static void tell_end(struct explain *e)
{
	const struct resolution *r = e->resolution;
	char text[2048] = "";

	if (r->timed_out || r->found.eai) {
		char why[768];
		show_fault_text(e->show, r, why, sizeof why);
		snprintf(text, sizeof text, "%s%s%s%s", why, r->timed_out ? "" : " (",
			 r->timed_out ? "" : eai_name(r->found.eai), r->timed_out ? "" : ")");
	} else if (e->is_address && r->reverse) {
		for (size_t i = 0; i < r->reverse[0].others.n; i++)
			explain_add_word(text, sizeof text, r->reverse[0].others.names[i]);
	} else {
		explain_addresses_text(r->found.addresses, r->found.n, text, sizeof text);
	}
	explain_tell(e, e->is_address ? "getnameinfo" : "getaddrinfo", NULL, e->word, text, r->ns);
}

static void finish(struct explain *e)
{
	enum outcome_kind kind = show_fault_kind(e->resolution);
	struct explain_calls calls = e->calls;
	void *arg = e->arg;

	tell_end(e);
	tell_sources(e);
	explain_judge(e);
	if (e->show->m->options.json) {
		json_close(&e->json, ']');
		if (e->n_wrong) {
			json_open(&e->json, "wrong", '[');
			text_put(&e->json.text, e->wrong.text.data, e->wrong.text.length);
			json_close(&e->json, ']');
		}
		show_result_json(e->show, e->resolution, &e->json);
		json_close(&e->json, '}');
		text_put(e->show->out, e->json.text.data, e->json.text.length);
		text_put(e->show->out, "\n", 1);
	} else {
		if (e->n_wrong) {
			const char *cells[] = { e->show->named ? e->word : NULL, "wrong", NULL };
			text_put(&e->wrong_text, "", 1);
			cells[2] = e->wrong_text.data;
			show_row(e->show, cells, 3);
		}
		if (kind != OUTCOME_DONE)
			show_fault(e->show, e->resolution);
	}
	explain_cancel(e);
	calls.done(arg, kind);
}

/* Tells what has come so far. */
static void step(void *arg)
{
	struct explain *e = arg;

	while (e->told < e->n_servers && e->servers[e->told].done)
		explain_tell_server(e, &e->servers[e->told++]);
	if (e->told == e->n_servers && e->resolution && e->resolution->done)
		finish(e);
	else
		e->calls.progress(e->arg);
}

static void resolved(void *arg, struct resolution *r)
{
	(void)r;
	explain_wake(arg);
}

struct explain *explain_start(const struct resolution_config *c, const char *word,
			      struct show *show, const struct explain_calls *calls, void *arg)
{
	struct explain *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->c = c;
	e->asked = *c;
	e->show = show;
	e->calls = *calls;
	e->arg = arg;
	e->word = strdup(word);
	e->step = (struct timer){ .fn = step, .arg = e };
	if (!e->word) {
		free(e);
		return NULL;
	}
	e->is_address = address_parse_host(word, &e->address) == WORD_NUMBER;
	json_open(&e->json, NULL, '{');
	json_string(&e->json, "name", word);
	json_open(&e->json, "steps", '[');
	explain_nsswitch(e);
	explain_hosts(e);
	if (system_file_read(RESOLV_CONF, &e->conf_text) < 0) {
		e->conf_text.length = 0;
		explain_tell(e, "resolv", RESOLV_CONF, NULL, system_file_why(errno), -1);
	}
	resolvconf_read(&e->conf, e->conf_text.data ? e->conf_text.data : "", e->conf_text.length);
	explain_search(e);
	explain_start_servers(e);
	e->resolution = resolution_start(&e->asked, word, resolved, e);
	if (!e->resolution) {
		explain_cancel(e);
		return NULL;
	}
	explain_wake(e);
	return e;
}

void explain_cancel(struct explain *e)
{
	if (!e)
		return;
	resolution_free(e->resolution);
	explain_free_servers(e);
	timer_drop(e->c->finder.loop, &e->step);
	text_free(&e->nsswitch_text);
	text_free(&e->conf_text);
	text_free(&e->json.text);
	text_free(&e->wrong.text);
	text_free(&e->wrong_text);
	free(e->word);
	free(e);
}
