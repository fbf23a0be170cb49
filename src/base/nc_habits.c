/* nc_habits.c - lines as users of nc type them, put into sockit's words */
#include "base/nc_habits.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* nc's letters, and what each chooses. The words stand in place: pointers would be relocated in
 * every run. */
enum { CHOOSES_LISTEN = 1, CHOOSES_UDP = 2, CHOOSES_UNIX = 4 };

static const struct habit {
	char letter;
	bool valued; /* takes the next word */
	unsigned char chooses;
	char option[9]; /* sockit's option for it; "": it needs none */
	/* The option of udp-send and udp-recv; "": the same, "-": they have none. */
	char send[3], receive[3];
} habits[] = {
	{ 'l', false, CHOOSES_LISTEN, "", "", "" },
	{ 'u', false, CHOOSES_UDP, "", "", "" },
	{ 'U', false, CHOOSES_UNIX, "", "", "" },
	{ 'N', false, 0, "", "", "" }, /* what connect does anyway */
	{ '4', false, 0, "-4", "", "" },
	{ '6', false, 0, "-6", "", "" },
	{ 'n', false, 0, "-n", "", "" },
	{ 'v', false, 0, "-v", "", "" },
	{ 'd', false, 0, "-d", "-", "-" },
	{ 'k', false, 0, "-k", "-", "-" },
	{ 'z', false, 0, "-z", "", "-" },
	{ 'C', false, 0, "-C", "", "" },
	{ 't', false, 0, "-t", "-", "-" },
	{ 'D', false, 0, "", "", "" },
	{ 'r', false, 0, "", "", "" },
	{ 'w', true, 0, "-w", "", "" },
	{ 'q', true, 0, "-q", "-w", "-" },
	{ 'i', true, 0, "--delay", "-", "-" },
	{ 's', true, 0, "-s", "", "" },
	{ 'p', true, 0, "-p", "", "" },
	{ 'e', true, 0, "-e", "-", "" },
	{ 'I', true, 0, "--rcvbuf", "", "" },
	{ 'O', true, 0, "--sndbuf", "", "" },
	{ 'T', true, 0, "--tos", "", "" },
	{ 'M', true, 0, "--ttl", "", "" },
	{ 'x', true, 0, "", "", "" }, /* these three are --proxy */
	{ 'X', true, 0, "", "", "" },
	{ 'P', true, 0, "", "", "" },
};

/* The subcommand for what the letters chose. */
static const char *const chosen[] = {
	"connect", "listen",	    "udp-send",		 "udp-recv",
	"unix",	   "unix --listen", "unix --type dgram", "unix --listen --type dgram",
};

static const struct habit *habit_find(char letter)
{
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (habits[i].letter == letter)
			return &habits[i];
	return NULL;
}

/* A line that is made: longer than its room is where `length` reaches `size`. */
struct line {
	char *text;
	size_t size, length;
};

static void line_put(struct line *l, const char *bytes, size_t n)
{
	if (l->length < l->size)
		l->length += (size_t)snprintf(l->text + l->length, l->size - l->length, "%.*s",
					      (int)n, bytes);
}

/* Adds the beginning of WORD, a URL, without its password, which is not to get into logs. Returns
 * what is left to add of WORD. */
static const char *line_put_scheme(struct line *l, const char *word)
{
	const char *at = strrchr(word, '@'), *scheme = strstr(word, "://");

	if (!at || !scheme || at < scheme + 3 ||
	    !memchr(scheme + 3, ':', (size_t)(at - scheme) - 3))
		return word;
	line_put(l, word, (size_t)(scheme - word) + 3);
	line_put(l, "***", 3);
	return at;
}

/* Adds a blank and WORD, quoted so that a shell takes it for one word. */
static void line_add(struct line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n\"'`\\$&;|<>()*?#~!{}")];

	line_put(l, plain ? " " : " '", plain ? 1 : 2);
	word = line_put_scheme(l, word);
	while (!plain && *word) {
		size_t n = strcspn(word, "'");
		line_put(l, word, n);
		word += n;
		if (*word) {
			line_put(l, "'\\''", 4);
			word++;
		}
	}
	line_put(l, plain ? word : "'", plain ? strlen(word) : 1);
}

/* The CHOOSES_ bits of all of ARGV's letters. */
static unsigned habit_choices(int argc, char **argv)
{
	unsigned choice = 0;

	for (int i = 0; i < argc; i++)
		for (const char *s = argv[i] + 1; argv[i][0] == '-' && *s; s++) {
			const struct habit *h = habit_find(*s);
			if (!h || h->valued)
				break;
			choice |= h->chooses;
		}
	return choice;
}

/* The CHOOSES_ bits of a SUBCOMMAND that is there already; NULL: there is none. */
static unsigned subcommand_choices(const char *subcommand)
{
	for (unsigned i = 0; subcommand && i <= CHOOSES_UNIX; i++)
		if (!strcmp(subcommand, chosen[i]))
			return i;
	return 0;
}

/* The option for H with the CHOOSES_ bits CHOICE; "": there is none. */
static const char *habit_option(const struct habit *h, unsigned choice)
{
	const char *other = !(choice & CHOOSES_UDP) ? "" :
			    choice & CHOOSES_LISTEN ? h->receive :
						      h->send;

	return *other == '\0' ? h->option : strcmp(other, "-") != 0 ? other : "";
}

/* Letters that stand for no option alone: their arguments are kept, by letter, in an array. */
#define KEPT_LETTERS "pxXP"
#define KEPT 128

/* Adds --proxy for nc's -x, -X and -P; HTTP proxies have nc's own port. */
static void line_add_proxy(struct line *l, const char *const kept[KEPT])
{
	const char *proxy = kept['x'], *user = kept['P'];
	const char *protocol = kept['X'] ? kept['X'] : "5";
	bool http = !strcmp(protocol, "connect");
	char url[256];

	snprintf(url, sizeof url, "%s://%s%s%s%s",
		 http			? "http" :
		 !strcmp(protocol, "4") ? "socks4" :
					  "socks5",
		 user ? user : "", user ? "@" : "", proxy,
		 http && !strchr(proxy, ':') ? ":3128" : "");
	line_add(l, "--proxy");
	line_add(l, url);
}

/* Adds the options for the letters of the word ARGV[*I]; *I moves over their arguments. Returns
 * false at a letter that nc has not. */
static bool line_add_letters(struct line *l, unsigned choice, const char *kept[KEPT], int argc,
			     char **argv, int *i)
{
	for (const char *s = argv[*i] + 1; *s; s++) {
		const struct habit *h = habit_find(*s);
		const char *option;

		if (!h)
			return false;
		option = habit_option(h, choice);
		if (h->valued) {
			const char *value = s[1] ? s + 1 : *i + 1 < argc ? argv[++*i] : "";
			if (strchr(KEPT_LETTERS, *s))
				kept[(unsigned char)*s] = value;
			else if (*option)
				line_add(l, option), line_add(l, value);
			return true;
		}
		if (*option)
			line_add(l, option);
	}
	return true;
}

const char *nc_habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size)
{
	char options[256] = "", operands[512] = "";
	struct line o = { options, sizeof options, 0 }, w = { operands, sizeof operands, 0 };
	const char *kept[KEPT] = { NULL };
	const char *missing;
	unsigned choice = habit_choices(argc, argv) | subcommand_choices(subcommand);
	int words = 0;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
			if (!line_add_letters(&o, choice, kept, argc, argv, &i))
				return NULL;
		} else if (argv[i][0] == '-') {
			return NULL;
		} else {
			line_add(&w, argv[i]);
			words++;
		}
	}
	if (!subcommand && !choice && words < 2) /* nothing that says what is wanted */
		return NULL;
	/* `nc -l -p PORT`: the port to listen on */
	if (kept['p'] && choice & CHOOSES_LISTEN) {
		line_add(&w, kept['p']);
		words++;
	} else if (kept['p']) {
		line_add(&o, "-p");
		line_add(&o, kept['p']);
	}
	if (kept['x'] && !choice)
		line_add_proxy(&o, kept);
	missing = choice & CHOOSES_UNIX	  ? " PATH" :
		  choice & CHOOSES_LISTEN ? " PORT" :
					    " HOST PORT";
	if (words == 0)
		line_put(&w, missing, strlen(missing));
	else if (words == 1 && !(choice & (CHOOSES_LISTEN | CHOOSES_UNIX)))
		line_add(&w, "PORT");
	/* Half a line would mean something else. */
	if (o.length >= o.size || w.length >= w.size)
		return NULL;
	snprintf(line, size, "sockit %s%s%s", chosen[choice], options, operands);
	return line;
}

const char *nc_habits_reorder(int at, int argc, char **argv, char *line, size_t size)
{
	struct line l = { line, size, 0 };

	line_put(&l, "sockit", strlen("sockit"));
	line_add(&l, argv[at]);
	for (int i = 0; i < argc; i++)
		if (i != at)
			line_add(&l, argv[i]);
	return l.length < l.size ? line : NULL;
}
