/* confine_linux.c - giving up by seccomp(2) and landlock(7)
 *
 * Both are spoken to without a library and without the kernel's headers, which a libc need not
 * come with: numbers and layouts are those of the kernel's interface and do not change.
 */
#define _GNU_SOURCE /* syscall */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine_filter.h"
#include "config.h"

/* ---- seccomp ---- */

/* struct sock_fprog of linux/filter.h */
struct program {
	unsigned short n;
	struct filter_instruction *instructions;
};

#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_FILTER_FLAG_TSYNC 1 /* of all threads */

/* Returns 0, or -1 with errno. */
static int confine_calls(unsigned keeps)
{
	struct filter_instruction instructions[FILTER_MOST];
	struct program program = { .instructions = instructions };

	program.n = confine_filter(SOCKIT_PROCESSOR, keeps, (uint32_t)syscall(SYS_getpid),
				   instructions);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ?
		       -1 :
		       0;
}

/* ---- Landlock ---- */

/* The same numbers on each processor. */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_CREATE_RULESET_VERSION 1
#define LANDLOCK_RULE_PATH_BENEATH 1
#define LANDLOCK_RULE_NET_PORT 2

/* Rights to files: bits 0 to 12 of version 1, and what came since. */
#define RIGHT_READ_FILE (1U << 2)
#define RIGHT_READ_FOLDER (1U << 3)
#define RIGHT_REMOVE_FILE (1U << 5)

/* Of TCP: to bind is bit 0. */
#define RIGHT_CONNECT (1U << 1)

#define SCOPE_ABSTRACT (1U << 0)
#define SCOPE_SIGNALS (1U << 1)

#define PORT_DNS 53

struct landlock_ruleset {
	uint64_t files;	  /* rights that are given up but where a rule gives them */
	uint64_t network; /* TCP: to bind, to connect */
	uint64_t scoped;  /* abstract UNIX sockets of others, signals to others */
};

/* struct landlock_path_beneath_attr, which is packed: the kernel reads 12 bytes. */
struct landlock_folder {
	uint64_t rights;
	int32_t fd;
};

struct landlock_port {
	uint64_t rights;
	uint64_t port;
};

/* What kernel version VERSION of Landlock can take away. */
static struct landlock_ruleset landlock_rights(long version)
{
	static const struct {
		long version;
		struct landlock_ruleset rights;
	} since[] = {
		{ 1, { .files = 0x1FFF } },   { 2, { .files = 1U << 13 } }, /* to another folder */
		{ 3, { .files = 1U << 14 } },				    /* truncate */
		{ 4, { .network = 3 } },      { 5, { .files = 1U << 15 } }, /* ioctl of devices */
		{ 6, { .scoped = 3 } },
	};
	struct landlock_ruleset all = { 0 };

	for (size_t i = 0; i < sizeof since / sizeof *since && since[i].version <= version; i++) {
		all.files |= since[i].rights.files;
		all.network |= since[i].rights.network;
		all.scoped |= since[i].rights.scoped;
	}
	return all;
}

/* Lets RULESET have RIGHTS beneath the folder of PATH. Returns 0, or -1 with errno. */
static int landlock_allow_folder(int ruleset, const char *path, uint64_t rights)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct landlock_folder rule = { .rights = rights };
	long result;
	int fd;

	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rule.fd = fd;
	result = syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
	close(fd);
	return result ? -1 : 0;
}

/* Lets RULESET connect to PORT by TCP. Returns 0, or -1 with errno. */
static int landlock_allow_port(int ruleset, uint16_t port)
{
	const struct landlock_port rule = { RIGHT_CONNECT, port };

	return syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_NET_PORT, &rule, 0U) ? -1 : 0;
}

/* What is given up of ALL, where no rule gives it, for W. */
static void landlock_keep(struct landlock_ruleset *all, const struct confine_wish *w)
{
	unsigned keeps = w->keeps;

	if (keeps & KEEP_FILES)
		all->files &= ~(uint64_t)(RIGHT_READ_FILE | RIGHT_READ_FOLDER);
	/* To bind is allowed: -s and -p want it, and seccomp lets nobody listen there. */
	if (keeps & KEEP_SOCKETS)
		all->network &= w->ports ? RIGHT_CONNECT : 0;
	if (keeps & (KEEP_SOCKETS | KEEP_UNIX))
		all->scoped &= ~(uint64_t)SCOPE_ABSTRACT;
	if (keeps & KEEP_CHILDREN)
		all->scoped &= ~(uint64_t)SCOPE_SIGNALS;
}

/* Adds to RULESET, which gives ALL up, what W is to have of that. Returns 0, or -1 with errno. */
static int landlock_allow(int ruleset, const struct landlock_ruleset *all,
			  const struct confine_wish *w)
{
	bool connects = w->keeps & KEEP_SOCKETS && all->network;
	int result = 0;

	if (w->place && w->keeps & KEEP_UNIX)
		result = landlock_allow_folder(ruleset, w->place, RIGHT_REMOVE_FILE);
	for (size_t i = 0; connects && i < w->n_ports && result == 0; i++)
		result = landlock_allow_port(ruleset, w->ports[i]);
	if (connects && w->keeps & KEEP_THREADS && result == 0)
		result = landlock_allow_port(ruleset, PORT_DNS);
	return result;
}

/* Returns 0, or -1 with errno. */
static int confine_files(const struct confine_wish *w)
{
	long version =
		syscall(LANDLOCK_CREATE_RULESET, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset all = landlock_rights(version);
	long ruleset, result = -1;

	if (version < 0 || w->keeps & KEEP_PROCESSES)
		return version < 0 ? -1 : 0;
	landlock_keep(&all, w);
	ruleset = syscall(LANDLOCK_CREATE_RULESET, &all, sizeof all, 0U);
	if (ruleset < 0)
		return -1;
	if (landlock_allow((int)ruleset, &all, w) == 0)
		result = syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0U);
	close((int)ruleset);
	return result ? -1 : 0;
}

/* ---- both ---- */

void confine(const struct confine_wish *w, struct confinement *c)
{
	int error = errno;

	*c = (struct confinement){ 0 };
	if (w->keeps & KEEP_PROGRAMS) {
		c->why = "it may start a program";
	} else if (SOCKIT_PROCESSOR == PROCESSOR_OTHER) {
		c->why = "not on this processor, or with sanitizers";
	} else if (!getauxval(AT_SYSINFO_EHDR)) {
		/* Valgrind has system calls of its own, and an emulator those of another kind. */
		c->why = "under an emulator";
	} else if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		c->why = "the system does not let it";
	} else {
		c->files = confine_files(w) == 0;
		c->calls = confine_calls(w->keeps) == 0;
		c->why = c->files && c->calls ? NULL :
			 c->files	      ? "no seccomp" :
			 c->calls	      ? "no Landlock" :
						"neither seccomp nor Landlock";
	}
	errno = error;
}
