/* listen_options.c - the rows of the options of listening */
#include "net/listen_options.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>

#include "base/number.h"
#include "base/user.h"

static const struct option_row rows[] = {
	OPTION("user", 0, OPTION_STRING, offsetof(struct listen_options, user), KEEP_NOTHING,
	       ARG("NAME"), "after binding, become this user"),
	OPTION("notify-fd", 0, OPTION_NUMBER, offsetof(struct listen_options, notify_fd),
	       KEEP_NOTHING, ARG("N"),
	       "once ready, write ADDRESS PORT to this descriptor, a line for each socket, and "
	       "close it",
	       .min = 3, .max = INT_MAX),
};

static const struct option_row port_rows[] = {
	OPTION("reuseport", 0, OPTION_FLAG, offsetof(struct listen_options, reuseport),
	       KEEP_NOTHING, "", "share the port with others that ask for it too (SO_REUSEPORT)"),
	OPTION("ipv6-only", 0, OPTION_FLAG, offsetof(struct listen_options, ipv6_only),
	       KEEP_NOTHING, EXCLUDES("ipv4"), "an IPv6 address takes no IPv4 (IPV6_V6ONLY)"),
};

static const struct option_row backlog_rows[] = {
	OPTION("backlog", 0, OPTION_NUMBER, offsetof(struct listen_options, backlog), KEEP_NOTHING,
	       ARG("N"), "how many may wait to be accepted (the system's largest)", .min = 0,
	       .max = INT_MAX),
};

/* Up to three octal digits, whatever zeros stand before them. */
static int parse_mode(void *field, const char *word, struct option_error *error)
{
	int64_t mode = 0;

	for (const char *p = word; *p; p++) {
		mode = *p < '0' || *p > '7' ? INT_MAX : mode << 3 | (*p - '0');
		if (mode > 0777)
			return option_fail(error, "--mode: '%s' is not from 0 to 777, in octal",
					   word);
	}
	*(int64_t *)field = mode;
	return 0;
}

static int parse_owner(void *field, const char *word, struct option_error *error)
{
	struct unix_rights *r = field;

	return user_parse_owner(word, &r->uid, &r->gid, error);
}

static const struct option_row rights_rows[] = {
	OPTION("mode", 0, OPTION_PARSED, offsetof(struct listen_options, rights.mode), KEEP_NOTHING,
	       ARG("OCTAL"), "the socket's permissions (who may write to it may connect)",
	       .parser = parse_mode),
	OPTION("owner", 0, OPTION_PARSED, offsetof(struct listen_options, rights), KEEP_NOTHING,
	       ARG("USER[:GROUP]"), "the socket's user and group: names or numbers",
	       .parser = parse_owner),
};

const struct option_group listen_group = { "Listening", rows, sizeof rows / sizeof *rows };
const struct option_group port_group = { "Port", port_rows, sizeof port_rows / sizeof *port_rows };
const struct option_group rights_group = { "Rights", rights_rows,
					   sizeof rights_rows / sizeof *rights_rows };
const struct option_group backlog_group = { "Backlog", backlog_rows,
					    sizeof backlog_rows / sizeof *backlog_rows };

int listen_options_check(const struct listen_options *o, struct option_error *error)
{
	return o->user ? user_check(o->user, error) : 0;
}

int listen_options_check_fd(const struct listen_options *o)
{
	return o->notify_fd != UNSET && fcntl((int)o->notify_fd, F_GETFD) < 0 ? -1 : 0;
}
