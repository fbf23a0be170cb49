#include "serve/proxy_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errname.h"

#define AT(member) offsetof(struct proxy_server_options, member)

static int parse_auth(void *field, const char *word, struct option_error *error);
static int parse_allow(void *field, const char *word, struct option_error *error);
static int parse_deny(void *field, const char *word, struct option_error *error);

static const struct option_keyword kinds[] = {
	{ "socks5", PROXY_SERVER_SOCKS5 },
	{ "http", PROXY_SERVER_HTTP },
	{ NULL, 0 },
};

static const struct option_row rows[] = {
	{ .name = "proxy-server",
	  .kind = OPTION_KEYWORD,
	  .arg = "PROTOCOL",
	  .field = AT(kind),
	  .keywords = kinds,
	  .excludes =
		  "echo discard forward broker chat execute recv-only send-only raw stall send-fd",
	  .help = "be a proxy, with -k implied: socks5 (4 and 4a too) or http" },
	{ .name = "proxy-auth",
	  .repeats = true,
	  .kind = OPTION_PARSED,
	  .arg = "USER:PASS",
	  .field = 0,
	  .needs = "proxy-server",
	  .parser = parse_auth,
	  .help = "who may use the proxy; not to be seen in ps" },
	{ .name = "proxy-auth-file",
	  .kind = OPTION_STRING,
	  .arg = "FILE",
	  .field = AT(auth_file),
	  .needs = "proxy-server",
	  .help = "the same from FILE, a USER:PASS a line" },
	{ .name = "allow-dest",
	  .repeats = true,
	  .kind = OPTION_PARSED,
	  .arg = "LIST",
	  .field = AT(dest.allow),
	  .needs = "proxy-server",
	  .parser = parse_allow,
	  .help = "only there the proxy connects: addresses, NET/BITS, names, with commas between them" },
	{ .name = "deny-dest",
	  .repeats = true,
	  .kind = OPTION_PARSED,
	  .arg = "LIST",
	  .field = AT(dest.deny),
	  .needs = "proxy-server",
	  .parser = parse_deny,
	  .help = "there it does not; wins over --allow-dest" },
};

const struct option_group proxy_server_group = { "Proxy", rows, sizeof rows / sizeof *rows };

static int parse_allow(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--allow-dest", word, error);
}

static int parse_deny(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--deny-dest", word, error);
}

/* USER:PASS, which stands at WHERE. */
static int add_user(struct proxy_server_options *o, const char *word, const char *where,
		    struct option_error *error)
{
	struct credentials *users = realloc(o->users, (o->n_users + 1) * sizeof *users);
	const char *colon = strchr(word, ':');
	char *user;

	if (users)
		o->users = users;
	if (!colon || colon == word)
		return option_fail(error, "%s: this is not USER:PASS", where);
	/* RFC 1929 has no room for more. */
	if (colon - word > 255 || strlen(colon + 1) > 255)
		return option_fail(error, "%s: user or password is over 255 bytes long", where);
	user = strdup(word);
	if (!users || !user) {
		free(user);
		return option_fail(error, "%s: out of memory", where);
	}
	user[colon - word] = '\0';
	users[o->n_users].user = user;
	users[o->n_users++].password = user + (colon - word) + 1;
	return 0;
}

static int parse_auth(void *field, const char *word, struct option_error *error)
{
	int status = add_user(field, word, "--proxy-auth", error);

	/* Everybody can read the command line of a process. */
	memset((char *)word, '*', strlen(word));
	return status;
}

static int read_line(struct proxy_server_options *o, char *line, size_t length, const char *where,
		     struct option_error *error)
{
	/* What stands behind it would not be seen. */
	if (memchr(line, '\0', length))
		return option_fail(error, "%s: a NUL byte", where);
	while (length > 0 && strchr("\r\n", line[length - 1]))
		line[--length] = '\0';
	return *line ? add_user(o, line, where, error) : 0;
}

static int unreadable(const char *path, int number, struct option_error *error)
{
	return option_fail(error, "--proxy-auth-file: %s: %s (%s)", path, strerror(number),
			   errno_name(number));
}

static int read_file(struct proxy_server_options *o, struct option_error *error)
{
	FILE *file = fopen(o->auth_file, "re");
	char *line = NULL, where[320];
	size_t size = 0, before = o->n_users;
	ssize_t length;
	int status = 0;

	if (!file)
		return unreadable(o->auth_file, errno, error);
	for (int n = 1; status == 0 && (length = getline(&line, &size, file)) >= 0; n++) {
		snprintf(where, sizeof where, "%s, line %d", o->auth_file, n);
		status = read_line(o, line, (size_t)length, where, error);
	}
	if (status == 0 && ferror(file))
		status = unreadable(o->auth_file, errno, error);
	/* Else everybody could. */
	else if (status == 0 && o->n_users == before)
		status = option_fail(error, "--proxy-auth-file: %s: no USER:PASS stands there",
				     o->auth_file);
	free(line);
	fclose(file);
	return status;
}

int proxy_server_check(struct proxy_server_options *o, bool numeric, struct option_error *error)
{
	if (o->auth_file && read_file(o, error) < 0)
		return -1;
	return access_check(&o->dest, numeric, error);
}

/* Are A and B the same? The time that takes depends on how long they are alone. */
static bool same(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned differ = n != m;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned)(a[i] ^ b[i < m ? i : m]);
	return !differ;
}

bool proxy_server_knows(const struct proxy_server_options *o, const struct credentials *who)
{
	unsigned known = 0;

	for (size_t i = 0; i < o->n_users; i++)
		known |= (unsigned)same(who->user, o->users[i].user) &
			 (unsigned)same(who->password, o->users[i].password);
	return known;
}

void proxy_server_free(struct proxy_server_options *o)
{
	for (size_t i = 0; i < o->n_users; i++)
		free((char *)o->users[i].user);
	free(o->users);
	access_free(&o->dest);
	*o = (struct proxy_server_options){ 0 };
}
