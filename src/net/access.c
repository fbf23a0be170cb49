/* access.c - lists of those who may connect: parsing, look-up, matching */
#include "net/access.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/lines.h"
#include "base/number.h"
#include "base/user.h"
#include "names/lookup.h"
#include "sock/stream.h"

#define SEPARATORS ", \t\r\n"

/* Adds the users of WORD, the argument of OPTION. */
static int users_parse(struct access_users *users, const char *option, const char *word,
		       struct option_error *error)
{
	char name[256];
	int64_t uid;

	if (!stream_knows_who)
		return option_fail(error, "%s: this system does not tell who connects", option);
	for (const char *rest = word; rest;) {
		size_t n = strcspn(rest, ",");
		if (n == 0 || n >= sizeof name)
			return option_fail(error, "%s: '%s' is no list of users", option, word);
		snprintf(name, sizeof name, "%.*s", (int)n, rest);
		if (user_parse(option, name, &uid, error) < 0)
			return -1;
		uid_t *uids = realloc(users->uids, (users->n + 1) * sizeof *uids);
		if (!uids)
			return option_fail_errno(error, ENOMEM, "%s", option);
		users->uids = uids;
		uids[users->n++] = (uid_t)uid;
		rest = rest[n] ? rest + n + 1 : NULL;
	}
	return 0;
}

static int parse_users(void *field, const char *word, struct option_error *error)
{
	return users_parse(field, "--allow-uid", word, error);
}

static int parse_proxy_users(void *field, const char *word, struct option_error *error)
{
	return users_parse(field, "--accept-proxy", word, error);
}

static unsigned address_bits(const struct address *a)
{
	return a->u.sa.sa_family == AF_INET ? 32 : 128;
}

/* Parses WORD into E. Returns 0, or -1 with errno: ENOMEM, or EINVAL if it is no entry. */
static int entry_parse(struct access_entry *e, char *word)
{
	char *slash = strchr(word, '/');
	enum word_kind kind;
	int64_t bits;

	if (slash)
		*slash = '\0';
	kind = address_parse_host(word, &e->address);
	errno = EINVAL;
	/* getaddrinfo(3) takes `10.1` for 10.0.0.1, which is hardly meant here. */
	if (kind == WORD_NAME && !slash && !lookup_is_numeric(word)) {
		e->address.length = 0;
		e->name = strdup(word);
		return e->name ? 0 : -1;
	}
	if (kind != WORD_NUMBER)
		return -1;
	bits = address_bits(&e->address);
	if (slash && number_parse(slash + 1, 0, bits, &bits) < 0)
		return -1;
	e->bits = (unsigned)bits;
	/* A network of IPv4-mapped addresses is one of IPv4. */
	if (bits >= 96) {
		address_unmap(&e->address);
		if (e->address.u.sa.sa_family == AF_INET)
			e->bits -= 96;
	}
	return 0;
}

static int list_add(struct access_list *list, const char *word, size_t n, const char *where,
		    struct option_error *error)
{
	struct access_entry *e = calloc(1, sizeof *e);
	char text[300];

	snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), word);
	if (!e || n >= sizeof text || entry_parse(e, text) < 0) {
		bool memory = !e || (n < sizeof text && errno == ENOMEM);
		free(e);
		return memory ? option_fail_errno(error, ENOMEM, "%s", where) :
				option_fail(error, "%s: '%.*s' is no address, NET/BITS or name",
					    where, (int)(n < 200 ? n : 200), word);
	}
	e->next = list->entries;
	list->entries = e;
	return 0;
}

/* Adds the entries of TEXT to LIST; errors begin with WHERE. Returns 0, or -1 with *ERROR. */
static int list_add_all(struct access_list *list, const char *text, const char *where,
			struct option_error *error)
{
	list->used = true;
	for (;;) {
		size_t n;
		text += strspn(text, SEPARATORS);
		n = strcspn(text, SEPARATORS);
		if (n == 0)
			return 0;
		if (list_add(list, text, n, where, error) < 0)
			return -1;
		text += n;
	}
}

/* Remembers WORD, or the FILE of that name, as a part of LIST. Returns 0, or -1 with *ERROR. */
static int list_remember(struct access_list *list, const char *word, bool file,
			 struct option_error *error)
{
	struct access_word **end = &list->words;

	while (*end)
		end = &(*end)->next;
	*end = calloc(1, sizeof **end);
	if (!*end)
		return option_fail_errno(error, ENOMEM, "%s", word);
	(*end)->word = word;
	(*end)->file = file;
	return 0;
}

int access_parse(struct access_list *list, const char *option, const char *word,
		 struct option_error *error)
{
	if (word[strspn(word, SEPARATORS)] == '\0')
		return option_fail(error, "%s: '%s' is an empty list", option, word);
	if (list_remember(list, word, false, error) < 0)
		return -1;
	return list_add_all(list, word, option, error);
}

static int parse_allow(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--allow", word, error);
}

static int parse_deny(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--deny", word, error);
}

static int parse_proxies(void *field, const char *word, struct option_error *error)
{
	return access_parse(field, "--accept-proxy", word, error);
}

static int parse_file(void *field, const char *word, struct option_error *error)
{
	struct access_list *list = field;
	char where[320];
	struct lines l;
	int status = 0;

	if (list_remember(list, word, true, error) < 0)
		return -1;
	list->used = true;
	lines_open(&l, word);
	while (status == 0 && lines_next(&l)) {
		snprintf(where, sizeof where, "%s, line %zu", word, l.n);
		/* Text behind a NUL would be overlooked. */
		if (memchr(l.line, '\0', l.length)) {
			status = option_fail(error, "%s: a NUL byte", where);
			break;
		}
		l.line[strcspn(l.line, "#")] = '\0';
		status = list_add_all(list, l.line, where, error);
	}
	/* A list that ends too early would let in whom its rest denies. */
	if (lines_close(&l) < 0)
		status = option_fail_errno(error, errno, "%s", word);
	return status;
}

#define AT(member) offsetof(struct access_options, member)

static const struct option_row rows[] = {
	OPTION("allow", 0, OPTION_PARSED, AT(allow), KEEP_NOTHING, ARG("LIST"),
	       "only these may connect: addresses, NET/BITS, names, with commas between them",
	       .repeats = true, .parser = parse_allow),
	OPTION("deny", 0, OPTION_PARSED, AT(deny), KEEP_NOTHING, ARG("LIST"),
	       "these may not; wins over --allow", .repeats = true, .parser = parse_deny),
	OPTION("allow-file", 0, OPTION_PARSED, AT(allow), KEEP_NAMES, ARG("FILE"),
	       "the same as --allow, from FILE (# comments)", .repeats = true,
	       .parser = parse_file),
	OPTION("deny-file", 0, OPTION_PARSED, AT(deny), KEEP_NAMES, ARG("FILE"),
	       "the same as --deny, from FILE", .repeats = true, .parser = parse_file),
};

static const struct option_row accept_proxy_rows[] = {
	OPTION("accept-proxy", 0, OPTION_PARSED, AT(proxies), KEEP_NOTHING, ARG("LIST"),
	       "these begin with a PROXY header, which tells whose connection it is",
	       .repeats = true, .parser = parse_proxies),
};

static const struct option_row user_rows[] = {
	OPTION("allow-uid", 0, OPTION_PARSED, AT(users), KEEP_NOTHING, ARG("LIST"),
	       "only these users may connect: numbers or names, with commas between them",
	       .repeats = true, .parser = parse_users),
	OPTION("accept-proxy", 0, OPTION_PARSED, AT(proxy_users), KEEP_NOTHING, ARG("LIST"),
	       "these users begin with a PROXY header, which tells whose connection it is",
	       .repeats = true, .parser = parse_proxy_users),
};

const struct option_group access_group = { "Access", rows, sizeof rows / sizeof *rows };
const struct option_group accept_proxy_group = { "Behind a proxy", accept_proxy_rows, 1 };
const struct option_group user_group = { "Access", user_rows,
					 sizeof user_rows / sizeof *user_rows };

/* Returns the first entry of O whose name has not been looked up; NULL: there is none. */
static struct access_entry *access_unknown(const struct access_options *o)
{
	const struct access_list *const lists[] = { &o->allow, &o->deny, &o->proxies };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (struct access_entry *e = lists[i]->entries; e; e = e->next)
			if (e->name && !e->address.length)
				return e;
	return NULL;
}

int access_check(const struct access_options *o, bool numeric, struct option_error *error)
{
	const struct access_entry *e = access_unknown(o);

	if (e && numeric)
		return option_fail(error, "'%s' is a name, which --numeric does not look up",
				   e->name);
	return 0;
}

/* ---- once more ---- */

static bool list_has_files(const struct access_list *list)
{
	for (const struct access_word *w = list->words; w; w = w->next)
		if (w->file)
			return true;
	return false;
}

bool access_has_files(const struct access_options *o)
{
	return list_has_files(&o->allow) || list_has_files(&o->deny);
}

/* Reads what LIST was made of once more, into FRESH. Returns 0, or -1 with *ERROR. */
static int list_read_again(const struct access_list *list, struct access_list *fresh,
			   struct option_error *error)
{
	struct stat file;

	for (const struct access_word *w = list->words; w; w = w->next) {
		/* One that nobody writes to would hold up everybody. */
		if (w->file && stat(w->word, &file) == 0 && !S_ISREG(file.st_mode))
			return option_fail(error, "%s: no regular file, which is read once",
					   w->word);
		if (w->file ? parse_file(fresh, w->word, error) < 0 :
			      access_parse(fresh, "list", w->word, error) < 0)
			return -1;
	}
	return 0;
}

int access_read_again(const struct access_options *o, bool numeric, struct access_options *fresh,
		      struct option_error *error)
{
	*fresh = (struct access_options){ 0 };
	if (list_read_again(&o->allow, &fresh->allow, error) == 0 &&
	    list_read_again(&o->deny, &fresh->deny, error) == 0 &&
	    access_check(fresh, numeric, error) == 0)
		return 0;
	access_free(fresh);
	return -1;
}

/* ---- names ---- */

struct access_lookup {
	struct loop *loop;
	struct access_options *o;
	struct access_entry *at; /* whose name is being looked up */
	struct places_lookup *lookup;
	access_fn *fn;
	void *arg;
	struct access_lookup **out;
};

static void access_next_name(struct access_lookup *l);

static void access_finish(struct access_lookup *l, const struct places_failure *f)
{
	access_fn *fn = l->fn;
	void *arg = l->arg;

	*l->out = NULL;
	access_cancel(l);
	fn(arg, f);
}

/* Puts the first address into the name's own entry E, the others into new ones behind it. */
static int entry_take(struct access_entry *e, const struct places_answer *found)
{
	for (size_t i = 0; i < found->n; i++) {
		if (i > 0) {
			struct access_entry *more = calloc(1, sizeof *more);
			if (!more)
				return -1;
			more->next = e->next;
			e->next = more;
			e = more;
		}
		e->address = found->addresses[i];
		address_unmap(&e->address); /* as those of clients are */
		e->bits = address_bits(&e->address);
	}
	return 0;
}

static void access_name_found(void *arg, struct places_answer *found)
{
	struct access_lookup *l = arg;
	struct places_failure failure = found->failure;

	if (!failure.eai && entry_take(l->at, found) < 0)
		failure = (struct places_failure){ EAI_MEMORY, ENOMEM, PLACE_HOST, l->at->name,
						   AF_UNSPEC };
	free(found->addresses);
	if (failure.eai)
		access_finish(l, &failure);
	else
		access_next_name(l);
}

/* Looks up the next name, or finishes if none is left. */
static void access_next_name(struct access_lookup *l)
{
	l->at = access_unknown(l->o);
	if (!l->at) {
		access_finish(l, NULL);
		return;
	}

	const struct places_question q = {
		.host = l->at->name, .port = "0", .family = AF_UNSPEC, .socktype = SOCK_STREAM
	};
	places_find(l->loop, &q, access_name_found, l, &l->lookup);
}

void access_start(struct loop *loop, struct access_options *o, access_fn *fn, void *arg,
		  struct access_lookup **out)
{
	struct access_lookup *l;

	*out = NULL;
	if (!access_unknown(o)) {
		fn(arg, NULL);
		return;
	}
	l = calloc(1, sizeof *l);
	if (!l) {
		fn(arg, &(struct places_failure){ EAI_MEMORY, ENOMEM, PLACE_HOST, "", AF_UNSPEC });
		return;
	}
	*l = (struct access_lookup){ .loop = loop, .o = o, .fn = fn, .arg = arg, .out = out };
	*out = l;
	access_next_name(l);
}

const char *access_looks_up(const struct access_lookup *l)
{
	return l ? l->at->name : NULL;
}

void access_cancel(struct access_lookup *l)
{
	if (!l)
		return;
	places_cancel(l->lookup);
	free(l);
}

/* ---- addresses ---- */

static bool entry_matches(const struct access_entry *e, const struct address *a)
{
	unsigned bytes = e->bits / 8, rest = e->bits % 8;
	const unsigned char *x, *y;
	size_t n;

	if (!e->address.length || e->address.u.sa.sa_family != a->u.sa.sa_family)
		return false;
	if (a->u.sa.sa_family == AF_INET6 && e->address.u.in6.sin6_scope_id &&
	    e->address.u.in6.sin6_scope_id != a->u.in6.sin6_scope_id)
		return false;
	x = address_ip(&e->address, &n);
	y = address_ip(a, &n);
	return !memcmp(x, y, bytes) && (rest == 0 || (x[bytes] ^ y[bytes]) >> (8 - rest) == 0);
}

static bool list_has(const struct access_list *list, const struct address *a)
{
	for (const struct access_entry *e = list->entries; e; e = e->next)
		if (entry_matches(e, a))
			return true;
	return false;
}

static bool users_have(const struct access_users *users, uid_t uid)
{
	for (size_t i = 0; i < users->n; i++)
		if (users->uids[i] == uid)
			return true;
	return false;
}

const char *access_refusal(const struct access_options *o, const struct address *a)
{
	struct address plain = *a;

	if (a->u.sa.sa_family == AF_UNIX)
		return o->users.n == 0 || (a->who.known && users_have(&o->users, a->who.uid)) ?
			       NULL :
			       "not allowed";
	address_unmap(&plain);
	if (list_has(&o->deny, &plain))
		return "denied";
	return o->allow.used && !list_has(&o->allow, &plain) ? "not allowed" : NULL;
}

bool access_is_proxy(const struct access_options *o, const struct address *a)
{
	return a->u.sa.sa_family == AF_UNIX ?
		       a->who.known && users_have(&o->proxy_users, a->who.uid) :
		       list_has(&o->proxies, a);
}

const char *access_refusal_of_told(const struct access_options *o, const struct address *a)
{
	if (a->u.sa.sa_family == AF_UNIX)
		return o->allow.used ? "not allowed" : NULL;
	return access_refusal(o, a);
}

/* Returns the length of NAME without its final dot (RFC 1034, section 3.1). */
static size_t name_length(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '.' ? n - 1 : n;
}

bool access_has_name(const struct access_list *list, const char *name)
{
	size_t n = name_length(name);

	for (const struct access_entry *e = list->entries; e; e = e->next)
		if (e->name && name_length(e->name) == n && !strncasecmp(e->name, name, n))
			return true;
	return false;
}

static void list_free(struct access_list *list)
{
	for (struct access_entry *next, *e = list->entries; e; e = next) {
		next = e->next;
		free(e->name);
		free(e);
	}
	for (struct access_word *next, *w = list->words; w; w = next) {
		next = w->next;
		free(w);
	}
	*list = (struct access_list){ 0 };
}

void access_replace(struct access_options *o, struct access_options *fresh)
{
	list_free(&o->allow);
	list_free(&o->deny);
	o->allow = fresh->allow;
	o->deny = fresh->deny;
	fresh->allow = fresh->deny = (struct access_list){ 0 };
}

void access_free(struct access_options *o)
{
	list_free(&o->allow);
	list_free(&o->deny);
	list_free(&o->proxies);
	free(o->users.uids);
	free(o->proxy_users.uids);
	o->users = o->proxy_users = (struct access_users){ 0 };
}
