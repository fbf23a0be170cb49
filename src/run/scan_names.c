/* scan_names.c - the look-ups of a scan: hosts and services, each once */
#include <netdb.h>
#include <stdlib.h>

#include "base/clock.h"
#include "run/scan_state.h"
#include "run/report.h"
#include "run/retry.h"

void scan_show_soon(struct scan *s)
{
	if (!s->show_timer.slot)
		timer_set(s->run.loop, &s->show_timer, loop_now(s->run.loop));
}

int64_t scan_next_try(const struct scan *s, int64_t now)
{
	return retry_next(now, s->c->retry, s->c->interval,
			  clock_after(s->c->messages->start, s->c->retry));
}

/* Says the failed look-up of NAME that it is gone? Not where memory or a thread was wanting. */
static bool scan_is_gone(const struct scan *s, const struct scan_name *name)
{
	return s->c->closed && name->eai != EAI_MEMORY && name->eai != EAI_SYSTEM;
}

bool scan_is_lost(const struct scan *s, const struct scan_operand *op)
{
	return op->host->state == NAME_FAILED &&
	       (s->c->retry == UNSET || scan_is_gone(s, op->host));
}

/* Nothing more will be known of the host NAME: its ports are lost. Before the ports are counted,
 * scan_start() sees to that. */
static void scan_lose(struct scan *s, const struct scan_name *name)
{
	for (size_t i = 0; i < s->n && s->prober; i++)
		if (s->operands[i].host == name)
			s->n_lost += s->operands[i].n;
	scan_show_soon(s);
}

/* Says with -v that NAME is looked up again, and why. */
static void scan_tell_name_again(const struct scan *s, const struct scan_name *name)
{
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);

	report_places_text(&text, &(struct places_failure){ .eai = name->eai,
							    .error = name->error,
							    .which = PLACE_HOST,
							    .word = name->text });
	message(s->c->messages, MESSAGE_VERBOSE, "retry", "%.*s: trying again", (int)text.length,
		text.data ? text.data : "");
	text_free(&text);
}

static void scan_name_failed(struct scan_name *name)
{
	struct scan *s = name->scan;
	bool had = name->answer;

	/* An old answer is better than none. */
	name->asked = clock_now();
	name->state = had ? NAME_KNOWN : NAME_FAILED;
	if (had)
		return;
	/* Under --retry a name that does not resolve is not up yet; under --closed it is gone. */
	if (s->c->retry != UNSET && !name->is_service && name->eai != EAI_FAMILY) {
		if (scan_is_gone(s, name)) {
			scan_lose(s, name);
			return;
		}
		if (name->told != name->eai)
			scan_tell_name_again(s, name);
		name->told = name->eai;
		timer_set(s->run.loop, &name->timer, scan_next_try(s, name->asked));
		return;
	}
	if (name->eai) {
		report_lookup(s->c->messages,
			      &(struct places_failure){ name->eai, name->error,
							name->is_service ? PLACE_PORT : PLACE_HOST,
							name->text, s->c->family });
	} else {
		char time[32];
		message_timeout(s->c->messages, "look-up of %s: no answer within %s (-w)",
				name->text, duration_format(time, sizeof time, s->patience));
	}
	if (s->lost_kind != OUTCOME_LOOKUP)
		s->lost_kind = name->eai ? OUTCOME_LOOKUP : OUTCOME_TIMEOUT;
	if (name->is_service || s->c->retry != UNSET)
		run_end(&s->run, (struct outcome){ s->lost_kind, 0 });
	else
		scan_lose(s, name);
}

static void scan_name_found(void *arg, struct lookup_answer *answer)
{
	struct scan_name *name = arg;
	struct scan *s = name->scan;
	struct scan_answer *known = malloc(sizeof *known);

	name->lookup = NULL;
	timer_drop(s->run.loop, &name->timer);
	name->eai = answer->eai;
	name->error = answer->error;
	if (!known)
		name->eai = EAI_MEMORY;
	if (name->eai) {
		free(answer->addresses);
		free(known);
		scan_name_failed(name);
		return;
	}
	*known = (struct scan_answer){ answer->addresses, answer->n, name->answer };
	name->answer = known;
	name->asked = clock_now();
	name->state = NAME_KNOWN;
	if (!name->is_service)
		message(s->c->messages, MESSAGE_STEP, "note", "host %s: %zu address%s", name->text,
			answer->n, answer->n == 1 ? "" : "es");
	else if (--s->n_unknown == 0)
		scan_start(s);
	if (s->prober)
		prober_wake(s->prober);
}

/* NAME's timer: -w has passed, or a look-up that failed is to be tried again. */
static void scan_name_time(void *arg)
{
	struct scan_name *name = arg;

	if (name->state == NAME_FAILED) {
		scan_ask(name);
		return;
	}
	lookup_cancel(name->lookup);
	name->lookup = NULL;
	name->eai = 0;
	scan_name_failed(name);
}

/* Asks nobody for NAME, a host: proxies are told it as it stands. */
static void scan_take_name(struct scan_name *name)
{
	struct lookup_answer answer = { .addresses = malloc(sizeof *answer.addresses), .n = 1 };

	if (answer.addresses)
		proxy_set_place(answer.addresses, name->text, name->text, 0);
	else
		answer.eai = EAI_MEMORY;
	scan_name_found(name, &answer);
}

void scan_ask(struct scan_name *name)
{
	struct scan *s = name->scan;
	const struct lookup_question q = {
		.host = name->is_service ? NULL : name->text,
		.port = name->is_service ? name->text : "0",
		.family = name->is_service ? AF_INET : s->c->family,
		.socktype = s->c->socktype,
	};

	name->state = NAME_ASKED;
	if (s->c->proxy && !name->is_service) {
		scan_take_name(name);
		return;
	}
	timer_set(s->run.loop, &name->timer, clock_after(clock_now(), s->patience));
	lookup_start(s->run.loop, &q, scan_name_found, name, &name->lookup);
}

void scan_ask_names(struct scan *s)
{
	/* A look-up that is over at once must not begin the scan before the others are counted. */
	for (struct scan_name *n = s->names; n; n = n->next)
		s->n_unknown += n->is_service;
	s->n_unknown++;
	for (struct scan_name *n = s->names; n; n = n->next) {
		n->timer = (struct timer){ .fn = scan_name_time, .arg = n };
		scan_ask(n);
	}
	if (--s->n_unknown == 0)
		scan_start(s);
}

void scan_free_names(struct scan *s)
{
	for (struct scan_name *next, *n = s->names; n; n = next) {
		next = n->next;
		lookup_cancel(n->lookup);
		timer_drop(s->run.loop, &n->timer);
		while (n->answer) {
			struct scan_answer *former = n->answer->former;
			free(n->answer->addresses);
			free(n->answer);
			n->answer = former;
		}
		free(n->text);
		free(n);
	}
	s->names = NULL;
}
