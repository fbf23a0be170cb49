/* errname.c - tables of the symbolic names of errors */
#define _GNU_SOURCE /* EAI_NODATA, EAI_ADDRFAMILY */
#include "base/errname.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <stddef.h>
#include <sys/socket.h>

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_NONAME
#endif
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY EAI_FAMILY
#endif

#define NAME(x) x, #x

static const struct error_name errnos[] = {
	{ NAME(E2BIG) },	   { NAME(EACCES) },	   { NAME(EADDRINUSE) },
	{ NAME(EADDRNOTAVAIL) },   { NAME(EAFNOSUPPORT) }, { NAME(EAGAIN) },
	{ NAME(EALREADY) },	   { NAME(EBADF) },	   { NAME(EBADMSG) },
	{ NAME(EBUSY) },	   { NAME(ECANCELED) },	   { NAME(ECHILD) },
	{ NAME(ECONNABORTED) },	   { NAME(ECONNREFUSED) }, { NAME(ECONNRESET) },
	{ NAME(EDEADLK) },	   { NAME(EDESTADDRREQ) }, { NAME(EDOM) },
	{ NAME(EDQUOT) },	   { NAME(EEXIST) },	   { NAME(EFAULT) },
	{ NAME(EFBIG) },	   { NAME(EHOSTUNREACH) }, { NAME(EIDRM) },
	{ NAME(EILSEQ) },	   { NAME(EINPROGRESS) },  { NAME(EINTR) },
	{ NAME(EINVAL) },	   { NAME(EIO) },	   { NAME(EISCONN) },
	{ NAME(EISDIR) },	   { NAME(ELOOP) },	   { NAME(EMFILE) },
	{ NAME(EMLINK) },	   { NAME(EMSGSIZE) },	   { NAME(EMULTIHOP) },
	{ NAME(ENAMETOOLONG) },	   { NAME(ENETDOWN) },	   { NAME(ENETRESET) },
	{ NAME(ENETUNREACH) },	   { NAME(ENFILE) },	   { NAME(ENOBUFS) },
	{ NAME(ENODATA) },	   { NAME(ENODEV) },	   { NAME(ENOENT) },
	{ NAME(ENOEXEC) },	   { NAME(ENOLCK) },	   { NAME(ENOLINK) },
	{ NAME(ENOMEM) },	   { NAME(ENOMSG) },	   { NAME(ENOPROTOOPT) },
	{ NAME(ENOSPC) },	   { NAME(ENOSYS) },	   { NAME(ENOTCONN) },
	{ NAME(ENOTDIR) },	   { NAME(ENOTEMPTY) },	   { NAME(ENOTRECOVERABLE) },
	{ NAME(ENOTSOCK) },	   { NAME(ENOTSUP) },	   { NAME(ENOTTY) },
	{ NAME(ENXIO) },	   { NAME(EOVERFLOW) },	   { NAME(EOWNERDEAD) },
	{ NAME(EPERM) },	   { NAME(EPIPE) },	   { NAME(EPROTO) },
	{ NAME(EPROTONOSUPPORT) }, { NAME(EPROTOTYPE) },   { NAME(ERANGE) },
	{ NAME(EROFS) },	   { NAME(ESPIPE) },	   { NAME(ESRCH) },
	{ NAME(ESTALE) },	   { NAME(ETIMEDOUT) },	   { NAME(ETXTBSY) },
	{ NAME(EXDEV) },
#if EOPNOTSUPP != ENOTSUP /* one number with two names on Linux */
	{ NAME(EOPNOTSUPP) },
#endif
};

static const struct error_name eais[] = {
	{ NAME(EAI_AGAIN) },	{ NAME(EAI_BADFLAGS) }, { NAME(EAI_FAIL) },
	{ NAME(EAI_FAMILY) },	{ NAME(EAI_MEMORY) },	{ NAME(EAI_NONAME) },
	{ NAME(EAI_OVERFLOW) }, { NAME(EAI_SERVICE) },	{ NAME(EAI_SOCKTYPE) },
	{ NAME(EAI_SYSTEM) },	{ NAME(EAI_NODATA) },	{ NAME(EAI_ADDRFAMILY) },
};

static const char *name_find(const struct error_name *names, size_t n, int value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == value)
			return names[i].name;
	return NULL;
}

const char *errno_name(int error)
{
	static char number[sizeof "E-2147483648"];
	const char *name = name_find(errnos, sizeof errnos / sizeof *errnos, error);

	if (!name)
		name = name_find(errnos_more, n_errnos_more, error);
	if (name)
		return name;
	snprintf(number, sizeof number, "E%d", error);
	return number;
}

const char *eai_name(int code)
{
	const char *name = name_find(eais, sizeof eais / sizeof *eais, code);

	return name ? name : "EAI";
}

bool errno_is_lack(int error)
{
	static const int lacks[] = { ENOMEM, EMFILE, ENFILE, ENOBUFS, EAGAIN, EIO };

	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
		if (lacks[i] == error)
			return true;
	return false;
}

const char *errno_text(int error, char *text)
{
	snprintf(text, ERRNO_TEXT, "%s (%s)", strerror(error), errno_name(error));
	return text;
}

bool eai_is_fault(int code)
{
	return code && code != EAI_NONAME && code != EAI_NODATA;
}

const char *eai_words(int code, int error, int family, char *text)
{
	const char *kind = family == AF_INET ? "IPv4 " : family == AF_INET6 ? "IPv6 " : "";
	bool no_data = EAI_NODATA != EAI_NONAME && code == EAI_NODATA;

	if (code == EAI_SYSTEM)
		snprintf(text, EAI_TEXT, "%s (%s)", strerror(error), errno_name(error));
	else if (no_data || code == EAI_FAMILY || code == EAI_ADDRFAMILY)
		snprintf(text, EAI_TEXT, "it has no %saddress", kind);
	else
		snprintf(text, EAI_TEXT, "%s",
			 code == EAI_AGAIN   ? "no answer for now" :
			 code == EAI_FAIL    ? "the server failed" :
			 code == EAI_NONAME  ? "no such name" :
			 code == EAI_SERVICE ? "no such service" :
					       gai_strerror(code));
	return text;
}

const char *eai_text(int code, int error, int family, char *text)
{
	size_t n = strlen(eai_words(code, error, family, text));

	snprintf(text + n, EAI_TEXT - n, " (%s)", eai_name(code));
	return text;
}
