/* proxy_command.h - --proxy-command: a command whose stdin and stdout are the way to the other side
 *
 * It is what ssh(1) calls ProxyCommand. The command has one end of a pair of UNIX sockets, and the
 * other end is the connection.
 */
#ifndef CONN_PROXY_COMMAND_H
#define CONN_PROXY_COMMAND_H

#include "base/message.h"
#include "base/options.h"
#include "base/outcome.h"
#include "loop/loop.h"

struct proxy_command {
	struct loop *loop;
	const struct messages *messages;
	const char *place; /* where it leads to, for messages */
	struct child child;
	struct timer timer; /* until it is ended by us */
	bool hung_up;	    /* it was told to end */
	int status;	    /* how it has ended, as a shell has it; -1: it has not */
	/* The command has ended; `status` is known, and told if it is not 0. */
	void (*ended)(void *arg);
	void *arg;
};

/* Checks COMMAND, and what it has to know of HOST and PORT. Returns 0, or -1 with *ERROR. */
int proxy_command_check(const char *command, const char *host, const char *port,
			struct option_error *error);

/* Starts COMMAND, which has passed that check, by /bin/sh: with %h, %p and %% replaced by HOST,
 * PORT and %. P's members up to `place`, `ended` and `arg` are set. Returns the connection, which
 * does not block, or -1 with errno. */
int proxy_command_start(struct proxy_command *p, const char *command, const char *host,
			const char *port);

/* Does it run? */
bool proxy_command_runs(const struct proxy_command *p);

/* The connection is closed: P has the time LINGER, ns, to end by itself, then it is told to by
 * SIGHUP, and a second later killed. */
void proxy_command_finish(struct proxy_command *p, int64_t linger);

/* Returns how a run ends that had OUTCOME but for the command: 126 and 127 are those of a command
 * that could not be run or found. */
struct outcome proxy_command_judge(const struct proxy_command *p, struct outcome outcome);

/* Forgets P, which is told to end by SIGHUP if it runs. Without effect where it (all zero) was
 * never started. */
void proxy_command_free(struct proxy_command *p);

#endif
