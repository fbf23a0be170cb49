/* confine.h - a process that gives up what its run does not need any more, once that is set up
 *
 * It parses what strangers send: a fault in there is to be worth as little as can be. On Linux a
 * filter of system calls (seccomp(2)) and Landlock (landlock(7)) refuse from then on what is not
 * among the run's needs: programs, files, sockets, signals to others. Both are inherited by what it
 * starts, and cannot be taken back.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run may keep, beside what it has open, memory, time, and accept(2) on what it listens on.
 * Each option row and subcommand says which of these it asks for. */
enum keep {
	KEEP_SOCKETS = 1 << 0,	 /* to make sockets, bind and connect them */
	KEEP_FILES = 1 << 1,	 /* files and folders, for reading */
	KEEP_THREADS = 1 << 2,	 /* threads and shared libraries: the system's look-up */
	KEEP_CHILDREN = 1 << 3,	 /* children of its own that start no program, and ptrace(2) */
	KEEP_PROCESSES = 1 << 4, /* what other processes have open, to tell who listens: without
				    Landlock, which keeps that from whom it closes in */
	KEEP_PROGRAMS = 1 << 5,	 /* programs, which may need whatever there is: gives nothing up */
	KEEP_NOTHING = 1 << 6,	 /* none of them: 0 has not said anything */
	/* Not for rows: */
	KEEP_UNIX = 1 << 7, /* to remove the file of its UNIX socket, and to answer by that to
			       abstract names */
};

/* Names that are looked up, by the system's way or by questions of our own. */
#define KEEP_NAMES (KEEP_SOCKETS | KEEP_FILES | KEEP_THREADS)

/* What a run keeps. */
struct confine_wish {
	unsigned keeps;	   /* a sum of enum keep */
	const char *place; /* path of the file that KEEP_UNIX is about; NULL: it has none */
	/* By KEEP_SOCKETS it connects to these TCP ports only, and to that of DNS if it has
	 * threads; NULL: to any. */
	const uint16_t *ports;
	size_t n_ports;
};

/* What has been given up. */
struct confinement {
	bool calls, files; /* by seccomp, by Landlock */
	const char *why;   /* nothing, or not all of it: a few words, NULL where all was */
};

/* Gives up all but *WISH for the process from here on: its threads and children too. What is
 * refused then fails with EPERM, or with EACCES by Landlock. A kernel, container, tracer or
 * emulator that does not let it changes nothing: *C says what came of it. errno is kept. Once only.
 */
void confine(const struct confine_wish *wish, struct confinement *c);

#endif
