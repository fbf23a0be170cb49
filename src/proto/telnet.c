/* telnet.c - telnet commands taken out of a stream and answered */
#include "proto/telnet.h"

#include <string.h>

enum { SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255 };

/* Returns the state after IAC COMMAND. */
static enum telnet_state telnet_after(unsigned char command)
{
	switch (command) {
	case DO:
		return TELNET_DO;
	case WILL:
		return TELNET_WILL;
	case WONT:
	case DONT:
		return TELNET_WONT;
	case SB:
		return TELNET_SUB;
	default:
		return TELNET_DATA;
	}
}

/* Returns how many of the N bytes at IN stand before the next IAC. */
static size_t telnet_plain(const unsigned char *in, size_t n)
{
	const unsigned char *iac = n ? memchr(in, IAC, n) : NULL;

	return iac ? (size_t)(iac - in) : n;
}

void telnet_receive(struct telnet *t, const unsigned char *in, size_t n, unsigned char *data,
		    size_t *data_n, unsigned char *reply, size_t *reply_n)
{
	size_t out = 0, answered = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = in[i];
		size_t run;

		switch (t->state) {
		case TELNET_DATA:
		case TELNET_SUB:
			run = telnet_plain(in + i, n - i);
			if (t->state == TELNET_DATA) {
				memmove(data + out, in + i, run);
				out += run;
			}
			i += run; /* at IAC, or the end */
			if (i < n)
				t->state = t->state == TELNET_SUB ? TELNET_SUB_COMMAND :
								    TELNET_COMMAND;
			break;
		case TELNET_COMMAND:
			if (c == IAC)
				data[out++] = c;
			t->state = telnet_after(c);
			break;
		case TELNET_SUB_COMMAND:
			t->state = c == IAC ? TELNET_SUB : telnet_after(c);
			break;
		case TELNET_DO:
		case TELNET_WILL:
			reply[answered++] = IAC;
			reply[answered++] = t->state == TELNET_DO ? WONT : DONT;
			reply[answered++] = c;
			/* fall through */
		case TELNET_WONT:
			t->state = TELNET_DATA;
			break;
		}
	}
	*data_n = out;
	*reply_n = answered;
}
