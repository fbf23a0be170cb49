/* spawn.h - running a command with descriptors of ours */
#ifndef FLOW_SPAWN_H
#define FLOW_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A command to run: exactly one of the two. */
struct spawn_command {
	const char *shell; /* by `/bin/sh -c` */
	/* Without a shell, the first one looked up in PATH; ended by NULL. As with execvp(3)
	 * /bin/sh runs a file that is no program. */
	char **words;
};

/* An environment that is being made. Start with { 0 }; spawn_environment_free() in the end. */
struct spawn_environment {
	char **values; /* ended by NULL */
	size_t n;
	bool failed; /* memory ran out */
};

/* What is in our own environment, but for the variables whose names begin with one of PREFIXES,
 * which ends with NULL. */
void spawn_environment_inherit(struct spawn_environment *e, const char *const *prefixes);
void spawn_environment_set(struct spawn_environment *e, const char *name, const char *value);
void spawn_environment_free(struct spawn_environment *e);

/* To be called once, before the first process and after signals_start(): no process shall have a
 * descriptor that we have inherited or will make, and no child's status shall be lost. */
void spawn_prepare(void);

/* Runs C with IN as its stdin, OUT as its stdout and our stderr, PASSED (-1: none) as its
 * descriptor 3, no other, and the signal mask and dispositions that we were started with, but
 * SIGPIPE and SIGCHLD at their defaults. Returns its pid, or -1 with errno of posix_spawn(3). */
pid_t spawn_start(const struct spawn_command *c, const struct spawn_environment *e, int in, int out,
		  int passed);

/* Becomes C: the same process, with the environment, descriptors and signals that we were started
 * with, but SIGPIPE and SIGCHLD at their defaults. After signals_start(). Returns only where that
 * cannot be: -1 with errno of execve(2). */
int spawn_replace(const struct spawn_command *c);

/* The command's name for messages. */
const char *spawn_name(const struct spawn_command *c);

#endif
