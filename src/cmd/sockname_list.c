/* sockname_list.c - which sockets there are on this machine, and what they are asked for by */
#include "cmd/sockname_list.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/facts.h"
#include "base/terminal.h"
#include "base/user.h"
#include "cmd/sockname_listing.h"
#include "names/services.h"
#include "proto/words.h"
#include "run/report.h"
#include "run/sandbox.h"

#define PROGRAM_MOST 15 /* bytes of a program's name that the kernel keeps */

/* ---- options ---- */

/* Returns which of the N names that NAME_OF(i) gives are in the list WORD, as bits; 0 with *ERROR,
 * which calls one KIND: there is one that is none of them. */
static unsigned parse_names(const char *word, const char *(*name_of)(unsigned i), unsigned n,
			    const char *kind, struct option_error *error)
{
	unsigned found = 0;

	for (const char *at = word;; at++) {
		const struct word w = { at, strcspn(at, ",") };
		unsigned i = 0;
		while (i < n && !word_is(&w, name_of(i)))
			i++;
		if (i == n) {
			option_fail(error, "'%.*s' is no %s", (int)w.n, w.text, kind);
			return 0;
		}
		found |= 1U << i;
		at += w.n;
		if (!*at)
			return found;
	}
}

static const char *protocol_name(unsigned i)
{
	return inventory_protocol((enum inventory_protocol)i);
}

/* Of any protocol: `close` is that of TCP, the last but one is that of others. */
static const char *state_name(unsigned i)
{
	return i < INVENTORY_STATES ? inventory_state(INVENTORY_TCP, i) :
				      inventory_state(INVENTORY_UDP, INVENTORY_CLOSE);
}

static int parse_protocols(void *field, const char *word, struct option_error *error)
{
	unsigned *protocols = field;

	*protocols = parse_names(word, protocol_name, INVENTORY_PROTOCOLS,
				 "protocol: tcp, mptcp, udp or unix", error);
	return *protocols ? 0 : -1;
}

static int parse_states(void *field, const char *word, struct option_error *error)
{
	unsigned *states = field;

	*states = parse_names(word, state_name, INVENTORY_STATES + 1,
			      "state: listen, established, time-wait, unconnected...", error);
	return *states ? 0 : -1;
}

static int parse_with(void *field, const char *word, struct option_error *error)
{
	struct access_options *with = field;

	return access_parse(&with->allow, "--with", word, error);
}

static const char *protocol_word(size_t i)
{
	return i < INVENTORY_PROTOCOLS ? protocol_name((unsigned)i) : NULL;
}

static const char *state_word(size_t i)
{
	return i <= INVENTORY_STATES ? state_name((unsigned)i) : NULL;
}

#define AT(member) offsetof(struct sockname_selection, member)

static const struct option_row rows[] = {
	OPTION("protocol", 0, OPTION_PARSED, AT(protocols), KEEP_NOTHING,
	       ARG("LIST") NEEDS("listening sockets"),
	       "of these alone: tcp, udp, mptcp, unix (tcp,udp; of unix:PATH unix)",
	       .parser = parse_protocols, .choices = protocol_word),
	OPTION("state", 0, OPTION_PARSED, AT(states), KEEP_NOTHING, ARG("LIST") NEEDS("sockets"),
	       "in these states alone, such as established,time-wait", .parser = parse_states,
	       .choices = state_word),
	OPTION("program", 0, OPTION_STRING, AT(program), KEEP_NOTHING,
	       ARG("NAME") NEEDS("listening sockets"), "of processes of this name alone"),
	OPTION("uid", 0, OPTION_STRING, AT(user), KEEP_NOTHING,
	       ARG("USER") NEEDS("listening sockets"), "of this user alone"),
	OPTION("with", 0, OPTION_PARSED, AT(with), KEEP_NOTHING, ARG("LIST") NEEDS("sockets"),
	       "those alone whose peer is one of these: addresses, NET/BITS, names",
	       .repeats = true, .parser = parse_with),
	OPTION("info", 0, OPTION_FLAG, AT(info), KEEP_NOTHING, NEEDS("listening sockets"),
	       "of TCP connections round trip, retransmits, rate, and what limits them"),
};

const struct option_group sockname_selection_group = { "Which sockets", rows,
						       sizeof rows / sizeof *rows };

/* ---- the operand ---- */

/* Finds the *PORT of the service WORD, by TCP or else UDP. Returns 0, or -1: there is none. */
static int service_port(const struct word *word, uint16_t *port)
{
	static const char protocols[][4] = { "tcp", "udp" };
	struct services services;
	char name[256];
	int status = -1;

	if (word->n >= sizeof name || services_read(&services, false) < 0)
		return -1;
	memcpy(name, word->text, word->n);
	name[word->n] = '\0';
	for (size_t p = 0; p < 2 && status < 0; p++)
		for (size_t i = 0; i < services.n && status < 0; i++)
			if (word_is(&services.entries[i].protocol, protocols[p]) &&
			    services_has_name(&services.entries[i], name)) {
				*port = services.entries[i].number;
				status = 0;
			}
	services_free(&services);
	if (status == 0 || services_ask(&services, name, 0, NULL) < 0)
		return status;
	*port = services.entries[0].number;
	services_free(&services);
	return 0;
}

/* Reads the LIST of ports into *PORTS, which may be NULL. Returns 0; or -1 with the *ITEM at fault:
 * a name that is no service if there are PORTS, else what is no port. */
static int read_ports(const char *list, struct ports *ports, struct ports_item *item)
{
	enum ports_kind kind;

	while ((kind = ports_item(&list, item)) != PORTS_END) {
		if (kind == PORTS_BAD || (kind == PORTS_RANGE && item->first == 0))
			return -1;
		if (!ports)
			continue;
		if (kind == PORTS_NAME) {
			const struct word name = { item->word, item->length };
			if (service_port(&name, &item->first) < 0)
				return -1;
			item->last = item->first;
		}
		ports_add(ports, item->first, item->last);
	}
	return 0;
}

/* Checks the list of ports L has. Returns 0, or -1 with *ERROR. */
static int check_ports(const struct sockname_list *l, struct option_error *error)
{
	const char *list = l->word;
	struct ports_item item;
	enum ports_kind kind;

	while ((kind = ports_item(&list, &item)) != PORTS_END) {
		int n = (int)item.length;
		if (kind == PORTS_BAD)
			return option_fail(error,
					   "port '%.*s' is neither from 1 to 65535 nor a service",
					   n, item.word);
		if (kind == PORTS_RANGE && item.first == 0)
			return option_fail(error, "port '%.*s': no socket has 0", n, item.word);
		if (kind == PORTS_NAME && l->family->numeric)
			return option_fail(error,
					   "port '%.*s' is a name, which --numeric does not look "
					   "up",
					   n, item.word);
	}
	return 0;
}

int sockname_list_check(const struct sockname_list *l, struct option_error *error)
{
	struct sockname_selection *s = l->selection;
	const unsigned unix_bit = 1U << INVENTORY_UNIX;
	struct endpoint_words parts;
	bool path = l->word && text_begins(l->word, "unix:");

	s->uid = UNSET;
	if (s->user && user_parse("uid", s->user, &s->uid, error) < 0)
		return -1;
	if (access_check(&s->with, l->family->numeric, error) < 0)
		return -1;
	if (s->with.allow.used && (path || s->protocols == unix_bit))
		return option_fail(error, "--with: a UNIX socket has no host");
	if (address_family(l->family) != AF_UNSPEC && (path || s->protocols & unix_bit))
		return option_fail(error, "-%c: a UNIX socket has no IP address",
				   l->family->inet ? '4' : '6');
	if (path && s->protocols && s->protocols != unix_bit)
		return option_fail(error, "'%s' needs --protocol unix", l->word);
	if (l->word && !path && s->protocols & unix_bit)
		return option_fail(error, "'%s': a UNIX socket has no port (unix:PATH)", l->word);
	if (path)
		return address_endpoint(l->word, true, &parts, error);
	return l->word ? check_ports(l, error) : 0;
}

/* ---- the list ---- */

bool listing_has_program(const struct listing *x, const struct inventory *i,
			 const struct inventory_socket *s)
{
	const char *program = x->l->selection->program;

	for (size_t k = 0; program && k < s->n_owners; k++)
		if (!strncmp(i->owners[s->owner + k].program, program, PROGRAM_MOST))
			return true;
	return !program;
}

/* Is S one of those that X is about, whatever its program? */
static bool is_chosen(const struct listing *x, const struct inventory_socket *s)
{
	const struct sockname_selection *want = x->l->selection;
	bool unconnected = s->protocol >= INVENTORY_UDP && s->state == INVENTORY_CLOSE;

	if (want->states &&
	    !(want->states & 1U << (unconnected ? (unsigned)INVENTORY_STATES : s->state)))
		return false;
	return (want->uid == UNSET || s->uid == want->uid) &&
	       (!want->with.allow.used || (s->peer.length && s->peer.u.sa.sa_family != AF_UNIX &&
					   !access_refusal(&want->with, &s->peer)));
}

int listing_get(const struct listing *x, struct inventory *out)
{
	size_t n = 0;

	if (inventory_get(&x->q, out) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		if (is_chosen(x, &out->sockets[i]))
			out->sockets[n++] = out->sockets[i];
	out->n = n;
	return 0;
}

unsigned listing_columns(const struct listing *x)
{
	unsigned info = x->q.info ? INVENTORY_INFO : 0;

	if (x->l->listening)
		return info;
	return info | INVENTORY_PEERS | (x->q.wanted[INVENTORY_UNIX] ? INVENTORY_PEER_OWNERS : 0);
}

/* Nothing fits. */
static struct outcome listing_is_empty(const struct listing *x)
{
	const struct sockname_selection *s = x->l->selection;
	bool chosen = s->states || s->program || s->user || s->with.allow.used;
	const char *nobody = x->l->listening ? "nobody listens on it" : "nobody has it";

	if (chosen)
		return message_fail(x->l->messages, OUTCOME_FAILED, "ENOENT",
				    "no socket is like that (ENOENT)");
	if (x->q.name)
		return message_fail(x->l->messages, OUTCOME_FAILED, "ECONNREFUSED",
				    "%s: %s (ECONNREFUSED)", x->l->word, nobody);
	return message_fail(x->l->messages, OUTCOME_FAILED, "ECONNREFUSED",
			    "port %s: %s (ECONNREFUSED)", x->l->word, nobody);
}

static struct outcome listing_print(struct listing *x)
{
	const struct messages *m = x->l->messages;
	const struct sockname_selection *s = x->l->selection;
	unsigned columns = listing_columns(x);
	struct inventory inventory;
	struct facts f;
	size_t n = 0;

	sandbox_enter(m, NULL);
	if (listing_get(x, &inventory) < 0)
		return report_error(m, "the list of sockets", errno);
	/* Where there is no /proc nobody knows; that memory is short is no such reason. */
	if (inventory.n > 0 && inventory_find_owners(&inventory) < 0 && errno_is_lack(errno)) {
		int error = errno;
		inventory_free(&inventory);
		return report_error(m, "the owners of sockets", error);
	}
	for (size_t i = 0; i < inventory.n; i++)
		if (listing_has_program(x, &inventory, &inventory.sockets[i]))
			inventory.sockets[n++] = inventory.sockets[i];
	inventory.n = n;
	if (n == 0 && (x->l->word || s->states || s->program || s->user || s->with.allow.used)) {
		inventory_free(&inventory);
		return listing_is_empty(x);
	}
	facts_start(&f, m, NULL);
	if (isatty(STDOUT_FILENO))
		inventory_heading(&f.table, columns, terminal_columns(STDOUT_FILENO));
	for (size_t i = 0; i < n; i++) {
		facts_begin(&f, NULL);
		inventory_json(&f.json, &inventory, &inventory.sockets[i]);
		inventory_row(&f.table, &inventory, &inventory.sockets[i], columns);
		facts_end(&f);
	}
	inventory_free(&inventory);
	return facts_print(&f, "\t");
}

static int listing_set_hosts(struct listing *x)
{
	const struct access_entry *e, *first = x->l->selection->with.allow.entries;
	size_t n = 0;

	for (e = first; e; e = e->next)
		n++;
	x->hosts = calloc(n + 1, sizeof *x->hosts);
	if (!x->hosts)
		return -1;
	n = 0;
	for (e = first; e; e = e->next)
		x->hosts[n++] = (struct inventory_host){ e->address, e->bits };
	x->q.hosts = x->hosts;
	x->q.n_hosts = n;
	return 0;
}

/* The hosts of --with are known. */
static void listing_looked_up(void *arg, const struct places_failure *f)
{
	struct listing *x = arg;

	if (f)
		run_end(&x->run, report_lookup(x->l->messages, f));
	else if (listing_set_hosts(x) < 0)
		run_end(&x->run, report_error(x->l->messages, "--with", errno));
	else if (x->l->watch)
		x->watch = listing_watch_start(x);
	else
		run_end(&x->run, listing_print(x));
}

static void listing_waits(void *arg, struct text *text)
{
	const struct listing *x = arg;
	const char *name = access_looks_up(x->lookup);

	if (name)
		text_add(text, RUN_LOOKUP, name, "no option ends it");
}

/* Makes the list in a run: after a look-up, or one whose changes are told. */
static struct outcome listing_run(struct listing *x)
{
	const struct sockname_list *l = x->l;
	struct outcome outcome;

	if (run_start(&x->run, l->messages, NULL) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	x->run.calls = (struct run_calls){ .waits = listing_waits, .arg = x };
	access_start(x->run.loop, &l->selection->with, listing_looked_up, x, &x->lookup);
	outcome = run_wait(&x->run);
	access_cancel(x->lookup);
	listing_watch_free(x->watch);
	free(x->hosts);
	run_free(&x->run);
	return outcome;
}

struct outcome sockname_list_run(const struct sockname_list *l)
{
	const unsigned usual = 1U << INVENTORY_TCP | 1U << INVENTORY_UDP;
	unsigned protocols = l->selection->protocols ? l->selection->protocols : usual;
	struct listing x = {
		.l = l,
		.q = { .family = address_family(l->family),
		       .listening = l->listening,
		       .subflows = true,
		       .info = l->selection->info },
	};
	struct ports_item item;

	if (l->word && address_parse_unix(l->word, &x.name) == WORD_NUMBER) {
		x.q.name = &x.name;
		protocols = 1U << INVENTORY_UNIX;
	} else if (l->word) {
		if (read_ports(l->word, &x.ports, &item) < 0) {
			char word[256];
			snprintf(word, sizeof word, "%.*s", (int)item.length, item.word);
			return report_lookup(l->messages,
					     &(struct places_failure){ .eai = EAI_SERVICE,
								       .which = PLACE_PORT,
								       .word = word });
		}
		x.q.ports = &x.ports;
		if (ports_count(&x.ports) == 1)
			x.q.port = (uint16_t)ports_next(&x.ports, 0);
	}
	x.q.states = l->selection->states;
	if (x.q.states & 1U << INVENTORY_STATES)
		x.q.states |= 1U << INVENTORY_CLOSE; /* of UDP it is `unconnected` */
	for (unsigned i = 0; i < INVENTORY_PROTOCOLS; i++)
		x.q.wanted[i] = protocols >> i & 1;
	return l->selection->with.allow.used || l->watch ? listing_run(&x) : listing_print(&x);
}
