/* scan_words.c - the operands of a scan: hosts, and lists of ports */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/scan_state.h"
#include "sock/address_meant.h"

static struct scan_name *scan_find_name(struct scan *s, const char *text, size_t n, bool is_service)
{
	struct scan_name **end = &s->names, *name;

	for (; *end; end = &(*end)->next)
		if ((*end)->is_service == is_service && !strncmp((*end)->text, text, n) &&
		    !(*end)->text[n])
			return *end;
	name = calloc(1, sizeof *name);
	if (!name)
		return NULL;
	*end = name;
	*name = (struct scan_name){ .scan = s, .text = strndup(text, n), .is_service = is_service };
	return name->text ? name : NULL;
}

static int scan_parse_list(struct scan *s, struct scan_operand *op, struct option_error *error)
{
	const char *rest = op->list;
	struct ports_item item;
	struct scan_name **names;
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
		names = realloc(op->services, (op->n_services + 1) * sizeof(struct scan_name *));
		if (!names)
			return option_fail_errno(error, ENOMEM, "'%s'", op->list);
		op->services = names;
		names[op->n_services] = scan_find_name(s, item.word, item.length, true);
		if (!names[op->n_services])
			return option_fail_errno(error, ENOMEM, "'%s'", op->list);
		if (address_check(NULL, names[op->n_services++]->text, s->c->numeric, error) < 0)
			return -1;
	}
	return 0;
}

/* Is WORD an endpoint in itself, such as `unix:PATH`, whether right or wrong? */
static bool scan_is_direct(const char *word)
{
	struct address a;

	return address_parse_direct(word, &a) != WORD_NAME;
}

/* Parses WORD, whose first N bytes are the host, into *OP. LIST has its ports, and is "" for one
 * that is direct. */
static int scan_parse_operand(struct scan *s, struct scan_operand *op, const char *word, size_t n,
			      const char *list, struct option_error *error)
{
	struct endpoint_words words;
	bool direct = scan_is_direct(word), brackets = n > 2 && *word == '[' && word[n - 1] == ']';
	char *host = strndup(word, n);
	size_t size = 4 * n + 1;
	int result = -1;

	*op = (struct scan_operand){ .list = list, .ports = calloc(1, sizeof *op->ports) };
	op->shown = malloc(size);
	if (!host || !op->ports || !op->shown)
		goto out;
	if (direct && s->c->socktype != SOCK_STREAM) {
		option_fail(error, "'%s' is no endpoint of UDP: HOST:PORT", word);
		goto out;
	}
	if (proxy_check_host(s->c->proxy, direct ? word : host, error) < 0)
		goto out;
	if (direct ? address_endpoint(word, false, &words, error) :
		     address_check(host, NULL, s->c->numeric, error))
		goto out;
	text_escape(op->shown, size, word + brackets, n - 2 * brackets, false);
	op->host = scan_find_name(s, word + brackets, n - 2 * brackets, false);
	if (!op->host)
		goto out;
	if (direct)
		ports_add(op->ports, 0, 0);
	result = direct ? 0 : scan_parse_list(s, op, error);
out:
	free(host);
	return result;
}

static bool scan_is_ports(const char *word)
{
	return !word[strspn(word, "0123456789,-")];
}

/* Word number I of WORDS, and perhaps more after it, are ports as the last one is. */
static int scan_refuse_ports(const struct operands *words, int i, struct option_error *error)
{
	char room[TEXT_ROOM];
	struct text list = TEXT_IN(room);
	int result;

	for (int k = i; k < words->n; k++)
		if (k == words->n - 1 || scan_is_ports(words->words[k]))
			text_add(&list, "%s%s", list.length ? "," : "", words->words[k]);
	result = option_fail(error, "'%s' is no host: several ports are one word: '%.*s'",
			     words->words[i], (int)list.length, list.data);
	text_free(&list);
	return result;
}

int scan_parse(struct scan *s, const struct operands *words, struct option_error *error)
{
	const char *last = words->words[words->n - 1], *list = NULL;
	int n = words->n;
	bool used = false;

	for (int i = 0; i < n; i++)
		if (address_refuse_meant(words->words[i], error) < 0)
			return -1;
	option_fail_errno(error, ENOMEM, "'%s'", last);
	/* The last word is the list of ports for the hosts before it, unless it has a host of its
	 * own. */
	if (!scan_is_direct(last) && !address_find_port(last)) {
		if (--n == 0)
			return address_refuse_missing(last, error);
		list = last;
	}
	s->operands = calloc((size_t)n, sizeof *s->operands);
	if (!s->operands)
		return -1;
	for (int i = 0; i < n; i++) {
		const char *word = words->words[i];
		bool direct = scan_is_direct(word);
		const char *port = direct ? word + strlen(word) : address_find_port(word);
		size_t host = port ? (size_t)(port - word) - !direct : strlen(word);

		if (!port && !list)
			return option_fail(error, "'%s' is no endpoint: HOST:PORT", word);
		/* As a host this would be an IPv4 address in one number, which nobody means here.
		 */
		if (!port && i > 0 && scan_is_ports(word))
			return scan_refuse_ports(words, i, error);
		used = used || !port;
		s->n++;
		if (scan_parse_operand(s, &s->operands[i], word, host, port ? port : list, error) <
		    0)
			return -1;
	}
	if (list && !used)
		return option_fail(error, "extra operand '%s': no host before it is without a port",
				   list);
	return 0;
}

bool scan_is_portless(const struct scan_target *t)
{
	return !*t->of->list;
}

void scan_drop_tls(struct scan_target *t)
{
	if (t->tls)
		tls_free(&t->tls->server);
	free(t->tls);
	t->tls = NULL;
}

void scan_free_words(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->operands[i].shown);
		free(s->operands[i].services);
		free(s->operands[i].ports);
		for (size_t k = 0; k < s->operands[i].n_started; k++) {
			free(s->operands[i].targets[k].failures);
			free(s->operands[i].targets[k].said);
			scan_drop_tls(&s->operands[i].targets[k]);
		}
		free(s->operands[i].targets);
	}
	free(s->operands);
}
