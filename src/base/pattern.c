/* pattern.c - regular expressions: a parser that makes an automaton, and sets of its states */
#include "base/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define NODES_MOST 4096
#define DEPTH_MOST 64	/* of brackets: the parser calls itself */
#define REPEAT_MOST 255 /* RE_DUP_MAX */
#define NOWHERE UINT16_MAX
#define BITS 64
#define SIGNS "!\"#$%&()*+,-./:;=?@[\\]^_{|}~" /* before which a backslash may stand */

enum node_kind {
	NODE_BYTE,  /* takes a byte of `bytes` */
	NODE_EMPTY, /* takes nothing, leads to `to` and, unless that is NOWHERE, `other` */
	NODE_BEGIN, /* takes nothing, at a line's beginning */
	NODE_END,   /* takes nothing, at a line's end */
	NODE_MATCH,
};

struct node {
	enum node_kind kind;
	uint16_t to, other;
	uint64_t bytes[256 / BITS];
};

struct pattern {
	struct node *nodes;
	size_t n, words; /* words: in a set of states */
	uint16_t first, match;
};

/* ---- the parser ---- */

/* A part of the automaton: `to` of its last node is still open. */
struct part {
	uint16_t first, last;
};

struct parser {
	struct pattern *p;
	const char *at;	 /* what is read next */
	const char *why; /* it is wrong, at `at` */
	int depth;
	bool memory; /* there was none */
};

static struct part parser_fail(struct parser *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return (struct part){ 0, 0 };
}

static bool parser_failed(const struct parser *r)
{
	return r->why || r->memory;
}

/* Adds a node, of which the last counts as a part. */
static struct part parser_add(struct parser *r, enum node_kind kind, uint16_t to, uint16_t other)
{
	struct pattern *p = r->p;
	struct node *more = p->nodes;

	if (p->n == NODES_MOST)
		return parser_fail(r, "is too long from here on");
	if ((p->n & (p->n - 1)) == 0)
		more = realloc(p->nodes, (p->n ? 2 * p->n : 1) * sizeof *more);
	if (!more) {
		r->memory = true;
		return (struct part){ 0, 0 };
	}
	p->nodes = more;
	p->nodes[p->n] = (struct node){ .kind = kind, .to = to, .other = other };
	return (struct part){ (uint16_t)p->n, (uint16_t)p->n++ };
}

static void node_add_byte(struct node *node, unsigned char c)
{
	node->bytes[c / BITS] |= UINT64_C(1) << c % BITS;
}

static bool node_takes(const struct node *node, unsigned char c)
{
	return node->bytes[c / BITS] >> c % BITS & 1;
}

/* Any byte that is not in NODE, but for LF. */
static void node_negate(struct node *node)
{
	node_add_byte(node, '\n');
	for (size_t i = 0; i < sizeof node->bytes / sizeof *node->bytes; i++)
		node->bytes[i] = ~node->bytes[i];
}

/* Reads the escape at R, which is a byte, behind its backslash. Returns -1 where it is none. */
static int parser_escape(struct parser *r)
{
	static const char names[] = "nrt0", bytes[] = "\n\r\t";
	const char *name = *r->at ? strchr(names, *r->at) : NULL;
	int high, low;

	if (name) {
		r->at++;
		return bytes[name - names];
	}
	if (*r->at != 'x')
		return -1;
	high = digit_value(r->at[1]);
	low = high < 0 ? -1 : digit_value(r->at[2]);
	if (low < 0)
		return -1;
	r->at += 3;
	return high * 16 + low;
}

/* ---- brackets ---- */

static void node_add_range(struct node *node, int first, int last)
{
	for (int c = first; c <= last; c++)
		node_add_byte(node, (unsigned char)c);
}

/* Adds the class `[:NAME:]` at R to NODE. */
static void parser_class(struct parser *r, struct node *node)
{
	/* Of each range the first byte and the last. */
	static const struct {
		char name[9];
		unsigned char n;
		char ranges[9];
	} classes[] = {
		{ "alnum:]", 3, "09AZaz" },   { "alpha:]", 2, "AZaz" },
		{ "blank:]", 2, "  \t\t" },   { "cntrl:]", 2, "\0\037\177\177" },
		{ "digit:]", 1, "09" },	      { "graph:]", 1, "!~" },
		{ "lower:]", 1, "az" },	      { "print:]", 1, " ~" },
		{ "punct:]", 4, "!/:@[`{~" }, { "space:]", 2, "  \t\r" },
		{ "upper:]", 1, "AZ" },	      { "xdigit:]", 3, "09AFaf" },
	};
	const char *name = r->at + 2;

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		size_t n = strlen(classes[i].name);
		if (strncmp(name, classes[i].name, n) != 0)
			continue;
		for (size_t k = 0; k < 2 * classes[i].n; k += 2)
			node_add_range(node, classes[i].ranges[k], classes[i].ranges[k + 1]);
		r->at = name + n;
		return;
	}
	parser_fail(r, "is no class such as [:digit:]");
}

/* Reads one byte of brackets. */
static int parser_member(struct parser *r)
{
	int c;

	if (*r->at == '[' && r->at[1] && strchr(".=", r->at[1])) {
		parser_fail(r, "is not known in brackets");
		return 0;
	}
	c = (unsigned char)*r->at++;
	if (c == '\\') {
		int byte = parser_escape(r);
		c = byte < 0 ? c : byte;
	}
	return c;
}

static struct part parser_brackets(struct parser *r)
{
	struct node set = { .kind = NODE_BYTE };
	const char *open = r->at - 1;
	bool negated = *r->at == '^';
	const char *first = r->at += negated;
	struct part part;

	while ((*r->at != ']' || r->at == first) && !parser_failed(r)) {
		const char *begin = r->at;
		int low, high;
		if (!*r->at) {
			r->at = open;
			return parser_fail(r, "lacks a ]");
		}
		if (text_begins(r->at, "[:")) {
			parser_class(r, &set);
			continue;
		}
		low = high = parser_member(r);
		if (*r->at == '-' && r->at[1] && r->at[1] != ']') {
			r->at++;
			high = parser_member(r);
		}
		if (high < low) {
			r->at = begin;
			return parser_fail(r, "is a range that ends before it begins");
		}
		node_add_range(&set, low, high);
	}
	if (negated)
		node_negate(&set);
	part = parser_add(r, NODE_BYTE, NOWHERE, NOWHERE);
	if (parser_failed(r))
		return part;
	memcpy(r->p->nodes[part.first].bytes, set.bytes, sizeof set.bytes);
	r->at++;
	return part;
}

/* ---- the rest ---- */

static struct part parser_byte(struct parser *r, int c)
{
	struct part part = parser_add(r, NODE_BYTE, NOWHERE, NOWHERE);

	if (!parser_failed(r))
		node_add_byte(&r->p->nodes[part.first], (unsigned char)c);
	return part;
}

/* What follows a backslash: a byte, or one that means nothing else then. */
static struct part parser_quoted(struct parser *r)
{
	int byte = parser_escape(r);

	if (byte >= 0)
		return parser_byte(r, byte);
	if (*r->at && strchr(SIGNS, *r->at))
		return parser_byte(r, (unsigned char)*r->at++);
	r->at--;
	return parser_fail(r, "is no escape: \\n, \\r, \\t, \\0, \\xHH, or \\ before a sign");
}

static struct part parser_either(struct parser *r);

static struct part parser_atom(struct parser *r)
{
	const char *open = r->at;
	char c = *r->at++;
	struct part part;

	switch (c) {
	case '(':
		if (++r->depth > DEPTH_MOST)
			return parser_fail(r, "is too deep in brackets");
		part = parser_either(r);
		r->depth--;
		if (!parser_failed(r) && *r->at != ')') {
			r->at = open;
			return parser_fail(r, "lacks a )");
		}
		r->at += !parser_failed(r);
		return part;
	case '[':
		return parser_brackets(r);
	case '\\':
		return parser_quoted(r);
	case '^':
		return parser_add(r, NODE_BEGIN, NOWHERE, NOWHERE);
	case '$':
		return parser_add(r, NODE_END, NOWHERE, NOWHERE);
	case '.':
		part = parser_add(r, NODE_BYTE, NOWHERE, NOWHERE);
		if (!parser_failed(r))
			node_negate(&r->p->nodes[part.first]);
		return part;
	case '*':
	case '+':
	case '?':
		r->at--;
		return parser_fail(r, "repeats nothing");
	default:
		return parser_byte(r, (unsigned char)c);
	}
}

static struct part parser_join(struct parser *r, struct part a, struct part b)
{
	if (parser_failed(r))
		return a;
	r->p->nodes[a.last].to = b.first;
	return (struct part){ a.first, b.last };
}

/* A or nothing; if it is to be REPEATED any number of times, and AT_LEAST_ONCE where that is so. */
static struct part parser_loop(struct parser *r, struct part a, bool repeated, bool at_least_once)
{
	struct part end = parser_add(r, NODE_EMPTY, NOWHERE, NOWHERE);
	struct part fork = parser_add(r, NODE_EMPTY, a.first, end.first);

	if (parser_failed(r))
		return a;
	r->p->nodes[a.last].to = repeated ? fork.first : end.first;
	return (struct part){ at_least_once ? a.first : fork.first, end.last };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a number of an interval at *AT, -1 where there is none. */
static int interval_number(const char **at)
{
	int n = 0;

	if (!is_digit(**at))
		return -1;
	for (; is_digit(**at); ++*at)
		n = n > REPEAT_MOST ? n : 10 * n + (**at - '0');
	return n;
}

/* The atom that begins at ATOM, and is PART, stands before the interval at R: {N}, {N,} or {N,M}.
 * It is read again for each time. */
static struct part parser_interval(struct parser *r, const char *atom, struct part part)
{
	const char *begin = r->at, *end = begin + 1;
	int least = interval_number(&end), most = least, n = 1;
	struct part all = part;

	if (*end == ',') {
		end++;
		most = *end == '}' ? -1 : interval_number(&end);
		if (most < 0 && *end != '}')
			return parser_fail(r, "is no interval such as {2,5}");
	}
	if (*end != '}' || least > REPEAT_MOST || most > REPEAT_MOST || (most >= 0 && most < least))
		return parser_fail(r, "is no interval such as {2,5}");
	if (most == 0) {
		all = parser_add(r, NODE_EMPTY, NOWHERE, NOWHERE);
	} else if (least == 0) {
		all = parser_loop(r, part, most < 0, false);
	} else if (least == 1 && most < 0) {
		all = parser_loop(r, part, true, true);
	}
	for (; n < (most < 0 ? least : most) && !parser_failed(r); n++) {
		r->at = atom;
		part = parser_atom(r);
		if (n >= least || (most < 0 && n == least - 1))
			part = parser_loop(r, part, most < 0, n < least);
		all = parser_join(r, all, part);
	}
	if (!parser_failed(r))
		r->at = end + 1;
	return all;
}

static struct part parser_piece(struct parser *r)
{
	const char *atom = r->at;
	struct part part = parser_atom(r);

	for (bool repeated = false; !parser_failed(r); repeated = true) {
		char c = *r->at;
		if (c == '*' || c == '+' || c == '?') {
			r->at++;
			part = parser_loop(r, part, c != '?', c == '+');
		} else if (c == '{' && is_digit(r->at[1])) {
			if (repeated)
				return parser_fail(r, "repeats what is repeated");
			part = parser_interval(r, atom, part);
		} else {
			break;
		}
	}
	return part;
}

static struct part parser_branch(struct parser *r)
{
	struct part part = parser_add(r, NODE_EMPTY, NOWHERE, NOWHERE);

	while (*r->at && *r->at != '|' && (*r->at != ')' || !r->depth) && !parser_failed(r)) {
		if (*r->at == ')')
			return parser_fail(r, "has no ( before it");
		part = parser_join(r, part, parser_piece(r));
	}
	return part;
}

static struct part parser_either(struct parser *r)
{
	struct part part = parser_branch(r);

	while (*r->at == '|' && !parser_failed(r)) {
		struct part other, end, fork;
		r->at++;
		other = parser_branch(r);
		end = parser_add(r, NODE_EMPTY, NOWHERE, NOWHERE);
		fork = parser_add(r, NODE_EMPTY, part.first, other.first);
		if (parser_failed(r))
			break;
		r->p->nodes[part.last].to = r->p->nodes[other.last].to = end.first;
		part = (struct part){ fork.first, end.last };
	}
	return part;
}

struct pattern *pattern_parse(const char *word, const char **why, const char **at)
{
	struct pattern *p = calloc(1, sizeof *p);
	struct parser r = { .p = p, .at = word };
	struct part all, match;

	*why = NULL;
	if (!p)
		return NULL;
	all = parser_either(&r);
	match = parser_add(&r, NODE_MATCH, NOWHERE, NOWHERE);
	all = parser_join(&r, all, match);
	if (parser_failed(&r)) {
		*why = r.memory ? NULL : r.why;
		*at = r.at;
		pattern_free(p);
		return NULL;
	}
	p->first = all.first;
	p->match = match.first;
	p->words = (p->n + BITS - 1) / BITS;
	return p;
}

void pattern_free(struct pattern *p)
{
	if (p)
		free(p->nodes);
	free(p);
}

/* ---- a run ---- */

/* Sets of states, each of `words`. */
enum { SET_NOW, SET_NEXT, SET_AFTER_CR, SETS };

struct pattern_run {
	bool after_cr;	/* a CR has just come: if LF follows it, SET_AFTER_CR counts too, */
	bool before_cr; /* and there was a match before it */
	uint64_t sets[];
};

size_t pattern_room(const struct pattern *p)
{
	const size_t unit = _Alignof(max_align_t);
	size_t n = sizeof(struct pattern_run) + SETS * p->words * sizeof(uint64_t);

	return (n + unit - 1) / unit * unit;
}

static uint64_t *run_set(const struct pattern *p, struct pattern_run *r, int set)
{
	return r->sets + (size_t)set * p->words;
}

static bool set_has(const uint64_t *set, size_t i)
{
	return set[i / BITS] >> i % BITS & 1;
}

/* Where a state is added: at a line's beginning, at its end. */
enum { AT_BEGIN = 1, AT_END = 2 };

/* Does NODE lead on without a byte there? */
static bool node_passes(const struct node *node, unsigned where)
{
	return node->kind == NODE_EMPTY || (node->kind == NODE_BEGIN && where & AT_BEGIN) ||
	       (node->kind == NODE_END && where & AT_END);
}

/* Adds state I, and those to which it leads without a byte, to SET. */
static void set_add(const struct pattern *p, uint64_t *set, uint16_t i, unsigned where)
{
	for (; i != NOWHERE && !set_has(set, i); i = p->nodes[i].to) {
		set[i / BITS] |= UINT64_C(1) << i % BITS;
		if (!node_passes(&p->nodes[i], where))
			return;
		set_add(p, set, p->nodes[i].other, where);
	}
}

/* Returns the first state of SET from I on, or one that P has not. */
static size_t set_next(const struct pattern *p, const uint64_t *set, size_t i)
{
	while (i < p->n && !set_has(set, i))
		i = (set[i / BITS] >> i % BITS) ? i + 1 : (i | (BITS - 1)) + 1;
	return i;
}

/* This is a line's end: adds what follows `$`. */
static void set_end_line(const struct pattern *p, uint64_t *set, unsigned where)
{
	for (size_t i = set_next(p, set, 0); i < p->n; i = set_next(p, set, i + 1))
		if (p->nodes[i].kind == NODE_END)
			set_add(p, set, p->nodes[i].to, where | AT_END);
}

/* Makes TO of what C leads to from FROM, and of the beginning: a match may begin anywhere. */
static void set_take(const struct pattern *p, const uint64_t *from, uint64_t *to, unsigned char c)
{
	unsigned where = c == '\n' ? AT_BEGIN : 0;

	memset(to, 0, p->words * sizeof *to);
	for (size_t i = set_next(p, from, 0); i < p->n; i = set_next(p, from, i + 1))
		if (p->nodes[i].kind == NODE_BYTE && node_takes(&p->nodes[i], c))
			set_add(p, to, p->nodes[i].to, where);
	set_add(p, to, p->first, where);
}

bool pattern_begin(const struct pattern *p, void *room, bool line)
{
	struct pattern_run *r = room;

	memset(r, 0, pattern_room(p));
	set_add(p, run_set(p, r, SET_NOW), p->first, line ? AT_BEGIN : 0);
	return set_has(run_set(p, r, SET_NOW), p->match);
}

/* LF has come: does a match end before it, or before the CR there? */
static enum pattern_match pattern_end_line(const struct pattern *p, struct pattern_run *r,
					   unsigned where)
{
	uint64_t *now = run_set(p, r, SET_NOW);

	if (r->after_cr && r->before_cr)
		return PATTERN_BEFORE_CR;
	for (size_t i = 0; r->after_cr && i < p->words; i++)
		now[i] |= run_set(p, r, SET_AFTER_CR)[i];
	set_end_line(p, now, where);
	return set_has(now, p->match) ? PATTERN_BEFORE : PATTERN_NONE;
}

enum pattern_match pattern_take(const struct pattern *p, void *room, unsigned char c, bool line,
				bool ends)
{
	struct pattern_run *r = room;
	uint64_t *now = run_set(p, r, SET_NOW), *next = run_set(p, r, SET_NEXT);
	enum pattern_match match = PATTERN_NONE;
	unsigned where = line ? AT_BEGIN : 0;

	if (c == '\n' && ends)
		match = pattern_end_line(p, r, where);
	if (match != PATTERN_NONE)
		return match;
	r->after_cr = c == '\r' && ends;
	set_take(p, now, next, c);
	if (r->after_cr) {
		set_end_line(p, now, where);
		r->before_cr = set_has(now, p->match);
		set_take(p, now, run_set(p, r, SET_AFTER_CR), c);
	}
	memcpy(now, next, p->words * sizeof *now);
	return set_has(now, p->match) ? PATTERN_BEHIND : PATTERN_NONE;
}
