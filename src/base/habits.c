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
	const char *udp;    /* the same of udp-send, where that is another; "": there is none */
} habits[] = {
	{ 'l', false, CHOOSES_LISTEN, NULL, NULL },
	{ 'u', false, CHOOSES_UDP, NULL, NULL },
	{ 'U', false, CHOOSES_UNIX, NULL, NULL },
	{ 'N', false, 0, NULL, NULL }, /* what connect does anyway */
	{ '4', false, 0, "-4", NULL },
	{ '6', false, 0, "-6", NULL },
	{ 'n', false, 0, "-n", NULL },
	{ 'v', false, 0, "-v", NULL },
	{ 'd', false, 0, "-d", "" },
	{ 'k', false, 0, "-k", "" },
	{ 'z', false, 0, "-z", NULL },
	{ 'C', false, 0, "-C", NULL },
	{ 't', false, 0, "-t", "" },
	{ 'D', false, 0, NULL, NULL },
	{ 'r', false, 0, NULL, NULL },
	{ 'w', true, 0, "-w", NULL },
	{ 'q', true, 0, "-q", "-w" },
	{ 'i', true, 0, "--delay", "" },
	{ 's', true, 0, "-s", NULL },
	{ 'p', true, 0, "-p", NULL },
	{ 'e', true, 0, "-e", "" },
	{ 'I', true, 0, "--rcvbuf", NULL },
	{ 'O', true, 0, "--sndbuf", NULL },
	{ 'T', true, 0, "--tos", NULL },
	{ 'M', true, 0, "--ttl", NULL },
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

/* What H is called for what the letters CHOOSE; NULL: nothing. */
static const char *option_of(const struct habit *h, unsigned choice)
{
	/* udp-recv runs commands too. */
	bool as_stream = !(choice & CHOOSES_UDP) || (choice & CHOOSES_LISTEN && h->letter == 'e');
	const char *option = as_stream || !h->udp ? h->option : h->udp;

	return option && *option ? option : NULL;
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
			else if (option_of(h, *choice))
				add(l, option_of(h, *choice)), add(l, value);
			return true;
		}
		if (option_of(h, *choice))
			add(l, option_of(h, *choice));
	}
	return true;
}

/* All words: what was typed as options into O, what else into W. Returns the number of those, or -1 where they are
 * nothing that nc would take. */
static int read_words(struct line *o, struct line *w, unsigned *choice, const char **port, int argc,
		      char **argv)
{
	int words = 0;

	o->length = w->length = 0;
	*o->text = *w->text = '\0';
	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
			if (!add_letters(o, choice, port, argc, argv, &i))
				return -1;
		} else if (argv[i][0] == '-') {
			return -1;
		} else {
			add(w, argv[i]);
			words++;
		}
	}
	return words;
}

const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size)
{
	char options[256], operands[512];
	struct line o = { options, sizeof options, 0 }, w = { operands, sizeof operands, 0 };
	const char *port = NULL;
	unsigned choice = subcommand && !strcmp(subcommand, "listen") ? CHOOSES_LISTEN : 0;
	int words;

	/* Twice: what a letter is called may depend on one that stands behind it. */
	if (read_words(&o, &w, &choice, &port, argc, argv) < 0)
		return NULL;
	words = read_words(&o, &w, &choice, &port, argc, argv);
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
