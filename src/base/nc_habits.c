/* nc_habits.c - lines as users of nc and ncat type them, put into sockit's words */
#include "base/nc_habits.h"

#include <stdio.h>
#include <string.h>

#include "base/command_line.h"

/* What an option chooses. */
enum { CHOOSES_LISTEN = 1, CHOOSES_UDP = 2, CHOOSES_UNIX = 4, CHOOSES_SCAN = 8, CHOOSES_CAST = 16 };

/* How it counts beside: */
enum {
	NC = 1,	     /* of nc only */
	NCAT = 2,    /* of ncat only */
	ENDS = 4,    /* what the end of stdin means is said */
	ANSWERS = 8, /* of udp-recv: who answers is said */
	SCANS = 16,  /* means something for a scan, too */
	IP = 32,     /* means nothing for a UNIX socket */
	PASSES = 64, /* means something where the connection is passed on */
	KEPT = 128,  /* its argument is no option's: see habit_line_add_kept() */
};

/* nc's options, and sockit's for each: of connect, listen, udp-send and udp-recv; "": none is
 * needed; "!": sockit has none, and no line means that. The words stand in place: pointers would
 * be relocated in every run. */
static const struct habit {
	char letter;
	char name[14]; /* ncat's long one */
	bool valued;   /* takes an argument */
	unsigned char chooses, counts;
	char connect[14], listen[14], send[13], receive[13];
} habits[] = {
	{ 'l', "listen", false, CHOOSES_LISTEN, 0, "", "", "", "" },
	{ 'u', "udp", false, CHOOSES_UDP, 0, "", "", "", "" },
	{ 'U', "unixsock", false, CHOOSES_UNIX, 0, "", "", "", "" },
	{ 'z', "zero", false, CHOOSES_SCAN, 0, "", "!", "", "!" },
	{ 'b', "", false, CHOOSES_CAST, NC, "", "", "", "" },
	{ 'N', "", false, 0, ENDS, "", "", "", "" },
	{ 0, "no-shutdown", false, 0, ENDS, "--no-shutdown", "--no-shutdown", "", "" },
	{ '4', "", false, 0, SCANS | IP | PASSES, "-4", "-4", "-4", "-4" },
	{ '6', "", false, 0, SCANS | IP | PASSES, "-6", "-6", "-6", "-6" },
	{ 'n', "nodns", false, 0, SCANS | IP | PASSES, "-n", "-n", "-n", "-n" },
	{ 'v', "verbose", false, 0, SCANS | PASSES, "-v", "-v", "-v", "-v" },
	{ 'd', "", false, 0, NC | ENDS | ANSWERS, "-d", "-d", "", "" },
	{ 'd', "delay", true, 0, NCAT, "--delay", "--delay", "", "" },
	{ 0, "recv-only", false, 0, ENDS | ANSWERS, "-d", "-d", "", "" },
	{ 0, "send-only", false, 0, ENDS, "--send-only", "--send-only", "", "" },
	{ 'k', "keep-open", false, 0, ANSWERS, "", "-k", "", "" },
	{ 'C', "crlf", false, 0, 0, "-C", "-C", "-C", "-C" },
	{ 't', "telnet", false, 0, ENDS, "-t", "-t", "", "" },
	{ 'D', "", false, 0, NC, "", "", "", "" },
	{ 'r', "", false, 0, NC, "", "", "", "" },
	{ 'w', "wait", true, 0, SCANS | PASSES, "-w", "", "-w", "-w" },
	{ 'q', "", true, 0, NC, "-q", "-q", "-w", "" },
	{ 'i', "", true, 0, NC, "--delay", "--delay", "", "" },
	{ 'i', "idle-timeout", true, 0, NCAT, "-i", "-i", "-i", "-i" },
	{ 's', "source", true, 0, SCANS | IP | PASSES | KEPT, "-s", "", "-s", "" },
	{ 'p', "source-port", true, 0, SCANS | IP | PASSES | KEPT, "-p", "", "-p", "" },
	{ 'e', "exec", true, 0, ENDS | ANSWERS, "-e", "-e", "!", "-e" },
	{ 'c', "sh-exec", true, 0, ENDS | ANSWERS, "-e", "-e", "!", "-e" },
	{ 'o', "output", true, 0, 0, "-o", "-o", "-o", "-o" },
	{ 'x', "hex-dump", true, 0, NCAT, "-x", "-x", "-x", "-x" },
	{ 0, "append-output", false, 0, 0, "--append", "--append", "--append", "--append" },
	{ 'I', "", true, 0, NC, "--rcvbuf", "--rcvbuf", "--rcvbuf", "--rcvbuf" },
	{ 'O', "", true, 0, NC, "--sndbuf", "--sndbuf", "--sndbuf", "--sndbuf" },
	{ 'T', "", true, 0, NC | IP, "--tos", "--tos", "--tos", "--tos" },
	{ 'M', "", true, 0, NC | IP, "--ttl", "--ttl", "--ttl", "--ttl" },
	{ 'm', "max-conns", true, 0, NCAT, "", "-m", "", "" },
	{ 'W', "", true, 0, NC, "!", "!", "--replies", "-c" },
	{ 'F', "", false, 0, NC, "-F", "!", "!", "!" },
	{ 'x', "", true, 0, NC | IP | PASSES | KEPT, "--proxy", "!", "!", "!" },
	{ 'X', "proxy-type", true, 0, IP | PASSES | KEPT, "", "!", "!", "!" },
	{ 'P', "proxy-auth", true, 0, IP | PASSES | KEPT, "", "!", "!", "!" },
	{ 0, "proxy", true, 0, NCAT | IP | KEPT, "--proxy", "!", "!", "!" },
	{ 0, "allow", true, 0, IP, "", "--allow", "", "--allow" },
	{ 0, "deny", true, 0, IP, "", "--deny", "", "--deny" },
	{ 0, "allowfile", true, 0, IP, "", "--allow-file", "", "--allow-file" },
	{ 0, "denyfile", true, 0, IP, "", "--deny-file", "", "--deny-file" },
	{ 0, "broker", false, CHOOSES_LISTEN, 0, "", "--broker", "", "!" },
	{ 0, "chat", false, CHOOSES_LISTEN, 0, "", "--chat", "", "!" },
};

enum { N_HABITS = sizeof habits / sizeof *habits };

/* The subcommand for what the options chose. */
static const char chosen[][28] = {
	"connect", "listen",	    "udp-send",		 "udp-recv",
	"unix",	   "unix --listen", "unix --type dgram", "unix --listen --type dgram",
};

/* A line that is translated. */
struct habit_line {
	struct command_line options, operands;
	bool ncat;
	unsigned choice; /* CHOOSES_ */
	unsigned counts; /* ENDS, ANSWERS */
	bool passes;	 /* nc's -F */
	const char *wait;
	const char *source, *port, *proxy, *protocol, *user;
	int words;
};

static const struct habit *habit_find(const struct habit_line *l, char letter, const char *name,
				      size_t n)
{
	unsigned other = l->ncat ? NC : NCAT;

	for (size_t i = 0; i < N_HABITS; i++) {
		const struct habit *h = &habits[i];
		if (name ? *h->name && strlen(h->name) == n && !strncmp(h->name, name, n) :
			   h->letter && h->letter == letter && !(h->counts & other))
			return h;
	}
	return NULL;
}

bool nc_habits_know(char letter)
{
	return habit_find(&(struct habit_line){ 0 }, letter, NULL, 0);
}

/* The CHOOSES_ bits of a SUBCOMMAND that is there already; NULL: there is none. */
static unsigned subcommand_choices(const char *subcommand)
{
	for (unsigned i = 0; subcommand && i <= CHOOSES_UNIX; i++)
		if (!strcmp(subcommand, chosen[i]))
			return i;
	return 0;
}

/* Where the option H has its argument: behind its letter S or its NAME's `=`, or in ARGV[*I + 1],
 * to which *I moves. */
static const char *habit_value(const char *behind, int argc, char **argv, int *i)
{
	return *behind ? behind + (*behind == '=') : *i + 1 < argc ? argv[++*i] : "";
}

/* Sets what is chosen by H, with VALUE, and where it is kept. */
static void habit_choose(struct habit_line *l, const struct habit *h, const char *value)
{
	l->choice |= h->chooses;
	l->counts |= h->counts;
	if (h->letter == 'F')
		l->passes = true;
	else if (h->letter == 'w')
		l->wait = value;
	else if (h->letter == 's')
		l->source = value;
	else if (h->letter == 'p')
		l->port = value;
	else if (h->letter == 'X')
		l->protocol = value;
	else if (h->letter == 'P')
		l->user = value;
	else if (h->counts & KEPT)
		l->proxy = value;
}

/* Adds sockit's option for H, with VALUE. Returns whether a line can mean this. */
static bool habit_translate(struct habit_line *l, const struct habit *h, const char *value)
{
	const unsigned choice = l->choice;
	const char *option = choice & CHOOSES_UDP ?
				     (choice & CHOOSES_LISTEN ? h->receive : h->send) :
			     choice & CHOOSES_LISTEN ? h->listen :
						       h->connect;

	if (*option == '!')
		return false;
	if (!*option || h->counts & KEPT || (choice & CHOOSES_UNIX && h->counts & IP) ||
	    (choice & CHOOSES_SCAN && !(h->counts & SCANS)) ||
	    (l->passes && !(h->counts & PASSES) && h->letter != 'F'))
		return true;
	/* To send and not to wait is what udp-send does. */
	if (h->letter == 'q' && choice & CHOOSES_UDP && !strcmp(value, "0"))
		return true;
	/* Never to quit is what sockit does. */
	if (h->letter == 'q' && *value == '-')
		return true;
	command_line_add(&l->options, option);
	if (h->valued)
		command_line_add(&l->options,
				 h->letter == 'T' && !strcmp(value, "lowcost") ? "mincost" : value);
	return true;
}

/* Takes the option H with VALUE: see habit_walk(). */
static bool habit_take(struct habit_line *l, bool writes, const struct habit *h, const char *value)
{
	/* Its argument is missing. */
	if (h->valued && !*value)
		return false;
	habit_choose(l, h, value);
	return !writes || habit_translate(l, h, value);
}

/* Goes through ARGV: what is chosen first, and once that is known (WRITES) what stands for it.
 * Returns false where there is a word that no line can mean. */
static bool habit_walk(struct habit_line *l, bool writes, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i], *value = "";
		const struct habit *h;

		if (word[0] != '-' || word[1] == '\0') {
			/* Several ports are one word of a scan. */
			if (writes && l->words >= 2 && l->choice & CHOOSES_SCAN) {
				command_line_put(&l->operands, ",", 1);
				command_line_join(&l->operands, word);
			} else if (writes) {
				command_line_add(&l->operands, word);
			}
			l->words += writes;
			continue;
		}
		if (word[1] == '-') {
			size_t n = strcspn(word + 2, "=");
			h = habit_find(l, 0, word + 2, n);
			if (!h || (word[2 + n] && !h->valued))
				return false;
			l->ncat = true;
			if (h->valued)
				value = habit_value(word + 2 + n, argc, argv, &i);
			if (!habit_take(l, writes, h, value))
				return false;
			continue;
		}
		for (const char *s = word + 1; *s; s++) {
			h = habit_find(l, *s, NULL, 0);
			if (!h)
				return false;
			if (h->valued)
				value = s[1] ? s + 1 : i + 1 < argc ? argv[++i] : "";
			if (!habit_take(l, writes, h, value))
				return false;
			if (h->valued)
				break;
		}
	}
	return true;
}

/* Adds --proxy for nc's -x, -X and -P or ncat's long ones; HTTP proxies have nc's own port. */
static void habit_line_add_proxy(struct habit_line *l)
{
	const char *protocol = l->protocol ? l->protocol : l->ncat ? "http" : "5";
	bool http = !strcmp(protocol, "connect") || !strcmp(protocol, "http");
	char url[512]; /* what is cut off here is too long for `options` all the more */

	snprintf(url, sizeof url, "%s://%s%s%s%s",
		 http		       ? "http" :
		 strchr(protocol, '4') ? "socks4" :
					 "socks5",
		 l->user ? l->user : "", l->user ? "@" : "", l->proxy,
		 http && !strchr(l->proxy, ':') ? ":3128" : "");
	command_line_add(&l->options, "--proxy");
	command_line_add(&l->options, url);
}

/* Adds what several of nc's options mean together. BY_NC: the whole line is one of nc. */
static void habit_line_add_kept(struct habit_line *l, bool by_nc)
{
	const unsigned mode = l->choice & (CHOOSES_LISTEN | CHOOSES_UDP | CHOOSES_UNIX);
	bool stream = !(mode & CHOOSES_UDP), listens = mode & CHOOSES_LISTEN;
	bool scan = l->choice & CHOOSES_SCAN;

	/* nc's -w limits the connection, and then the time in which nothing moves. */
	if (l->wait && !l->ncat && stream && !scan && !l->passes) {
		command_line_add(&l->options, "-i");
		command_line_add(&l->options, l->wait);
	}
	/* `nc -l -s ADDRESS -p PORT`: where to listen */
	for (int i = 0; i < 2; i++) {
		const char *value = i ? l->port : l->source;
		if (!value || mode & CHOOSES_UNIX)
			continue;
		if (!listens)
			command_line_add(&l->options, i ? "-p" : "-s");
		command_line_add(listens ? &l->operands : &l->options, value);
		l->words += listens;
	}
	if (l->proxy && !mode)
		habit_line_add_proxy(l);
	if (mode == (CHOOSES_LISTEN | CHOOSES_UDP) && !(l->counts & ANSWERS))
		command_line_put(&l->options, " --reply latest", strlen(" --reply latest"));
	/* OpenBSD's nc keeps the end of stdin to itself but for its -N. */
	if (by_nc && stream && !listens && !scan && !l->passes && !l->ncat && !(l->counts & ENDS))
		command_line_put(&l->options, " --no-shutdown", strlen(" --no-shutdown"));
}

const char *nc_habits_line(const char *subcommand, bool ncat, int argc, char **argv, char *line,
			   size_t size)
{
	char options[256] = "", operands[512] = "";
	struct habit_line l = { .options = { options, sizeof options, 0 },
				.operands = { operands, sizeof operands, 0 },
				.ncat = ncat,
				.choice = subcommand_choices(subcommand) };
	const char *missing;
	bool cast, one, endpoint;
	int n;

	if (!habit_walk(&l, false, argc, argv) || !habit_walk(&l, true, argc, argv))
		return NULL;
	one = l.choice & (CHOOSES_LISTEN | CHOOSES_UNIX);
	cast = l.choice & CHOOSES_CAST && l.choice & CHOOSES_UDP && !one;
	habit_line_add_kept(&l, !subcommand);
	endpoint = command_line_is_endpoint(l.operands.text + strspn(l.operands.text, " "));
	/* Nothing says what is wanted; or more than one line says. */
	if ((!subcommand && !l.choice && l.words < 2 && !endpoint) ||
	    (l.choice & CHOOSES_SCAN && (one || l.proxy)) ||
	    (l.words > (l.choice & CHOOSES_UNIX ? 1 : 2) && !(l.choice & CHOOSES_SCAN)))
		return NULL;
	missing = l.choice & CHOOSES_UNIX   ? " PATH" :
		  l.choice & CHOOSES_LISTEN ? " PORT" :
					      " HOST PORT";
	if (l.words == 0)
		command_line_put(&l.operands, missing, strlen(missing));
	else if (l.words == 1 && !one && !endpoint)
		command_line_add(&l.operands, "PORT");
	/* Half a line would mean something else. */
	if (l.options.length >= l.options.size || l.operands.length >= l.operands.size)
		return NULL;
	n = snprintf(line, size, "sockit %s%s%s%s%s", cast ? "broadcast" : chosen[l.choice & 7],
		     l.choice & CHOOSES_SCAN ? " -z" : "", options, cast ? " --to" : "", operands);
	return n >= 0 && (size_t)n < size ? line : NULL;
}
