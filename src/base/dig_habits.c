/* dig_habits.c - questions as users of dig and host type them, put into sockit's words */
#include "base/dig_habits.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/command_line.h"
#include "base/text.h"

/* What an option, or its argument, is to the line. */
enum dig_meaning {
	NOTHING,
	TYPE,
	REVERSE, /* the address whose names are asked for */
	PORT,
	NAME,
	SERVER,
	CLASS,
	ANYTHING, /* the type ANY */
	WAIT,
	TCP,
	SIGNED, /* with signatures */
	KEPT,	/* sockit's own */
};

enum { EACH = DIG_MANNER | HOST_MANNER | RESOLVE_MANNER };

static const struct dig_option {
	char letter;
	char name[8]; /* of RESOLVE_MANNER only */
	bool valued;
	unsigned char manners, meaning;
} options[] = {
	{ 't', "record", true, EACH, TYPE },
	{ 'x', "", true, DIG_MANNER | RESOLVE_MANNER, REVERSE },
	{ 'q', "", true, DIG_MANNER | RESOLVE_MANNER, NAME },
	{ 'p', "", true, EACH, PORT },
	{ 'c', "", true, EACH, CLASS },
	{ 'w', "wait", true, RESOLVE_MANNER, WAIT },
	{ 'W', "", true, HOST_MANNER | RESOLVE_MANNER, WAIT },
	{ 'T', "tcp", false, HOST_MANNER | RESOLVE_MANNER, TCP },
	{ 0, "server", true, RESOLVE_MANNER, SERVER },
	{ 0, "dnssec", false, RESOLVE_MANNER, SIGNED },
	{ 0, "json", false, RESOLVE_MANNER, KEPT },
	{ 0, "time", false, RESOLVE_MANNER, KEPT },
	{ 'a', "all", false, RESOLVE_MANNER, KEPT },
	{ '1', "first", false, RESOLVE_MANNER, KEPT },
	{ '4', "ipv4", false, RESOLVE_MANNER, KEPT },
	{ '6', "ipv6", false, RESOLVE_MANNER, KEPT },
	{ 'v', "verbose", false, RESOLVE_MANNER, KEPT },
	{ 'a', "", false, HOST_MANNER, ANYTHING },
	/* How it is sent and printed. */
	{ '4', "", false, DIG_MANNER | HOST_MANNER, NOTHING },
	{ '6', "", false, DIG_MANNER | HOST_MANNER, NOTHING },
	{ 'd', "", false, HOST_MANNER, NOTHING },
	{ 'm', "", false, DIG_MANNER | HOST_MANNER, NOTHING },
	{ 'r', "", false, DIG_MANNER, NOTHING },
	{ 's', "", false, HOST_MANNER, NOTHING },
	{ 'u', "", false, DIG_MANNER, NOTHING },
	{ 'v', "", false, DIG_MANNER | HOST_MANNER, NOTHING },
};

/* dig's words behind a plus sign; of those with an equals sign the part before it. */
static const struct dig_plus {
	char word[11];
	bool valued;
	unsigned char meaning;
} pluses[] = {
	{ "tcp", false, TCP },		 { "vc", false, TCP },
	{ "dnssec", false, SIGNED },	 { "do", false, SIGNED },
	{ "time", true, WAIT },		 { "timeout", true, WAIT },
	{ "tries", true, NOTHING },	 { "retry", true, NOTHING },
	{ "short", false, NOTHING },	 { "all", false, NOTHING },
	{ "answer", false, NOTHING },	 { "additional", false, NOTHING },
	{ "authority", false, NOTHING }, { "class", false, NOTHING },
	{ "cmd", false, NOTHING },	 { "comments", false, NOTHING },
	{ "crypto", false, NOTHING },	 { "identify", false, NOTHING },
	{ "multiline", false, NOTHING }, { "qr", false, NOTHING },
	{ "question", false, NOTHING },	 { "rrcomments", false, NOTHING },
	{ "stats", false, NOTHING },	 { "ttlid", false, NOTHING },
	{ "ttlunits", false, NOTHING },
};

/* What has been read of a line. */
struct dig_line {
	enum dig_manner manner;
	const char *server, *port, *type, *name, *wait;
	bool reverse, whole, tcp, dnssec;
	struct command_line kept;
};

/* Is WORD a type of DNS records, in capitals or not? Those that `resolve --record` has. */
static bool dig_is_type(const char *word)
{
	static const char types[][11] = {
		"A",	  "AAAA",  "AFSDB",  "ANY",  "CAA",   "CDNSKEY",    "CDS",
		"CNAME",  "DNAME", "DNSKEY", "DS",   "HINFO", "HTTPS",	    "KX",
		"MX",	  "NAPTR", "NS",     "NSEC", "NSEC3", "NSEC3PARAM", "OPENPGPKEY",
		"PTR",	  "RP",	   "RRSIG",  "SOA",  "SPF",   "SRV",	    "SSHFP",
		"SMIMEA", "SVCB",  "TLSA",   "TXT",  "URI",
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(word, types[i]))
			return true;
	return !strncasecmp(word, "TYPE", 4) && word[4] &&
	       !word[4 + strspn(word + 4, "0123456789")];
}

/* Finds the option that WORD begins with; NULL: it is unknown. */
static const struct dig_option *dig_find_option(const char *word, enum dig_manner manner)
{
	const char *name = word + 2;
	size_t n = strcspn(name, "=");

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const struct dig_option *o = &options[i];
		if (o->manners & manner &&
		    (word[1] != '-' ? o->letter == word[1] :
				      manner == RESOLVE_MANNER && n && strlen(o->name) == n &&
					      !strncmp(o->name, name, n)))
			return o;
	}
	return NULL;
}

/* Finds what WORD, behind its plus sign, is; NULL: it is unknown. */
static const struct dig_plus *dig_find_plus(const char *word)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < sizeof pluses / sizeof *pluses; i++)
		if (strlen(pluses[i].word) == n && !strncasecmp(pluses[i].word, word, n) &&
		    pluses[i].valued == (word[n] && word[n + 1]))
			return &pluses[i];
	return NULL;
}

bool dig_habits_know(const char *word)
{
	if (*word == '+' && !strncasecmp(word, "+no", 3) && dig_find_plus(word + 3))
		return true;
	return (*word == '@' && word[1]) || (*word == '+' && dig_find_plus(word + 1));
}

/* Takes what MEANING says, with VALUE where there is one; WORD is the whole. Returns whether a line
 * can mean it. */
static bool dig_take(struct dig_line *l, enum dig_meaning meaning, const char *value,
		     const char *word)
{
	switch (meaning) {
	case NOTHING:
		break;
	case TYPE:
		l->type = value;
		break;
	case REVERSE:
		l->reverse = true;
		l->name = value;
		break;
	case PORT:
		l->port = value;
		break;
	case NAME:
		l->name = value;
		break;
	case SERVER:
		l->server = value;
		break;
	case CLASS:
		return !strcasecmp(value, "IN");
	case ANYTHING:
		l->type = "ANY";
		l->whole = true;
		break;
	case WAIT:
		l->wait = value;
		break;
	case TCP:
		l->tcp = true;
		break;
	case SIGNED:
		l->dnssec = l->whole = true;
		break;
	case KEPT:
		command_line_add(&l->kept, word);
		break;
	}
	return true;
}

/* Takes the option ARGV[*I], which moves on where the next word is its argument. */
static bool dig_take_option(struct dig_line *l, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value = word + 2;
	const struct dig_option *o = dig_find_option(word, l->manner);

	/* nslookup's */
	if (l->manner == HOST_MANNER && strchr(word, '='))
		return text_begins(word, "-type=") && dig_take(l, TYPE, word + 6, word);
	if (word[1] == '-') {
		value += strcspn(value, "=");
		value += *value == '=';
	}
	if (!o || (!o->valued && *value))
		return false;
	if (o->valued && !*value)
		value = *i + 1 < argc ? argv[++*i] : "";
	return (!o->valued || *value) && dig_take(l, (enum dig_meaning)o->meaning, value, word);
}

/* Takes the word ARGV[I] that is no option. */
static bool dig_take_word(struct dig_line *l, int argc, char **argv, int i)
{
	const char *word = argv[i];
	bool dig = l->manner != HOST_MANNER, more = l->name || i + 1 < argc;

	if (dig && *word == '+') {
		const struct dig_plus *p = dig_find_plus(word + 1);
		const char *value = strchr(word, '=');
		if (!strncasecmp(word, "+no", 3) && dig_find_plus(word + 3))
			return true;
		return p && dig_take(l, (enum dig_meaning)p->meaning, value ? value + 1 : "", word);
	}
	if (dig && *word == '@' && word[1])
		l->server = word + 1;
	else if (dig && more && !l->type && dig_is_type(word))
		l->type = word;
	else if (dig && more && !strcasecmp(word, "IN"))
		return true;
	else if (!l->name)
		l->name = word;
	else if (!dig && !l->server)
		l->server = word;
	else
		return false;
	return true;
}

/* Adds --server: an IPv6 address with a port stands in brackets. */
static void dig_add_server(struct command_line *out, const struct dig_line *l)
{
	bool bare = l->port && strchr(l->server, ':') != strrchr(l->server, ':') &&
		    !l->server[strspn(l->server, "0123456789abcdefABCDEF:.")];

	command_line_add(out, "--server");
	command_line_put(out, bare ? " '[" : " ", bare ? 3 : 1);
	command_line_join(out, l->server);
	command_line_put(out, "]'", bare ? 2 : 0);
	if (l->port) {
		command_line_put(out, ":", 1);
		command_line_join(out, l->port);
	}
}

const char *dig_habits_line(enum dig_manner manner, int argc, char **argv, char *line, size_t size)
{
	struct command_line out = { line, size, 0 };
	char kept[256] = "", type[16];
	struct dig_line l = { .manner = manner, .kept = { kept, sizeof kept, 0 } };
	bool asks;

	for (int i = 0; i < argc && argv[i]; i++)
		if (*argv[i] == '-' && argv[i][1] ? !dig_take_option(&l, argc, argv, &i) :
						    !dig_take_word(&l, argc, argv, i))
			return NULL;
	/* The system's own servers have no port that a line could name. */
	if ((l.type && (!dig_is_type(l.type) || strlen(l.type) >= sizeof type)) ||
	    (l.port && !l.server))
		return NULL;
	/* dig asks the DNS, and not /etc/hosts; so does whoever asks by TCP. */
	asks = manner == DIG_MANNER || ((l.tcp || l.dnssec) && !l.server);
	if (l.reverse)
		l.type = (l.tcp || l.dnssec) && !l.server ? "PTR" : NULL;
	else if (!l.type && (asks || l.dnssec))
		l.type = "A";
	command_line_put(&out, "sockit resolve", strlen("sockit resolve"));
	command_line_put(&out, kept, l.kept.length);
	if (l.server)
		dig_add_server(&out, &l);
	if (l.type) {
		size_t n = strlen(l.type);
		for (size_t i = 0; i <= n; i++)
			type[i] = (char)toupper((unsigned char)l.type[i]);
		command_line_add(&out, "--record");
		command_line_add(&out, type);
	}
	if (l.tcp)
		command_line_add(&out, "--tcp");
	if (l.dnssec)
		command_line_add(&out, "--dnssec");
	if (l.whole)
		command_line_add(&out, "-a");
	if (l.wait) {
		command_line_add(&out, "-w");
		command_line_add(&out, l.wait);
	}
	command_line_add(&out, l.name ? l.name : "NAME");
	return l.kept.length < l.kept.size && out.length < out.size ? line : NULL;
}
