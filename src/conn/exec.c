#define _GNU_SOURCE /* pipe2, which POSIX has since 2024 */
#include "conn/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "sock/rights.h"
#include "sock/stream.h"
#include "sock/vsock.h"
#include "run/report.h"
#include "run/ucspi.h"

#define NAME_LIMIT                                                                                 \
	SECOND /* for the look-up of the peer's name: nobody should wait for that longer */

/* ---- the environment ---- */

static void set_number(struct spawn_environment *e, const char *name, long long number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", number);
	spawn_environment_set(e, name, text);
}

/* Between machines. Returns false where X is no such connection. */
static bool describe_vsock(struct spawn_environment *e, const struct connection *x)
{
	uint32_t cid, port;

	if (!vsock_get(&x->peer, &cid, &port))
		return false;
	spawn_environment_set(e, "PROTO", "VSOCK");
	set_number(e, "VSOCKREMOTECID", cid);
	set_number(e, "VSOCKREMOTEPORT", port);
	if (vsock_get(&x->local, &cid, &port)) {
		set_number(e, "VSOCKLOCALCID", cid);
		set_number(e, "VSOCKLOCALPORT", port);
	}
	return true;
}

static void describe(struct spawn_environment *e, const struct connection *x, const char *host)
{
	ucspi_inherit(e);
	if (x->peer.u.sa.sa_family == AF_UNIX)
		ucspi_describe_unix(e, &x->peer, &x->local);
	else if (!describe_vsock(e, x))
		ucspi_describe(e, "TCP", &x->peer, &x->local, host);
}

/* ---- the end ---- */

/* Both the command and the connection have come to their end. */
static void finish(struct connection *x, struct outcome connection)
{
	/* The command's own status counts, but a limit of ours, and what it does not know. */
	if (connection.kind == OUTCOME_TIMEOUT || x->outcome.kind == OUTCOME_DONE)
		x->outcome = connection;
	connections_one_over(x->connections, x, x->outcome);
}

static void connection_over(void *arg, struct pump *p)
{
	struct connection *x = arg;

	(void)p;
	x->pumping = false;
	finish(x, connection_report(x));
}

/* What the command has sent is to arrive, whatever its peer still sends. */
static void end_connection(struct connection *x)
{
	const struct pump_calls calls = { .over = connection_over };
	struct pump_config c = connection_pump_config(x);

	c.terms.recv_only = c.close = true;
	c.others_sent = x->exited;
	c.terms.no_shutdown = c.terms.send_only = c.fastopen = false;
	c.idle = c.quit_after_eof = UNSET;
	c.read_bytes = FLOW_NO_LIMIT;
	c.rate = UNSET;
	c.up = c.down = NULL;
	endpoint_none(&x->in);
	endpoint_none(&x->out);
	connection_pump(x, &c, &calls, &x->in, &x->out);
}

static void kill_late(void *arg)
{
	connection_signal(arg, SIGHUP);
}

/* The client has gone: a command that stays gets its time. */
static void begin_kill(struct connection *x)
{
	if (x->child.pid > 0 && !x->kill_timer.slot)
		timer_set(x->connections->run->loop, &x->kill_timer,
			  clock_after(clock_now(), x->connections->service->kill_after));
}

static void relay_peer_ended(void *arg, struct pump *p)
{
	(void)p;
	begin_kill(arg);
}

static void relay_over(void *arg, struct pump *p)
{
	struct connection *x = arg;
	struct outcome outcome = connection_report(x);

	(void)p;
	x->pumping = false;
	endpoint_close(&x->in);
	endpoint_close(&x->out);
	/* A single command does not outlive our limits, see connections_free(). */
	if (x->child.pid == 0 || (outcome.kind == OUTCOME_TIMEOUT && !x->connections->keep)) {
		finish(x, outcome);
		return;
	}
	endpoint_hang_up(&x->socket);
	x->connection_outcome = outcome;
	begin_kill(x);
}

static void command_ended(void *arg, int status)
{
	struct connection *x = arg;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	struct notice n;

	timer_drop(x->connections->run->loop, &x->kill_timer);
	if (code)
		x->outcome = (struct outcome){ OUTCOME_COMMAND, code };
	x->exited = true;
	x->status = code;
	connection_ending(x);
	connection_notice(x, &n, MESSAGE_STEP, "exited");
	json_number(&n.json, "status", code);
	notice_end(&n, "%s: the command has ended: status %d", x->name, code);
	if (!x->relayed)
		end_connection(x);
	else if (x->pumping)
		pump_finish_in(&x->pump);
	else
		finish(x, x->connection_outcome);
}

/* ---- the beginning ---- */

/* A pipe to the command (TO) or from it, our end of which becomes *OURS; or, where nothing shall go
 * that way, /dev/null. Returns the command's end, or -1 with errno. */
static int open_way(struct endpoint *ours, bool to, bool nothing)
{
	int fds[2];

	if (nothing)
		return open("/dev/null", (to ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[to], F_SETFL, O_NONBLOCK);
	endpoint_pipe(ours, fds[to], to, "the command");
	return fds[!to];
}

/* Starts the process. Returns 0, or -1 with errno. */
static int spawn(struct connection *x, const struct spawn_environment *e)
{
	const struct data_options *d = x->connections->run->data;
	int fd = x->socket.rfd, in = fd, out = fd, error;
	pid_t pid = -1;

	if (x->relayed) {
		in = open_way(&x->out, true, d->send_only);
		out = in < 0 ? -1 : open_way(&x->in, false, d->recv_only);
	} else {
		/* A command expects a socket that is connected, and waits. */
		if (x->connections->socket->fastopen)
			stream_connected(fd);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	}
	if (out >= 0)
		pid = spawn_start(&x->connections->service->command, e, in, out, x->passed);
	error = errno;
	if (x->relayed && in >= 0)
		close(in);
	if (x->relayed && out >= 0)
		close(out);
	if (pid < 0) {
		endpoint_close(&x->in);
		endpoint_close(&x->out);
		errno = error;
		return -1;
	}
	x->child = (struct child){ .pid = pid, .fn = command_ended, .arg = x };
	child_watch(x->connections->run->loop, &x->child);
	return 0;
}

static void run_command(struct connection *x, const char *host)
{
	const struct pump_calls calls = { .over = relay_over, .peer_ended = relay_peer_ended };
	struct pump_config c = connection_pump_config(x);
	struct spawn_environment e = { 0 };
	const char *name = spawn_name(&x->connections->service->command);
	struct notice n;
	int status, error;

	timer_drop(x->connections->run->loop, &x->lookup_timer);
	connection_waiting(x, false);
	describe(&e, x, host);
	status = spawn(x, &e);
	error = errno;
	spawn_environment_free(&e);
	if (status < 0) {
		connection_notice(x, &n, MESSAGE_ERROR, "error");
		notice_error(&n, OUTCOME_FAILED, errno_name(error));
		notice_end(&n, "%s: %s (%s)", name, strerror(error), errno_name(error));
		x->why = "command not run";
		x->outcome = (struct outcome){ OUTCOME_COMMAND, error == ENOENT ? 127 : 126 };
		end_connection(x);
		return;
	}
	connection_notice(x, &n, MESSAGE_STEP, "started");
	json_number(&n.json, "pid", x->child.pid);
	notice_end(&n, "%s: %s has started: process %ld", x->name, name, (long)x->child.pid);
	c.terms.out_may_end = true;
	if (x->relayed)
		connection_pump(x, &c, &calls, &x->in, &x->out);
}

static void name_found(void *arg, const char *name)
{
	struct connection *x = arg;

	x->lookup = NULL;
	run_command(x, name);
}

static void name_is_late(void *arg)
{
	struct connection *x = arg;

	lookup_cancel(x->lookup);
	x->lookup = NULL;
	run_command(x, NULL);
}

bool exec_relays(const struct connections *s)
{
	return data_options_see(s->run->data) || s->service->kill_after != UNSET ||
	       s->service->send_fd != UNSET;
}

/* May there be a name for A? */
static bool has_name(const struct address *a)
{
	return a->u.sa.sa_family == AF_INET || a->u.sa.sa_family == AF_INET6;
}

static void start(struct connection *x)
{
	struct connections *s = x->connections;

	if (s->numeric || s->host || !has_name(&x->peer))
		run_command(x, s->host);
	else if (lookup_name_start(s->run->loop, &x->peer, name_found, x, &x->lookup) < 0)
		run_command(x, NULL);
	else {
		connection_waiting(x, true);
		timer_set(s->run->loop, &x->lookup_timer, clock_after(clock_now(), NAME_LIMIT));
	}
}

/* The first data has come, or the end. It stays where it is: the command is to read it. */
static void first_data(void *arg, short events)
{
	struct connection *x = arg;

	(void)events;
	if (rights_look(x->socket.rfd, &x->passed) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	watch_drop(x->connections->run->loop, &x->passed_watch);
	start(x);
}

void exec_start(struct connection *x)
{
	struct connections *s = x->connections;

	x->relayed = exec_relays(s);
	x->kill_timer = (struct timer){ .fn = kill_late, .arg = x };
	x->lookup_timer = (struct timer){ .fn = name_is_late, .arg = x };
	x->passed_watch = (struct watch){ .fd = x->socket.rfd, .fn = first_data, .arg = x };
	if (!s->service->recv_fd) {
		start(x);
		return;
	}
	connection_waiting(x, true);
	watch_set(s->run->loop, &x->passed_watch, POLLIN);
}
