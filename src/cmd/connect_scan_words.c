#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/connect_scan_state.h"
#include "run/report.h"

/* ---- the operands ---- */

static struct name *find_name(struct scan *s, const char *text, size_t n, bool is_service)
{
	struct name **end = &s->names, *name;

	for (; *end; end = &(*end)->next)
		if ((*end)->is_service == is_service && !strncmp((*end)->text, text, n) &&
		    !(*end)->text[n])
			return *end;
	name = calloc(1, sizeof *name);
	if (!name)
		return NULL;
	*end = name;
	*name = (struct name){ .scan = s, .text = strndup(text, n), .is_service = is_service };
	return name->text ? name : NULL;
}

static int parse_list(struct scan *s, struct operand *op, struct option_error *error)
{
	const char *rest = op->list;
	struct ports_item item;
	struct name **services;
	enum ports_kind kind;

	while ((kind = ports_item(&rest, &item)) != PORTS_END) {
		if (kind == PORTS_BAD)
			return option_fail(error,
					   "port '%.*s' is neither from 0 to 65535, nor a range of "
					   "such (LOW-HIGH), nor a service",
					   (int)item.length, item.word);
		if (kind == PORTS_RANGE) {
			ports_add(op->ports, item.first, item.last);
			continue;
		}
		services = realloc(op->services, (op->n_services + 1) * sizeof(struct name *));
		if (!services)
			return option_fail(error, "%s", strerror(ENOMEM));
		op->services = services;
		services[op->n_services] = find_name(s, item.word, item.length, true);
		if (!services[op->n_services])
			return option_fail(error, "%s", strerror(ENOMEM));
		if (address_check(NULL, services[op->n_services++]->text, s->o->family->numeric,
				  error) < 0)
			return -1;
	}
	return 0;
}

/* Is WORD of those of which nothing is to be looked up, for good or bad: `unix:PATH`? */
static bool is_direct(const char *word)
{
	struct address a;

	return address_parse_direct(word, &a) != WORD_NAME;
}

/* The operand WORD with the ports LIST, "" for one that is direct. N bytes of it are the host. */
static int parse_operand(struct scan *s, struct operand *op, const char *word, size_t n,
			 const char *list, struct option_error *error)
{
	struct endpoint_words words;
	bool direct = is_direct(word), brackets = n > 2 && *word == '[' && word[n - 1] == ']';
	char *host = strndup(word, n);
	size_t size = 4 * n + 1;
	int result = -1;

	*op = (struct operand){ .list = list, .ports = calloc(1, sizeof *op->ports) };
	op->shown = malloc(size);
	if (!host || !op->ports || !op->shown)
		goto out;
	if (direct ? address_endpoint(word, false, &words, error) :
		     address_check(host, NULL, s->o->family->numeric, error))
		goto out;
	text_escape(op->shown, size, word + brackets, n - 2 * brackets, false);
	op->host = find_name(s, word + brackets, n - 2 * brackets, false);
	if (!op->host)
		goto out;
	if (direct)
		ports_add(op->ports, 0, 0);
	result = direct ? 0 : parse_list(s, op, error);
out:
	free(host);
	return result;
}

int scan_parse(struct scan *s, const struct operands *words, struct option_error *error)
{
	const char *last = words->words[words->n - 1], *list = NULL;
	int n = words->n;
	bool used = false;

	option_fail(error, "%s", strerror(ENOMEM));
	/* The last one is the list for the hosts before it, unless it has a host of its own. */
	if (!is_direct(last) && !address_find_port(last)) {
		if (--n == 0)
			return option_fail(error, "a port is missing after '%s'", last);
		list = last;
	}
	s->operands = calloc((size_t)n, sizeof *s->operands);
	if (!s->operands)
		return -1;
	for (int i = 0; i < n; i++) {
		const char *word = words->words[i];
		bool direct = is_direct(word);
		const char *port = direct ? word + strlen(word) : address_find_port(word);
		size_t host = port ? (size_t)(port - word) - !direct : strlen(word);

		if (!port && !list)
			return option_fail(error, "'%s' is no endpoint: HOST:PORT", word);
		/* As a host it would be an IPv4 address in one number, which nobody means there. */
		if (!port && i > 0 && !word[strspn(word, "0123456789,-")])
			return option_fail(error,
					   "'%s' is no host: several ports are one word: '%s,%s'",
					   word, word, list);
		used = used || !port;
		s->n++;
		if (parse_operand(s, &s->operands[i], word, host, port ? port : list, error) < 0)
			return -1;
	}
	if (list && !used)
		return option_fail(error, "extra operand '%s': no host before it is without a port",
				   list);
	return 0;
}

bool scan_is_portless(const struct target *t)
{
	return !*t->of->list;
}

bool scan_is_lost(const struct scan *s, const struct operand *op)
{
	return op->host->state == NAME_FAILED && (s->o->retry == UNSET || s->o->closed);
}

const char *scan_limit(const struct scan *s, char *text, unsigned size)
{
	size_t n = strlen(duration_format(text, size, s->o->wait));

	snprintf(text + n, size - n, " (-w)");
	return text;
}

/* ---- names ---- */

/* Nothing more will be known of the host NAME. Before the ports are counted scan_start() sees that.
 */
static void lose(struct scan *s, const struct name *name)
{
	for (size_t i = 0; i < s->n && s->prober; i++)
		if (s->operands[i].host == name)
			s->n_lost += s->operands[i].n;
	scan_show_soon(s);
}

static void name_failed(struct name *name)
{
	struct scan *s = name->scan;
	bool had = name->answer;

	/* What is known of a name that cannot be looked up again is better than nothing. */
	name->asked = clock_now();
	name->state = had ? NAME_KNOWN : NAME_FAILED;
	if (had)
		return;
	/* What is not there yet may come, and what is waited for to go has gone. */
	if (s->o->retry != UNSET && !name->is_service && name->eai != EAI_FAMILY) {
		if (s->o->closed)
			lose(s, name);
		else
			timer_set(s->run.loop, &name->timer, scan_next_try(s, name->asked));
		return;
	}
	if (name->eai) {
		report_lookup(s->o->messages,
			      &(struct places_failure){ name->eai, name->error,
							name->is_service ? PLACE_PORT : PLACE_HOST,
							name->text });
	} else {
		char limit[48];
		message_timeout(s->o->messages, "look-up of %s: no answer within %s", name->text,
				scan_limit(s, limit, sizeof limit));
	}
	if (s->lost_kind != OUTCOME_LOOKUP)
		s->lost_kind = name->eai ? OUTCOME_LOOKUP : OUTCOME_TIMEOUT;
	if (name->is_service || s->o->retry != UNSET)
		run_end(&s->run, (struct outcome){ s->lost_kind, 0 });
	else
		lose(s, name);
}

static void found(void *arg, struct lookup_answer *answer)
{
	struct name *name = arg;
	struct scan *s = name->scan;
	struct name_answer *known = malloc(sizeof *known);

	name->lookup = NULL;
	timer_drop(s->run.loop, &name->timer);
	name->eai = answer->eai;
	name->error = answer->error;
	if (!known)
		name->eai = EAI_MEMORY;
	if (name->eai) {
		free(answer->addresses);
		free(known);
		name_failed(name);
		return;
	}
	*known = (struct name_answer){ answer->addresses, answer->n, name->answer };
	name->answer = known;
	name->asked = clock_now();
	name->state = NAME_KNOWN;
	if (!name->is_service)
		message(s->o->messages, MESSAGE_STEP, "note", "host %s: %zu address%s", name->text,
			answer->n, answer->n == 1 ? "" : "es");
	else if (--s->n_unknown == 0)
		scan_start(s);
	if (s->prober)
		prober_wake(s->prober);
}

/* The time of -w is over, or a failed look-up is to be tried again. */
static void name_time(void *arg)
{
	struct name *name = arg;

	if (name->state == NAME_FAILED) {
		scan_ask(name);
		return;
	}
	lookup_cancel(name->lookup);
	name->lookup = NULL;
	name->eai = 0;
	name_failed(name);
}

void scan_ask(struct name *name)
{
	struct scan *s = name->scan;
	const struct lookup_question q = {
		.host = name->is_service ? NULL : name->text,
		.port = name->is_service ? name->text : "0",
		.family = name->is_service ? AF_INET : address_family(s->o->family),
		.socktype = SOCK_STREAM,
	};

	name->state = NAME_ASKED;
	timer_set(s->run.loop, &name->timer, clock_after(clock_now(), s->o->wait));
	lookup_start(s->run.loop, &q, found, name, &name->lookup);
}

void scan_ask_names(struct scan *s)
{
	/* One that fails at once must not end it before the others have been counted. */
	for (struct name *n = s->names; n; n = n->next)
		s->n_unknown += n->is_service;
	s->n_unknown++;
	for (struct name *n = s->names; n; n = n->next) {
		n->timer = (struct timer){ .fn = name_time, .arg = n };
		scan_ask(n);
	}
	if (--s->n_unknown == 0)
		scan_start(s);
}

void scan_free_words(struct scan *s)
{
	prober_free(s->prober);
	for (struct name *next, *n = s->names; n; n = next) {
		next = n->next;
		lookup_cancel(n->lookup);
		timer_drop(s->run.loop, &n->timer);
		while (n->answer) {
			struct name_answer *former = n->answer->former;
			free(n->answer->addresses);
			free(n->answer);
			n->answer = former;
		}
		free(n->text);
		free(n);
	}
	for (size_t i = 0; i < s->n; i++) {
		free(s->operands[i].shown);
		free(s->operands[i].services);
		free(s->operands[i].ports);
		free(s->operands[i].targets);
	}
	free(s->operands);
}
