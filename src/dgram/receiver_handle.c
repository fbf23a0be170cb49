/* receiver_handle.c - what becomes of each datagram that comes: shown, echoed, handed to a command
 */
#include <errno.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"
#include "dgram/receiver_state.h"

#define ECHO_MOST 64 /* sent back at once */

/* Returns why D, which came by S, is not for us, in words; "": nobody has to be told; NULL: it is.
 */
static const char *receiver_refusal(const struct receiver *x, const struct receiver_socket *s,
				    const struct dgram_received *d)
{
	const char *refusal = access_refusal(x->c->access, d->from);

	if (refusal || x->c->options->reply != REPLY_FIRST || !x->target.by ||
	    (x->target.by == s && address_equal(&x->target.to, d->from)))
		return refusal;
	return "";
}

static void receiver_say_refused(const struct receiver *x, const struct receiver_socket *s,
				 const struct dgram_received *d, const char *why)
{
	if (*why)
		report_client(x->run.messages, "refused", 0,
			      &(struct client_report){ .peer = d->from,
						       .local = d->to ? d->to : &s->socket->local,
						       .why = why });
}

bool receiver_chooses(const struct receiver_config *c)
{
	const struct access_options *a = c->access;

	return c->options->reply == REPLY_FIRST || a->allow.used || a->deny.used || a->users.n;
}

/* Returns how many of the N at V, which came by S, go on together. 0: the first one is not for us,
 * for *REFUSAL. */
static size_t receiver_together(const struct receiver *x, const struct receiver_socket *s,
				const struct dgram_received *v, size_t n, const char **refusal)
{
	const struct receiver_options *o = x->c->options;
	size_t i = 0;

	/* The first one says which others are for us; and its echo is copied before the next. */
	if ((o->reply == REPLY_FIRST && !x->target.by) || (o->echo && run_copies(&x->run)))
		n = 1;
	if (!receiver_chooses(x->c))
		return n;
	for (; i < n; i++) {
		/* What holds for a sender holds for what it sends next; whose process one of a UNIX
		 * socket is may have changed. */
		bool again =
			i > 0 && address_is_ip(v[i].from) &&
			(v[i].from == v[i - 1].from || address_equal(v[i].from, v[i - 1].from));
		if (!again && (*refusal = receiver_refusal(x, s, &v[i])))
			break;
	}
	return i;
}

/* Counts and shows the N at V, which came by S. */
static void receiver_show(struct receiver *x, const struct receiver_socket *s,
			  const struct dgram_received *v, size_t n)
{
	char frame[FRAME_TEXT];
	size_t untold;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		x->cut += v[i].true_size > v[i].size;
	/* Nobody has asked for cutting. */
	x->failed = x->failed || (x->cut && x->c->frame->size == UNSET);
	dgram_traffic_received(&x->traffic, v, n, &s->socket->local);
	x->last = x->traffic.last_move;
	untold = dgram_output_add(&x->out, v, n);
	if (!untold)
		return;
	message_fail(x->run.messages, OUTCOME_FAILED, errno_name(EMSGSIZE),
		     "stdout: %zu datagram%s of a size that --frame %s cannot tell", untold,
		     untold == 1 ? "" : "s", frame_text(&x->c->frame->frame, frame));
	x->failed = true;
}

/* --echo: returns how many were sent back. */
static size_t receiver_echo(struct receiver *x, struct receiver_socket *s,
			    const struct dgram_received *v, size_t n)
{
	struct dgram d[ECHO_MOST];
	size_t most = sizeof d / sizeof *d, done = 0;

	while (done < n) {
		size_t some = n - done < most ? n - done : most, sent;
		for (size_t i = 0; i < some; i++)
			d[i] = (struct dgram){ .data = v[done + i].data,
					       .size = v[done + i].size,
					       .to = v[done + i].from,
					       .from = v[done + i].local };
		sent = receiver_send(x, s, d, some);
		done += sent;
		if (sent < some)
			break;
	}
	return done;
}

static size_t receiver_run_commands(struct receiver *x, struct receiver_socket *s,
				    const struct dgram_received *v, size_t n)
{
	size_t done = 0;

	for (; done < n && !dgram_exec_full(&x->exec); done++)
		dgram_exec_run(&x->exec, s->socket, &v[done]);
	return done;
}

/* --reply: stdin's datagrams go to the sender of D from now on, if they may. */
static void receiver_aim(struct receiver *x, struct receiver_socket *s,
			 const struct dgram_received *d)
{
	bool first = !x->target.by;

	if (d->from->length == 0 || (!first && x->c->options->reply == REPLY_FIRST))
		return;
	x->target = (struct receiver_target){ .by = s, .to = *d->from };
	if (d->local)
		x->target.local = *d->local;
	if (first)
		receiver_start_stdin(x);
}

/* Does with the N at V what is to be done. Returns with how many of them that is over. */
static size_t receiver_do(struct receiver *x, struct receiver_socket *s,
			  const struct dgram_received *v, size_t n)
{
	const struct receiver_options *o = x->c->options;
	uint64_t received = x->traffic.counts.received, sent = x->traffic.counts.sent;

	if (o->count != UNSET && (uint64_t)o->count - received < n)
		n = (size_t)((uint64_t)o->count - received);
	if (o->reply && n)
		receiver_aim(x, s, &v[n - 1]);
	if (o->echo)
		n = receiver_echo(x, s, v, n);
	else if (receiver_runs_command(o))
		n = receiver_run_commands(x, s, v, n);
	else if (o->forward)
		n = dgram_forward_pass(&x->forward, s->socket, v, n);
	receiver_show(x, s, v, n);
	/* The echo, now behind the datagram that came. */
	if (o->echo && run_copies(&x->run) && x->traffic.counts.sent > sent)
		dgram_traffic_copy(&x->traffic, v->data, v->size);
	if (o->count != UNSET && x->traffic.counts.received >= (uint64_t)o->count)
		x->finishing = true;
	return n;
}

void receiver_handle(struct receiver *x)
{
	struct receiver_pending *p = &x->pending;

	while (p->at < p->n && !x->finishing) {
		const struct dgram_received *v = p->v + p->at;
		const char *refusal = "";
		size_t n = receiver_together(x, p->by, v, p->n - p->at, &refusal), done = 1;
		if (n)
			done = receiver_do(x, p->by, v, n);
		else
			receiver_say_refused(x, p->by, v, refusal);
		p->at += done;
		if (done == 0)
			break;
	}
	/* Datagrams behind the last that was wanted are dropped. */
	if (x->finishing)
		p->at = p->n;
}

bool receiver_receive(struct receiver *x, struct receiver_socket *s)
{
	struct receiver_pending *p = &x->pending;
	ssize_t n = dgram_receive(s->socket, x->batch, &p->v);
	uint64_t before = x->traffic.received;

	p->n = p->at = 0;
	if (n < 0) {
		if (errno != EAGAIN)
			run_end(&x->run, report_error(x->run.messages, "recvmsg", errno));
		return false;
	}
	p->n = (size_t)n;
	p->by = s;
	receiver_handle(x);
	receiver_pace(x, &x->pace_timer, x->traffic.received - before);
	return s->socket->more && !receiver_is_pending(x) && !x->finishing && !x->pace_timer.slot;
}
