/* ways_mtu.c - the step `mtu`: how large a packet may be that gets there */
#include "run/ways_state.h"

static void way_measured(void *arg, const struct path_mtu_result *r)
{
	struct way *w = arg;
	struct task *t = &w->tasks[STEP_MTU];

	w->path = NULL;
	if (r->end != PATH_MTU_FOUND) {
		task_leave_out(w, t);
		return;
	}
	if (!path_mtu_is_exact(r))
		text_add(&t->answer, r->failed ? "from " : "at least ");
	text_add(&t->answer, "%u", r->mtu);
	if (r->failed > r->mtu + 1)
		text_add(&t->answer, " to %u", r->failed - 1);
	if (r->failed && !r->told)
		text_add(&t->answer, ": larger packets get lost, and nobody tells");
	/* What the kernel does not know it goes on to send. */
	if (r->failed && r->kernel >= r->failed)
		w->hole = r->failed - 1;
	task_done(w, t);
}

void way_measure(struct way *w, struct task *t)
{
	const struct ways_config *c = &w->ways->c;
	const struct path_mtu_config config = { .host = w->host,
						.port = w->port,
						.family = c->family,
						.socket = c->socket,
						.limit = c->wait,
						.wait = UNSET };

	if (!w->local)
		w->path = path_mtu_start(c->loop, &config, way_measured, w);
	if (!w->path)
		task_leave_out(w, t);
}

void way_end_measuring(struct way *w)
{
	path_mtu_cancel(w->path);
}
