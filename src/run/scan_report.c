/* scan_report.c - what a scan prints of each port, and what all of them together come to */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/errname.h"
#include "run/scan_state.h"
#include "names/lookup.h"
#include "run/report.h"

#define NAMED_MOST 4	  /* at most so many ports are named one by one */
#define REASONS_MOST 2000 /* bytes in which a message names them */

/* ---- what is shown ---- */

#define SERVICE_ROOM 256

static bool scan_asks(const struct scan *s)
{
	return s->c->socktype == SOCK_DGRAM;
}

static const char *scan_protocol(const struct scan *s)
{
	return scan_asks(s) ? "udp" : "tcp";
}

static const struct services_entry *scan_find_service(const struct scan *s,
						      const struct services *from, uint16_t port)
{
	for (size_t i = 0; i < from->n; i++)
		if (from->entries[i].number == port &&
		    word_is(&from->entries[i].protocol, scan_protocol(s)))
			return &from->entries[i];
	return NULL;
}

/* Writes the service of T's port into TEXT of SERVICE_ROOM bytes. Returns TEXT, or NULL where there
 * is none. */
static const char *scan_service_of(struct scan *s, const struct scan_target *t, char *text)
{
	const struct services_entry *entry;
	struct services asked = { 0 };

	if (s->c->numeric || scan_is_portless(t))
		return NULL;
	/* Without memory for it, there is no name. */
	if (!s->services_read)
		services_read(&s->services, false);
	s->services_read = true;
	entry = scan_find_service(s, &s->services, t->port);
	/* Another source of the system may know it: worth asking for open ports. */
	if (!entry && t->state == PROBE_OPEN &&
	    services_ask(&asked, NULL, t->port, scan_protocol(s)) == 0)
		entry = scan_find_service(s, &asked, t->port);
	if (entry)
		snprintf(text, SERVICE_ROOM, "%.*s", (int)entry->name.n, entry->name.text);
	services_free(&asked);
	return entry ? text : NULL;
}

/* What stands at the end of T's line: the message of ICMP behind the error, or of UDP the error.
 * NULL: nothing. A host that says itself that nobody is there tells nothing more. */
static const char *scan_reason(const struct scan *s, const struct scan_target *t, char *text)
{
	bool telling = t->state == PROBE_PROHIBITED || t->state == PROBE_UNREACHABLE;

	if (t->icmp && (s->all || (scan_asks(s) &&
				   (telling || !address_same_host(&t->icmp->sender, t->address)))))
		return icmp_words_by(t->icmp, text);
	return scan_asks(s) && telling ? errno_name(t->error) : NULL;
}

/* Prints what T says by TLS: the end of its line, and a line for each fact of its certificate,
 * after what stands BEFORE all lines. */
static void scan_tell_tls(struct scan *s, struct scan_target *t, const char *before)
{
	struct facts *f = &s->facts;

	report_tls_json(&f->json, t->tls, s->wait);
	if (!f->as_json) {
		char indent[REPORT_TLS_BEFORE];
		snprintf(indent, sizeof indent, "%s    ", before);
		facts_line(f, " ");
		report_tls_text(f->out, t->tls, s->wait);
		facts_line(f, "\n");
		report_tls_certificate(f->out, t->tls, indent);
	}
	/* Many may come that are not small. */
	text_free(&t->tls->server.certificate);
}

/* Prints `HOST PORT/tcp open SERVICE`; with -v `HOST PORT/tcp STATE SERVICE|ERROR MS ms`, and the
 * message behind an error. Of UDP all are printed, `HOST PORT/udp STATE SERVICE`. */
static void scan_tell_target(struct scan *s, struct scan_target *t)
{
	const char *state = probe_state_name(t->state, s->c->socktype), *service, *word, *reason;
	struct facts *f = &s->facts;
	struct json *json = &f->json;
	char text[SERVICE_ROOM], said[ICMP_TEXT], before[32] = "";

	if (!s->shows || !t->tried || (t->state != PROBE_OPEN && !s->all && !scan_asks(s)))
		return;
	service = f->as_json || t->state == PROBE_OPEN || scan_asks(s) ?
			  scan_service_of(s, t, text) :
			  NULL;
	word = t->state == PROBE_OPEN || scan_asks(s) ? service : errno_name(t->error);
	reason = scan_reason(s, t, said);
	facts_begin(f, "probed");
	json_string(json, "host", t->of->host->text);
	if (!scan_is_portless(t)) {
		json_number(json, "port", t->port);
		json_string(json, "protocol", scan_protocol(s));
	}
	json_string(json, "state", state);
	json_string(json, "service", service);
	if (t->address) {
		struct address address = *t->address;
		address_set_port(&address, t->port);
		address_json(json, "peer", &address);
	}
	json_string(json, "step", t->what);
	json_string(json, "code", t->error ? errno_name(t->error) : NULL);
	json_string(json, "message", t->said);
	if (t->icmp)
		icmp_json(json, t->icmp);
	json_milliseconds(json, "elapsed_ms", t->ns);
	/* Where stdout belongs to a command, lines stand among the messages. */
	if (s->output.to.original == STDERR_FILENO)
		snprintf(before, sizeof before, "sockit %s: ", s->c->messages->subcommand);
	facts_line(f, "%s%s ", before, t->of->shown);
	if (!scan_is_portless(t))
		facts_line(f, "%u/%s ", t->port, scan_protocol(s));
	facts_line(f, "%s", state);
	if (word || s->all || reason || t->tls)
		facts_line(f, " %s", word ? word : "-");
	if (s->all)
		facts_line(f, " %.3f ms", (double)t->ns / (double)MILLISECOND);
	if (reason)
		facts_line(f, " %s", reason);
	if (t->tls)
		scan_tell_tls(s, t, before);
	else
		facts_line(f, "\n");
	facts_end(f);
}

/* Shows those whose turn it is; at the end, all that are left. */
void scan_tell_next(struct scan *s)
{
	while (s->shown_operand < s->n) {
		const struct scan_operand *op = &s->operands[s->shown_operand];

		while (s->shown_target < op->n_started &&
		       (op->targets[s->shown_target].settled || s->concluding))
			scan_tell_target(s, &op->targets[s->shown_target++]);
		if (s->shown_target < op->n && !scan_is_lost(s, op) && !s->concluding)
			return;
		s->shown_operand++;
		s->shown_target = 0;
	}
}

/* ---- the end ---- */

/* Could T be asked? Where an option, a step of ours or this machine's means fail, it may be open.
 */
static bool scan_was_asked(const struct scan_target *t)
{
	static const int ours[] = { ENOMEM, ENOBUFS, EMFILE, ENFILE, EADDRNOTAVAIL };
	bool asked = !t->what;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		asked &= t->error != ours[i];
	return asked;
}

/* Is T as it was asked for? */
bool scan_is_good(const struct scan *s, const struct scan_target *t)
{
	if (s->c->closed)
		return t->tried && t->state != PROBE_OPEN && scan_was_asked(t);
	return t->tried && t->state == PROBE_OPEN &&
	       (!s->c->tls || (t->tls && t->tls->none == TLS_ANSWERED));
}

/* Adds why T is not as asked for, with all its addresses where its host is a name, and what is
 * known of the cause, with which N gets its member. */
static void scan_add_target(const struct scan *s, struct text *text, const struct scan_target *t,
			    struct notice *n)
{
	const struct scan_operand *op = t->of;
	bool alone = s->n_targets == 1 && s->c->retry == UNSET;
	struct address a;
	bool named = address_parse_host(op->host->text, &a) == WORD_NAME && *op->list;
	char why[PROBE_WHY] = "no answer", cause[512] = "";

	if (t->tried)
		report_probe_text(s->c->messages, t->state, t->what, t->error, t->icmp, s->wait,
				  why);
	if (!alone || !named || !t->failures) {
		text_add(text, "%s", op->shown);
		if (*op->list && (!named || !t->failures))
			text_add(text, " port %u", t->port);
		text_add(text, ": ");
	}
	if (t->failures) {
		report_failures_text(s->c->messages, text, t->failures, t->n_failures, named, why);
		report_cause(n, s->c->socktype, t->failures, t->n_failures, cause, sizeof cause);
	} else if (t->tls) {
		report_tls_text(text, t->tls, s->wait);
	} else {
		text_add(text, "%s", t->said ? t->said : *why ? why : "open");
	}
	text_add(text, "%s", cause);
}

void scan_tell_again(const struct scan *s, const struct scan_target *t)
{
	/* The cause is for the end: finding it takes a while. */
	struct notice mute = { .wanted = false };
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);

	if (!message_wanted(s->c->messages, MESSAGE_VERBOSE))
		return;
	scan_add_target(s, &text, t, &mute);
	message(s->c->messages, MESSAGE_VERBOSE, "retry", "%.*s: trying again", (int)text.length,
		text.data ? text.data : "");
	text_free(&text);
}

/* Adds why no port of OP was tried. */
static void scan_add_host(const struct scan *s, struct text *text, const struct scan_operand *op)
{
	bool known = op->host->state == NAME_KNOWN;

	text_add(text, "%s: ", op->shown);
	if (op->host->eai && !known) {
		char lookup[EAI_TEXT];
		text_add(text, "%s",
			 lookup_text(op->host->text, op->host->eai, op->host->error, s->c->family,
				     lookup));
	} else {
		char time[32];
		text_add(text, "not %s within %s (--retry)", known ? "tried" : "looked up",
			 duration_format(time, sizeof time, s->c->retry));
	}
}

/* Adds the reasons of the BAD that are not as asked for, as many as there is room for. N, the
 * notice that they are for, gets the members of one that is alone. */
static void scan_add_reasons(const struct scan *s, struct text *text, size_t bad, struct notice *n)
{
	struct notice mute = { .wanted = n->wanted, .json.off = true };
	size_t told = 0;

	for (size_t i = 0; i < s->n && text->length < REASONS_MOST; i++) {
		const struct scan_operand *op = &s->operands[i];
		if (op->n_started == 0) {
			text_add(text, "%s", told ? "; " : "");
			scan_add_host(s, text, op);
			told += op->n;
		}
		for (size_t k = 0; k < op->n_started && text->length < REASONS_MOST; k++) {
			const struct scan_target *t = &op->targets[k];
			if (scan_is_good(s, t))
				continue;
			text_add(text, "%s", told ? "; " : "");
			if (bad == 1)
				report_failures_json(&n->json, t->failures,
						     t->failures ? t->n_failures : 0);
			scan_add_target(s, text, t, bad == 1 ? n : &mute);
			told++;
		}
	}
	if (told < bad)
		text_add(text, "; and %zu more", bad - told);
}

/* Counts how often each state was found, of open ones those that are not as asked for, and how
 * often silence was all. Returns how many targets are as asked for. */
static size_t scan_count(const struct scan *s, size_t *counts, size_t *silent)
{
	size_t good = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->operands[i].n_started; k++) {
			const struct scan_target *t = &s->operands[i].targets[k];
			bool is_good = scan_is_good(s, t);
			counts[t->state] += t->tried && !(is_good && t->state == PROBE_OPEN);
			*silent += t->tried && t->error == ETIMEDOUT;
			good += is_good;
		}
	return good;
}

static void scan_add_counts(const struct scan *s, struct text *text, const size_t *counts)
{
	const char *before = ": ";

	for (size_t i = s->c->closed ? PROBE_OPEN + 1 : PROBE_OPEN; i < PROBE_STATES; i++)
		if (counts[i]) {
			text_add(text, "%s%zu %s", before, counts[i],
				 probe_state_name((enum probe_state)i, s->c->socktype));
			before = ", ";
		}
}

/* Returns why ports are closed: where they differ, that nobody listens. */
static int scan_closed_by(const struct scan *s)
{
	int error = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->operands[i].n_started; k++) {
			const struct scan_target *t = &s->operands[i].targets[k];
			if (!t->tried || t->state != PROBE_CLOSED)
				continue;
			if (error && t->error != error)
				return ECONNREFUSED;
			error = t->error;
		}
	return error ? error : ECONNREFUSED;
}

/* Says that BAD ports are not as asked for, N_SILENT of them by silence, and why. */
static struct outcome scan_refuse(const struct scan *s, size_t bad, size_t n_silent,
				  const size_t *counts)
{
	const char *negation = s->c->tls		 ? "without TLS" :
			       !s->c->closed		 ? "not open" :
			       counts[PROBE_OPEN] == bad ? "still open" :
							   "not known to be closed";
	bool retried = s->c->retry != UNSET, silent = bad == n_silent;
	enum outcome_kind kind =
		retried || (silent && !s->c->closed) ? OUTCOME_TIMEOUT : OUTCOME_FAILED;
	char rooms[2][2 * TEXT_ROOM];
	struct text reasons = TEXT_IN(rooms[0]), text = TEXT_IN(rooms[1]);
	const char *code = errno_name(scan_closed_by(s));
	struct notice n;

	/* Each has its line. */
	if (scan_asks(s) && !retried)
		return (struct outcome){ kind, 0 };
	if (kind == OUTCOME_TIMEOUT)
		code = errno_name(ETIMEDOUT);
	else if (s->c->closed && counts[PROBE_OPEN])
		code = errno_name(EISCONN);
	else if (counts[PROBE_OPEN] || counts[PROBE_UNEXPECTED])
		code = errno_name(EPROTO);
	else if (s->c->closed || !counts[PROBE_CLOSED])
		code = errno_name(EHOSTUNREACH);
	notice_begin(&n, s->c->messages, MESSAGE_ERROR, "error");
	notice_error(&n, kind, code);
	if (retried || bad <= NAMED_MOST)
		scan_add_reasons(s, &reasons, bad, &n);
	if (s->n_targets == 1 && !retried)
		text_put(&text, reasons.data, reasons.length);
	else
		text_add(&text, "%zu of %zu port%s %s", bad, s->n_targets,
			 s->n_targets == 1 ? "" : "s", negation);
	if (retried) {
		char time[32];
		text_add(&text, " within %s (--retry)",
			 duration_format(time, sizeof time, s->c->retry));
	}
	if (reasons.length && (s->n_targets > 1 || retried))
		text_add(&text, ": %.*s", (int)reasons.length, reasons.data);
	else if (!reasons.length)
		scan_add_counts(s, &text, counts);
	notice_end(&n, "%.*s", (int)text.length, text.data ? text.data : "");
	text_free(&reasons);
	text_free(&text);
	return (struct outcome){ kind, 0 };
}

/* What all that has come out means. */
struct outcome scan_judge(const struct scan *s)
{
	size_t counts[PROBE_STATES] = { 0 }, silent = 0;
	size_t good = scan_count(s, counts, &silent);
	/* A port that has not been tried is not known to be closed, but one is whose host is gone.
	 */
	size_t bad = s->n_targets - good - (s->c->closed ? s->n_lost : 0);

	if (bad == 0 || (s->c->any && good > 0))
		return (struct outcome){ s->c->any ? OUTCOME_DONE : s->lost_kind, 0 };
	/* The failed look-up has been said. */
	if (s->lost_kind != OUTCOME_DONE)
		return (struct outcome){ s->lost_kind, 0 };
	return scan_refuse(s, bad, silent, counts);
}
