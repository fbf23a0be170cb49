/* malloc_fail.c - memory that runs out: to be preloaded (glibc; not for static programs or
 * sanitizers)
 *
 * Counts the allocations of the program and of what it calls, from 1, in all threads: malloc(3),
 * calloc(3), realloc(3), reallocarray(3), and what allocates by them, as strdup(3).
 *
 *     MALLOC_FAIL=N       number N fails, with ENOMEM
 *     MALLOC_FAIL_ALL=1   and so do all after it
 *     MALLOC_OWN=1        those alone count that the program itself asks for, and no library:
 *                         glibc may end the program, or say that there is no such name
 *     MALLOC_COUNT=FILE   how many there were is written to FILE by exit(3) or _exit(2), a line;
 *                         nothing where a signal ends the program
 *
 * These variables and LD_PRELOAD are taken out of the environment: commands that the program starts
 * have memory. Nothing here allocates.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_ulong count;
static unsigned long first;
static bool counting, all, own;
static uintptr_t from, to; /* where the program's code is */
static int count_fd = -1;

/* Is the allocation that CALLER asks for to fail? */
static bool fails(const void *caller)
{
	bool counts = counting && (!own || ((uintptr_t)caller >= from && (uintptr_t)caller < to));
	unsigned long n = counts ? atomic_fetch_add(&count, 1) + 1 : 0;

	if (!first || !n || n < first || (n > first && !all))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, bytes);
}

/* The first object is the program. */
static int find_code(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
			from = object->dlpi_addr + p->p_vaddr;
			to = from + p->p_memsz;
		}
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("MALLOC_FAIL");

	first = n ? strtoul(n, NULL, 10) : 0;
	all = getenv("MALLOC_FAIL_ALL") != NULL;
	own = getenv("MALLOC_OWN") != NULL;
	/* A run that is set up opens no files any more. */
	if (getenv("MALLOC_COUNT"))
		count_fd = open(getenv("MALLOC_COUNT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0666);
	dl_iterate_phdr(find_code, NULL);
	unsetenv("MALLOC_FAIL");
	unsetenv("MALLOC_FAIL_ALL");
	unsetenv("MALLOC_OWN");
	unsetenv("MALLOC_COUNT");
	unsetenv("LD_PRELOAD");
	counting = true;
}

__attribute__((destructor)) static void end(void)
{
	char digits[24];
	size_t at = sizeof digits;
	unsigned long n = atomic_load(&count);

	if (count_fd < 0)
		return;
	digits[--at] = '\n';
	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	if (write(count_fd, digits + at, sizeof digits - at) < 0)
		abort();
	close(count_fd);
	count_fd = -1;
}

void _exit(int status)
{
	end();
	for (;;)
		syscall(SYS_exit_group, status);
}
