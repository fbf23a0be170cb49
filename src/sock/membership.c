/* membership.c - --join and --join-source */
#define _DEFAULT_SOURCE /* struct group_req */
#include "sock/membership.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sock/multicast.h"

/* Parses N bytes of WORD as a numeric address. */
static int parse_address(const char *word, size_t n, struct address *out)
{
	char text[ADDRESS_TEXT];

	if (n >= sizeof text)
		return -1;
	memcpy(text, word, n);
	text[n] = '\0';
	return address_parse_host(text, out) == WORD_NUMBER ? 0 : -1;
}

int membership_parse(const char *word, bool source_too, struct membership *out,
		     struct option_error *error)
{
	const char *option = source_too ? "--join-source" : "--join", *at = strchr(word, '@');
	size_t length = at ? (size_t)(at - word) : strlen(word);
	const char *comma = source_too ? memchr(word, ',', length) : NULL;
	size_t n = comma ? (size_t)(comma - word) : length;

	out->source.length = 0;
	out->interface = 0;
	if (source_too && !comma)
		return option_fail(error, "%s: '%s' is not GROUP,SOURCE[@IFACE]", option, word);
	if (parse_address(word, n, &out->group) < 0 || !multicast_is_group(&out->group))
		return option_fail(error,
				   "%s: '%.*s' is no multicast address (224.0.0.0/4, ff00::/8)",
				   option, (int)n, word);
	if (comma && (parse_address(comma + 1, length - n - 1, &out->source) < 0 ||
		      multicast_is_group(&out->source) ||
		      out->source.u.sa.sa_family != out->group.u.sa.sa_family))
		return option_fail(error, "%s: '%.*s' is no address of one who sends to %.*s",
				   option, (int)(length - n - 1), comma + 1, (int)n, word);
	if (out->group.u.sa.sa_family == AF_INET6)
		out->interface = out->group.u.in6.sin6_scope_id;
	if (at && address_parse_interface(at + 1, &out->interface) < 0)
		return option_fail(error, "%s: there is no interface '%s'", option, at + 1);
	return 0;
}

static int membership_add(struct membership_options *o, const char *word, bool source_too,
			  struct option_error *error)
{
	struct membership *g = calloc(1, sizeof *g);

	if (!g)
		return option_fail_errno(error, ENOMEM, "'%s'", word);
	if (membership_parse(word, source_too, g, error) < 0) {
		free(g);
		return -1;
	}
	g->word = word;
	if (!o->last)
		o->last = &o->groups;
	*o->last = g;
	o->last = &g->next;
	return 0;
}

static int membership_parse_join(void *field, const char *word, struct option_error *error)
{
	return membership_add(field, word, false, error);
}

static int membership_parse_join_source(void *field, const char *word, struct option_error *error)
{
	return membership_add(field, word, true, error);
}

#define AT(member) offsetof(struct membership_options, member)

static const struct option_row rows[] = {
	OPTION("join", 0, OPTION_PARSED, AT(groups), KEEP_NOTHING, ARG("GROUP[@IFACE]"),
	       "hear this multicast group, on this interface; may be repeated", .repeats = true,
	       .parser = membership_parse_join),
	OPTION("join-source", 0, OPTION_PARSED, AT(groups), KEEP_NOTHING,
	       ARG("GROUP,SOURCE[@IFACE]"),
	       "the same, but only what SOURCE sends there; may be repeated", .repeats = true,
	       .parser = membership_parse_join_source),
};

const struct option_group membership_group = { "Groups", rows, sizeof rows / sizeof *rows };

int membership_join(int fd, const struct membership *g)
{
	int level = g->group.u.sa.sa_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct group_source_req with;
	struct group_req request;

	memset(&request, 0, sizeof request);
	request.gr_interface = g->interface;
	memcpy(&request.gr_group, &g->group.u, g->group.length);
	if (!g->source.length)
		return setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request);
	memset(&with, 0, sizeof with);
	with.gsr_interface = g->interface;
	with.gsr_group = request.gr_group;
	memcpy(&with.gsr_source, &g->source.u, g->source.length);
	return setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &with, sizeof with);
}

void membership_free(struct membership_options *o)
{
	while (o->groups) {
		struct membership *g = o->groups;
		o->groups = g->next;
		free(g);
	}
	o->last = NULL;
}
