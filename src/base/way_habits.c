/* way_habits.c - lines as users of tools that look at ways and at sockets type them, put into
 * sockit's words */
#include "base/way_habits.h"

#include <stdbool.h>
#include <string.h>

#include "base/command_line.h"
#include "base/text.h"

enum {
	TRACEROUTE = 1,
	TCPTRACEROUTE = 2,
	TRACEPATH = 4,
	MTR = 8,
	PING = 16,
	SIZED_PING = 32, /* with -M, which forbids fragments or not */
	NMAP = 64,
	S_CLIENT = 128, /* of openssl */
	SS = 256,
	NETSTAT = 512,
	LSOF = 1024,
	TRACES = TRACEROUTE | TCPTRACEROUTE | MTR,
	PINGS = PING | SIZED_PING,
	LISTS = SS | NETSTAT | LSOF,
	EACH = 2047,
};

static const struct way_tool {
	char name[16];
	unsigned short tool;
	char line[32];
} tools[] = {
	{ "traceroute", TRACEROUTE, "connect --trace" },
	{ "tcptraceroute", TCPTRACEROUTE, "connect --trace" },
	{ "tracepath", TRACEPATH, "connect --mtu" },
	{ "mtr", MTR, "connect --trace" },
	{ "ping", PING, "connect --ping" },
	{ "ping", SIZED_PING, "connect --mtu" },
	{ "nmap", NMAP, "connect -z" },
	{ "openssl", S_CLIENT, "connect -z --tls" },
	{ "ss", SS, "sockname --sockets" },
	{ "netstat", NETSTAT, "sockname --sockets" },
	{ "lsof", LSOF, "sockname --sockets" },
};

/* What an option, or its argument, is to the line. */
enum way_meaning {
	NOTHING,
	KEPT, /* sockit's option `here` */
	PORTS,
	PLACE,	  /* HOST:PORT */
	PROTOCOL, /* `here` is the protocol */
	LISTENS,
	FILES, /* lsof's: a protocol, a place, both or none */
};

/* The first that fits counts. */
static const struct way_option {
	unsigned short tools;
	char letter;
	char name[14];
	bool valued;
	unsigned char meaning;
	char here[12];
} options[] = {
	{ EACH & ~LSOF, 'n', "no-dns", false, KEPT, "-n" },
	{ EACH & ~LSOF, '4', "4", false, KEPT, "-4" },
	{ EACH & ~LSOF, '6', "6", false, KEPT, "-6" },
	{ NMAP | PING, 'v', "", false, KEPT, "-v" },
	{ TRACEROUTE | TRACEPATH | NMAP, 'p', "port", true, PORTS, "" },
	{ MTR, 'P', "port", true, PORTS, "" },
	{ TCPTRACEROUTE, 'p', "", true, KEPT, "-p" },
	{ TRACEROUTE | TCPTRACEROUTE, 'm', "max-hops", true, KEPT, "--max-hops" },
	{ MTR, 'm', "max-ttl", true, KEPT, "--max-hops" },
	{ TRACEROUTE | TCPTRACEROUTE, 'q', "queries", true, KEPT, "-c" },
	{ TRACEROUTE | TCPTRACEROUTE, 'w', "wait", true, KEPT, "-w" },
	{ TRACEROUTE | TCPTRACEROUTE, 's', "source", true, KEPT, "-s" },
	{ MTR, 'a', "address", true, KEPT, "-s" },
	{ TRACEROUTE | TCPTRACEROUTE, 'i', "interface", true, KEPT, "-I" },
	{ TRACEROUTE | MTR, 'T', "tcp", false, NOTHING, "" },
	{ TRACEROUTE, 'I', "icmp", false, NOTHING, "" },
	{ MTR, 'r', "report", false, NOTHING, "" },
	{ MTR, 'w', "report-wide", false, NOTHING, "" },
	{ MTR, 'c', "report-cycles", true, NOTHING, "" },
	{ MTR | TRACEPATH, 'b', "show-ips", false, NOTHING, "" },
	{ TRACEPATH, 'm', "", true, NOTHING, "" },
	{ TRACEPATH, 'l', "", true, NOTHING, "" },
	{ PING, 'c', "", true, KEPT, "-c" },
	{ PING, 'i', "", true, KEPT, "--interval" },
	{ PING, 'W', "", true, KEPT, "-w" },
	{ PING, 'w', "", true, KEPT, "--timeout" },
	{ PINGS, 's', "", true, NOTHING, "" },
	{ SIZED_PING, 'M', "", true, NOTHING, "" },
	{ SIZED_PING, 'c', "", true, NOTHING, "" },
	{ SIZED_PING, 'W', "", true, NOTHING, "" },
	{ NMAP, 's', "", true, NOTHING, "" },
	{ NMAP, 'P', "", true, NOTHING, "" },
	{ NMAP, 'T', "", true, NOTHING, "" },
	{ NMAP, 0, "open", false, NOTHING, "" },
	{ S_CLIENT, 0, "connect", true, PLACE, "" },
	{ S_CLIENT, 0, "showcerts", false, NOTHING, "" },
	{ S_CLIENT, 0, "brief", false, NOTHING, "" },
	{ S_CLIENT, 0, "quiet", false, NOTHING, "" },
	{ S_CLIENT, 0, "alpn", true, NOTHING, "" },
	{ SS | NETSTAT, 'l', "listening", false, LISTENS, "" },
	{ SS | NETSTAT, 't', "tcp", false, PROTOCOL, "tcp" },
	{ SS | NETSTAT, 'u', "udp", false, PROTOCOL, "udp" },
	{ SS | NETSTAT, 'x', "unix", false, PROTOCOL, "unix" },
	{ SS, 'i', "info", false, KEPT, "--info" },
	{ SS | NETSTAT, 'a', "all", false, NOTHING, "" },
	{ SS | NETSTAT, 'p', "processes", false, NOTHING, "" },
	{ SS | NETSTAT, 'e', "extended", false, NOTHING, "" },
	{ SS, 'm', "memory", false, NOTHING, "" },
	{ SS, 'o', "options", false, NOTHING, "" },
	{ SS, 'H', "no-header", false, NOTHING, "" },
	{ LSOF, 'i', "", false, FILES, "" },
	{ LSOF, 's', "", true, LISTENS, "" },
	{ LSOF, 'n', "", false, NOTHING, "" },
	{ LSOF, 'P', "", false, NOTHING, "" },
};

/* What has been read of a line; the strings are words of it. */
struct way_line {
	const struct way_tool *tool;
	const char *host, *ports;
	char protocols[24], text[256];
	bool listens;
	struct command_line kept; /* in `text` */
};

static void way_add_protocol(struct way_line *w, const char *protocol)
{
	struct command_line l = { w->protocols, sizeof w->protocols, strlen(w->protocols) };

	if (l.length)
		command_line_put(&l, ",", 1);
	command_line_put(&l, protocol, strlen(protocol));
}

/* Takes WORD, what lsof's -i chooses: [46][PROTOCOL][:PORTS]. */
static bool way_take_files(struct way_line *w, const char *word)
{
	if (*word == '4' || *word == '6')
		command_line_add(&w->kept, *word++ == '4' ? "-4" : "-6");
	if (text_begins(word, "TCP") || text_begins(word, "tcp"))
		way_add_protocol(w, "tcp");
	else if (text_begins(word, "UDP") || text_begins(word, "udp"))
		way_add_protocol(w, "udp");
	if (*word && *word != ':')
		word += strcspn(word, ":") == 3 ? 3 : 0;
	if (*word == ':')
		w->ports = ++word;
	return !*word || w->ports == word;
}

/* Takes what O says, with VALUE where it has one. Returns whether a line can mean it. */
static bool way_take(struct way_line *w, const struct way_option *o, const char *value)
{
	switch ((enum way_meaning)o->meaning) {
	case NOTHING:
		break;
	case KEPT:
		command_line_add(&w->kept, o->here);
		if (o->valued)
			command_line_add(&w->kept, value);
		break;
	case PORTS:
		/* nmap's -p- */
		w->ports = strcmp(value, "-") ? value : "1-65535";
		break;
	case PLACE:
		w->host = value;
		break;
	case PROTOCOL:
		way_add_protocol(w, o->here);
		break;
	case LISTENS:
		w->listens = !o->valued || !strcmp(value, "TCP:LISTEN");
		return w->listens;
	case FILES:
		return way_take_files(w, value);
	}
	return true;
}

/* Finds the option of W's tool that has the LETTER, or the NAME of N bytes; NULL: it is unknown. */
static const struct way_option *way_find(const struct way_line *w, char letter, const char *name,
					 size_t n)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const struct way_option *o = &options[i];
		if (o->tools & w->tool->tool &&
		    (letter ? o->letter == letter :
			      n && strlen(o->name) == n && !strncmp(o->name, name, n)))
			return o;
	}
	return NULL;
}

/* Takes the option O (NULL: it is unknown) of the word ARGV[*I], in which VALUE stands behind it;
 * *I moves on where the next word is its argument. */
static bool way_take_one(struct way_line *w, const struct way_option *o, const char *value,
			 int argc, char **argv, int *i)
{
	const char *next = *i + 1 < argc ? argv[*i + 1] : "";

	if (!o)
		return false;
	if (!*value && *next && (o->valued || (o->meaning == FILES && *next != '-'))) {
		value = next;
		++*i;
	}
	return (*value || !o->valued) && way_take(w, o, value);
}

/* Takes the option ARGV[*I], or a bundle of them, likewise. */
static bool way_take_option(struct way_line *w, int argc, char **argv, int *i)
{
	const char *s = argv[*i] + 1;

	if (*s == '-' || w->tool->tool == S_CLIENT) {
		const char *name = s + (*s == '-');
		size_t n = strcspn(name, "=");
		return way_take_one(w, way_find(w, '\0', name, n), name + n + (name[n] == '='),
				    argc, argv, i);
	}
	do {
		const struct way_option *o = way_find(w, *s, "", 0);
		if (!way_take_one(w, o, s + 1, argc, argv, i))
			return false;
		if (o->valued || o->meaning == FILES)
			break;
	} while (*++s);
	return true;
}

/* Takes the word ARGV[*I], which is no option, and those behind it that belong to it. */
static bool way_take_word(struct way_line *w, int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value = *i + 1 < argc ? argv[*i + 1] : "";

	/* A filter of ss. */
	if (w->tool->tool == SS && *value) {
		++*i;
		if (!strcmp(word, "state") || !strcmp(word, "dst")) {
			command_line_add(&w->kept, *word == 's' ? "--state" : "--with");
			command_line_add(&w->kept, value);
			return true;
		}
		if ((!strcmp(word, "sport") || !strcmp(word, "dport")) && !strcmp(value, "=") &&
		    *i + 1 < argc)
			value = argv[++*i];
		w->ports = value + (*value == ':');
		return strcmp(word, "sport") == 0 || strcmp(word, "dport") == 0;
	}
	if (w->tool->tool & LISTS)
		return false;
	if (!w->host)
		w->host = word;
	else if (!w->ports)
		w->ports = word;
	else
		/* The length of a packet, for traceroute. */
		return w->tool->tool == TRACEROUTE;
	return true;
}

/* Adds PROTOCOLS and ports, or the operands. */
static void way_add_operands(struct command_line *l, const struct way_line *w)
{
	if (*w->protocols) {
		command_line_add(l, "--protocol");
		command_line_add(l, w->protocols);
	}
	if (!(w->tool->tool & LISTS)) {
		command_line_add(l, w->host ? w->host : "HOST");
		if (!w->ports && !(w->host && command_line_is_endpoint(w->host)))
			command_line_add(l, "PORT");
	}
	if (w->ports)
		command_line_add(l, w->ports);
}

const char *way_habits_line(int argc, char **argv, char *line, size_t size)
{
	struct command_line l = { line, size, 0 };
	struct way_line w = { .kept = { w.text, sizeof w.text, 0 } };
	bool meant = true, sized = false;
	size_t t = 0;
	int i = 1;

	for (int j = 1; j < argc; j++)
		sized |= text_begins(argv[j], "-M");
	while (strcmp(tools[t].name, argv[0]) != 0)
		if (++t == sizeof tools / sizeof *tools)
			return NULL;
	w.tool = &tools[t + (tools[t].tool == PING && sized)];
	if (w.tool->tool == S_CLIENT && (argc < 2 || strcmp(argv[i++], "s_client") != 0))
		return NULL;
	for (; i < argc && meant; i++)
		meant = argv[i][0] == '-' ? way_take_option(&w, argc, argv, &i) :
					    way_take_word(&w, argc, argv, &i);
	command_line_put(&l, "sockit ", 7);
	if (w.listens || (w.tool->tool & LISTS && !meant))
		command_line_put(&l, "sockname --listening", 20);
	else
		command_line_put(&l, w.tool->line, strlen(w.tool->line));
	if (!meant)
		w = (struct way_line){ .tool = w.tool };
	command_line_put(&l, w.text, w.kept.length);
	way_add_operands(&l, &w);
	return w.kept.length < sizeof w.text && l.length < l.size ? line : NULL;
}
