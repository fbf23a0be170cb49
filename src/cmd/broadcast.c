/* broadcast.c - `sockit broadcast`: stdin as datagrams to every host of each network that this one
 * is in */
#define _DEFAULT_SOURCE /* IFF_UP */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/command.h"
#include "base/errname.h"
#include "sock/datagram.h"
#include "system/interfaces.h"
#include "dgram/stdin.h"
#include "run/report.h"
#include "dgram/sender.h"

#define NAMES_MOST 64

/* The arguments of --interface. */
struct names {
	const char *words[NAMES_MOST];
	size_t n;
};

struct broadcast_options {
	struct messages messages;
	struct family_options family;
	struct socket_options socket;
	struct data_options data;
	struct frame_options frame;
	struct sender_options sending;
	struct names interfaces;
	struct address to; /* of --to; of length 0: each interface's own */
};

#define AT(member) offsetof(struct broadcast_options, member)

static int broadcast_parse_interface(void *field, const char *word, struct option_error *error)
{
	struct names *names = field;

	if (*word == '\0' || strlen(word) >= IF_NAMESIZE)
		return option_fail(error, "-I, --interface: '%s' is no interface's name", word);
	if (names->n == NAMES_MOST)
		return option_fail(error, "--interface was given more than %d times", NAMES_MOST);
	names->words[names->n++] = word;
	return 0;
}

static int broadcast_parse_to(void *field, const char *word, struct option_error *error)
{
	struct address *to = field;

	if (address_parse_host(word, to) == WORD_NUMBER && to->u.sa.sa_family == AF_INET)
		return 0;
	return option_fail(error, "--to: '%s' is no IPv4 address", word);
}

static const struct option_row rows[] = {
	OPTION("interface", 'I', OPTION_PARSED, AT(interfaces), KEEP_NOTHING, ARG("IFACE"),
	       "send through this interface only; may be repeated", .repeats = true,
	       .parser = broadcast_parse_interface),
	OPTION("to", 0, OPTION_PARSED, AT(to), KEEP_NOTHING, ARG("ADDR"),
	       "send to this address, such as 255.255.255.255, in place of each interface's "
	       "own",
	       .parser = broadcast_parse_to),
};

static const struct option_group group = { "Broadcast", rows, sizeof rows / sizeof *rows };

static const struct option_use uses[] = {
	{ &group, 0 },
	{ &sender_group, offsetof(struct broadcast_options, sending) },
	{ &frame_group, offsetof(struct broadcast_options, frame) },
	{ &family_group, offsetof(struct broadcast_options, family) },
	{ &data_group, offsetof(struct broadcast_options, data) },
	{ &source_group, offsetof(struct broadcast_options, socket) },
	{ &hops_group, offsetof(struct broadcast_options, socket) },
	{ &socket_group, offsetof(struct broadcast_options, socket) },
	{ &message_group, offsetof(struct broadcast_options, messages.options) },
	{ NULL, 0 },
};

static const struct broadcast_options defaults = {
	.socket = SOCKET_OPTIONS_DEFAULT,
	.data = DATA_OPTIONS_DEFAULT,
	.frame = FRAME_OPTIONS_DEFAULT,
	.sending = SENDER_OPTIONS_DEFAULT,
};

/* ---- where to ---- */

static bool broadcast_is_wanted(const struct broadcast_options *o, const char *name)
{
	const struct names *names = &o->interfaces;

	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->words[i], name))
			return true;
	return names->n == 0;
}

/* Adds TO, reached through I (NULL: by the routes), unless it is there already. */
static void broadcast_add_place(struct sender_config *c, const struct interface *i,
				const struct address *to)
{
	struct sender_place place = { .to = *to };

	if (i) {
		place.interface = i->index;
		memcpy(place.name, i->name, sizeof place.name);
	}
	for (size_t k = 0; k < c->n_places; k++)
		if (c->places[k].interface == place.interface &&
		    address_equal(&c->places[k].to, &place.to))
			return;
	c->places[c->n_places++] = place;
}

/* Adds each interface that is wanted and can be used. */
static void broadcast_add_interfaces(struct sender_config *c, const struct broadcast_options *o,
				     const struct interface *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct address to = o->to;
		/* Where the address is told, the interface needs none. */
		if (broadcast_is_wanted(o, list[i].name) && list[i].flags & IFF_UP &&
		    (to.length || interface_broadcast(&list[i], &to)))
			broadcast_add_place(c, &list[i], &to);
	}
}

/* Says why nothing goes through NAME. */
static struct outcome broadcast_refuse_interface(const struct messages *m, const char *name,
						 const struct interface *list, size_t n)
{
	const struct interface *found = NULL;

	for (size_t i = 0; i < n && !found; i++)
		if (!strcmp(list[i].name, name))
			found = &list[i];
	if (!found)
		return message_fail(m, OUTCOME_FAILED, errno_name(ENODEV), "interface %s: %s (%s)",
				    name, strerror(ENODEV), errno_name(ENODEV));
	return message_fail(m, OUTCOME_FAILED, errno_name(EADDRNOTAVAIL), "interface %s %s", name,
			    found->flags & IFF_UP ? "has no broadcast address" : "is down");
}

/* Finds C's places, which the caller frees. Returns 0, or -1 with *OUTCOME after saying why. */
static int broadcast_find_places(const struct broadcast_options *o, struct sender_config *c,
				 struct outcome *outcome)
{
	const struct messages *m = &o->messages;
	const struct names *names = &o->interfaces;
	struct interface *list = NULL;
	size_t n = 0;
	bool found = true;

	if (interfaces_get(&list, &n) < 0) {
		*outcome = report_error(m, "interfaces", errno);
		return -1;
	}
	c->places = calloc(n + 1, sizeof *c->places);
	if (!c->places) {
		*outcome = report_error(m, "start", errno);
		free(list);
		return -1;
	}
	if (o->to.length && names->n == 0)
		broadcast_add_place(c, NULL, &o->to);
	else
		broadcast_add_interfaces(c, o, list, n);
	/* An interface that was named must be usable. */
	for (size_t i = 0; i < names->n && found; i++) {
		found = false;
		for (size_t k = 0; k < c->n_places; k++)
			found |= !strcmp(c->places[k].name, names->words[i]);
		if (!found)
			*outcome = broadcast_refuse_interface(m, names->words[i], list, n);
	}
	if (found && c->n_places == 0) {
		*outcome = message_fail(m, OUTCOME_FAILED, errno_name(EADDRNOTAVAIL),
					"no interface is up that has a broadcast address");
		found = false;
	}
	free(list);
	return found ? 0 : -1;
}

/* ---- the run ---- */

static struct outcome broadcast_run(const struct broadcast_options *o, const char *port)
{
	struct sender_config c = {
		.options = &o->sending,
		.frame = &o->frame,
		.socket = &o->socket,
		.port = port,
		.family = AF_INET,
		/* The length before a reply leaves no room for the address of its sender. */
		.from = !frame_has_length(&o->frame.frame),
	};
	struct outcome outcome;

	if (broadcast_find_places(o, &c, &outcome) == 0)
		outcome = sender_run(&o->messages, &o->data, &c);
	free(c.places);
	return outcome;
}

static int broadcast_check(const struct broadcast_options *o, const char *port,
			   struct option_error *error)
{
	if (o->family.inet6)
		return option_fail(
			error, "-6: there is no broadcast in IPv6: 'sockit udp-send ff02::1%%IFACE "
			       "PORT' reaches every host of a link");
	if (address_check(NULL, port, o->family.numeric, error) < 0 ||
	    address_check(o->socket.source, o->socket.source_port, o->family.numeric, error) < 0 ||
	    dgram_stdin_check(&o->frame, dgram_most(AF_INET), error) < 0)
		return -1;
	return run_check(&o->messages, &o->data, error);
}

static struct outcome main_broadcast(const struct command *self, int argc, char **argv)
{
	struct broadcast_options o = defaults;
	struct option_error error;
	struct operands operands;
	struct outcome outcome;

	if (command_begin(self, argc, argv, &o, &o.messages, &operands, &outcome)) {
		if (broadcast_check(&o, operands.words[0], &error) < 0)
			outcome = command_refuse(&o.messages, &error);
		else
			outcome = broadcast_run(&o, operands.words[0]);
	}
	sockopt_free(&o.socket);
	return outcome;
}

COMMAND(broadcast) = {
	.name = "broadcast",
	.synopsis = "[OPTION...] PORT",
	.summary = "send stdin as UDP datagrams to every host of our networks",
	.brief = "[OPTION...] PORT\n"
		 "\n"
		 "wait replies data to interface frame repeat interval source-port verbose\n"
		 "\n"
		 "echo who | sockit broadcast -w 1 9000\n"
		 "sockit broadcast --data 'M-SEARCH\\r\\n' -I eth0 1900\n"
		 "sockit broadcast --to 255.255.255.255 9 < magic-packet",
	.uses = uses,
	.min_operands = 1,
	.max_operands = 1,
	.run = main_broadcast,
	.keeps = KEEP_NAMES,
};
