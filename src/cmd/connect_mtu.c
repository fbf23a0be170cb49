/* connect_mtu.c - `sockit connect --mtu`: how large a packet may be that reaches the host */
#include <errno.h>
#include <string.h>

#include "base/errname.h"
#include "base/facts.h"
#include "cmd/connect.h"
#include "net/path_mtu.h"
#include "run/report.h"
#include "run/run.h"

struct mtu {
	const struct connect_options *o;
	char shown[1024]; /* `HOST port PORT`, escaped */
	int64_t limit;
	struct run run;
	struct path_mtu *path;
};

/* ---- what is printed ---- */

/* Of enum path_mtu_bound: a word for --json, and a sentence. */
static const struct {
	char name[10], words[64];
} mtu_bounds[] = {
	[PATH_MTU_NO_BOUND] = { "", "" },
	[PATH_MTU_INTERFACE] = { "interface", "the interface takes no more" },
	[PATH_MTU_ICMP] = { "icmp", "ICMP says that the path takes no more" },
	[PATH_MTU_PEER] = { "peer", "the peer's MSS allows no more" },
	[PATH_MTU_WINDOW] = { "window", "the peer's window allows no more" },
	[PATH_MTU_UNKNOWN] = { "unknown", "what the interface takes is not known" },
	[PATH_MTU_KERNEL] = { "kernel", "the kernel here sends no more" },
};

/* Of enum mtu_fate. */
static const char mtu_fates[][8] = {
	[MTU_PASSED] = "passed",
	[MTU_LOST] = "lost",
	[MTU_TOLD] = "icmp",
};

static void mtu_tell_probes(struct facts *f, const struct path_mtu_result *r)
{
	json_open(&f->json, "probes", '[');
	facts_line(f, "probes:");
	for (size_t i = 0; i < r->n; i++) {
		const struct mtu_probe *p = &r->probes[i];
		json_open(&f->json, NULL, '{');
		json_number(&f->json, "size", p->size);
		json_string(&f->json, "state", mtu_fates[p->fate]);
		json_milliseconds(&f->json, "elapsed_ms", p->ns);
		json_close(&f->json, '}');
		facts_line(f, "%s %u %s", i ? "," : "", p->size, mtu_fates[p->fate]);
	}
	json_close(&f->json, ']');
	facts_line(f, "%s\n", r->n ? "" : " none");
}

static void mtu_tell_icmp(struct facts *f, const struct path_mtu_result *r)
{
	char sender[ADDRESS_TEXT] = "";

	icmp_json(&f->json, &r->icmp);
	if (!r->told) {
		facts_line(f, "ICMP: said nothing\n");
		return;
	}
	json_number(&f->json, "icmp_mtu", r->told);
	if (r->icmp.sender.length)
		address_host(&r->icmp.sender, sender);
	facts_line(f, "ICMP: %u%s%s\n", r->told, *sender ? ", says " : "", sender);
}

static void mtu_tell_kernel(struct facts *f, const struct path_mtu_result *r)
{
	bool loses = r->failed && r->kernel >= r->failed;

	if (!r->kernel)
		return;
	json_number(&f->json, "kernel_mtu", r->kernel);
	facts_line(f, "kernel: %u%s\n", r->kernel,
		   loses ? ": what it sends so large gets lost, and nobody tells it" : "");
}

/* Tells the path's MTU, from here to there. */
static void mtu_tell_path(struct facts *f, const struct mtu *m, const struct path_mtu_result *r)
{
	bool exact = path_mtu_is_exact(r);
	const char *why = mtu_bounds[r->bound].words;
	char peer[ADDRESS_TEXT];

	json_string(&f->json, "host", m->o->host);
	address_json(&f->json, "peer", &r->peer);
	address_json(&f->json, "local", &r->local);
	json_number(&f->json, "mtu", r->mtu);
	json_string(&f->json, "state", exact ? "exact" : r->failed ? "between" : "at_least");
	if (r->failed)
		json_number(&f->json, "lost", r->failed);
	if (*why)
		json_string(&f->json, "bound", mtu_bounds[r->bound].name);
	if (r->changes)
		json_number(&f->json, "changes", (int64_t)r->changes);
	facts_line(f, "%s: path MTU ", address_text(&r->peer, peer));
	if (r->failed && !exact)
		facts_line(f, "from %u to %u", r->mtu, r->failed - 1);
	else
		facts_line(f, "%s%u", exact ? "" : "at least ", r->mtu);
	facts_line(f, "%s%s%s\n", *why ? ": " : "", why,
		   r->changes ? "; it has changed meanwhile, or segments get lost" : "");
}

/* Returns what printing it means for the run. */
static struct outcome mtu_tell(const struct mtu *m, const struct path_mtu_result *r)
{
	struct facts facts, *f = &facts;

	facts_start(f, &m->o->messages, NULL);
	facts_begin(f, "mtu");
	mtu_tell_path(f, m, r);
	if (*r->interface) {
		json_string(&f->json, "interface", r->interface);
		json_number(&f->json, "interface_mtu", r->interface_mtu);
		facts_line(f, "interface %s: %u\n", r->interface, r->interface_mtu);
	}
	mtu_tell_icmp(f, r);
	mtu_tell_kernel(f, r);
	json_milliseconds(&f->json, "rtt_ms", r->rtt);
	mtu_tell_probes(f, r);
	facts_end(f);
	return facts_print(f, " ");
}

/* ---- what goes wrong ---- */

/* Says that it is not known, WHY, after an ERROR. */
static struct outcome mtu_say(const struct mtu *m, enum outcome_kind kind, int error,
			      const char *why)
{
	struct notice n;

	notice_begin(&n, &m->o->messages, MESSAGE_ERROR, "error");
	notice_error(&n, kind, errno_name(error));
	notice_end(&n, "%s: %s", m->shown, why);
	return (struct outcome){ kind, 0 };
}

static void mtu_over(void *arg, const struct path_mtu_result *r)
{
	struct mtu *m = arg;
	const struct messages *messages = &m->o->messages;
	struct outcome outcome = { OUTCOME_DONE, 0 };

	m->path = NULL;
	switch (r->end) {
	case PATH_MTU_FOUND:
		outcome = mtu_tell(m, r);
		break;
	case PATH_MTU_NOT_CONNECTED:
		/* What is known by then is told as well. */
		if (r->n)
			mtu_tell(m, r);
		outcome = report_dial(messages,
				      &(struct dial_report){ m->o->host, m->o->port, r->dial,
							     m->limit, "-w", UNSET, NULL });
		break;
	case PATH_MTU_SILENT:
		outcome = mtu_say(m, OUTCOME_TIMEOUT, ETIMEDOUT,
				  "it connects, but nothing that is sent is acknowledged (-w)");
		break;
	case PATH_MTU_RESETS:
		outcome = mtu_say(m, OUTCOME_FAILED, ECONNRESET,
				  "each connection is reset before anything was sent");
		break;
	case PATH_MTU_FAILED:
		outcome = report_error(messages, r->what, r->error);
	}
	run_end(&m->run, outcome);
}

/* ---- the run ---- */

static void mtu_waits(void *arg, struct text *text)
{
	const struct mtu *m = arg;
	const char *word = path_mtu_looks_up(m->path);

	if (word)
		text_add(text, RUN_LOOKUP, word, "-w");
	else
		text_add(text, "%s to answer (-w)", m->shown);
}

struct outcome connect_mtu(const struct connect_options *o)
{
	const struct messages *messages = &o->messages;
	struct mtu m = { .o = o, .limit = o->wait == UNSET ? PROBE_LIMIT : o->wait };
	const struct path_mtu_config config = {
		.host = o->host,
		.port = o->port,
		.family = address_family(&o->family),
		.socket = &o->socket,
		.limit = m.limit,
		.wait = o->wait,
		.events = { message_wanted(messages, MESSAGE_STEP) ? report_event : NULL,
			    (void *)messages },
	};
	char text[sizeof m.shown];
	const char *words = address_words(o->host, o->port, text, sizeof text);
	struct outcome outcome;

	if (run_start(&m.run, messages, &o->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	text_escape(m.shown, sizeof m.shown, words, strlen(words), false);
	m.run.calls = (struct run_calls){ .waits = mtu_waits, .arg = &m };
	m.path = path_mtu_start(m.run.loop, &config, mtu_over, &m);
	if (!m.path)
		run_end(&m.run, report_error(messages, "--mtu", errno));
	outcome = run_wait(&m.run);
	path_mtu_cancel(m.path);
	run_free(&m.run);
	return outcome;
}
