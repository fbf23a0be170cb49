/* telnet.h - telnet's commands taken out of a stream (RFC 854, 855)
 *
 * We are a peer without options: whatever the other side asks for or offers is refused, so that
 * what remains is the plain stream of RFC 854 (a network virtual terminal, whose CR LF and CR NUL
 * are data like the rest).
 */
#ifndef PROTO_TELNET_H
#define PROTO_TELNET_H

#include <stddef.h>

/* The place in a command that the bytes from the network have come to. Start with { 0 }. */
struct telnet {
	enum telnet_state {
		TELNET_DATA,
		TELNET_COMMAND,	   /* after IAC */
		TELNET_DO,	   /* after IAC DO: an option follows */
		TELNET_WILL,	   /* after IAC WILL: the same */
		TELNET_WONT,	   /* after IAC WONT or DONT: the same, and no answer */
		TELNET_SUB,	   /* in a subnegotiation, after IAC SB */
		TELNET_SUB_COMMAND /* in it, after IAC */
	} state;
};

/* The longest answer to N bytes from the network, of which IAC DO or IAC WILL may have come before.
 */
#define TELNET_REPLY_MOST(n) ((n) + 2)

/* Takes the N bytes at IN, a piece of what comes from the network. Writes the data in them to DATA
 * and sets *DATA_N to their length, at most N; DATA may be IN. Writes the answer to REPLY, room for
 * TELNET_REPLY_MOST(N) bytes, and sets *REPLY_N to its length.
 *
 * DO is answered with WONT, WILL with DONT, each time; WONT and DONT ask for no answer (RFC 854).
 * IAC IAC is the one byte 255. All other commands of two bytes are taken out, known or not. So is
 * all from IAC SB to IAC SE (RFC 855), in which IAC IAC is a byte too. Any other command in there,
 * such as IAC DO, ends it and is obeyed, as in the telnetd of BSD: so after a lost IAC SE only the
 * bytes before the next command are lost. */
void telnet_receive(struct telnet *t, const unsigned char *in, size_t n, unsigned char *data,
		    size_t *data_n, unsigned char *reply, size_t *reply_n);

#endif
