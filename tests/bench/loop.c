/* loop.c - what frames cost a program that reads and writes each message by itself
 *
 *     loop          listens on 127.0.0.1, writes `127.0.0.1 PORT` to descriptor 3, and takes one
 *                   connection, whose messages go to stdout
 *     loop PORT     connects there, and sends the messages of stdin
 *
 * A message has MESSAGE bytes, its length among them; no others are known.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE 104

/* Reads a message from FD to DATA. Returns its size, less at the end. */
static size_t read_message(int fd, char *data)
{
	size_t size = 0;
	ssize_t n;

	while (size < MESSAGE && (n = read(fd, data + size, MESSAGE - size)) > 0)
		size += (size_t)n;
	return size;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0), in = STDIN_FILENO, out = STDOUT_FILENO;
	socklen_t length = sizeof a;
	char data[MESSAGE];

	if (argc > 1) {
		a.sin_port = htons((uint16_t)atoi(argv[1]));
		if (connect(s, (struct sockaddr *)&a, length) < 0)
			return 1;
		out = s;
	} else {
		if (bind(s, (struct sockaddr *)&a, length) < 0 || listen(s, 1) < 0 ||
		    getsockname(s, (struct sockaddr *)&a, &length) < 0)
			return 1;
		dprintf(3, "127.0.0.1 %d\n", ntohs(a.sin_port));
		close(3);
		in = accept(s, NULL, NULL);
	}
	while (read_message(in, data) == MESSAGE)
		if (write(out, data, MESSAGE) != MESSAGE)
			return 1;
	return 0;
}
