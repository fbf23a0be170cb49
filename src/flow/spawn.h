/* spawn.h - running a command with descriptors of ours */
#ifndef FLOW_SPAWN_H
#define FLOW_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A command to run: one of the two. */
struct spawn_command {
	const char *shell; /* a line for `/bin/sh -c` */
	char **words;	   /* program and arguments, ended by NULL; run as by execvp(3) */
};

/* An environment that is being built. Start with { 0 }; spawn_environment_free() in the end. */
struct spawn_environment {
	char **values; /* ended by NULL */
	size_t n;
	bool failed; /* memory ran out */
};

/* Adds our own environment, but for each VARIABLE (`NAME=VALUE`) that is STALE. */
void spawn_environment_inherit(struct spawn_environment *e, bool (*stale)(const char *variable));
void spawn_environment_set(struct spawn_environment *e, const char *name, const char *value);
void spawn_environment_free(struct spawn_environment *e);

/* Makes sure that no process gets a descriptor of ours unasked, and that no child's status is lost.
 * To be called once, after signals_start() and before the first process. */
void spawn_prepare(void);

/* Starts C with IN as its stdin, OUT as its stdout, our stderr, PASSED (-1: none) as its descriptor
 * 3, and no other descriptor. It gets the signal mask and dispositions that we were started with,
 * but SIGPIPE and SIGCHLD at their defaults. Returns its pid, or -1 with errno of posix_spawn(3).
 */
pid_t spawn_start(const struct spawn_command *c, const struct spawn_environment *e, int in, int out,
		  int passed);

/* Replaces this process by C, with the environment, descriptors and signals that we were started
 * with, but SIGPIPE and SIGCHLD at their defaults. To be called after signals_start(). Returns only
 * if that fails: -1 with errno of execve(2). */
int spawn_replace(const struct spawn_command *c);

/* The command's name for messages. */
const char *spawn_name(const struct spawn_command *c);

#endif
