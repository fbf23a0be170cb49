/* exec.c - the service that hands each connection to a command
 *
 * The command has the connection itself as its stdin and stdout where nobody needs to see the
 * bytes, else two pipes, between which and the connection our pump relays. The connection ends with
 * the command.
 */
#include "conn/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "run/job.h"
#include "sock/rights.h"

#define FDS_OF_SPAWN 4 /* open for a moment while a command is started */

#define AT(member) offsetof(struct service_options, member)

static const struct option_row rows[] = {
	OPTION("execute", 'e', OPTION_STRING, AT(command.shell), KEEP_PROGRAMS, ARG("CMD"),
	       "the connection becomes the stdin and stdout of CMD, run by /bin/sh; without a "
	       "shell: -- CMD ARG..."),
	OPTION("kill-after", 0, OPTION_DURATION, AT(kill_after), KEEP_NOTHING, ARG("DURATION"),
	       "SIGHUP to a command that outlives its peer so long"),
};

const struct option_group command_group = { "Command", rows, sizeof rows / sizeof *rows };

struct exec {
	struct job job;
	bool relayed; /* by our pump */
	struct timer kill_timer;
	struct watch first_watch; /* for the first data: a descriptor may come along, */
	int passed;		  /* this one; -1: none has */
	/* How both have ended: */
	struct outcome command, connection;
};

static bool exec_relays(const struct connections *s)
{
	return data_options_see(s->c->data) || s->options->kill_after != UNSET ||
	       s->options->send_fd != UNSET;
}

/* ---- the end ---- */

/* Both the command and the connection have come to their end. */
static void exec_finish(struct connection *x, struct outcome connection)
{
	const struct exec *e = x->own;
	/* The command's status wins, unless a limit of ours ended it or it exited 0. */
	bool wins = connection.kind != OUTCOME_TIMEOUT && e->command.kind != OUTCOME_DONE;

	connections_one_over(x->connections, x, wins ? e->command : connection);
}

static void exec_connection_over(void *arg)
{
	struct connection *x = arg;

	x->pumping = false;
	exec_finish(x, connection_report(x));
}

static const struct pump_calls exec_connection_calls = { CONNECTION_CALLS,
							 .over = exec_connection_over,
							 .closing = connection_ending };

static void exec_signal(struct connection *x, int signal)
{
	const struct exec *e = x->own;

	if (e->job.child.pid > 0)
		kill(e->job.child.pid, signal);
}

static void exec_kill_late(void *arg)
{
	exec_signal(arg, SIGHUP);
}

/* The client has gone: a command that stays gets its time. */
static void exec_peer_ended(void *arg)
{
	struct connection *x = arg;
	struct connections *s = x->connections;
	struct exec *e = x->own;

	if (e->job.child.pid > 0 && !e->kill_timer.slot)
		timer_set(s->run.loop, &e->kill_timer,
			  clock_after(clock_now(), s->options->kill_after));
}

/* What counts of a command is the process, which ends later. */
static void exec_relay_closing(void *arg)
{
	(void)arg;
}

static void exec_relay_over(void *arg)
{
	struct connection *x = arg;
	struct exec *e = x->own;
	struct outcome outcome = connection_report(x);

	x->pumping = false;
	endpoint_close(x->in);
	endpoint_close(x->out);
	/* A single command does not outlive our limits, see exec_free(). */
	if (e->job.child.pid == 0 || (outcome.kind == OUTCOME_TIMEOUT && !x->connections->keep)) {
		exec_finish(x, outcome);
		return;
	}
	if (x->socket.armed)
		endpoint_leave(&x->socket);
	else
		endpoint_hang_up(&x->socket);
	e->connection = outcome;
	exec_peer_ended(x);
}

static void exec_command_ended(void *arg, int status)
{
	struct connection *x = arg;
	struct exec *e = x->own;

	timer_drop(x->connections->run.loop, &e->kill_timer);
	if (status)
		e->command = (struct outcome){ OUTCOME_COMMAND, status };
	x->status = status;
	connection_ending(x);
	if (!e->relayed)
		connection_finish(x, true, &exec_connection_calls);
	else if (x->pumping)
		pump_finish_in(&x->pump);
	else
		exec_finish(x, e->connection);
}

/* ---- the beginning ---- */

/* Opens a pipe to the command, if WRITING, or from it, our end of which becomes *OURS; or, where
 * nothing shall go that way, /dev/null. Returns the command's end, or -1 with errno. */
static int exec_open_way(struct endpoint *ours, bool writing, bool nothing)
{
	int fd, theirs;

	if (nothing)
		return descriptors_null((writing ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	theirs = job_pipe(&fd, writing);
	if (theirs >= 0)
		endpoint_pipe(ours, fd, writing, "the command");
	return theirs;
}

static int exec_open(void *arg, int *in, int *out)
{
	struct connection *x = arg;
	const struct connections_config *c = x->connections->c;
	struct exec *e = x->own;

	connection_waiting(x, false);
	if (e->relayed) {
		*in = exec_open_way(x->out, true, c->data->send_only);
		*out = *in < 0 ? -1 : exec_open_way(x->in, false, c->data->recv_only);
		return *out < 0 ? -1 : 0;
	}
	/* A command expects a socket that waits. */
	*in = *out = x->socket.rfd;
	fcntl(*in, F_SETFL, fcntl(*in, F_GETFL) & ~O_NONBLOCK);
	return 0;
}

static void exec_started(void *arg, struct outcome failure)
{
	static const struct pump_calls calls = { CONNECTION_CALLS, .over = exec_relay_over,
						 .peer_ended = exec_peer_ended,
						 .closing = exec_relay_closing };
	struct connection *x = arg;
	struct pump_config c = connection_pump_config(x);
	struct exec *e = x->own;

	if (failure.kind != OUTCOME_DONE) {
		endpoint_close(x->in);
		endpoint_close(x->out);
		x->why = "command not run";
		e->command = failure;
		connection_finish(x, false, &exec_connection_calls);
		return;
	}
	c.terms.out_may_end = true;
	if (e->relayed)
		connection_pump(x, &c, &calls, x->in, x->out);
}

static void exec_start_job(struct connection *x)
{
	struct connections *s = x->connections;
	struct exec *e = x->own;

	e->job = (struct job){ .loop = s->run.loop,
			       .messages = s->c->messages,
			       .command = &s->options->command,
			       .subject = connection_subject(x),
			       .proto = "TCP",
			       .local = x->local,
			       .open = exec_open,
			       .started = exec_started,
			       .ended = exec_command_ended,
			       .arg = x,
			       .keeps_ends = !e->relayed,
			       .passed = e->passed };
	job_start(&e->job, s->peer_name, s->c->numeric);
	if (e->job.lookup)
		connection_waiting(x, true);
}

/* The first data has come, or the end. It stays where it is: the command is to read it. */
static void exec_first_data(void *arg, short events)
{
	struct connection *x = arg;
	struct exec *e = x->own;

	(void)events;
	int error = rights_look(x->socket.rfd, &e->passed) < 0 ? errno : 0;
	if (error == EAGAIN || error == EINTR)
		return;
	watch_drop(x->connections->run.loop, &e->first_watch);
	connection_waiting(x, false);
	if (error)
		exec_started(x, report_error(x->connections->c->messages, x->name, error));
	else
		exec_start_job(x);
}

static void exec_start(struct connection *x)
{
	struct connections *s = x->connections;
	struct exec *e = x->own;

	e->passed = -1;
	e->relayed = exec_relays(s);
	x->unseen = !e->relayed;
	e->kill_timer = (struct timer){ .fn = exec_kill_late, .arg = x };
	e->first_watch = (struct watch){ .fd = x->socket.rfd, .fn = exec_first_data, .arg = x };
	if (!s->options->recv_fd) {
		exec_start_job(x);
		return;
	}
	connection_waiting(x, true);
	watch_set(s->run.loop, &e->first_watch, POLLIN);
}

static void exec_waits(const struct connection *x, struct text *text)
{
	const struct exec *e = x->own;

	if (e->first_watch.slot)
		text_add(text, "; %s's first data (--timeout)", x->name);
	if (e->job.child.pid > 0 && !(x->pumping && pump_waits(&x->pump).in))
		text_add(text, "; the command's end (--kill-after, once %s has ended)", x->name);
}

static void exec_free(struct connection *x)
{
	const struct connections *s = x->connections;
	struct loop *loop = s->run.loop;
	struct exec *e = x->own;

	/* A single command does not outlive us where a limit ended us, as if it were we ourselves.
	 * Else one that has the connection itself goes on with it. */
	if (!s->keep && s->run.outcome.kind == OUTCOME_TIMEOUT)
		exec_signal(x, SIGHUP);
	else if (e->job.child.pid > 0 && !e->relayed)
		endpoint_leave(&x->socket);
	job_free(&e->job);
	timer_drop(loop, &e->kill_timer);
	watch_drop(loop, &e->first_watch);
	close_keeping_errno(e->passed);
}

static void exec_prepare(struct connections *s)
{
	(void)s;
	spawn_prepare();
}

static size_t exec_spare(const struct connections *s, size_t n)
{
	/* Without a relay it has nothing but the connection. */
	if (!exec_relays(s))
		return 0;
	return 2 * n + FDS_OF_SPAWN + (s->c->numeric ? 0 : connections_lookup_fds(n));
}

SERVICE(exec) = { .option = "execute",
		  .framed = &messages_exec_service,
		  .runs_command = true,
		  .input_ends = "--timeout",
		  .size = sizeof(struct exec),
		  .ends = 2,
		  .prepare = exec_prepare,
		  .start = exec_start,
		  .free = exec_free,
		  .signal = exec_signal,
		  .waits = exec_waits,
		  .spare = exec_spare };
