/* receiver_run.c - a run that receives datagrams: access lists, sockets, the receiver */
#include "dgram/receiver_run.h"

#include <errno.h>

#include "net/datagram_listener.h"
#include "run/report.h"

struct receiver_run {
	const struct receiver_run_config *c;
	struct run run;
	struct receiver receiver;
	struct access_lookup *lookup;
	struct dgram_listener_config place;
	struct dgram_listener *listener;
};

static void receiver_run_error(void *arg, const struct dgram_error *e)
{
	struct receiver_run *r = arg;

	receiver_error(&r->receiver, e);
}

static void receiver_run_bound(void *arg, struct dgram_socket *s, size_t n,
			       const struct binding_result *result)
{
	struct receiver_run *r = arg;

	if (binding_failed(result))
		run_end(&r->run, report_binding(r->c->messages, r->c->port, result));
	else if (receiver_begin(&r->receiver, s, n) < 0)
		run_end(&r->run, report_error(r->c->messages, "start", errno));
}

/* Whose datagrams are taken is known. */
static void receiver_run_names_found(void *arg, const struct places_failure *f)
{
	struct receiver_run *r = arg;

	if (f) {
		run_end(&r->run, report_lookup(r->c->messages, f));
		return;
	}
	r->listener = dgram_listener_start(r->run.loop, &r->place, receiver_run_bound, r);
	if (!r->listener)
		run_end(&r->run, report_error(r->c->messages, "start", errno));
}

int receiver_run_check(const struct receiver_run_config *c, struct option_error *error)
{
	if (access_check(c->access, c->numeric, error) < 0 ||
	    listen_options_check(c->listen, error) < 0)
		return -1;
	return run_check(c->messages, c->data, error);
}

/* What is to be told with each datagram. The kernel is asked who sends from a UNIX socket only if
 * somebody is to know. */
static unsigned receiver_run_wants(const struct receiver_run_config *c)
{
	unsigned wants = receiver_wants(c->receiving, c->messages->options.json);

	if (c->family == AF_UNIX && (c->access->users.n || receiver_runs_command(c->receiving) ||
				     message_wanted(c->messages, MESSAGE_VERBOSE)))
		wants |= DGRAM_WHO;
	return wants;
}

struct outcome receiver_run(const struct receiver_run_config *c)
{
	const struct receiver_config receiver = {
		.options = c->receiving,
		.frame = c->frame,
		.access = c->access,
		.numeric = c->numeric,
		.most = dgram_most(c->family),
		.wait = c->wait,
		.stall = c->stall,
	};
	struct receiver_run r = {
		.c = c,
		.place = { .place = { .host = c->host,
				      .port = c->port,
				      .family = c->family,
				      .options = c->listen,
				      .events = { report_event, (void *)c->messages },
				      .inherited = c->inherited },
			   .socket = c->socket,
			   .groups = c->groups,
			   .wants = receiver_run_wants(c),
			   .error = receiver_run_error },
	};
	struct outcome outcome;

	if (listen_options_check_fd(c->listen) < 0)
		return report_error(c->messages, "--notify-fd", errno);
	if (run_start(&r.run, c->messages, c->data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	receiver_start(&r.receiver, &r.run, &receiver);
	access_start(r.run.loop, c->access, receiver_run_names_found, &r, &r.lookup);
	outcome = run_wait(&r.run);
	access_cancel(r.lookup);
	receiver_free(&r.receiver);
	dgram_listener_close(r.listener);
	run_free(&r.run);
	return outcome;
}
