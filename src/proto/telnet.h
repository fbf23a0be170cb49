/* telnet.h - telnet's commands taken out of a stream, and bytes made safe for it (RFC 854, 855)
 *
 * We are a peer without options: whatever the other side asks for or offers is refused, so that
 * what remains is the plain stream of RFC 854 (a network virtual terminal, whose CR LF and CR NUL
 * are data like the rest).
 */
#ifndef PROTO_TELNET_H
#define PROTO_TELNET_H

#include <stddef.h>

/* How far into a command the bytes from the network have come. Start with { 0 }. */
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

/* How much N bytes from the network can make us answer: IAC DO or IAC WILL may have come before. */
#define TELNET_REPLY_MOST(n) ((n) + 2)

/* Takes N bytes at IN that came from the network, in whatever pieces they come. Writes what is data
 * to DATA, its length (at most N) to *DATA_N; DATA may be IN. Writes what is to be answered to
 * REPLY, which has room for TELNET_REPLY_MOST(N) bytes, its length to *REPLY_N.
 *
 * DO is answered with WONT, WILL with DONT, each time; WONT and DONT ask for no answer (RFC 854).
 * IAC IAC is the one byte 255. All other commands of two bytes are taken out, known or not, and so
 * is IAC SB to IAC SE (RFC 855), however long; IAC IAC is a part of that. Another command in it,
 * IAC DO for one, ends it and counts as if it stood outside, as telnetd of BSD has it: so a lost
 * IAC SE costs no more than what stands before the next command. */
void telnet_receive(struct telnet *t, const unsigned char *in, size_t n, unsigned char *data,
		    size_t *data_n, unsigned char *reply, size_t *reply_n);

/* Doubles each byte 255 in the N bytes at IN, into OUT, which has room for 2 * N. Returns the
 * length. */
size_t telnet_escape(const unsigned char *in, size_t n, unsigned char *out);

#endif
