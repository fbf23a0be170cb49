/* habits.c - the names of other tools, and words for what subcommands do */
#include "base/habits.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/command_line.h"
#include "base/dig_habits.h"
#include "base/nc_habits.h"
#include "base/text.h"
#include "base/way_habits.h"

/* How the words behind the first one are read. */
enum habit_form {
	AS_THEY_STAND, /* put behind, with what is missing */
	PORTS_JOINED,  /* the same, but several ports are one word */
	NOT_AT_ALL,    /* left out */
	AS_NC,	       /* as nc takes them */
	AS_NCAT,
	AS_BUSYBOX, /* the first is nc or telnet */
	AS_DIG,	    /* as dig takes them */
	AS_HOST,    /* as host and nslookup do */
	AS_WAY,	    /* as the tools of way_habits.h do */
	AS_GETENT,  /* a database and its keys */
	AS_SOCAT,   /* two addresses */
	TO_FORWARD, /* PORT and where it leads */
};

static const struct habit_word {
	char word[16];
	unsigned char form;
	unsigned char operands; /* so many must be there */
	char line[40];		/* the subcommand with its options */
	char missing[2][8];	/* what stands for operands that are not there */
	/* Of another tool: which of its options mean the same here (c has an argument). Empty: the
	 * word is nobody's, and options are sockit's. */
	char same[8];
} words[] = {
	{ "nc", AS_NC, 0, "", { "", "" }, "" },
	{ "netcat", AS_NC, 0, "", { "", "" }, "" },
	{ "nc.openbsd", AS_NC, 0, "", { "", "" }, "" },
	{ "nc.traditional", AS_NC, 0, "", { "", "" }, "" },
	{ "ncat", AS_NCAT, 0, "", { "", "" }, "" },
	{ "busybox", AS_BUSYBOX, 0, "", { "", "" }, "" },
	{ "socat", AS_SOCAT, 0, "", { "", "" }, "" },
	{ "dig", AS_DIG, 0, "", { "", "" }, "" },
	{ "drill", AS_DIG, 0, "", { "", "" }, "" },
	{ "host", AS_HOST, 0, "", { "", "" }, "" },
	{ "nslookup", AS_HOST, 0, "", { "", "" }, "" },
	{ "getent", AS_GETENT, 0, "resolve", { "NAME", "" }, "" },
	{ "dns", AS_THEY_STAND, 1, "resolve", { "NAME", "" }, "" },
	{ "lookup", AS_THEY_STAND, 1, "resolve", { "NAME", "" }, "" },
	{ "telnet", AS_THEY_STAND, 2, "connect -t", { "HOST", "23" }, "46" },
	{ "tcp", AS_THEY_STAND, 2, "connect", { "HOST", "PORT" }, "" },
	{ "client", AS_THEY_STAND, 2, "connect", { "HOST", "PORT" }, "" },
	{ "dial", AS_THEY_STAND, 2, "connect", { "HOST", "PORT" }, "" },
	{ "ping", AS_WAY, 0, "", { "", "" }, "" },
	{ "tcping", AS_THEY_STAND, 2, "connect --ping", { "HOST", "PORT" }, "46" },
	{ "traceroute", AS_WAY, 0, "", { "", "" }, "" },
	{ "tcptraceroute", AS_WAY, 0, "", { "", "" }, "" },
	{ "scan", PORTS_JOINED, 2, "connect -z", { "HOST", "PORT" }, "" },
	{ "probe", PORTS_JOINED, 2, "connect -z", { "HOST", "PORT" }, "" },
	{ "tracepath", AS_WAY, 0, "", { "", "" }, "" },
	{ "mtr", AS_WAY, 0, "", { "", "" }, "" },
	{ "openssl", AS_WAY, 0, "", { "", "" }, "" },
	{ "nmap", AS_WAY, 0, "", { "", "" }, "" },
	{ "explain", AS_THEY_STAND, 2, "connect --explain", { "HOST", "PORT" }, "" },
	{ "diagnose", AS_THEY_STAND, 2, "connect --explain", { "HOST", "PORT" }, "" },
	{ "why", AS_THEY_STAND, 2, "connect --explain", { "HOST", "PORT" }, "" },
	{ "trace", AS_THEY_STAND, 2, "connect --trace", { "HOST", "PORT" }, "" },
	{ "mtu", AS_THEY_STAND, 2, "connect --mtu", { "HOST", "PORT" }, "" },
	{ "tls", AS_THEY_STAND, 2, "connect -z --tls", { "HOST", "PORT" }, "" },
	{ "sslscan", AS_THEY_STAND, 2, "connect -z --tls", { "HOST", "PORT" }, "" },
	{ "mdns", AS_THEY_STAND, 1, "resolve --server mdns", { "NAME", "" }, "" },
	{ "server", AS_THEY_STAND, 1, "listen", { "PORT", "" }, "" },
	{ "serve", AS_THEY_STAND, 1, "listen", { "PORT", "" }, "" },
	{ "accept", AS_THEY_STAND, 1, "listen", { "PORT", "" }, "" },
	{ "chat", AS_THEY_STAND, 1, "listen --chat", { "PORT", "" }, "" },
	{ "broker", AS_THEY_STAND, 1, "listen --broker", { "PORT", "" }, "" },
	{ "echo", AS_THEY_STAND, 1, "listen -k --echo", { "PORT", "" }, "" },
	{ "discard", AS_THEY_STAND, 1, "listen -k --discard", { "PORT", "" }, "" },
	{ "proxy", AS_THEY_STAND, 1, "listen --proxy-server socks5 127.0.0.1", { "PORT", "" }, "" },
	{ "socks", AS_THEY_STAND, 1, "listen --proxy-server socks5 127.0.0.1", { "PORT", "" }, "" },
	{ "socks5",
	  AS_THEY_STAND,
	  1,
	  "listen --proxy-server socks5 127.0.0.1",
	  { "PORT", "" },
	  "" },
	{ "http-proxy",
	  AS_THEY_STAND,
	  1,
	  "listen --proxy-server http 127.0.0.1",
	  { "PORT", "" },
	  "" },
	{ "forward", TO_FORWARD, 2, "listen -k --forward", { "PORT", "HOST" }, "" },
	{ "relay", TO_FORWARD, 2, "listen -k --forward", { "PORT", "HOST" }, "" },
	{ "redir", TO_FORWARD, 2, "listen -k --forward", { "PORT", "HOST" }, "" },
	{ "udp", AS_THEY_STAND, 2, "udp-send", { "HOST", "PORT" }, "" },
	{ "send", AS_THEY_STAND, 2, "udp-send", { "HOST", "PORT" }, "" },
	{ "udp-client", AS_THEY_STAND, 2, "udp-send", { "HOST", "PORT" }, "" },
	{ "recv", AS_THEY_STAND, 1, "udp-recv", { "PORT", "" }, "" },
	{ "udp-listen", AS_THEY_STAND, 1, "udp-recv", { "PORT", "" }, "" },
	{ "udp-server", AS_THEY_STAND, 1, "udp-recv", { "PORT", "" }, "" },
	{ "ss", AS_WAY, 0, "", { "", "" }, "" },
	{ "netstat", AS_WAY, 0, "", { "", "" }, "" },
	{ "lsof", AS_WAY, 0, "", { "", "" }, "" },
	{ "ports", NOT_AT_ALL, 0, "sockname --listening", { "", "" }, "" },
	{ "watch", NOT_AT_ALL, 0, "sockname --watch --listening", { "", "" }, "" },
	{ "ifconfig", NOT_AT_ALL, 0, "sockname --interfaces", { "", "" }, "" },
	{ "interfaces", NOT_AT_ALL, 0, "sockname --interfaces", { "", "" }, "" },
	{ "services", AS_THEY_STAND, 0, "servinfo", { "", "" }, "" },
};

static void habit_put(struct command_line *l, const char *text)
{
	command_line_put(l, text, strlen(text));
}

/* Do all options of ARGV, typed for W, mean the same here? */
static bool habit_options_stand(const struct habit_word *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *letter = argv[i] + 1;
		if (argv[i][0] != '-' || !*w->same)
			continue;
		letter += strspn(letter, w->same);
		if (letter[strspn(letter, "0123456789")])
			return false;
	}
	return true;
}

/* Adds the words behind ARGV[0] and what is missing, as W has it. Where an option of another tool
 * is among them nobody knows which are operands: then all are missing. */
static bool habit_add_all(struct command_line *l, const struct habit_word *w, int argc, char **argv)
{
	bool options = false;
	int n = 0;

	if (!habit_options_stand(w, argc, argv))
		argc = 1;
	for (int i = 1; i < argc; i++) {
		bool option = argv[i][0] == '-';
		options |= option && !*w->same;
		n += !option && (!*w->same || strcmp(argv[i - 1], "-c") != 0);
		if (w->form == PORTS_JOINED && !option && !options && n > 2) {
			habit_put(l, ",");
			command_line_join(l, argv[i]);
		} else {
			command_line_add(l, argv[i]);
		}
	}
	/* HOST:PORT is both. */
	if (n == 1 && w->operands == 2 && command_line_is_endpoint(argv[argc - 1]))
		n++;
	for (; !options && n < w->operands; n++) {
		habit_put(l, " ");
		habit_put(l, w->missing[n]);
	}
	return n <= (w->operands == 1 ? 2 : 64);
}

static bool habit_is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

/* `forward PORT HOST:PORT`, or HOST PORT behind it, or the other way round; of `forward HOST PORT`
 * nothing but where it leads is told. */
static bool habit_add_forward(struct command_line *l, int argc, char **argv)
{
	const char *to = argc > 2 ? argv[2] : "HOST:PORT", *port = argc > 1 ? argv[1] : "PORT";
	const char *to_port = argc > 3 ? argv[3] : "PORT";

	if (argc > 4)
		return false;
	if (argc == 3 && !strchr(to, ':') && strchr(port, ':')) {
		to = argv[1];
		port = argv[2];
	} else if (argc == 3 && habit_is_number(to) && !habit_is_number(port)) {
		to = argv[1];
		to_port = argv[2];
		port = "PORT";
	}
	command_line_add(l, to);
	if (argc == 4 || !strchr(to, ':')) {
		habit_put(l, ":");
		command_line_join(l, to_port);
	}
	command_line_add(l, port);
	return true;
}

/* ---- socat ---- */

/* An address of socat's: what it is, and whether it stands for a listener, for datagrams, for a
 * UNIX socket. */
static const struct socat_type {
	char name[16];
	bool listens, udp, unix_socket;
} socat_types[] = {
	{ "TCP", false, false, false },	       { "TCP-CONNECT", false, false, false },
	{ "TCP-LISTEN", true, false, false },  { "TCP-L", true, false, false },
	{ "UDP", false, true, false },	       { "UDP-CONNECT", false, true, false },
	{ "UDP-SENDTO", false, true, false },  { "UDP-DATAGRAM", false, true, false },
	{ "UDP-LISTEN", true, true, false },   { "UDP-L", true, true, false },
	{ "UDP-RECVFROM", true, true, false }, { "UDP-RECV", true, true, false },
	{ "UNIX", false, false, true },	       { "UNIX-CONNECT", false, false, true },
	{ "UNIX-LISTEN", true, false, true },  { "UNIX-L", true, false, true },
};

struct socat_address {
	const struct socat_type *type; /* NULL: see the rest */
	bool stdio, receives;
	const char *command;
	char family;	 /* '4', '6' or NUL */
	char place[256]; /* HOST:PORT, PORT or PATH */
	bool forks, crlf;
	char bind[128];
};

/* Reads the options behind the first comma of an address; those that say nothing here are left out.
 */
static void socat_read_options(struct socat_address *a, const char *options)
{
	for (size_t n; *options; options += n + (options[n] == ',')) {
		n = strcspn(options, ",");
		if (n == 4 && !strncasecmp(options, "fork", 4))
			a->forks = true;
		if (n == 4 &&
		    (!strncasecmp(options, "crnl", 4) || !strncasecmp(options, "crlf", 4)))
			a->crlf = true;
		if (n > 5 && n - 5 < sizeof a->bind && !strncasecmp(options, "bind=", 5)) {
			memcpy(a->bind, options + 5, n - 5);
			a->bind[n - 5] = '\0';
		}
	}
}

static bool socat_read(struct socat_address *a, const char *word)
{
	size_t n = strcspn(word, ":,"), m;
	const char *rest = word[n] == ':' ? word + n + 1 : "";
	size_t length = strcspn(rest, ",");
	char name[16];

	*a = (struct socat_address){ 0 };
	if (!strcmp(word, "-") || !strncasecmp(word, "STD", 3)) {
		a->stdio = true;
		return true;
	}
	if (!strncasecmp(word, "EXEC:", 5) || !strncasecmp(word, "SYSTEM:", 7)) {
		a->command = rest;
		return !strchr(rest, ',');
	}
	/* TCP4-LISTEN is a TCP-LISTEN. */
	m = n < sizeof name ? n : 0;
	if (m > 3 && (word[3] == '4' || word[3] == '6')) {
		a->family = word[3];
		memcpy(name, word, 3);
		memcpy(name + 3, word + 4, --m - 3);
	} else {
		memcpy(name, word, m);
	}
	for (size_t i = 0; i < sizeof socat_types / sizeof *socat_types; i++)
		if (strlen(socat_types[i].name) == m && !strncasecmp(name, socat_types[i].name, m))
			a->type = &socat_types[i];
	if (!a->type || length == 0 || length >= sizeof a->place)
		return false;
	a->receives = !strcmp(a->type->name, "UDP-RECV");
	memcpy(a->place, rest, length);
	socat_read_options(a, rest[length] ? rest + length + 1 : "");
	return true;
}

/* Adds the option bind of X, which begins the operands where X listens. Returns whether a line can
 * mean it. */
static bool socat_add_bind(struct command_line *l, const struct socat_address *x)
{
	size_t n = strlen(x->bind);

	if (n == 0)
		return true;
	if (!x->type->listens)
		habit_put(l, " -s");
	command_line_add(l, x->bind);
	/* With a port it would be two words. */
	return !x->type->unix_socket && (!strchr(x->bind, ':') || x->bind[n - 1] == ']');
}

static bool socat_line(struct command_line *l, int argc, char **argv)
{
	struct socat_address a[2], *x, *y;
	const char *command;
	bool bound;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			/* Those with an argument, or of which no line tells. */
			if (strspn(argv[i] + 1, "dvxsukU") != strlen(argv[i] + 1))
				return false;
			continue;
		}
		if (n == 2 || !socat_read(&a[n++], argv[i]))
			return false;
	}
	if (n != 2)
		return false;
	/* X is the socket that is waited at, or else any; Y is what it is joined with. */
	x = a[0].type && (!a[1].type || a[0].type->listens) ? &a[0] : &a[1];
	y = x == &a[0] ? &a[1] : &a[0];
	if (!x->type ||
	    (y->type && (y->type->listens || y->type->udp || x->type->udp || !x->type->listens)))
		return false;
	command = y->command;
	habit_put(l, x->type->unix_socket ? (x->type->listens ? " unix --listen" : " unix") :
		     x->type->udp	  ? (x->type->listens ? " udp-recv" : " udp-send") :
		     x->type->listens	  ? " listen" :
					    " connect");
	if (x->type->listens && x->forks && !x->type->udp)
		habit_put(l, " -k");
	if (x->family) {
		habit_put(l, " -");
		command_line_put(l, &x->family, 1);
	}
	if (x->type->udp && x->type->listens && !x->receives && !command)
		habit_put(l, " --reply latest");
	if (command) {
		habit_put(l, " -e");
		command_line_add(l, command);
	}
	if (y->type) {
		char to[300] = "unix:";
		size_t at = y->type->unix_socket ? strlen(to) : 0;
		memcpy(to + at, y->place, strlen(y->place) + 1);
		habit_put(l, " --forward");
		command_line_add(l, to);
	}
	if (x->crlf && !y->type)
		habit_put(l, " -C");
	bound = socat_add_bind(l, x);
	command_line_add(l, x->place);
	return bound && !*y->bind && !(command && x->type->udp && !x->type->listens);
}

/* ---- */

static const struct habit_word *habit_find(const char *word)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, word))
			return &words[i];
	return NULL;
}

bool habits_know(const char *word)
{
	return habit_find(word);
}

const char *habits_line(int argc, char **argv, char *line, size_t size)
{
	struct command_line l = { line, size, 0 };
	const struct habit_word *w = habit_find(argv[0]);
	bool made = false;

	/* What stands behind it is a name of its own. */
	if (w && w->form == AS_BUSYBOX && argc > 1)
		w = habit_find((argc--, *++argv));
	if (!w || w->form == AS_BUSYBOX)
		return NULL;
	habit_put(&l, "sockit");
	if (*w->line) {
		habit_put(&l, " ");
		habit_put(&l, w->line);
	}
	switch ((enum habit_form)w->form) {
	case AS_NC:
	case AS_NCAT:
		return nc_habits_line(NULL, w->form == AS_NCAT, argc - 1, argv + 1, line, size);
	case AS_DIG:
	case AS_HOST:
		return dig_habits_line(w->form == AS_DIG ? DIG_MANNER : HOST_MANNER, argc - 1,
				       argv + 1, line, size);
	case AS_WAY:
		return way_habits_line(argc, argv, line, size);
	case AS_GETENT:
		if (argc > 1 && !strcmp(argv[1], "services"))
			w = habit_find("services");
		else if (argc > 1 && strcmp(argv[1], "hosts") != 0 &&
			 !text_begins(argv[1], "ahosts"))
			return NULL;
		l.length = 0;
		habit_put(&l, "sockit ");
		habit_put(&l, w->line);
		if (argc > 1 && (!strcmp(argv[1], "ahostsv4") || !strcmp(argv[1], "ahostsv6")))
			habit_put(&l, argv[1][7] == '4' ? " -4" : " -6");
		made = habit_add_all(&l, w, argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv);
		break;
	case AS_SOCAT:
		made = socat_line(&l, argc, argv);
		break;
	case TO_FORWARD:
		made = habit_add_forward(&l, argc, argv);
		break;
	case AS_THEY_STAND:
	case PORTS_JOINED:
		made = habit_add_all(&l, w, argc, argv);
		break;
	case NOT_AT_ALL:
		made = true;
		break;
	case AS_BUSYBOX:
		break;
	}
	return made && l.length < l.size ? line : NULL;
}

const char *habits_reorder(int at, int argc, char **argv, char *line, size_t size)
{
	struct command_line l = { line, size, 0 };

	habit_put(&l, "sockit");
	command_line_add(&l, argv[at]);
	for (int i = 0; i < argc; i++)
		if (i != at)
			command_line_add(&l, argv[i]);
	return l.length < l.size ? line : NULL;
}
