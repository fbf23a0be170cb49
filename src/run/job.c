/* job.c - one run of a command for a peer */
#include "run/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/errname.h"
#include "run/ucspi.h"

#define NAME_LIMIT SECOND /* for the peer's name: nobody should wait for that longer */

int job_pipe(int *ours, bool writing)
{
	int fds[2];

	if (open_pipe(fds) < 0)
		return -1;
	fcntl(fds[writing], F_SETFL, O_NONBLOCK);
	*ours = fds[writing];
	return fds[!writing];
}

static void job_ended(void *arg, int status)
{
	struct job *j = arg;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	struct notice n;

	notice_begin(&n, j->messages, MESSAGE_STEP, "exited");
	report_subject(&n, &j->subject);
	json_number(&n.json, "status", code);
	notice_end(&n, "%s: the command has ended: status %d", j->subject.name, code);
	j->ended(j->arg, code);
}

/* Starts the process. Returns its pid, or -1 with errno. */
static pid_t job_spawn(struct job *j, const char *host)
{
	struct spawn_environment e = { 0 };
	int in = -1, out = -1, error;
	pid_t pid = -1;

	ucspi_describe(&e, j->proto, j->subject.peer, j->local, host);
	if (j->open(j->arg, &in, &out) == 0)
		pid = spawn_start(j->command, &e, in, out, j->passed);
	error = errno;
	spawn_environment_free(&e);
	if (in >= 0 && !j->keeps_ends)
		close(in);
	if (out >= 0 && !j->keeps_ends)
		close(out);
	errno = error;
	return pid;
}

static void job_run(struct job *j, const char *host)
{
	const char *command = spawn_name(j->command);
	struct outcome failure = { OUTCOME_DONE, 0 };
	struct notice n;
	pid_t pid;
	int error;

	timer_drop(j->loop, &j->limit);
	pid = job_spawn(j, host);
	error = errno;
	notice_begin(&n, j->messages, pid < 0 ? MESSAGE_ERROR : MESSAGE_STEP,
		     pid < 0 ? "error" : "started");
	report_subject(&n, &j->subject);
	if (pid < 0) {
		failure = (struct outcome){ OUTCOME_COMMAND, error == ENOENT ? 127 : 126 };
		notice_error(&n, OUTCOME_FAILED, errno_name(error));
		notice_end(&n, "%s: %s (%s)", command, strerror(error), errno_name(error));
	} else {
		json_number(&n.json, "pid", pid);
		notice_end(&n, "%s: %s has started: process %ld", j->subject.name, command,
			   (long)pid);
		j->child = (struct child){ .pid = pid, .fn = job_ended, .arg = j };
		child_watch(j->loop, &j->child);
	}
	j->started(j->arg, failure);
}

static void job_name_found(void *arg, struct lookup_answer *answer)
{
	struct job *j = arg;

	j->lookup = NULL;
	job_run(j, answer->names.n ? answer->names.names[0] : NULL);
	lookup_names_free(&answer->names);
}

static void job_name_is_late(void *arg)
{
	struct job *j = arg;

	lookup_cancel(j->lookup);
	j->lookup = NULL;
	job_run(j, NULL);
}

void job_start(struct job *j, const char *name, bool numeric)
{
	j->limit = (struct timer){ .fn = job_name_is_late, .arg = j };
	if (name || numeric || !address_is_ip(j->subject.peer)) {
		job_run(j, name);
		return;
	}
	timer_set(j->loop, &j->limit, clock_after(clock_now(), NAME_LIMIT));
	lookup_names_start(j->loop, j->subject.peer, true, NULL, job_name_found, j, &j->lookup);
}

void job_free(struct job *j)
{
	if (!j->loop)
		return;
	lookup_cancel(j->lookup);
	timer_drop(j->loop, &j->limit);
	child_drop(j->loop, &j->child);
}
