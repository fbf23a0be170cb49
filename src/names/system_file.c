/* system_file.c - reading the system's files about names without ever blocking */
#include "names/system_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names/lookup_task.h"
#include "proto/dns.h"

#define SIZE_MOST (16 << 20)

int system_file_read(const char *path, struct text *out)
{
	/* Anything else than a file must not hold us up. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = 0;
	char piece[4096];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	/* A FIFO that nobody writes to would seem to be empty. */
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		error = ENOTSUP;
	while (!error && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n > 0)
			text_put(out, piece, (size_t)n);
		else if (errno != EINTR)
			error = errno;
		if (out->length > SIZE_MOST)
			error = EFBIG;
		else if (out->failed)
			error = ENOMEM;
	}
	close(fd);
	if (error)
		errno = error;
	return error ? -1 : 0;
}

int system_file_resolv_conf(struct resolvconf *out)
{
	struct text text = { 0 };
	int status = system_file_read(RESOLV_CONF, &text), error = errno;

	resolvconf_read(out, text.length ? text.data : "", status < 0 ? 0 : text.length,
			lookup_is_musl());
	text_free(&text);
	errno = error;
	return status;
}

bool system_file_server(const char *word, struct address *out)
{
	/* The libcs take what inet_addr(3) does, but nothing that ends in white space. */
	in_addr_t inet = strpbrk(word, "\r\v\f") ? INADDR_NONE : inet_addr(word);

	if (inet != INADDR_NONE)
		address_set_ip(out, AF_INET, &inet, DNS_PORT);
	else if (*word == '[' || address_parse_host(word, out) != WORD_NUMBER)
		return false;
	address_set_port(out, DNS_PORT);
	return true;
}

const char *system_file_why(int error)
{
	return error == ENOTSUP ? "not a regular file" : strerror(error);
}

bool system_file_is_odd(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}
