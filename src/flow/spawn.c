/* spawn.c - running a command with descriptors of ours */
#include "flow/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/number.h"
#include "loop/signals.h"

#define PASSED 3       /* a command's descriptor that was handed over */
#define FDS_MOST 65536 /* looked at where the system does not list them */

extern char **environ;

static void spawn_environment_add(struct spawn_environment *e, char *value)
{
	char **values = value ? realloc(e->values, (e->n + 2) * sizeof *values) : NULL;

	if (!values) {
		free(value);
		e->failed = true;
		return;
	}
	e->values = values;
	values[e->n++] = value;
	values[e->n] = NULL;
}

void spawn_environment_inherit(struct spawn_environment *e, bool (*stale)(const char *variable))
{
	for (char **p = environ; p && *p; p++)
		if (!stale(*p))
			spawn_environment_add(e, strdup(*p));
}

void spawn_environment_set(struct spawn_environment *e, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	if (text)
		snprintf(text, size, "%s=%s", name, value);
	spawn_environment_add(e, text);
}

void spawn_environment_free(struct spawn_environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->values[i]);
	free(e->values);
	*e = (struct spawn_environment){ 0 };
}

/* Marks the descriptors above 2 in LIST, a directory, to be closed at exec. Returns whether it was
 * read to its end. */
static bool spawn_mark_listed(DIR *list)
{
	const struct dirent *entry;
	int64_t fd;

	/* It reads a directory of its own. */
	/* cppcheck-suppress readdirCalled */
	while (errno = 0, (entry = readdir(list)))
		if (number_parse(entry->d_name, STDERR_FILENO + 1, INT_MAX, &fd) == 0)
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return errno == 0;
}

/* Descriptors above 2 that were inherited are closed at exec, as all that are ours. */
static void spawn_close_inherited(void)
{
	DIR *list = opendir("/dev/fd");
	bool all = list && spawn_mark_listed(list);
	long most = sysconf(_SC_OPEN_MAX);

	if (list)
		closedir(list);
	if (all)
		return;
	for (int fd = STDERR_FILENO + 1; fd < (most < FDS_MOST ? most : FDS_MOST); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void spawn_prepare(void)
{
	spawn_close_inherited();
	signals_catch_children();
}

const char *spawn_name(const struct spawn_command *c)
{
	return c->shell ? "/bin/sh" : c->words[0];
}

/* The words with which /bin/sh finds and runs C's: a file that is no program may be a script
 * without `#!`, see execvp(3). To be freed; NULL with errno ENOMEM. */
static char **spawn_script(const struct spawn_command *c)
{
	static char sh[] = "sh", option[] = "-c", line[] = "exec \"$0\" \"$@\"";
	size_t n = 0;
	char **words;

	while (c->words[n])
		n++;
	words = malloc((n + 4) * sizeof *words);
	if (!words)
		return NULL;
	words[0] = sh;
	words[1] = option;
	words[2] = line;
	memcpy(words + 3, c->words, (n + 1) * sizeof *words);
	return words;
}

/* The signals as they were when we were started, and not as we have them. Returns 0 or an errno. */
static int spawn_signals(posix_spawnattr_t *attr)
{
	sigset_t defaults;
	int error;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGCHLD);
	error = posix_spawnattr_setsigdefault(attr, &defaults);
	if (!error)
		error = posix_spawnattr_setsigmask(attr, signals_first());
	if (!error)
		error = posix_spawnattr_setflags(attr,
						 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	return error;
}

/* The command's descriptors; PASSED may be -1. Returns 0 or an errno. */
static int spawn_descriptors(posix_spawn_file_actions_t *actions, int in, int out, int passed)
{
	int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);

	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (!error && passed >= 0)
		error = posix_spawn_file_actions_adddup2(actions, passed, PASSED);
	return error;
}

/* Starts C, as *PID. Returns 0 or an errno. */
static int spawn_as(const struct spawn_command *c, const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attr, char **environment, pid_t *pid)
{
	char **words;
	int error;

	if (c->shell) {
		char sh[] = "sh", option[] = "-c";
		char *shell[] = { sh, option, (char *)c->shell, NULL };
		return posix_spawn(pid, "/bin/sh", actions, attr, shell, environment);
	}
	error = posix_spawnp(pid, c->words[0], actions, attr, c->words, environment);
	if (error != ENOEXEC)
		return error;
	words = spawn_script(c);
	error = words ? posix_spawn(pid, "/bin/sh", actions, attr, words, environment) : ENOMEM;
	free(words);
	return error;
}

pid_t spawn_start(const struct spawn_command *c, const struct spawn_environment *e, int in, int out,
		  int passed)
{
	/* The copy stands above the descriptors that the command is to have. */
	int copy = passed < 0 ? -1 : fcntl(passed, F_DUPFD_CLOEXEC, PASSED + 1);
	int error = e->failed ? ENOMEM : passed >= 0 && copy < 0 ? errno : 0;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;

	if (!error)
		error = posix_spawnattr_init(&attr);
	if (error)
		goto close_copy;
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		goto destroy_attr;
	error = spawn_signals(&attr);
	/* What is not said here the command would have of ours. */
	if (!error)
		error = spawn_descriptors(&actions, in, out, copy);
	if (!error)
		error = spawn_as(c, &actions, &attr, e->values, &pid);
	posix_spawn_file_actions_destroy(&actions);
destroy_attr:
	posix_spawnattr_destroy(&attr);
close_copy:
	errno = error;
	close_keeping_errno(copy);
	return error ? -1 : pid;
}

int spawn_replace(const struct spawn_command *c)
{
	char **words = NULL;
	int error;

	signals_give_back();
	if (c->shell)
		execl("/bin/sh", "sh", "-c", c->shell, (char *)NULL);
	else
		execvp(c->words[0], c->words);
	/* Not every libc runs a script without `#!` itself. */
	if (errno == ENOEXEC && !c->shell && (words = spawn_script(c)))
		execv("/bin/sh", words);
	error = errno;
	free(words);
	signals_ignore_pipe();
	errno = error;
	return -1;
}
