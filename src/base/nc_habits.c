#include "base/nc_habits.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* nc's letters: what each chooses, and what sockit has instead of it. */
enum { CHOOSES_LISTEN = 1, CHOOSES_UDP = 2, CHOOSES_UNIX = 4 };

static const struct habit {
	char letter;
	bool valued; /* takes the next word */
	unsigned chooses;
	const char *option; /* the same here; NULL: there is no need for it */
	/* The same of datagrams, where that is another; "": there is none. */
	const char *send, *receive;
} habits[] = {
	{ 'l', false, CHOOSES_LISTEN, NULL, NULL, NULL },
	{ 'u', false, CHOOSES_UDP, NULL, NULL, NULL },
	{ 'U', false, CHOOSES_UNIX, NULL, NULL, NULL },
	{ 'N', false, 0, NULL, NULL, NULL }, /* what connect does anyway */
	{ '4', false, 0, "-4", NULL, NULL },
	{ '6', false, 0, "-6", NULL, NULL },
	{ 'n', false, 0, "-n", NULL, NULL },
	{ 'v', false, 0, "-v", NULL, NULL },
	{ 'd', false, 0, "-d", "", "" },
	{ 'k', false, 0, "-k", "", "" },
	{ 'z', false, 0, "-z", NULL, "" },
	{ 'C', false, 0, "-C", NULL, NULL },
	{ 't', false, 0, "-t", "", "" },
	{ 'D', false, 0, NULL, NULL, NULL },
	{ 'r', false, 0, NULL, NULL, NULL },
	{ 'w', true, 0, "-w", NULL, NULL },
	{ 'q', true, 0, "-q", "-w", "" },
	{ 'i', true, 0, "--delay", "", "" },
	{ 's', true, 0, "-s", NULL, NULL },
	{ 'p', true, 0, "-p", NULL, NULL },
	{ 'e', true, 0, "-e", "", NULL },
	{ 'I', true, 0, "--rcvbuf", NULL, NULL },
	{ 'O', true, 0, "--sndbuf", NULL, NULL },
	{ 'T', true, 0, "--tos", NULL, NULL },
	{ 'M', true, 0, "--ttl", NULL, NULL },
	{ 'x', true, 0, NULL, NULL, NULL }, /* these three are --proxy */
	{ 'X', true, 0, NULL, NULL, NULL },
	{ 'P', true, 0, NULL, NULL, NULL },
};

/* The subcommand for what the letters chose. */
static const char *const chosen[] = {
	"connect", "listen",	    "udp-send",		 "udp-recv",
	"unix",	   "unix --listen", "unix --type dgram", "unix --listen --type dgram",
};

static const struct habit *find_habit(char letter)
{
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (habits[i].letter == letter)
			return &habits[i];
	return NULL;
}

struct line {
	char *text;
	size_t size, length;
};

static void put(struct line *l, const char *bytes, size_t n)
{
	if (l->length < l->size)
		l->length += (size_t)snprintf(l->text + l->length, l->size - l->length, "%.*s",
					      (int)n, bytes);
}

/* Whoever logs messages shall not have a password in a URL. */
static const char *add_scheme(struct line *l, const char *word)
{
	const char *at = strrchr(word, '@'), *scheme = strstr(word, "://");

	if (!at || !scheme || at < scheme + 3 ||
	    !memchr(scheme + 3, ':', (size_t)(at - scheme) - 3))
		return word;
	put(l, word, (size_t)(scheme - word) + 3);
	put(l, "***", 3);
	return at;
}

/* A blank and WORD, as a shell takes it for one word. */
static void add(struct line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n\"'`\\$&;|<>()*?#~!{}")];

	put(l, plain ? " " : " '", plain ? 1 : 2);
	word = add_scheme(l, word);
	while (!plain && *word) {
		size_t n = strcspn(word, "'");
		put(l, word, n);
		word += n;
		if (*word) {
			put(l, "'\\''", 4);
			word++;
		}
	}
	put(l, plain ? word : "'", plain ? strlen(word) : 1);
}

/* What all of ARGV's letters choose together. */
static unsigned choices(int argc, char **argv)
{
	unsigned choice = 0;

	for (int i = 0; i < argc; i++)
		for (const char *s = argv[i] + 1; argv[i][0] == '-' && *s; s++) {
			const struct habit *h = find_habit(*s);
			if (!h || h->valued)
				break;
			choice |= h->chooses;
		}
	return choice;
}

/* What a SUBCOMMAND (NULL: none) that is there already chooses. */
static unsigned chosen_by(const char *subcommand)
{
	static const char *const words[] = { "connect", "listen", "udp-send", "udp-recv", "unix" };

	for (unsigned i = 0; subcommand && i < sizeof words / sizeof *words; i++)
		if (!strcmp(subcommand, words[i]))
			return i;
	return 0;
}

/* What H is called with what is chosen; NULL: it is not said. */
static const char *option_of(const struct habit *h, unsigned choice)
{
	const char *other = !(choice & CHOOSES_UDP) ? NULL :
			    choice & CHOOSES_LISTEN ? h->receive :
						      h->send;

	return !other ? h->option : *other ? other : NULL;
}

/* Arguments of letters that do not stand for an option alone; NULL: not given. */
struct kept {
	const char *port;		     /* -p */
	const char *proxy, *protocol, *user; /* -x, -X, -P */
};

/* Keeps VALUE where LETTER is such a one. */
static bool keep(struct kept *k, char letter, const char *value)
{
	const char **const to = letter == 'p' ? &k->port :
				letter == 'x' ? &k->proxy :
				letter == 'X' ? &k->protocol :
				letter == 'P' ? &k->user :
						NULL;

	if (to)
		*to = value;
	return to;
}

/* What K says of a proxy, with nc's own port of HTTP proxies. */
static void add_proxy(struct line *l, const struct kept *k)
{
	const char *protocol = k->protocol ? k->protocol : "5";
	bool http = !strcmp(protocol, "connect");
	char url[256];

	snprintf(url, sizeof url, "%s://%s%s%s%s",
		 http			? "http" :
		 !strcmp(protocol, "4") ? "socks4" :
					  "socks5",
		 k->user ? k->user : "", k->user ? "@" : "", k->proxy,
		 http && !strchr(k->proxy, ':') ? ":3128" : "");
	add(l, "--proxy");
	add(l, url);
}

/* One word of letters; *I moves over their arguments. Returns false at a letter that nc has not. */
static bool add_letters(struct line *l, unsigned choice, struct kept *kept, int argc, char **argv,
			int *i)
{
	for (const char *s = argv[*i] + 1; *s; s++) {
		const struct habit *h = find_habit(*s);
		const char *option;

		if (!h)
			return false;
		option = option_of(h, choice);
		if (h->valued) {
			const char *value = s[1] ? s + 1 : *i + 1 < argc ? argv[++*i] : "";
			if (!keep(kept, *s, value) && option)
				add(l, option), add(l, value);
			return true;
		}
		if (option)
			add(l, option);
	}
	return true;
}

const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size)
{
	char options[256] = "", operands[512] = "";
	struct line o = { options, sizeof options, 0 }, w = { operands, sizeof operands, 0 };
	struct kept kept = { 0 };
	const char *missing;
	unsigned choice = choices(argc, argv) | chosen_by(subcommand);
	int words = 0;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
			if (!add_letters(&o, choice, &kept, argc, argv, &i))
				return NULL;
		} else if (argv[i][0] == '-') {
			return NULL;
		} else {
			add(&w, argv[i]);
			words++;
		}
	}
	if (!subcommand && !choice && words < 2) /* nothing that says what is wanted */
		return NULL;
	/* `nc -l -p PORT`: the port to listen on */
	if (kept.port && choice & CHOOSES_LISTEN) {
		add(&w, kept.port);
		words++;
	} else if (kept.port) {
		add(&o, "-p");
		add(&o, kept.port);
	}
	if (kept.proxy && !choice)
		add_proxy(&o, &kept);
	missing = choice & CHOOSES_UNIX	  ? " PATH" :
		  choice & CHOOSES_LISTEN ? " PORT" :
					    " HOST PORT";
	if (words == 0)
		put(&w, missing, strlen(missing));
	else if (words == 1 && !(choice & (CHOOSES_LISTEN | CHOOSES_UNIX)))
		add(&w, "PORT");
	/* Half a line would mean something else. */
	if (o.length >= o.size || w.length >= w.size)
		return NULL;
	snprintf(line, size, "sockit %s%s%s", chosen[choice], options, operands);
	return line;
}

const char *habits_order(int at, int argc, char **argv, char *line, size_t size)
{
	struct line l = { line, size, 0 };

	put(&l, "sockit", strlen("sockit"));
	add(&l, argv[at]);
	for (int i = 0; i < argc; i++)
		if (i != at)
			add(&l, argv[i]);
	return l.length < l.size ? line : NULL;
}
