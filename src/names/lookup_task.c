/* lookup_task.c - asking the system, and having that followed */
#define _GNU_SOURCE /* EAI_NODATA and the like */
#include "names/lookup_task.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/account.h"
#include "names/services.h"
#include "proto/idna.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_FAMILY
#endif

int lookup_names_add(struct lookup_names *l, const char *name)
{
	char **names;

	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->names[i], name))
			return 0;
	names = realloc(l->names, (l->n + 1) * sizeof *names);
	if (names) {
		l->names = names;
		names[l->n] = strdup(name);
	}
	if (!names || !names[l->n]) {
		l->failed = true;
		return -1;
	}
	l->n++;
	return 0;
}

void lookup_names_free(struct lookup_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct lookup_names){ 0 };
}

bool lookup_is_numeric(const char *name)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list;

	if (getaddrinfo(name, NULL, &hints, &list))
		return false;
	freeaddrinfo(list);
	return true;
}

static struct address address_of(const struct addrinfo *info)
{
	struct address a = { 0 };

	if (info->ai_addrlen <= sizeof a.u) {
		a.length = info->ai_addrlen;
		memcpy(&a.u, info->ai_addr, info->ai_addrlen);
	}
	return a;
}

/* Adds the addresses of LIST, each once: a hosts file may well name one twice. */
static int answer_add_list(struct lookup_answer *answer, const struct addrinfo *list)
{
	size_t n = 0, k;

	for (const struct addrinfo *i = list; i; i = i->ai_next)
		n++;
	answer->addresses = calloc(n ? n : 1, sizeof *answer->addresses);
	if (!answer->addresses)
		return EAI_MEMORY;
	for (const struct addrinfo *i = list; i; i = i->ai_next) {
		const struct address a = address_of(i);
		for (k = 0; k < answer->n && !address_equal(&answer->addresses[k], &a); k++)
			;
		if (k == answer->n && a.length)
			answer->addresses[answer->n++] = a;
	}
	return 0;
}

/* Finds the name of the address, if the address is also one of the name's. */
static int task_find_name(struct lookup_task *t)
{
	const struct addrinfo hints = { .ai_family = t->address.u.sa.sa_family,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char name[NI_MAXHOST];
	bool found = false;
	int eai = getnameinfo(&t->address.u.sa, t->address.length, name, sizeof name, NULL, 0,
			      NI_NAMEREQD);

	if (!eai && lookup_is_numeric(name))
		eai = EAI_NONAME;
	if (!eai)
		eai = getaddrinfo(name, NULL, &hints, &list);
	if (eai)
		return eai;
	for (const struct addrinfo *i = list; i && !found; i = i->ai_next) {
		const struct address a = address_of(i);
		found = address_same_host(&a, &t->address);
	}
	freeaddrinfo(list);
	return !found ? EAI_NONAME : lookup_names_add(&t->answer.names, name) < 0 ? EAI_MEMORY : 0;
}

/* As getaddrinfo(3) of a NODE that may be beyond ASCII, or NULL. Where nobody knows what it is
 * mapped to it is asked for as it is. */
static int ask_system(const char *node, const char *service, const struct addrinfo *hints,
		      struct addrinfo **list)
{
	char ascii[IDNA_MOST];
	bool sure = false;
	int eai = EAI_BADFLAGS;

	if (!node || !idna_is_needed(node))
		return getaddrinfo(node, service, hints, list);
	if (idna_to_ascii(node, ascii, &sure))
		return getaddrinfo(node, service, hints, list);
	if (!sure)
		eai = lookup_by_tables(node, service, hints, list);
	if (eai == EAI_BADFLAGS)
		eai = getaddrinfo(ascii, service, hints, list);
	/* hosts(5) may have it as it is, and so may a name of the local link. */
	if ((eai == EAI_NONAME || eai == EAI_NODATA) &&
	    getaddrinfo(node, service, hints, list) == 0)
		return 0;
	return eai;
}

/* Has the host addresses of the other family? Of a name that hosts(5) has only with those,
 * getaddrinfo(3) says that there is no such name. */
static bool has_other_family(const struct lookup_question *q)
{
	const struct addrinfo hints = { .ai_family = q->family == AF_INET ? AF_INET6 : AF_INET,
					.ai_socktype = q->socktype };
	struct addrinfo *list;

	if (q->family == AF_UNSPEC || ask_system(q->host, NULL, &hints, &list))
		return false;
	freeaddrinfo(list);
	return true;
}

static int task_find_host(struct lookup_task *t)
{
	const struct lookup_question *q = &t->q;
	const char *protocol = q->socktype == SOCK_DGRAM ? "udp" : "tcp";
	/* No AI_ADDRCONFIG: it takes the loopback for no address, so that names fail in containers.
	 * A socket type, else each address comes three times. */
	struct addrinfo hints = { .ai_family = q->family, .ai_socktype = q->socktype }, *list;
	struct address numeric;
	enum word_kind kind = q->host ? address_parse_host(q->host, &numeric) : WORD_NUMBER;
	uint16_t usual;
	int eai;

	/* getaddrinfo(3) takes any number for an interface. */
	if (kind == WORD_ZONE)
		return EAI_NONAME;
	if (!q->host)
		hints.ai_flags = AI_PASSIVE;
	else if (kind == WORD_NUMBER)
		hints.ai_flags = AI_NUMERICHOST;
	else if (q->all)
		hints.ai_flags = AI_CANONNAME;
	eai = ask_system(q->host, q->port, &hints, &list);
	if (eai == EAI_SERVICE && services_usual_port(q->port, protocol, &usual)) {
		char digits[8];
		snprintf(digits, sizeof digits, "%u", usual);
		eai = ask_system(q->host, digits, &hints, &list);
	}
	t->answer.error = errno;
	if (eai)
		return eai;
	if (q->all && q->host) {
		char ascii[IDNA_MOST];
		if (list->ai_canonname)
			lookup_names_add(&t->answer.names, list->ai_canonname);
		eai = lookup_aliases(idna_name(q->host, ascii), q->family, &t->answer.names);
		t->answer.error = errno;
	}
	if (!eai)
		eai = answer_add_list(&t->answer, list);
	freeaddrinfo(list);
	return eai;
}

static void task_ask(struct lookup_task *t)
{
	struct lookup_answer *answer = &t->answer;

	if (t->trusted) {
		answer->eai = task_find_name(t);
	} else if (t->address.length) {
		answer->eai = lookup_address_names(&t->address, &answer->names);
		answer->error = errno;
	} else {
		answer->eai = task_find_host(t);
	}
	if (!answer->eai && answer->names.failed)
		answer->eai = EAI_MEMORY;
}

/* An answer as bytes: this, the addresses, and each name with its NUL. */
struct answer_bytes {
	int eai, error;
	size_t n, names;
};

/* In the child that is followed. */
static size_t task_write(void *arg, char *room)
{
	struct lookup_task *t = arg;
	const struct lookup_answer *answer = &t->answer;
	struct answer_bytes head;
	size_t size = sizeof head;

	task_ask(t);
	head = (struct answer_bytes){ answer->eai, answer->error, answer->n, answer->names.n };
	if (answer->n > (WITNESS_ROOM - size) / sizeof *answer->addresses)
		head.n = 0;
	if (head.n)
		memcpy(room + size, answer->addresses, head.n * sizeof *answer->addresses);
	size += head.n * sizeof *answer->addresses;
	for (size_t i = 0; i < answer->names.n; i++) {
		size_t length = strlen(answer->names.names[i]) + 1;
		if (length > WITNESS_ROOM - size) {
			head.n = 0;
			break;
		}
		memcpy(room + size, answer->names.names[i], length);
		size += length;
	}
	if (head.n != answer->n)
		head = (struct answer_bytes){ .eai = EAI_MEMORY };
	memcpy(room, &head, sizeof head);
	return size;
}

/* Reads the answer that BYTES are. Returns 0, or an EAI error. */
static int task_read(struct lookup_task *t, const struct text *bytes)
{
	struct lookup_answer *answer = &t->answer;
	struct answer_bytes head;
	const char *at = bytes->data;

	/* Without an answer the child has crashed, and so would we have. */
	if (bytes->failed || bytes->length < sizeof head)
		return bytes->failed ? EAI_MEMORY : EAI_FAIL;
	memcpy(&head, at, sizeof head);
	at += sizeof head;
	if (head.n) {
		answer->addresses = calloc(head.n, sizeof *answer->addresses);
		if (!answer->addresses)
			return EAI_MEMORY;
		memcpy(answer->addresses, at, head.n * sizeof *answer->addresses);
	}
	answer->n = head.n;
	at += head.n * sizeof *answer->addresses;
	for (size_t i = 0; i < head.names; i++, at += strlen(at) + 1)
		if (lookup_names_add(&answer->names, at) < 0)
			return EAI_MEMORY;
	answer->error = head.error;
	return head.eai;
}

void lookup_task_do(struct lookup_task *t)
{
	struct lookup_answer *answer = &t->answer;
	struct text bytes = { 0 };

	if (t->q.account && account_run(t->q.account, task_write, t, &bytes) == 0)
		answer->eai = task_read(t, &bytes);
	else
		task_ask(t);
	text_free(&bytes);
	if (answer->eai == EAI_NONAME && t->q.host && has_other_family(&t->q))
		answer->eai = EAI_NODATA;
	if (!answer->eai && answer->n == 0 && answer->names.n == 0)
		answer->eai = EAI_NONAME;
}
