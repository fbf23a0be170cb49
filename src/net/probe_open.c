/* probe_open.c - what is done with a port that is open: the dialogue, and the question for TLS */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/dial.h"
#include "net/talk.h"
#include "net/probe_state.h"

/* ---- TLS ---- */

/* Connects once more to the address of B that has answered. */
static int probe_connect_again(void *arg)
{
	struct probe *b = arg;
	const struct address *to = &b->failures[b->result.index].address;
	const char *what;
	size_t none = 0;
	int fd = prober_socket(b->p, to->u.sa.sa_family, NULL, &what), error;

	if (fd < 0)
		return -1;
	event_tell(&b->p->c.events, .kind = EVENT_CONNECTING, .address = to);
	error = dial_connect(fd, to, "", &none);
	if (error == 0 || error == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void probe_tls_known(void *arg, struct tls_result *result)
{
	struct probe *b = arg;

	b->asker = NULL;
	b->result.tls = result;
	probe_conclude(b);
}

static void probe_ask_tls(struct probe *b)
{
	const struct tls_question q = { .name = b->target.name,
					.deadline = b->deadline,
					.again = probe_connect_again,
					.dialogue = b->p->c.dialogue,
					.step = b->p->c.wait };
	struct tls_result failed = { .none = TLS_UNKNOWN };

	b->asker = tls_ask(b->p->loop, b->open, &q, probe_tls_known, b);
	if (b->asker)
		return;
	failed.error = errno;
	probe_tls_known(b, &failed);
}

/* ---- the dialogue ---- */

/* It has ended as R says, unless the connection broke by ERROR. */
static void probe_talked(void *arg, const struct dialogue_run *r, int error)
{
	struct probe *b = arg;
	struct text said = { 0 };
	int64_t ns = clock_now() - b->next_start;

	if (error || r->end != DIALOGUE_DONE) {
		b->result.state = PROBE_UNEXPECTED;
		b->result.error = error ? error : r->end == DIALOGUE_TIMED_OUT ? ETIMEDOUT : EPROTO;
	}
	if (!error && r->end != DIALOGUE_DONE) {
		dialogue_add_words(r, b->p->c.wait, &said);
		text_put(&said, "", 1);
	}
	b->result.said = said.failed ? NULL : said.data;
	b->result.ns += ns;
	if (b->p->c.tls && b->result.state == PROBE_OPEN) {
		b->open = talk_leave(b->talk);
		b->talk = NULL;
		b->deadline = clock_after(clock_now(), b->p->c.wait);
		probe_ask_tls(b);
	} else {
		probe_conclude(b);
	}
	text_free(&said);
}

/* B is connected, and the dialogue begins. */
static void probe_talk(struct probe *b)
{
	struct prober *p = b->p;
	int fd = b->open;

	b->open = -1;
	b->next_start = clock_now();
	b->talk = talk_start(p->loop, fd, p->c.dialogue, p->c.wait, probe_talked, b);
	if (b->talk)
		return;
	b->result.state = PROBE_UNEXPECTED;
	b->result.error = errno;
	probe_conclude(b);
}

/* ---- both ---- */

void probe_visit(struct probe *b)
{
	if (b->open < 0) {
		probe_conclude(b);
		return;
	}
	probe_drop_attempts(b);
	if (b->p->c.dialogue)
		probe_talk(b);
	else
		probe_ask_tls(b);
}

void probe_leave(struct probe *b)
{
	talk_free(b->talk);
	tls_ask_cancel(b->asker);
}
