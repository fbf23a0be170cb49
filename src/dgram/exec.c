/* exec.c - a command for each datagram */
#include "dgram/exec.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "dgram/crlf.h"
#include "run/exchange.h"
#include "run/report.h"

#define JOBS 16

struct dgram_job {
	struct dgram_exec *exec;
	struct dgram_job *next;
	struct dgram_socket *socket;
	struct address peer, asked, local; /* of length 0: not known */
	char peer_name[ADDRESS_TEXT];
	struct exchange *exchange;
	struct dgram_crlf crlf; /* with -C */
};

static void dgram_job_free(struct dgram_job *x)
{
	exchange_free(x->exchange);
	dgram_crlf_free(&x->crlf);
	free(x);
}

static void dgram_job_ended(void *arg, struct outcome outcome, bool answered)
{
	struct dgram_job *x = arg;
	struct dgram_exec *e = x->exec;

	(void)answered;

	for (struct dgram_job **p = &e->jobs; *p; p = &(*p)->next)
		if (*p == x) {
			*p = x->next;
			break;
		}
	e->n--;
	x->exchange = NULL;
	dgram_job_free(x);
	e->ended(e->arg, outcome);
}

/* Sends a piece of the answer. */
static int dgram_job_answer(void *arg, const char *data, size_t *size)
{
	struct dgram_job *x = arg;
	struct dgram d = { .data = data,
			   .size = *size,
			   .to = &x->peer,
			   .from = x->local.length ? &x->local : NULL };
	bool after_cr = x->crlf.after_cr;

	if (dgram_crlf_reserve(&x->crlf, *size, 1) < 0)
		return -1;
	dgram_crlf_change(&x->crlf, &d);
	*size = d.size;
	errno = EMSGSIZE;
	if (d.size > x->exec->most)
		return -1;
	if (x->exec->send(x->exec->arg, x->socket, &d))
		return 1;
	x->crlf.after_cr = after_cr;
	return 0;
}

bool dgram_exec_full(const struct dgram_exec *e)
{
	int64_t jobs = e->c->options->jobs;

	return e->n >= (jobs == UNSET ? JOBS : (size_t)jobs);
}

void dgram_exec_run(struct dgram_exec *e, struct dgram_socket *s, const struct dgram_received *d)
{
	const struct spawn_command *command = &e->c->options->command;
	const struct frame *frame = &e->c->frame->frame;
	struct dgram_job *x = calloc(1, sizeof *x);

	if (!x) {
		e->ended(e->arg, report_error(e->c->messages, spawn_name(command), ENOMEM));
		return;
	}
	x->crlf =
		(struct dgram_crlf){ .wanted = e->c->data->crlf,
				     .mode = frame->mode == FRAME_READ ? FRAME_ALL : frame->mode };
	x->exec = e;
	x->socket = s;
	x->peer = *d->from;
	x->asked = d->to ? *d->to : s->local;
	if (d->local)
		x->local = *d->local;
	x->next = e->jobs;
	e->jobs = x;
	e->n++;
	const struct exchange_config c = { .loop = e->loop,
					   .messages = e->c->messages,
					   .command = command,
					   .subject = { address_text(&x->peer, x->peer_name),
							&x->peer, 0 },
					   .proto = "UDP",
					   .local = x->asked.length ? &x->asked : NULL,
					   .numeric = e->c->numeric,
					   .frame = *frame,
					   .most = e->most,
					   .unit = "a datagram",
					   .answer = dgram_job_answer,
					   .ended = dgram_job_ended,
					   .arg = x };
	if (exchange_start(&x->exchange, &c, d->data, d->size) < 0)
		dgram_job_ended(x, report_error(e->c->messages, spawn_name(command), ENOMEM),
				false);
}

void dgram_exec_resume(struct dgram_exec *e)
{
	struct dgram_job *next;

	for (struct dgram_job *x = e->jobs; x; x = next) {
		next = x->next;
		exchange_resume(x->exchange);
	}
}

void dgram_exec_free(struct dgram_exec *e)
{
	while (e->jobs) {
		struct dgram_job *x = e->jobs;
		e->jobs = x->next;
		dgram_job_free(x);
	}
}
