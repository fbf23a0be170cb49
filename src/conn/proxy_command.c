/* proxy_command.c - a command that is the way to the other side */
#include "conn/proxy_command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/errname.h"
#include "base/text.h"
#include "flow/spawn.h"

#define KILL_AFTER SECOND /* SIGHUP */

/* ---- the command's words ---- */

/* What a shell takes as it stands, in quotes or out of them. */
static bool proxy_command_is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._:-%/@";

	return *word != '-' && word[strspn(word, plain)] == '\0';
}

int proxy_command_check(const char *command, const char *host, const char *port,
			struct option_error *error)
{
	for (const char *p = strchr(command, '%'); p; p = strchr(p + 2, '%'))
		if (!p[1] || !strchr("hp%", p[1]))
			return option_fail(error,
					   "--proxy-command: '%.2s' in it is none of %%h, %%p "
					   "and %%%%",
					   p);
	if (!proxy_command_is_plain(host) || !proxy_command_is_plain(port))
		return option_fail(error,
				   "--proxy-command: '%s' has characters that are not for a shell",
				   proxy_command_is_plain(host) ? port : host);
	return 0;
}

/* Adds COMMAND as the shell is to have it. It takes the shell's place, so that it is the process
 * that is told to end. */
static void proxy_command_put(struct text *out, const char *command, const char *host,
			      const char *port)
{
	text_add(out, "exec ");
	for (const char *p = command; *p; p++) {
		if (*p != '%') {
			text_put(out, p, 1);
			continue;
		}
		p++;
		text_add(out, "%s", *p == 'h' ? host : *p == 'p' ? port : "%");
	}
	text_put(out, "", 1);
}

/* ---- its course ---- */

static void proxy_command_ended(void *arg, int status)
{
	struct proxy_command *p = arg;

	p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	timer_drop(p->loop, &p->timer);
	if (p->status && !p->hung_up)
		message_fail(p->messages, OUTCOME_FAILED, errno_name(ECONNABORTED),
			     "%s: the proxy command has failed: status %d", p->place, p->status);
	p->ended(p->arg);
}

static bool proxy_command_nothing_is_stale(const char *variable)
{
	(void)variable;
	return false;
}

int proxy_command_start(struct proxy_command *p, const char *command, const char *host,
			const char *port)
{
	struct spawn_environment e = { 0 };
	struct spawn_command c = { 0 };
	struct text line = { 0 };
	int fds[2], error;

	p->status = -1;
	if (open_pair(fds) < 0)
		return -1;
	proxy_command_put(&line, command, host, port);
	spawn_environment_inherit(&e, proxy_command_nothing_is_stale);
	c.shell = line.data;
	errno = ENOMEM;
	p->child = (struct child){ .fn = proxy_command_ended, .arg = p };
	if (!line.failed)
		p->child.pid = spawn_start(&c, &e, fds[1], fds[1], -1);
	error = errno;
	spawn_environment_free(&e);
	text_free(&line);
	close(fds[1]);
	if (p->child.pid > 0) {
		child_watch(p->loop, &p->child);
		return fds[0];
	}
	p->child.pid = 0;
	close(fds[0]);
	errno = error;
	return -1;
}

bool proxy_command_runs(const struct proxy_command *p)
{
	return p->child.pid > 0 && p->status < 0;
}

static void proxy_command_hang_up(void *arg)
{
	struct proxy_command *p = arg;

	kill(p->child.pid, p->hung_up ? SIGKILL : SIGHUP);
	p->hung_up = true;
	timer_set(p->loop, &p->timer, clock_after(clock_now(), KILL_AFTER));
}

void proxy_command_finish(struct proxy_command *p, int64_t linger)
{
	p->timer = (struct timer){ .fn = proxy_command_hang_up, .arg = p };
	timer_set(p->loop, &p->timer, clock_after(clock_now(), linger));
}

struct outcome proxy_command_judge(const struct proxy_command *p, struct outcome outcome)
{
	bool ours = outcome.kind != OUTCOME_DONE && outcome.kind != OUTCOME_FAILED;

	/* A limit or a signal of ours has ended it. */
	if (p->status <= 0 || p->hung_up || ours)
		return outcome;
	if (p->status == 126 || p->status == 127)
		return (struct outcome){ OUTCOME_COMMAND, p->status };
	return (struct outcome){ OUTCOME_FAILED, 0 };
}

void proxy_command_free(struct proxy_command *p)
{
	if (!p->loop)
		return;
	timer_drop(p->loop, &p->timer);
	if (proxy_command_runs(p))
		kill(p->child.pid, SIGHUP);
	child_drop(p->loop, &p->child);
}
