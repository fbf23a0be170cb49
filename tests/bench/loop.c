/* loop.c - what frames cost a program that reads and writes each message by itself
 *
 *     loop          takes one connection from descriptor 3, whose messages go to stdout
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
	int in = STDIN_FILENO, out = STDOUT_FILENO;
	char data[MESSAGE];

	if (argc > 1) {
		a.sin_port = htons((uint16_t)atoi(argv[1]));
		out = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(out, (struct sockaddr *)&a, sizeof a) < 0)
			return 1;
	} else {
		in = accept(3, NULL, NULL);
	}
	while (read_message(in, data) == MESSAGE)
		if (write(out, data, MESSAGE) != MESSAGE)
			return 1;
	return 0;
}
