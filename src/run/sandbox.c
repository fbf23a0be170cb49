/* sandbox.c - what a run keeps once it is set up, and what is said of that */
#include "run/sandbox.h"

#include "base/text.h"

/* Adds to TEXT what W leaves open. */
static void sandbox_add_kept(struct text *text, const struct confine_wish *w)
{
	static const struct {
		char words[28];
		enum keep keep;
	} left[] = {
		{ "new sockets", KEEP_SOCKETS },   { "files to read", KEEP_FILES },
		{ "threads", KEEP_THREADS },	   { "its socket's file", KEEP_UNIX },
		{ "its children", KEEP_CHILDREN }, { "what other processes have", KEEP_PROCESSES },
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		if (w->keeps & left[i].keep) {
			text_add(text, "%s%s", between, left[i].words);
			between = ", ";
		}
	if (!*between)
		text_add(text, "nothing");
}

void sandbox_enter(const struct messages *m, const struct confine_wish *wish)
{
	struct confinement c = { .why = "--no-sandbox" };
	struct confine_wish w = wish ? *wish : (struct confine_wish){ 0 };
	char room[TEXT_ROOM];
	struct text text = TEXT_IN(room);
	static bool entered;

	if (entered)
		return;
	entered = true;
	w.keeps |= m->keeps;
	if (!m->options.no_sandbox)
		confine(&w, &c);
	if (!message_wanted(m, MESSAGE_STEP))
		return;
	sandbox_add_kept(&text, &w);
	if (!c.calls && !c.files)
		message(m, MESSAGE_STEP, "sandbox", "not closed in: %s", c.why);
	else
		message(m, MESSAGE_STEP, "sandbox",
			"closed in%s%s: left open, beside what it has: %.*s", c.why ? ", but " : "",
			c.why ? c.why : "", (int)text.length, text.data);
	text_free(&text);
}
