/* check_confine_filter.c - src/base/confine_filter.c, run as the kernel would run it
 *
 * For each processor and all that a run may keep: the program stays inside itself, and has only
 * instructions that the kernel can follow when it installs it. So the calls of which no argument
 * decides cost no run of it later. What differs is told in a line, and the exit status is 1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/confine.h"
#include "base/confine_filter.h"

#define ALLOW 0x7FFF0000U
#define KILL 0x80000000U
#define REFUSE(error) (0x00050000U | (uint32_t)(error))
#define ASKS 1U /* no verdict: an argument decides */
#define SELF 77
#define OTHER 78
#define ALL 256 /* sums of enum keep */

/* A call and its first three arguments (all 0: none may be looked at): what is to come of it, if
 * all of WITH is kept, and none of WITHOUT. The numbers are those of x86-64, i386, aarch64, riscv64
 * and s390x; -1: there is none. */
static const struct {
	const char *name;
	int numbers[5];
	uint32_t arguments[3];
	unsigned with, without;
	uint32_t verdict;
} cases[] = {
	{ "read", { 0, 3, 63, 63, 3 }, { 0 }, 0, 0, ALLOW },
	{ "write", { 1, 4, 64, 64, 4 }, { 0 }, 0, 0, ALLOW },
	{ "ppoll", { 271, 309, 73, 73, 302 }, { 0 }, 0, 0, ALLOW },
	{ "recvfrom", { 45, 371, 207, 207, 371 }, { 0 }, 0, 0, ALLOW },
	{ "sendto", { 44, 369, 206, 206, 369 }, { 0 }, 0, 0, ALLOW },
	{ "splice", { 275, 313, 76, 76, 306 }, { 0 }, 0, 0, ALLOW },
	{ "epoll_pwait2", { 441, 441, 441, 441, 441 }, { 0 }, 0, 0, ALLOW },
	{ "connect", { 42, 362, 203, 203, 362 }, { 0 }, KEEP_SOCKETS, 0, ALLOW },
	{ "connect", { 42, 362, 203, 203, 362 }, { 0 }, 0, KEEP_SOCKETS, REFUSE(EPERM) },
	{ "execve", { 59, 11, 221, 221, 11 }, { 0 }, 0, 0, REFUSE(EPERM) },
	{ "listen", { 50, 363, 201, 201, 363 }, { 0 }, 0, 0, REFUSE(EPERM) },
	{ "openat2", { 437, 437, 437, 437, 437 }, { 0 }, 0, 0, REFUSE(ENOSYS) },
	{ "one to come", { 600, 600, 600, 600, 600 }, { 0 }, 0, 0, REFUSE(ENOSYS) },
	{ "read of x32", { 0x40000000, -1, -1, -1, -1 }, { 0 }, 0, 0, REFUSE(ENOSYS) },
	{ "TIOCOUTQ", { 16, 54, 29, 29, 54 }, { 3, 0x5411 }, 0, 0, ALLOW },
	{ "TIOCSTI", { 16, 54, 29, 29, 54 }, { 3, 0x5412 }, 0, 0, REFUSE(EPERM) },
	{ "kill of oneself", { 62, 37, 129, 129, 37 }, { SELF }, 0, 0, ALLOW },
	{ "kill", { 62, 37, 129, 129, 37 }, { OTHER }, 0, KEEP_CHILDREN, REFUSE(EPERM) },
	{ "clone", { 56, 120, 220, 220, -1 }, { 17 }, 0, KEEP_CHILDREN, REFUSE(EPERM) },
	{ "thread", { 56, 120, 220, 220, -1 }, { 0x3D0F00 }, KEEP_THREADS, 0, ALLOW },
	{ "reading", { 257, 295, 56, 56, 288 }, { 0, 0, 02000000 }, KEEP_FILES, 0, ALLOW },
	{ "writing", { 257, 295, 56, 56, 288 }, { 0, 0, 1 }, 0, 0, REFUSE(EPERM) },
	{ "mprotect", { 10, 125, 226, 226, 125 }, { 0, 0, 3 }, 0, 0, ALLOW },
	{ "PROT_EXEC", { 10, 125, 226, 226, 125 }, { 0, 0, 5 }, 0, 0, REFUSE(EPERM) },
	{ "socket by socketcall", { -1, 102, -1, -1, 102 }, { 1 }, 0, KEEP_SOCKETS, REFUSE(EPERM) },
	{ "listen by socketcall", { -1, 102, -1, -1, 102 }, { 4 }, 0, 0, REFUSE(EPERM) },
	{ "recv by socketcall", { -1, 102, -1, -1, 102 }, { 10 }, 0, 0, ALLOW },
};

static const uint32_t processors[] = { 0xC000003E, 0x40000003, 0xC00000B7, 0xC00000F3, 0x80000016 };

/* What the N instructions of P make of a call; ARGUMENTS NULL: an argument that is looked at ends
 * that with ASKS. Returns 0 for a program that is none. */
static uint32_t verdict(const struct filter_instruction *p, unsigned n, uint32_t processor,
			uint32_t number, const uint32_t *arguments)
{
	uint32_t a = 0;

	for (unsigned i = 0; i < n; i++) {
		bool holds = p[i].code == 0x15 ? a == p[i].k :
			     p[i].code == 0x35 ? a >= p[i].k :
						 a & p[i].k;
		switch (p[i].code) {
		case 0x06:
			return p[i].k;
		case 0x20:
			if (p[i].k >= 16 && !arguments)
				return ASKS;
			/* The lower half of an argument is the second one on some machines. */
			a = p[i].k == 0 ? number :
			    p[i].k == 4 ? processor :
					  arguments[(p[i].k - 16) / 8];
			break;
		case 0x15:
		case 0x35:
		case 0x45:
			i += holds ? p[i].when_true : p[i].when_false;
			break;
		default:
			return 0;
		}
	}
	return 0;
}

static int check(int processor, unsigned keeps)
{
	struct filter_instruction p[FILTER_MOST];
	unsigned n = confine_filter((enum processor)(processor + 1), keeps, SELF, p);
	uint32_t us = processors[processor], other = processors[(processor + 1) % 5];
	int bad = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t number = (uint32_t)cases[i].numbers[processor];
		const uint32_t *arguments = cases[i].arguments;
		bool plain = !arguments[0] && !arguments[1] && !arguments[2];
		uint32_t is = verdict(p, n, us, number, plain ? NULL : arguments);
		if (cases[i].numbers[processor] < 0 || (keeps & cases[i].with) != cases[i].with ||
		    keeps & cases[i].without)
			continue;
		if (is != cases[i].verdict)
			bad = printf("processor %d, %x kept: %s is %x\n", processor, keeps,
				     cases[i].name, is);
	}
	for (uint32_t number = 0; number < 700; number++)
		if (verdict(p, n, us, number, cases->arguments) == 0 ||
		    verdict(p, n, other, number, NULL) != KILL)
			bad = printf("processor %d, %x kept: %u\n", processor, keeps, number);
	return bad;
}

int main(void)
{
	int bad = 0;

	for (int processor = 0; processor < 5; processor++)
		for (unsigned keeps = 0; keeps < ALL; keeps++)
			bad |= check(processor, keeps);
	return bad ? 1 : 0;
}
