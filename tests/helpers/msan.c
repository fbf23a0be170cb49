/* msan.c - functions of libc that MemorySanitizer does not know: what they write into memory counts
 * as written. `configure --sanitize=memory` links it in, where these stand in front of libc's. */
#define _GNU_SOURCE /* RTLD_NEXT, stat64, getentropy */
#include <dlfcn.h>
#include <net/if.h>
#include <netdb.h>
#include <sanitizer/msan_interface.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Calls libc's NAME in the place of ours. */
#define LIBC(name, type, ...)                                                                      \
	type (*real)(__VA_ARGS__);                                                                 \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

int getentropy(void *data, size_t n)
{
	LIBC(getentropy, int, void *, size_t);
	int result = real(data, n);

	if (result == 0)
		__msan_unpoison(data, n);
	return result;
}

/* These three are known since clang 15. */
static int stat_known(int result, struct stat64 *s)
{
	if (result == 0)
		__msan_unpoison(s, sizeof *s);
	return result;
}

int stat64(const char *path, struct stat64 *s)
{
	LIBC(stat64, int, const char *, struct stat64 *);
	return stat_known(real(path, s), s);
}

int lstat64(const char *path, struct stat64 *s)
{
	LIBC(lstat64, int, const char *, struct stat64 *);
	return stat_known(real(path, s), s);
}

int fstat64(int fd, struct stat64 *s)
{
	LIBC(fstat64, int, int, struct stat64 *);
	return stat_known(real(fd, s), s);
}

struct if_nameindex *if_nameindex(void)
{
	LIBC(if_nameindex, struct if_nameindex *, void);
	struct if_nameindex *list = real();

	for (struct if_nameindex *i = list; i; i++) {
		__msan_unpoison(i, sizeof *i);
		if (!i->if_name)
			break;
		__msan_unpoison_string(i->if_name);
	}
	return list;
}

static struct servent *servent_known(struct servent *s)
{
	if (!s)
		return s;
	__msan_unpoison(s, sizeof *s);
	__msan_unpoison_string(s->s_name);
	__msan_unpoison_string(s->s_proto);
	for (char **alias = s->s_aliases;; alias++) {
		__msan_unpoison(alias, sizeof *alias);
		if (!*alias)
			return s;
		__msan_unpoison_string(*alias);
	}
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	LIBC(getservbyname, struct servent *, const char *, const char *);
	return servent_known(real(name, protocol));
}

struct servent *getservbyport(int port, const char *protocol)
{
	LIBC(getservbyport, struct servent *, int, const char *);
	return servent_known(real(port, protocol));
}
