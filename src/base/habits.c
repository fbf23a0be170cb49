#include "base/habits.h"

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
} habits[] = {
	{ 'l', false, CHOOSES_LISTEN, NULL },
	{ 'u', false, CHOOSES_UDP, NULL },
	{ 'U', false, CHOOSES_UNIX, NULL },
	{ 'N', false, 0, NULL }, /* what connect does anyway */
	{ '4', false, 0, "-4" },
	{ '6', false, 0, "-6" },
	{ 'n', false, 0, "-n" },
	{ 'v', false, 0, "-v" },
	{ 'd', false, 0, "-d" },
	{ 'k', false, 0, "-k" },
	{ 'z', false, 0, "-z" },
	{ 'C', false, 0, "-C" },
	{ 't', false, 0, "-t" },
	{ 'D', false, 0, NULL },
	{ 'r', false, 0, NULL },
	{ 'w', true, 0, "-w" },
	{ 'q', true, 0, "-q" },
	{ 'i', true, 0, "--delay" },
	{ 's', true, 0, "-s" },
	{ 'p', true, 0, "-p" },
	{ 'e', true, 0, "-e" },
	{ 'I', true, 0, "--rcvbuf" },
	{ 'O', true, 0, "--sndbuf" },
	{ 'T', true, 0, "--tos" },
	{ 'M', true, 0, "--ttl" },
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

static void add(struct line *l, const char *word)
{
	if (l->length < l->size)
		l->length +=
			(size_t)snprintf(l->text + l->length, l->size - l->length, " %s", word);
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

/* Is there an option for H with what is chosen? Datagrams have no connections to be kept, or to be
 * ended. */
static bool says_something(const struct habit *h, unsigned choice)
{
	return h->option && !(choice & CHOOSES_UDP && strchr("dkq", h->letter));
}

/* One word of letters; *I moves over their arguments. Returns false at a letter that nc has not. */
static bool add_letters(struct line *l, unsigned *choice, const char **port, int argc, char **argv,
			int *i)
{
	for (const char *s = argv[*i] + 1; *s; s++) {
		const struct habit *h = find_habit(*s);
		const char *value = NULL;

		if (!h)
			return false;
		*choice |= h->chooses;
		if (h->valued) {
			value = s[1] ? s + 1 : *i + 1 < argc ? argv[++*i] : "";
			/* `nc -l -p PORT`: the port to listen on */
			if (*s == 'p')
				*port = value;
			else if (says_something(h, *choice))
				add(l, h->option), add(l, value);
			return true;
		}
		if (says_something(h, *choice))
			add(l, h->option);
	}
	return true;
}

/* What a SUBCOMMAND (NULL: none) that is there already chooses. */
static unsigned chosen_by(const char *subcommand)
{
	if (!subcommand)
		return 0;
	return (!strcmp(subcommand, "listen") || !strcmp(subcommand, "udp-recv") ? CHOOSES_LISTEN :
										   0) |
	       (!strncmp(subcommand, "udp-", 4) ? CHOOSES_UDP : 0);
}

const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size)
{
	char options[256] = "", operands[512] = "";
	struct line o = { options, sizeof options, 0 }, w = { operands, sizeof operands, 0 };
	const char *port = NULL;
	unsigned choice = choices(argc, argv) | chosen_by(subcommand);
	int words = 0;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
			if (!add_letters(&o, &choice, &port, argc, argv, &i))
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
	if (port && choice & CHOOSES_LISTEN) {
		add(&w, port);
		words++;
	} else if (port) {
		add(&o, "-p");
		add(&o, port);
	}
	if (words == 0)
		add(&w, choice & CHOOSES_UNIX	? "PATH" :
			choice & CHOOSES_LISTEN ? "PORT" :
						  "HOST PORT");
	else if (words == 1 && !(choice & (CHOOSES_LISTEN | CHOOSES_UNIX)))
		add(&w, "PORT");
	snprintf(line, size, "sockit %s%s%s", chosen[choice], options, operands);
	return line;
}
