/* options.c - the options of the proxy server, and who may use it */
#include "proxyd/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/credentials.h"

static int parse_allow(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--allow-dest", word, error);
}

static int parse_deny(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--deny-dest", word, error);
}

static int add_user(struct proxy_server_options *o, struct credentials who, const char *where,
		    struct option_error *error)
{
	struct credentials *users = realloc(o->users, (o->n_users + 1) * sizeof *users);
	const char *why = NULL;

	if (!users) {
		credentials_free(&who);
		return option_fail_errno(error, ENOMEM, "%s", where);
	}
	o->users = users;
	if (!*who.user)
		why = "this is not USER:PASS";
	/* RFC 1929 has no room for more. */
	else if (strlen(who.user) > 255 || strlen(who.password) > 255)
		why = "user or password is over 255 bytes long";
	if (!why) {
		users[o->n_users++] = who;
		return 0;
	}
	credentials_free(&who);
	return option_fail(error, "%s: %s", where, why);
}

static int parse_auth(void *field, const char *word, struct option_error *error)
{
	struct credentials who;
	size_t n = strlen(word);
	int status = credentials_parse(&who, word, n, "--proxy-auth", error);

	credentials_blot((char *)word, n);
	return status < 0 ? -1 : add_user(field, who, "--proxy-auth", error);
}

#define AT(member) offsetof(struct proxy_server_options, member)

static const struct option_keyword kinds[] = {
	{ "socks5", PROXYD_SOCKS5 },
	{ "http", PROXYD_HTTP },
	{ "", 0 },
};

static const struct option_row rows[] = {
	OPTION("proxy-server", 0, OPTION_KEYWORD, AT(kind), KEEP_NAMES,
	       ARG("PROTOCOL") EXCLUDES("recv-only send-only raw stall send-fd"),
	       "be a proxy, with -k implied: socks5 (4 and 4a too) or http", .keywords = kinds),
	OPTION("proxy-auth", 0, OPTION_PARSED, 0, KEEP_NOTHING,
	       ARG("USER:PASS") NEEDS("proxy-server"),
	       "who may use the proxy; not to be seen in ps", .repeats = true,
	       .parser = parse_auth),
	OPTION("proxy-auth-file", 0, OPTION_STRING, AT(auth_file), KEEP_NOTHING,
	       ARG("FILE") NEEDS("proxy-server proxy"),
	       "the same from FILE, a line each; of the proxies where this is no server"),
	OPTION("allow-dest", 0, OPTION_PARSED, AT(dest.allow), KEEP_NOTHING,
	       ARG("LIST") NEEDS("proxy-server"),
	       "only there the proxy connects: addresses, NET/BITS, names, with commas between "
	       "them",
	       .repeats = true, .parser = parse_allow),
	OPTION("deny-dest", 0, OPTION_PARSED, AT(dest.deny), KEEP_NOTHING,
	       ARG("LIST") NEEDS("proxy-server"), "there it does not; wins over --allow-dest",
	       .repeats = true, .parser = parse_deny),
};

const struct option_group proxy_server_group = { "Proxy", rows, sizeof rows / sizeof *rows };

static int add_line(void *arg, size_t n, const struct credentials *who, const char *where,
		    struct option_error *error)
{
	(void)n;
	return add_user(arg, *who, where, error);
}

int proxy_server_check(struct proxy_server_options *o, bool numeric, struct option_error *error)
{
	size_t before = o->n_users;

	if (o->auth_file && credentials_read(o->auth_file, add_line, o, error) < 0)
		return -1;
	/* Else everybody could use the proxy. */
	if (o->auth_file && o->n_users == before)
		return option_fail(error, "--proxy-auth-file: %s: no USER:PASS stands there",
				   o->auth_file);
	return access_check(&o->dest, numeric, error);
}

int proxy_server_check_way(struct service_options *o, struct proxy_options *way, bool numeric,
			   struct option_error *error)
{
	for (const struct forward_place *p = o->forward; p; p = p->next)
		if (proxy_check_host(way->first, p->to.host, error) < 0)
			return -1;
	if (o->proxy->kind == PROXYD_NONE)
		way->auth_file = o->proxy->auth_file;
	o->way = way->first;
	return proxy_check(way, numeric, error);
}

/* Are A and B the same? Constant time: it depends on their lengths only. */
static bool is_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && text_equal_secret(a, b, n);
}

bool proxy_server_knows(const struct proxy_server_options *o, const struct credentials *who)
{
	unsigned known = 0;

	for (size_t i = 0; i < o->n_users; i++)
		known |= (unsigned)is_same(who->user, o->users[i].user) &
			 (unsigned)is_same(who->password, o->users[i].password);
	return known;
}

void proxy_server_free(struct proxy_server_options *o)
{
	for (size_t i = 0; i < o->n_users; i++)
		credentials_free(&o->users[i]);
	free(o->users);
	access_free(&o->dest);
	*o = (struct proxy_server_options){ 0 };
}
