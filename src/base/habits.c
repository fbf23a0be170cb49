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

static void put(struct line *l, const char *bytes, size_t n)
{
	if (l->length < l->size)
		l->length += (size_t)snprintf(l->text + l->length, l->size - l->length, "%.*s",
					      (int)n, bytes);
}

/* A blank and WORD, as a shell takes it for one word. */
static void add(struct line *l, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t\n\"'`\\$&;|<>()*?#~!{}")];

	put(l, plain ? " " : " '", plain ? 1 : 2);
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
			else if (h->option)
				add(l, h->option), add(l, value);
			return true;
		}
		if (h->option)
			add(l, h->option);
	}
	return true;
}

const char *habits_line(const char *subcommand, int argc, char **argv, char *line, size_t size)
{
	char options[256] = "", operands[512] = "";
	struct line o = { options, sizeof options, 0 }, w = { operands, sizeof operands, 0 };
	const char *port = NULL, *missing;
	unsigned choice = subcommand && !strcmp(subcommand, "listen") ? CHOOSES_LISTEN : 0;
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
