/* scan.c - the course of probing many ports */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command.h"
#include "run/scan_state.h"
#include "run/report.h"
#include "run/retry.h"

#define KEPT_MOST 64	   /* more ports than a message has room to name with their addresses */
#define FRESH (5 * SECOND) /* after this long --retry looks a name up again */

/* ---- the end ---- */

static void scan_finish(struct scan *s)
{
	s->concluding = true;
	scan_tell_next(s);
	output_flush(&s->output);
	if (!s->run.ended && !output_waits(&s->output))
		run_end(&s->run, scan_judge(s));
}

static bool scan_is_done(const struct scan *s)
{
	if (s->expired || s->concluding)
		return true;
	if (s->c->any && s->c->retry != UNSET && s->n_open > 0)
		return true;
	return s->n_unknown == 0 && s->n_settled + s->n_lost == s->n_targets;
}

/* Prints what has come out, or draws the end from it. */
static void scan_show(void *arg)
{
	struct scan *s = arg;

	if (s->run.ended)
		return;
	if (scan_is_done(s)) {
		scan_finish(s);
		return;
	}
	if (!s->shows || s->n_unknown)
		return;
	scan_tell_next(s);
	output_flush(&s->output);
}

/* Stdout has taken what waited, or has failed. */
static void scan_output_changed(void *arg)
{
	struct scan *s = arg;

	if (s->output.error && s->output.to.original == STDOUT_FILENO)
		run_end(&s->run, report_output_error(s->c->messages, "stdout", s->output.error));
	else if (s->concluding && !output_waits(&s->output))
		run_end(&s->run, scan_judge(s));
	else if (s->prober)
		prober_wake(s->prober);
}

static void scan_retry_over(void *arg)
{
	struct scan *s = arg;

	s->expired = true;
	prober_free(s->prober);
	s->prober = NULL;
	scan_finish(s);
}

/* ---- targets ---- */

/* Makes a target of the next port of OP, which has one. Without memory that is the end of S, and
 * NULL. */
static struct scan_target *scan_start_target(struct scan *s, struct scan_operand *op)
{
	struct scan_target *t;

	if (!op->targets)
		op->targets = calloc(op->n, sizeof *op->targets);
	if (!op->targets) {
		run_end(&s->run, report_error(s->c->messages, "probe", errno));
		return NULL;
	}
	op->next_port = ports_next(op->ports, op->next_port);
	t = &op->targets[op->n_started++];
	*t = (struct scan_target){ .of = op, .port = (uint16_t)op->next_port++ };
	return t;
}

/* Takes a target that is to be tried again and whose time has come, or returns NULL. */
static struct scan_target *scan_take_again(struct scan *s)
{
	struct scan_target *t = s->again;

	if (!t)
		return NULL;
	if (t->at > clock_now()) {
		timer_set(s->run.loop, &s->again_timer, t->at);
		return NULL;
	}
	s->again = t->next;
	if (!s->again)
		s->again_end = &s->again;
	return t;
}

/* Takes the first port that has not been tried yet and whose host is known, or returns NULL. */
static struct scan_target *scan_take_new(struct scan *s)
{
	while (s->first < s->n && (s->operands[s->first].n_started == s->operands[s->first].n ||
				   scan_is_lost(s, &s->operands[s->first])))
		s->first++;
	for (size_t i = s->first; i < s->n; i++) {
		struct scan_operand *op = &s->operands[i];
		if (op->host->answer && op->n_started < op->n)
			return scan_start_target(s, op);
	}
	return NULL;
}

static bool scan_next_target(void *arg, struct probe_target *out)
{
	struct scan *s = arg;
	struct scan_target *t;

	if (s->run.ended || scan_is_done(s) || output_full(&s->output))
		return false;
	t = scan_take_again(s);
	if (!t)
		t = scan_take_new(s);
	if (!t)
		return false;
	*out = (struct probe_target){ .addresses = t->of->host->answer->addresses,
				      .n = t->of->host->answer->n,
				      .port = t->port,
				      .name = scan_is_portless(t) ? NULL : t->of->host->text,
				      .tag = t };
	/* Kept for the result: the host's addresses may be others by then. */
	t->address = out->addresses;
	return true;
}

/* Returns E among the messages of S, NULL if there was none or there is no memory. */
static const struct icmp_error *scan_keep_message(struct scan *s, const struct icmp_error *e)
{
	struct scan_message *m = s->messages;

	if (e->family == AF_UNSPEC)
		return NULL;
	while (m && !icmp_equal(&m->icmp, e))
		m = m->next;
	if (m)
		return &m->icmp;
	m = malloc(sizeof *m);
	if (!m)
		return NULL;
	*m = (struct scan_message){ *e, s->messages };
	s->messages = m;
	return &m->icmp;
}

/* Keeps the failures of R as those of T, for the end, in place of the last ones. */
static void scan_keep_failures(struct scan *s, struct scan_target *t, const struct probe_result *r)
{
	s->n_kept -= t->failures != NULL;
	free(t->failures);
	t->failures = r->n && s->n_kept < KEPT_MOST ? malloc(r->n * sizeof *t->failures) : NULL;
	if (!t->failures)
		return;
	s->n_kept++;
	t->n_failures = r->n;
	memcpy(t->failures, r->failures, r->n * sizeof *t->failures);
}

/* Keeps what R tells of TLS as that of T, in place of the last, its certificate if that is shown.
 * Without memory for it that is the end of S. */
static void scan_keep_tls(struct scan *s, struct scan_target *t, const struct probe_result *r)
{
	scan_drop_tls(t);
	if (!r->tls)
		return;
	t->tls = malloc(sizeof *t->tls);
	if (!t->tls) {
		run_end(&s->run, report_error(s->c->messages, "probe", errno));
		return;
	}
	*t->tls = *r->tls;
	if (s->shows)
		r->tls->server.certificate = (struct text){ 0 };
	else
		t->tls->server.certificate = (struct text){ 0 };
}

static void scan_target_over(void *arg, const struct probe_result *r)
{
	struct scan *s = arg;
	struct scan_target *t = r->tag;
	struct scan_name *host = t->of->host;
	bool same = t->tried && t->state == r->state && t->error == r->error && t->what == r->what;

	t->tried = true;
	t->state = (unsigned char)r->state;
	t->error = r->error;
	t->what = r->what;
	t->icmp = scan_keep_message(s, &r->icmp);
	free(t->said);
	t->said = r->said ? strdup(r->said) : NULL;
	scan_keep_failures(s, t, r);
	scan_keep_tls(s, t, r);
	t->ns = r->ns;
	t->address += r->index;
	s->n_open += r->state == PROBE_OPEN;
	t->settled = scan_is_good(s, t) || s->c->retry == UNSET;
	s->n_settled += t->settled;
	if (!t->settled && !same)
		scan_tell_again(s, t);
	if (!t->settled) {
		s->n_open -= r->state == PROBE_OPEN;
		t->at = scan_next_try(s, clock_now());
		t->next = NULL;
		*s->again_end = t;
		s->again_end = &t->next;
		if (s->again == t)
			timer_set(s->run.loop, &s->again_timer, t->at);
		if (host->state == NAME_KNOWN && clock_now() - host->asked > FRESH)
			scan_ask(host);
	}
	scan_show_soon(s);
}

static void scan_try_again(void *arg)
{
	struct scan *s = arg;

	if (s->prober)
		prober_wake(s->prober);
}

static void scan_source_failed(void *arg, const struct places_failure *f)
{
	struct scan *s = arg;

	run_end(&s->run, report_lookup(s->c->messages, f));
}

void scan_start(struct scan *s)
{
	const struct probe_config config = {
		.socket = s->c->socket,
		.proxy = s->c->proxy,
		.socktype = s->c->socktype,
		.question = s->c->question,
		.question_size = s->c->question_size,
		.tls = s->c->tls,
		.dialogue = s->c->data->dialogue.n ? &s->c->data->dialogue : NULL,
		.family = s->c->family,
		.wait = s->wait,
		.jobs = (size_t)s->c->jobs,
		.events = { message_wanted(s->c->messages, MESSAGE_STEP) ? report_event : NULL,
			    (void *)s->c->messages },
		.next = scan_next_target,
		.over = scan_target_over,
		.failed = scan_source_failed,
		.arg = s,
	};

	for (size_t i = 0; i < s->n; i++) {
		struct scan_operand *op = &s->operands[i];
		for (size_t k = 0; k < op->n_services; k++) {
			uint16_t port = address_port(op->services[k]->answer->addresses);
			ports_add(op->ports, port, port);
		}
		op->n = ports_count(op->ports);
		s->n_targets += op->n;
		if (scan_is_lost(s, op))
			s->n_lost += op->n;
	}
	s->prober = prober_start(s->run.loop, &config);
	if (!s->prober)
		run_end(&s->run, report_error(s->c->messages, "probe", errno));
	scan_show_soon(s);
}

/* ---- the run ---- */

static void scan_waits(void *arg, struct text *text)
{
	const struct scan *s = arg;
	const char *option = s->c->retry == UNSET ? "-w" : "--retry";

	if (output_waits(&s->output))
		text_add(text, "stdout to take what was found (--timeout)");
	else if (s->n_unknown)
		text_add(text, "a service's name to be looked up (-w)");
	else
		text_add(text, "%zu of %zu ports (%s)", s->n_targets - s->n_settled - s->n_lost,
			 s->n_targets, option);
}

static void scan_figures(void *arg, enum run_figures when)
{
	const struct scan *s = arg;

	if (when != FIGURES_END)
		message(s->c->messages, MESSAGE_NOTE, "note", "%zu of %zu ports: %zu open",
			s->n_settled, s->n_targets, s->n_open);
}

static struct outcome scan_go(struct scan *s)
{
	const struct scan_config *c = s->c;
	bool command = c->command.words || c->command.shell;
	struct outcome outcome;

	if (run_start(&s->run, c->messages, c->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	s->run.calls = (struct run_calls){ .waits = scan_waits, .figures = scan_figures, .arg = s };
	s->all = message_wanted(c->messages, MESSAGE_VERBOSE);
	/* Stdout belongs to the command. */
	s->shows = !command || s->all;
	output_start(&s->output, s->run.loop, command ? STDERR_FILENO : STDOUT_FILENO,
		     command ? "stderr" : "stdout", scan_output_changed, s);
	output_watch(&s->output);
	facts_start(&s->facts, c->messages, &s->output.text);
	s->again_end = &s->again;
	s->again_timer = (struct timer){ .fn = scan_try_again, .arg = s };
	s->show_timer = (struct timer){ .fn = scan_show, .arg = s };
	s->retry_timer = (struct timer){ .fn = scan_retry_over, .arg = s };
	timer_set(s->run.loop, &s->retry_timer, clock_after(c->messages->start, c->retry));
	scan_ask_names(s);
	outcome = run_wait(&s->run);
	/* Print what was found before a signal or --timeout. */
	output_drain(&s->output, PROBE_PATIENCE, UNSET);
	output_close(&s->output);
	prober_free(s->prober);
	scan_free_names(s);
	services_free(&s->services);
	run_free(&s->run);
	return outcome;
}

struct outcome scan_run(const struct scan_config *c, const struct operands *operands)
{
	struct scan s = {
		.c = c,
		.wait = c->wait != UNSET  ? c->wait :
			c->retry != UNSET ? TRY_LIMIT :
					    c->limit,
		.patience = c->retry != UNSET ? UNSET : c->wait,
	};
	struct option_error error;
	struct outcome outcome;

	if (scan_parse(&s, operands, &error) == 0)
		outcome = scan_go(&s);
	else
		outcome = command_refuse(c->messages, &error);
	scan_free_names(&s);
	scan_free_words(&s);
	for (struct scan_message *next; s.messages; s.messages = next) {
		next = s.messages->next;
		free(s.messages);
	}
	if (outcome.kind != OUTCOME_DONE || (!c->command.words && !c->command.shell))
		return outcome;
	spawn_replace(&c->command);
	report_error(c->messages, spawn_name(&c->command), errno);
	return (struct outcome){ OUTCOME_COMMAND, errno == ENOENT ? 127 : 126 };
}
