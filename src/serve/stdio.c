#include "serve/stdio.h"

#include <unistd.h>

#include "base/clock.h"
#include "serve/report.h"

static void figures(void *arg, bool at_end)
{
	struct stdio *s = arg;
	int64_t ns = clock_now() - s->start;

	if (!at_end || s->run->data->stats)
		report_figures(s->run->messages, MESSAGE_NOTE, &s->pump, ns, "");
	else
		report_figures(s->run->messages, MESSAGE_VERBOSE, &s->pump, ns, "closed: ");
}

static void over(void *arg, struct pump *p)
{
	struct stdio *s = arg;

	run_end(s->run, report_pump(s->run->messages, p, s->peer_name));
}

static void waiting(void *arg, struct pump *p)
{
	struct stdio *s = arg;

	(void)p;
	message(s->run->messages, MESSAGE_NOTE,
		"%s has ended; still waiting for stdin's end (see --recv-only and "
		"--close-on-peer-eof)",
		s->peer_name);
}

void stdio_start(struct stdio *s, struct run *r, int fd, const struct address *peer,
		 const struct socket_options *socket, bool listening)
{
	const struct data_options *d = r->data;
	const struct pump_calls calls = { .over = over, .waiting = waiting, .arg = s };
	struct pump_config c = {
		.fastopen = socket->fastopen && !listening,
		.recv_only = d->recv_only,
		.send_only = d->send_only,
		.no_shutdown = d->no_shutdown,
		.peer_end_ends = d->close_on_peer_eof,
		.keepalive_is_set = socket->keepalive,
		.quit_after_eof = d->quit_after_eof,
		.linger = d->linger,
		.idle = d->idle_timeout,
		.read_bytes = d->read_bytes == UNSET ? FLOW_NO_LIMIT : (uint64_t)d->read_bytes,
		.buffer = d->buffer == UNSET ? 0 : (size_t)d->buffer,
	};

	*s = (struct stdio){ .run = r, .start = clock_now() };
	address_text(peer, s->peer_name);
	endpoint_inherit(&s->in, STDIN_FILENO, false, "stdin");
	endpoint_inherit(&s->out, STDOUT_FILENO, true, "stdout");
	endpoint_socket(&s->peer, fd, s->peer_name);
	if (listening && s->in.kind == ENDPOINT_NULL)
		c.recv_only = true;
	if (s->in.kind == ENDPOINT_TERMINAL)
		c.peer_end_ends = true;
	pump_start(&s->pump, r->loop, &c, &calls, &s->in, &s->out, &s->peer);
	r->figures = figures;
	r->figures_arg = s;
}

void stdio_free(struct stdio *s)
{
	if (!s->run)
		return;
	pump_free(&s->pump);
	endpoint_close(&s->peer);
	endpoint_close(&s->in);
	endpoint_close(&s->out);
}
