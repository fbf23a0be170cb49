/* servinfo.c - `sockit servinfo`: looks services and protocols up */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/command.h"
#include "base/errname.h"
#include "base/facts.h"
#include "base/number.h"
#include "names/services.h"
#include "names/system_file.h"
#include "run/sandbox.h"

struct servinfo_options {
	struct messages messages;
	const char *protocols; /* a list; NULL: services are asked for */
	bool port, name;
};

#define PROTOCOL_SIZE 256 /* bytes of a protocol's name, with a NUL */

/* Takes the first name or number off *LIST, which becomes NULL after the last, to WORD. Returns 0,
 * or -1: it is empty, or too long for a name. */
static int servinfo_next_protocol(const char **list, char word[PROTOCOL_SIZE])
{
	size_t n = strcspn(*list, ",");

	if (n == 0 || n >= PROTOCOL_SIZE)
		return -1;
	memcpy(word, *list, n);
	word[n] = '\0';
	*list = (*list)[n] ? *list + n + 1 : NULL;
	return 0;
}

static int servinfo_parse_protocols(void *field, const char *word, struct option_error *error)
{
	const char **protocols = field, *rest = word;
	char name[PROTOCOL_SIZE];
	int64_t number;

	*protocols = word;
	while (rest) {
		if (servinfo_next_protocol(&rest, name) < 0)
			return option_fail(error,
					   "--protocol: '%s' is no list of names and numbers",
					   word);
		if (number_parse(name, 0, 65535, &number) < 0 &&
		    (errno == ERANGE || *name == '-' || *name == '+'))
			return option_fail(error,
					   "--protocol: '%s' is neither from 0 to 65535 nor a name",
					   name);
	}
	return 0;
}

#define AT(member) offsetof(struct servinfo_options, member)

static const struct option_row rows[] = {
	OPTION("protocol", 0, OPTION_PARSED, AT(protocols), KEEP_NOTHING, ARG("LIST"),
	       "the protocols of these names or numbers, in place of services",
	       .parser = servinfo_parse_protocols),
	OPTION("port", 0, OPTION_FLAG, AT(port), KEEP_NOTHING, EXCLUDES("name json"),
	       "print the number only"),
	OPTION("name", 0, OPTION_FLAG, AT(name), KEEP_NOTHING, EXCLUDES("json"),
	       "print the name only"),
};

static const struct option_group group = { "Services", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &message_group, offsetof(struct servinfo_options, messages.options) },
	{ NULL, 0 },
};

/* What an operand asks for. */
struct question {
	char *name;	      /* NULL: a range of ports */
	uint16_t first, last; /* the range */
	const char *protocol; /* after the slash; NULL: any */
};

struct servinfo {
	const struct servinfo_options *options;
	struct services services, protocols;
	struct facts facts;
	struct outcome outcome;
};

/* ---- what is asked ---- */

/* Is WORD a range such as `20-25`? No service is called so. */
static bool servinfo_is_range(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return digits > 0 && word[digits] == '-' &&
	       word[digits + 1 + strspn(word + digits + 1, "0123456789")] == '\0';
}

static int servinfo_parse_range(char *word, struct question *q)
{
	char *hyphen = strchr(word, '-');
	int64_t first = 0, last = 0;
	bool valid;

	*hyphen = '\0';
	valid = number_parse(word, 0, 65535, &first) == 0 &&
		number_parse(hyphen + 1, first, 65535, &last) == 0;
	*hyphen = '-';
	q->first = (uint16_t)first;
	q->last = (uint16_t)last;
	return valid ? 0 : -1;
}

/* Parses WORD, which it cuts at its slash, into *Q. Returns 0, or -1 with *ERROR. */
static int servinfo_parse_question(char *word, struct question *q, struct option_error *error)
{
	char *slash = strchr(word, '/');
	int64_t port;

	*q = (struct question){ 0 };
	if (slash)
		*slash = '\0';
	q->protocol = slash ? slash + 1 : NULL;
	if (*word == '\0' || (slash && (slash[1] == '\0' || strchr(slash + 1, '/'))))
		return option_fail(error, "'%s%s%s' is not NAME[/PROTO] or PORT[/PROTO]", word,
				   slash ? "/" : "", slash ? slash + 1 : "");
	if (servinfo_is_range(word)) {
		if (servinfo_parse_range(word, q) < 0)
			return option_fail(error,
					   "'%s' is no range of ports: from 0 to 65535, the lower "
					   "one first",
					   word);
		return 0;
	}
	if (number_parse(word, 0, 65535, &port) == 0) {
		q->first = q->last = (uint16_t)port;
		return 0;
	}
	if (errno == ERANGE || *word == '-' || *word == '+')
		return option_fail(error, "port '%s' is neither from 0 to 65535 nor a service",
				   word);
	q->name = word;
	return 0;
}

/* ---- what is known ---- */

static struct outcome servinfo_not_found(const struct servinfo *s, const char *kind,
					 const char *what, const char *protocol)
{
	const char *code = *kind == 's' ? "EAI_SERVICE" : "EAI_NONAME";

	return message_fail(&s->options->messages, OUTCOME_LOOKUP, code,
			    "%s %s%s%s: no such %s (%s)", kind, what, protocol ? "/" : "",
			    protocol ? protocol : "", kind, code);
}

/* Returns the entry of protocols(5) for NAME, a name or a number, or NULL. */
static const struct services_entry *servinfo_find_protocol(const struct servinfo *s,
							   const char *name)
{
	int64_t number;
	bool is_number = number_parse(name, 0, 65535, &number) == 0;

	for (size_t i = 0; i < s->protocols.n; i++) {
		const struct services_entry *e = &s->protocols.entries[i];
		if (is_number ? e->number == number : services_has_name(e, name))
			return e;
	}
	return NULL;
}

/* Writes what services(5) calls PROTOCOL, a name or a number, into NAME of SIZE bytes. Returns
 * whether there is such a protocol. */
static bool servinfo_protocol_name(const struct servinfo *s, const char *protocol, char *name,
				   size_t size)
{
	const struct services_entry *known = servinfo_find_protocol(s, protocol);
	struct word word = { protocol, strlen(protocol) };
	bool found = known != NULL;

	if (known)
		word = known->name;
	for (size_t i = 0; !found && i < s->services.n; i++)
		found = word_is(&s->services.entries[i].protocol, protocol);
	if (!found || word.n >= size)
		return false;
	memcpy(name, word.text, word.n);
	name[word.n] = '\0';
	return true;
}

/* ---- what is printed ---- */

static const char source_names[][8] = { "file", "system", "builtin" }; /* of enum services_source */

static void servinfo_add_entry(struct servinfo *s, const struct services_entry *e, bool is_protocol,
			       enum services_source source)
{
	const struct servinfo_options *o = s->options;
	struct word list = e->aliases, alias;
	struct facts *f = &s->facts;
	struct text aliases = { 0 };

	facts_begin(f, NULL);
	json_bytes(&f->json, "name", e->name.text, e->name.n);
	json_number(&f->json, is_protocol ? "number" : "port", e->number);
	if (!is_protocol)
		json_bytes(&f->json, "protocol", e->protocol.text, e->protocol.n);
	json_open(&f->json, "aliases", '[');
	while (word_next(&list, &alias)) {
		json_bytes(&f->json, NULL, alias.text, alias.n);
		text_add(&aliases, "%s%.*s", aliases.length ? " " : "", (int)alias.n, alias.text);
	}
	json_close(&f->json, ']');
	json_string(&f->json, "source", source_names[source]);
	if (!o->port)
		table_cell(&f->table, "%.*s", (int)e->name.n, e->name.text);
	if (o->port || (is_protocol && !o->name))
		table_cell(&f->table, "%u", e->number);
	else if (!o->name)
		table_cell(&f->table, "%u/%.*s", e->number, (int)e->protocol.n, e->protocol.text);
	if (!o->port && !o->name)
		table_cell(&f->table, "%.*s", (int)aliases.length,
			   aliases.length ? aliases.data : "");
	table_end_row(&f->table);
	facts_end(f);
	f->text.failed |= aliases.failed;
	text_free(&aliases);
}

/* ---- answers ---- */

struct match {
	const struct services_entry *entry;
	size_t place; /* its index in the file */
};

static int servinfo_by_port(const void *a, const void *b)
{
	const struct match *m = a, *n = b;

	if (m->entry->number != n->entry->number)
		return m->entry->number < n->entry->number ? -1 : 1;
	return m->place < n->place ? -1 : 1;
}

/* Do A and B print the same with --port or --name? A script wants each once, even if several
 * protocols have it. */
static bool servinfo_is_same(const struct servinfo *s, const struct services_entry *a,
			     const struct services_entry *b)
{
	if (s->options->port)
		return a->number == b->number;
	return a->name.n == b->name.n && !memcmp(a->name.text, b->name.text, a->name.n);
}

/* FNV-1a of what servinfo_is_same() compares. */
static size_t servinfo_hash_of(const struct servinfo *s, const struct services_entry *e)
{
	uint32_t hash = 2166136261U;

	if (s->options->port)
		return e->number;
	for (size_t i = 0; i < e->name.n; i++)
		hash = (hash ^ (unsigned char)e->name.text[i]) * 16777619U;
	return hash;
}

/* Keeps the first of those that are the same. Returns how many are left. */
static size_t servinfo_leave_first(struct servinfo *s, struct match *matches, size_t n)
{
	const struct services_entry **seen;
	size_t size = 64, left = 0;

	while (size < 2 * n)
		size *= 2;
	seen = calloc(size, sizeof *seen);
	s->facts.text.failed |= !seen;
	for (size_t i = 0; seen && i < n; i++) {
		size_t at = servinfo_hash_of(s, matches[i].entry) & (size - 1);
		while (seen[at] && !servinfo_is_same(s, seen[at], matches[i].entry))
			at = (at + 1) & (size - 1);
		if (!seen[at]) {
			seen[at] = matches[i].entry;
			matches[left++] = matches[i];
		}
	}
	free(seen);
	return left;
}

/* Does E answer Q? PROTOCOL is a name of services(5); NULL: any. */
static bool servinfo_answers(const struct services_entry *e, const struct question *q,
			     const char *protocol)
{
	bool fits = q->name ? services_has_name(e, q->name) :
			      e->number >= q->first && e->number <= q->last;

	return fits && (!protocol || word_is(&e->protocol, protocol));
}

/* Prints the entries of FROM that answer Q (NULL: all of them, in their order). Returns whether any
 * does. */
static bool servinfo_answer_from(struct servinfo *s, const struct services *from,
				 const struct question *q, const char *protocol)
{
	struct match *matches = malloc((from->n ? from->n : 1) * sizeof *matches);
	size_t n = 0, left;

	for (size_t i = 0; matches && i < from->n; i++)
		if (!q || servinfo_answers(&from->entries[i], q, protocol))
			matches[n++] = (struct match){ &from->entries[i], i };
	if (!matches) {
		s->facts.text.failed = true;
		return true;
	}
	if (q && !q->name)
		qsort(matches, n, sizeof *matches, servinfo_by_port);
	left = s->options->port || s->options->name ? servinfo_leave_first(s, matches, n) : n;
	for (size_t i = 0; i < left; i++)
		servinfo_add_entry(s, matches[i].entry, false, from->source);
	free(matches);
	return n > 0;
}

/* Asks the other sources of the system, which may know more than its file. Returns whether one
 * answered. */
static bool servinfo_answer_from_system(struct servinfo *s, const struct question *q,
					const char *protocol)
{
	struct services asked;
	bool found;

	if (!q->name && q->first != q->last)
		return false;
	if (services_ask(&asked, q->name, q->first, protocol) < 0) {
		s->facts.text.failed |= errno != ENOENT;
		return false;
	}
	found = servinfo_answer_from(s, &asked, q, protocol);
	services_free(&asked);
	return found;
}

/* Answers Q, which was typed as WORD. */
static void servinfo_answer(struct servinfo *s, const struct question *q, const char *word)
{
	char protocol[64];
	const char *named = q->protocol ? protocol : NULL;
	bool usual = s->services.source == SERVICES_USUAL;

	if (named && !servinfo_protocol_name(s, q->protocol, protocol, sizeof protocol)) {
		s->outcome = servinfo_not_found(s, "protocol", q->protocol, NULL);
		return;
	}
	/* The built-in table comes after the other sources, as it does for a look-up. */
	if ((usual && servinfo_answer_from_system(s, q, named)) ||
	    servinfo_answer_from(s, &s->services, q, named) ||
	    (!usual && servinfo_answer_from_system(s, q, named)))
		return;
	s->outcome = servinfo_not_found(s, "service", word, named);
}

/* Answers for each of LIST; NULL: for none. */
static void servinfo_answer_protocols(struct servinfo *s, const char *list)
{
	char word[PROTOCOL_SIZE];

	while (list && servinfo_next_protocol(&list, word) == 0) {
		const struct services_entry *e = servinfo_find_protocol(s, word);
		if (e)
			servinfo_add_entry(s, e, true, s->protocols.source);
		else
			s->outcome = servinfo_not_found(s, "protocol", word, NULL);
	}
}

static void servinfo_say_source(const struct servinfo *s, const struct services *used,
				const char *path)
{
	const struct messages *m = &s->options->messages;

	if (m->options.verbose == 0)
		return;
	if (used->source == SERVICES_USUAL)
		message(m, MESSAGE_VERBOSE, "note",
			"this system has no %s: the built-in table of usual ones is used", path);
	else
		message(m, MESSAGE_VERBOSE, "note", "from %s", path);
}

static struct outcome servinfo_run(struct servinfo *s, const struct question *questions,
				   const struct operands *operands)
{
	const struct servinfo_options *o = s->options;
	bool first = services_read(&s->services, false) == 0;
	struct outcome outcome;

	if (!first || services_read(&s->protocols, true) < 0) {
		int error = errno;
		outcome = message_fail(&o->messages, OUTCOME_FAILED, errno_name(error),
				       "%s: %s (%s)", first ? PROTOCOLS_PATH : SERVICES_PATH,
				       system_file_why(error), errno_name(error));
	} else {
		facts_start(&s->facts, &o->messages, NULL);
		if (o->protocols)
			servinfo_say_source(s, &s->protocols, PROTOCOLS_PATH);
		else
			servinfo_say_source(s, &s->services, SERVICES_PATH);
		servinfo_answer_protocols(s, o->protocols);
		for (int i = 0; i < operands->n; i++)
			servinfo_answer(s, &questions[i], operands->words[i]);
		if (!o->protocols && operands->n == 0)
			servinfo_answer_from(s, &s->services, NULL, NULL);
		outcome = facts_print(&s->facts, "\t");
		if (outcome.kind == OUTCOME_DONE)
			outcome = s->outcome; /* some may not have been found */
	}
	services_free(&s->services);
	services_free(&s->protocols);
	return outcome;
}

static int servinfo_parse_questions(const struct servinfo_options *o,
				    const struct operands *operands, struct question *questions,
				    struct option_error *error)
{
	if (o->protocols && operands->n > 0)
		return option_fail(error, "--protocol and '%s' exclude each other: try '%s/%.*s'",
				   operands->words[0], operands->words[0],
				   (int)strcspn(o->protocols, ","), o->protocols);
	if (!questions)
		return option_fail_errno(error, ENOMEM, "start");
	for (int i = 0; i < operands->n; i++)
		if (servinfo_parse_question(operands->words[i], &questions[i], error) < 0)
			return -1;
	return 0;
}

static struct outcome main_servinfo(const struct command *self, int argc, char **argv)
{
	struct servinfo_options o = { 0 };
	struct servinfo s = { .options = &o };
	struct question *questions;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (!command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome))
		return outcome;
	questions = calloc((size_t)operands.n + 1, sizeof *questions);
	if (servinfo_parse_questions(&o, &operands, questions, &error) < 0)
		outcome = command_refuse(&o.messages, &error);
	else {
		sandbox_enter(&o.messages, NULL);
		outcome = servinfo_run(&s, questions, &operands);
	}
	free(questions);
	return outcome;
}

COMMAND(servinfo) = {
	.name = "servinfo",
	.synopsis = "[OPTION...] [NAME|PORT][/PROTO]...",
	.summary = "look services up by name or port, and protocols",
	.brief = "[OPTION...] NAME|PORT|PORT-PORT[/PROTO]...\n"
		 "[OPTION...] (all of them)\n"
		 "--protocol LIST\n"
		 "\n"
		 "port name protocol verbose json\n"
		 "\n"
		 "sockit servinfo --port https/tcp\n"
		 "sockit servinfo 20-25\n"
		 "sockit servinfo --protocol udp,6",
	.uses = uses,
	.min_operands = 0,
	.max_operands = INT_MAX,
	.run = main_servinfo,
	.keeps = KEEP_NAMES,
};
