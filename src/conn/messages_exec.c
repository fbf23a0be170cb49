/* messages_exec.c - the service that gives each message of a connection to a command
 *
 * What the command writes is the answer: one message, or none where it is empty. The pump writes
 * the messages to an endpoint without a descriptor, and reads the answers from another. One command
 * runs at a time, so that they come in the order of the questions.
 */
#include "conn/messages.h"

#include <errno.h>
#include <string.h>

#include "run/exchange.h"
#include "run/report.h"

#define EXCHANGE_FDS 6 /* open for a moment while a command is started, of which two stay */

struct message_exec {
	struct exchange *exchange; /* of the message under way, NULL: none is */
	struct text answers;	   /* marked, */
	size_t given;		   /* so many bytes of them to the pump */
	struct outcome outcome;	   /* of the first command that failed */
	struct outcome connection; /* how that has ended, */
	bool over;		   /* once it has */
	bool ended;		   /* no more messages come */
	bool failed;		   /* there was no answer to one that is to have one */
};

/* ---- what the pump writes to: messages ---- */

/* Both the connection and its last command have ended, or that is not waited for. */
static void message_exec_finish(struct connection *x)
{
	const struct message_exec *e = x->own;

	if (e->failed)
		x->why = "command not run";
	connections_one_over(x->connections, x,
			     e->connection.kind == OUTCOME_DONE ? e->outcome : e->connection);
}

static void message_exec_over(void *arg, struct outcome outcome, bool answered)
{
	struct connection *x = arg;
	struct message_exec *e = x->own;

	e->exchange = NULL;
	/* What comes next would be taken for the answer. */
	e->failed |= !answered;
	if (e->outcome.kind == OUTCOME_DONE)
		e->outcome = outcome;
	if (e->over)
		message_exec_finish(x);
	else
		pump_wake(&x->pump);
}

static int message_exec_answer(void *arg, const char *data, size_t *size)
{
	struct connection *x = arg;
	struct message_exec *e = x->own;
	const struct frame *mark = &x->extras->sending->mark;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];

	if (x->connections->c->data->recv_only || e->over)
		return 1;
	/* What a command prints has the end of a line. */
	if (frame_tail(mark, tail) && !frame_has_length(mark) && data[*size - 1] == *tail)
		--*size;
	errno = EMSGSIZE;
	if (!frame_carries(mark, data, *size))
		return -1;
	text_put(&e->answers, head, (size_t)frame_head(mark, *size, head));
	text_put(&e->answers, data, *size);
	text_put(&e->answers, tail, frame_tail(mark, tail));
	errno = ENOMEM;
	if (e->answers.failed)
		return -1;
	pump_wake(&x->pump);
	return 1;
}

/* Would nobody have an answer of X? */
static bool message_exec_in_vain(const struct connection *x)
{
	return pump_cannot_send(&x->pump) && !x->connections->c->data->recv_only;
}

static bool message_exec_takes(const void *object)
{
	const struct connection *x = object;
	const struct message_exec *e = x->own;

	return message_exec_in_vain(x) || (!e->exchange && !e->failed && e->answers.length == 0);
}

static ssize_t message_exec_write(void *object, const void *data, size_t size)
{
	struct connection *x = object;
	struct message_exec *e = x->own;
	const struct connections *s = x->connections;
	const struct exchange_config c = {
		.loop = s->run.loop,
		.messages = s->c->messages,
		.command = &s->options->command,
		.subject = connection_subject(x),
		.proto = "TCP",
		.local = x->local,
		.peer_name = s->peer_name,
		.numeric = s->c->numeric,
		.most = x->extras->sending->most,
		.unit = "a message",
		.carrier = &x->extras->sending->mark,
		.answer = message_exec_answer,
		.ended = message_exec_over,
		.arg = x,
	};

	errno = EAGAIN;
	if (!message_exec_takes(object))
		return -1;
	if (message_exec_in_vain(x))
		return (ssize_t)size;
	if (exchange_start(&e->exchange, &c, data, size) < 0)
		message_exec_over(x, report_error(c.messages, spawn_name(c.command), ENOMEM),
				  false);
	return (ssize_t)size;
}

static void message_exec_end(void *object)
{
	struct connection *x = object;
	struct message_exec *e = x->own;

	e->ended = true;
	pump_wake(&x->pump);
}

/* ---- what it reads from: answers ---- */

static bool message_exec_gives(const void *object)
{
	const struct connection *x = object;
	const struct message_exec *e = x->own;

	return e->answers.length > 0 || (!e->exchange && (e->ended || e->failed));
}

static ssize_t message_exec_read(void *object, void *data, size_t n)
{
	const struct connection *x = object;
	struct message_exec *e = x->own;
	size_t left = e->answers.length - e->given;

	errno = EAGAIN;
	if (!message_exec_gives(x))
		return -1;
	n = n < left ? n : left;
	errno = ECANCELED;
	if (n == 0 && e->failed)
		return -1;
	if (n)
		memcpy(data, e->answers.data + e->given, n);
	e->given += n;
	if (e->given == e->answers.length) {
		text_free(&e->answers);
		e->given = 0;
	}
	return (ssize_t)n;
}

/* ---- the connection ---- */

static void message_exec_connection_over(void *arg)
{
	struct connection *x = arg;
	struct message_exec *e = x->own;

	e->over = true;
	/* Why there is no answer has been said. */
	if (!e->failed)
		e->connection = connection_report(x);
	if (!e->exchange || (e->connection.kind == OUTCOME_TIMEOUT && !x->connections->keep)) {
		message_exec_finish(x);
		return;
	}
	/* The last command goes on without its client. */
	x->pumping = false;
	endpoint_close(&x->socket);
	connection_ending(x);
}

static void message_exec_start(struct connection *x)
{
	static const struct endpoint_ops questions = { .write = message_exec_write,
						       .ready = message_exec_takes,
						       .end = message_exec_end };
	static const struct endpoint_ops answers = { .read = message_exec_read,
						     .ready = message_exec_gives };
	static const struct pump_calls calls = { CONNECTION_CALLS,
						 .over = message_exec_connection_over,
						 .closing = connection_ending };
	struct pump_config c = connection_pump_config(x);
	struct message_exec *e = x->own;

	endpoint_object(x->in, ENDPOINT_OTHER, &answers, x, "the command");
	endpoint_object(x->out, ENDPOINT_OTHER, &questions, x, "the command");
	c.messages_up = NULL; /* they are marked already */
	/* With -d the answers are dropped where they come, so that their end is known; with
	 * --send-only no message comes. */
	c.terms.recv_only = false;
	c.terms.out_may_end = true;    /* the answers go on behind --read-bytes */
	c.terms.peer_end_ends = false; /* as they do anyway, up to the last */
	e->ended = c.terms.send_only;
	connection_pump(x, &c, &calls, x->in, x->out);
}

static void message_exec_waits(const struct connection *x, struct text *text)
{
	const struct message_exec *e = x->own;

	if (e->exchange)
		text_add(text, "; the command's end (--timeout)");
}

static void message_exec_free(struct connection *x)
{
	struct message_exec *e = x->own;

	exchange_free(e->exchange);
	text_free(&e->answers);
}

static void message_exec_prepare(struct connections *s)
{
	(void)s;
	spawn_prepare();
}

static size_t message_exec_spare(const struct connections *s, size_t n)
{
	return EXCHANGE_FDS * n + (s->c->numeric ? 0 : connections_lookup_fds(n));
}

const struct service messages_exec_service = { .option = "execute",
					       .runs_command = true,
					       .size = sizeof(struct message_exec),
					       .ends = 2,
					       .prepare = message_exec_prepare,
					       .start = message_exec_start,
					       .free = message_exec_free,
					       .waits = message_exec_waits,
					       .spare = message_exec_spare };
