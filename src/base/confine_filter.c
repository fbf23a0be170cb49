/* confine_filter.c - a program by which the kernel refuses system calls, for seccomp(2)
 *
 * It is made without the kernel's headers: the numbers are those of its interface, and do not
 * change.
 */
#include "base/confine_filter.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/confine.h"

/* ---- system calls ---- */

/* A processor's audit number (AUDIT_ARCH_..., the machine of ELF and two flags), and which column
 * of the table has its system calls. */
struct machine {
	uint32_t audit;
	enum { COLUMN_X86_64, COLUMN_I386, COLUMN_GENERIC, COLUMN_S390X, COLUMNS } column;
};

static const struct machine machines[] = {
	[PROCESSOR_X86_64] = { 0xC000003E, COLUMN_X86_64 },
	[PROCESSOR_I386] = { 0x40000003, COLUMN_I386 },
	[PROCESSOR_AARCH64] = { 0xC00000B7, COLUMN_GENERIC },
	[PROCESSOR_RISCV64] = { 0xC00000F3, COLUMN_GENERIC },
	[PROCESSOR_S390X] = { 0x80000016, COLUMN_S390X },
};

/* A system call: what lets a run keep it (0: it is always there), and its numbers, -1 where a
 * processor has none. */
struct call {
	uint8_t keeps;
	int16_t number[COLUMNS];
};

#define CALL(name, keeps, ...) { keeps, { __VA_ARGS__ } },

/* x86-64, i386, those of asm-generic/unistd.h, s390x. Of what has a wider twin on 32-bit machines
 * (fstat64, futex_time64) a libc may call either. */
static const struct call calls[] = {
	/* clang-format off */
	CALL(read, 0, 0, 3, 63, 3)
	CALL(readv, 0, 19, 145, 65, 145)
	CALL(write, 0, 1, 4, 64, 4)
	CALL(writev, 0, 20, 146, 66, 146)
	CALL(pread64, 0, 17, 180, 67, 180)
	CALL(pwrite64, 0, 18, 181, 68, 181)
	CALL(close, 0, 3, 6, 57, 6)
	CALL(lseek, 0, 8, 19, 62, 19)
	CALL(_llseek, 0, -1, 140, -1, -1)
	CALL(fsync, 0, 74, 118, 82, 118)
	CALL(fdatasync, 0, 75, 148, 83, 148)
	CALL(fstat, 0, 5, 108, 80, 108)
	CALL(fstat64, 0, -1, 197, -1, -1)
	CALL(fcntl, 0, 72, 55, 25, 55)
	CALL(fcntl64, 0, -1, 221, -1, -1)
	CALL(dup, 0, 32, 41, 23, 41)
	CALL(dup2, 0, 33, 63, -1, 63)
	CALL(dup3, 0, 292, 330, 24, 326)
	CALL(pipe, 0, 22, 42, -1, 42)
	CALL(pipe2, 0, 293, 331, 59, 325)
	CALL(splice, 0, 275, 313, 76, 306)
	CALL(tee, 0, 276, 315, 77, 308)
	CALL(sendfile, 0, 40, 187, 71, 187)
	CALL(sendfile64, 0, -1, 239, -1, -1)
	CALL(vmsplice, 0, 278, 316, 75, 309)
	CALL(poll, 0, 7, 168, -1, 168)
	CALL(ppoll, 0, 271, 309, 73, 302)
	CALL(ppoll_time64, 0, -1, 414, -1, -1)
	CALL(pselect6, 0, 270, 308, 72, 301)
	CALL(pselect6_time64, 0, -1, 413, -1, -1)
	CALL(epoll_create1, 0, 291, 329, 20, 327)
	CALL(epoll_ctl, 0, 233, 255, 21, 250)
	CALL(epoll_wait, 0, 232, 256, -1, 251)
	CALL(epoll_pwait, 0, 281, 319, 22, 312)
	CALL(epoll_pwait2, 0, 441, 441, 441, 441)
	CALL(accept, 0, 43, -1, 202, -1)
	CALL(accept4, 0, 288, 364, 242, 364)
	CALL(recvfrom, 0, 45, 371, 207, 371)
	CALL(recvmsg, 0, 47, 372, 212, 372)
	CALL(recvmmsg, 0, 299, 337, 243, 357)
	CALL(recvmmsg_time64, 0, -1, 417, -1, -1)
	CALL(sendto, 0, 44, 369, 206, 369)
	CALL(sendmsg, 0, 46, 370, 211, 370)
	CALL(sendmmsg, 0, 307, 345, 269, 358)
	CALL(shutdown, 0, 48, 373, 210, 373)
	CALL(getsockopt, 0, 55, 365, 209, 365)
	CALL(setsockopt, 0, 54, 366, 208, 366)
	CALL(getsockname, 0, 51, 367, 204, 367)
	CALL(getpeername, 0, 52, 368, 205, 368)
	CALL(brk, 0, 12, 45, 214, 45)
	CALL(munmap, 0, 11, 91, 215, 91)
	CALL(mremap, 0, 25, 163, 216, 163)
	CALL(madvise, 0, 28, 219, 233, 219)
	CALL(futex, 0, 202, 240, 98, 238)
	CALL(futex_time64, 0, -1, 422, -1, -1)
	CALL(set_robust_list, 0, 273, 311, 99, 304)
	CALL(rseq, 0, 334, 386, 293, 383)
	CALL(restart_syscall, 0, 219, 0, 128, 7)
	CALL(sched_yield, 0, 24, 158, 124, 158)
	CALL(membarrier, 0, 324, 375, 283, 356)
	CALL(rt_sigaction, 0, 13, 174, 134, 174)
	CALL(rt_sigprocmask, 0, 14, 175, 135, 175)
	CALL(rt_sigreturn, 0, 15, 173, 139, 173)
	CALL(sigreturn, 0, -1, 119, -1, 119)
	CALL(rt_sigpending, 0, 127, 176, 136, 176)
	CALL(rt_sigtimedwait, 0, 128, 177, 137, 177)
	CALL(rt_sigtimedwait_time64, 0, -1, 421, -1, -1)
	CALL(rt_sigsuspend, 0, 130, 179, 133, 179)
	CALL(sigaltstack, 0, 131, 186, 132, 186)
	CALL(tkill, 0, 200, 238, 130, 237)
	CALL(getpid, 0, 39, 20, 172, 20)
	CALL(gettid, 0, 186, 224, 178, 236)
	CALL(getppid, 0, 110, 64, 173, 64)
	CALL(getpgrp, 0, 111, 65, -1, 65)
	CALL(getpgid, 0, 121, 132, 155, 132)
	CALL(getsid, 0, 124, 147, 156, 147)
	CALL(getuid, 0, 102, 24, 174, 199)
	CALL(getuid32, 0, -1, 199, -1, -1)
	CALL(geteuid, 0, 107, 49, 175, 201)
	CALL(geteuid32, 0, -1, 201, -1, -1)
	CALL(getgid, 0, 104, 47, 176, 200)
	CALL(getgid32, 0, -1, 200, -1, -1)
	CALL(getegid, 0, 108, 50, 177, 202)
	CALL(getegid32, 0, -1, 202, -1, -1)
	CALL(exit, 0, 60, 1, 93, 1)
	CALL(exit_group, 0, 231, 252, 94, 248)
	CALL(clock_gettime, 0, 228, 265, 113, 260)
	CALL(clock_gettime64, 0, -1, 403, -1, -1)
	CALL(clock_getres, 0, 229, 266, 114, 261)
	CALL(clock_getres_time64, 0, -1, 406, -1, -1)
	CALL(gettimeofday, 0, 96, 78, 169, 78)
	CALL(time, 0, 201, 13, -1, -1)
	CALL(nanosleep, 0, 35, 162, 101, 162)
	CALL(clock_nanosleep, 0, 230, 267, 115, 262)
	CALL(clock_nanosleep_time64, 0, -1, 407, -1, -1)
	CALL(getrandom, 0, 318, 355, 278, 349)
	CALL(getrlimit, 0, 97, 76, 163, 191)
	CALL(ugetrlimit, 0, -1, 191, -1, -1)
	CALL(prlimit64, 0, 302, 340, 261, 334)
	CALL(uname, 0, 63, 122, 160, 122)
	CALL(sysinfo, 0, 99, 116, 179, 116)
	CALL(getrusage, 0, 98, 77, 165, 77)
	CALL(times, 0, 100, 43, 153, 43)
	CALL(socket, KEEP_SOCKETS, 41, 359, 198, 359)
	CALL(socketpair, KEEP_SOCKETS, 53, 360, 199, 360)
	CALL(bind, KEEP_SOCKETS, 49, 361, 200, 361)
	CALL(connect, KEEP_SOCKETS, 42, 362, 203, 362)
	CALL(access, KEEP_FILES, 21, 33, -1, 33)
	CALL(faccessat, KEEP_FILES, 269, 307, 48, 300)
	CALL(faccessat2, KEEP_FILES, 439, 439, 439, 439)
	CALL(getdents, KEEP_FILES, 78, 141, -1, 141)
	CALL(getdents64, KEEP_FILES, 217, 220, 61, 220)
	CALL(statfs, KEEP_FILES, 137, 99, 43, 99)
	CALL(fstatfs, KEEP_FILES, 138, 100, 44, 100)
	CALL(statfs64, KEEP_FILES, -1, 268, -1, 265)
	CALL(fstatfs64, KEEP_FILES, -1, 269, -1, 266)
	CALL(stat, 0, 4, 106, -1, 106)
	CALL(lstat, 0, 6, 107, -1, 107)
	CALL(stat64, 0, -1, 195, -1, -1)
	CALL(lstat64, 0, -1, 196, -1, -1)
	CALL(newfstatat, 0, 262, -1, 79, 293)
	CALL(fstatat64, 0, -1, 300, -1, -1)
	CALL(statx, 0, 332, 383, 291, 379)
	CALL(readlink, KEEP_FILES, 89, 85, -1, 85)
	CALL(readlinkat, KEEP_FILES, 267, 305, 78, 298)
	CALL(getcwd, KEEP_FILES, 79, 183, 17, 183)
	CALL(unlink, KEEP_UNIX, 87, 10, -1, 10)
	CALL(unlinkat, KEEP_UNIX, 263, 301, 35, 294)
	CALL(set_tid_address, KEEP_THREADS, 218, 258, 96, 252)
	CALL(sched_getaffinity, KEEP_THREADS, 204, 242, 123, 240)
	CALL(sched_getparam, KEEP_THREADS, 143, 155, 121, 155)
	CALL(sched_getscheduler, KEEP_THREADS, 145, 157, 120, 157)
	CALL(wait4, KEEP_CHILDREN, 61, 114, 260, 114)
	CALL(waitid, KEEP_CHILDREN, 247, 284, 95, 281)
	CALL(ptrace, KEEP_CHILDREN, 101, 26, 117, 26)
	CALL(process_vm_readv, KEEP_CHILDREN, 310, 347, 270, 340)
	CALL(pidfd_open, KEEP_CHILDREN, 434, 434, 434, 434)
	CALL(pidfd_getfd, KEEP_CHILDREN, 438, 438, 438, 438)
	CALL(close_range, KEEP_CHILDREN, 436, 436, 436, 436)
	CALL(fork, KEEP_CHILDREN, 57, 2, -1, 2)
	CALL(vfork, KEEP_CHILDREN, 58, 190, -1, 190)
	CALL(setpgid, KEEP_CHILDREN, 109, 57, 154, 57)
	/* clang-format on */
};

/* Those of which more is looked at than the number: columns as above. */
static const int16_t call_open[COLUMNS] = { 2, 5, -1, 5 };
static const int16_t call_openat[COLUMNS] = { 257, 295, 56, 288 };
static const int16_t call_ioctl[COLUMNS] = { 16, 54, 29, 54 };
static const int16_t call_kill[COLUMNS] = { 62, 37, 129, 37 };
static const int16_t call_tgkill[COLUMNS] = { 234, 270, 131, 241 };
static const int16_t call_clone[COLUMNS] = { 56, 120, 220, 120 };
static const int16_t call_mmap[COLUMNS] = { 9, 192, 222, 90 };
static const int16_t call_mprotect[COLUMNS] = { 10, 125, 226, 125 };
static const int16_t call_socketcall[COLUMNS] = { -1, 102, -1, 102 };

/* ---- the program ---- */

/* Only what the kernel follows by itself when a filter is installed (seccomp_is_const_allow()): a
 * call that it finds allowed so, whatever the arguments, never runs the filter again. */
enum {
	BPF_LOAD = 0x20, /* a word of the data */
	BPF_IF_EQUAL = 0x15,
	BPF_IF_AT_LEAST = 0x35,
	BPF_IF_ANY = 0x45, /* of the bits of K */
	BPF_RETURN = 0x06,
};

/* Where struct seccomp_data has the call's number, the processor, and argument I's lower half. */
#define DATA_NUMBER 0
#define DATA_PROCESSOR 4
#define DATA_ARGUMENT(i) (16 + 8 * (uint32_t)(i))

#define ALLOW 0x7FFF0000U
#define KILL 0x80000000U
#define REFUSE(error) (0x00050000U | (uint32_t)(error))

#define NUMBERS 512	/* those that there are are below */
#define NUMBERS_NEW 424 /* from here on a libc expects ENOSYS of an older kernel */

/* Of an argument: whether the call is allowed where CODE, a comparison with K, holds. */
struct condition {
	uint16_t code;
	bool allows;
	uint32_t k;
};

/* A call of which an argument decides: by the first condition that holds, and where none does by
 * the contrary of the last. */
struct check {
	int argument, n;
	struct condition conditions[3];
};

/* What is done for a call: one of these, or its check. */
enum does { DOES_REFUSE, DOES_NOT_KNOW, DOES_ALLOW, DOES_CHECK };

/* The instructions are written from the last to the first, since jumps lead forward alone: where
 * one leads to is there already. */
struct filter {
	struct filter_instruction *instructions; /* room for FILTER_MOST */
	unsigned first;				 /* of those that are written */
	unsigned ends[DOES_CHECK];		 /* where each of the others returns */
	const struct machine *machine;
	unsigned keeps;
	uint32_t self;
	struct check checks[8];
	uint8_t n_checks;
	uint8_t does[NUMBERS]; /* for each call; DOES_CHECK and the number of its check */
};

/* ---- what it does for each call ---- */

/* Of the call with NUMBERS' number, if there is one, CHECK's argument decides. */
static void filter_check(struct filter *f, const int16_t *numbers, struct check check)
{
	int number = numbers[f->machine->column];

	if (number < 0)
		return;
	f->does[number] = (uint8_t)(DOES_CHECK + f->n_checks);
	f->checks[f->n_checks++] = check;
}

/* The same for one comparison: where argument I has any of BITS the call is allowed or not. */
static void filter_check_bits(struct filter *f, const int16_t *numbers, int i, uint32_t bits,
			      bool allows)
{
	filter_check(f, numbers, (struct check){ i, 1, { { BPF_IF_ANY, allows, bits } } });
}

static void filter_arguments(struct filter *f)
{
	bool threads = f->keeps & KEEP_THREADS, children = f->keeps & KEEP_CHILDREN;
	bool sockets = f->keeps & KEEP_SOCKETS;
	struct check oneself = { 0, 1, { { BPF_IF_EQUAL, true, f->self } } };

	/* Nothing is to be typed into a terminal for whoever reads it next (TIOCSTI, TIOCLINUX). */
	filter_check(f, call_ioctl,
		     (struct check){ 1,
				     2,
				     { { BPF_IF_EQUAL, false, 0x5412 },
				       { BPF_IF_EQUAL, false, 0x541C } } });
	if (!children) {
		filter_check(f, call_kill, oneself);
		filter_check(f, call_tgkill, oneself);
	}
	/* Threads have CLONE_THREAD, children have not. s390x has the flags behind the stack. */
	if (threads && !children)
		filter_check_bits(f, call_clone, f->machine->column == COLUMN_S390X ? 1 : 0,
				  0x10000, true);
	/* For reading: neither O_WRONLY nor O_RDWR, O_CREAT, O_TRUNC. */
	if (f->keeps & KEEP_FILES) {
		filter_check_bits(f, call_open, 1, 01103, false);
		filter_check_bits(f, call_openat, 2, 01103, false);
	}
	/* PROT_EXEC: libraries that a look-up loads are mapped so; on s390x by a pointer. */
	if (!threads && f->machine->column != COLUMN_S390X)
		filter_check_bits(f, call_mmap, 2, 4, false);
	filter_check_bits(f, call_mprotect, 2, 4, false);
	/* socket, bind, connect, listen and socketpair are numbers 1 to 4, and 8. */
	filter_check(f, call_socketcall,
		     (struct check){ 0,
				     3,
				     { { BPF_IF_EQUAL, false, 4 },
				       { BPF_IF_EQUAL, sockets, 8 },
				       { BPF_IF_AT_LEAST, true, sockets ? 0 : 5 } } });
}

static void filter_allow(struct filter *f, int number)
{
	if (number >= 0)
		f->does[number] = DOES_ALLOW;
}

static void filter_collect(struct filter *f)
{
	const unsigned column = f->machine->column;

	for (size_t i = NUMBERS_NEW; i < NUMBERS; i++)
		f->does[i] = DOES_NOT_KNOW;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (!calls[i].keeps || calls[i].keeps & f->keeps)
			filter_allow(f, calls[i].number[column]);
	if (f->keeps & KEEP_CHILDREN) {
		filter_allow(f, call_kill[column]);
		filter_allow(f, call_tgkill[column]);
		filter_allow(f, call_clone[column]);
	}
	if (f->keeps & KEEP_THREADS || column == COLUMN_S390X)
		filter_allow(f, call_mmap[column]);
	filter_arguments(f);
}

/* ---- its instructions ---- */

/* Writes an instruction before all others: a jump goes on at IF_TRUE or IF_FALSE, which are places
 * of such, all else at the next one. Returns its place. */
static unsigned filter_jump(struct filter *f, uint16_t code, uint32_t k, unsigned if_true,
			    unsigned if_false)
{
	unsigned next = f->first--;

	f->instructions[f->first] = (struct filter_instruction){ code, (uint8_t)(if_true - next),
								 (uint8_t)(if_false - next), k };
	return f->first;
}

static unsigned filter_add(struct filter *f, uint16_t code, uint32_t k)
{
	return filter_jump(f, code, k, f->first, f->first);
}

static unsigned filter_by_argument(struct filter *f, const struct check *check)
{
	/* The lower half is the second one where the first byte is the highest. */
	const uint16_t one = 1;
	uint32_t half = *(const uint8_t *)&one || sizeof(long) == 4 ? 0 : 4;
	int i = check->n - 1;
	unsigned next = f->ends[check->conditions[i].allows ? DOES_REFUSE : DOES_ALLOW];

	for (; i >= 0; i--) {
		const struct condition *c = &check->conditions[i];
		next = filter_jump(f, c->code, c->k, f->ends[c->allows ? DOES_ALLOW : DOES_REFUSE],
				   next);
	}
	return filter_add(f, BPF_LOAD, DATA_ARGUMENT(check->argument) + half);
}

/* Finds the call among the N runs of calls for which the same is done; STARTS has the first number
 * of each, and of what comes after them. Returns the place where that begins. The kernel tries each
 * number when it installs the filter: so halves are of numbers, not of runs. */
static unsigned filter_find(struct filter *f, const uint16_t *starts, size_t n)
{
	uint8_t does = f->does[*starts];
	size_t half = 1;
	unsigned above;

	if (n == 1)
		return does < DOES_CHECK ? f->ends[does] :
					   filter_by_argument(f, &f->checks[does - DOES_CHECK]);
	while (half < n - 1 && starts[half] + starts[half + 1] < starts[0] + starts[n])
		half++;
	above = filter_find(f, starts + half, n - half);
	return filter_jump(f, BPF_IF_AT_LEAST, starts[half], above, filter_find(f, starts, half));
}

/* Calls of another processor's kind (those of 32 bits, that a 64-bit kernel takes too) have other
 * numbers. Those of x32 are above all that are known. */
static void filter_write(struct filter *f, const uint16_t *starts, size_t n)
{
	unsigned kill = filter_add(f, BPF_RETURN, KILL), begin;

	f->ends[DOES_REFUSE] = filter_add(f, BPF_RETURN, REFUSE(EPERM));
	f->ends[DOES_NOT_KNOW] = filter_add(f, BPF_RETURN, REFUSE(ENOSYS));
	f->ends[DOES_ALLOW] = filter_add(f, BPF_RETURN, ALLOW);
	filter_find(f, starts, n);
	begin = filter_add(f, BPF_LOAD, DATA_NUMBER);
	filter_jump(f, BPF_IF_EQUAL, f->machine->audit, begin, kill);
	filter_add(f, BPF_LOAD, DATA_PROCESSOR);
}

unsigned short confine_filter(enum processor processor, unsigned keeps, uint32_t self,
			      struct filter_instruction out[FILTER_MOST])
{
	uint16_t starts[NUMBERS + 1];
	size_t n = 0;
	struct filter f = {
		.instructions = out,
		.first = FILTER_MOST,
		.machine = &machines[processor],
		.keeps = keeps,
		.self = self,
	};

	filter_collect(&f);
	for (uint16_t i = 0; i < NUMBERS; i++)
		if (!i || f.does[i] != f.does[i - 1])
			starts[n++] = i;
	starts[n] = NUMBERS;
	filter_write(&f, starts, n);
	memmove(out, out + f.first, (FILTER_MOST - f.first) * sizeof *out);
	return (unsigned short)(FILTER_MOST - f.first);
}
