/* job.h - one run of a command for a peer: the peer's name, its environment, its process
 *
 * A job looks up the name of its peer, which takes at most a second, and then starts the command
 * with the environment of UCSPI.
 */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include "base/outcome.h"
#include "flow/spawn.h"
#include "loop/loop.h"
#include "names/lookup.h"
#include "run/report.h"

struct job {
	/* The owner's to fill: */
	struct loop *loop;
	const struct messages *messages;
	const struct spawn_command *command;
	struct subject subject;	     /* whom it is for */
	const char *proto;	     /* "TCP", "UDP" */
	const struct address *local; /* to which the peer sent; NULL: not known */
	/* Opens what becomes the command's stdin and stdout, *IN and *OUT, both -1 before. Returns
	 * 0, or -1 with errno. */
	int (*open)(void *arg, int *in, int *out);
	/* The command runs, or does not: FAILURE is its outcome then, which was told, else
	 * OUTCOME_DONE. IN and OUT are closed if they are pipes. */
	void (*started)(void *arg, struct outcome failure);
	/* The command has ended with STATUS, as a shell has it, which was told. */
	void (*ended)(void *arg, int status);
	void *arg;
	bool keeps_ends; /* IN and OUT are the owner's, else closed once the command has them */
	int passed;	 /* becomes its descriptor 3; -1: none */
	/* The job's: */
	struct lookup *lookup; /* NULL: it waits for no name */
	struct timer limit;
	struct child child; /* `pid` is 0 unless it runs */
};

/* Starts J. Where the peer has a name to be looked up, and is not known as NAME (NULL: it is not),
 * nothing else happens in here, and `lookup` is set; NUMERIC: no name is looked up. `open` and
 * `started` are called in here or from the loop; J may be gone after the latter. */
void job_start(struct job *j, const char *name, bool numeric);

/* Makes a pipe, of which *OURS becomes our end, non-blocking: to write to, if WRITING. Returns the
 * command's end, or -1 with errno. */
int job_pipe(int *ours, bool writing);

/* Forgets J: its command runs on. Without effect where J (all zero) was never started. */
void job_free(struct job *j);

#endif
