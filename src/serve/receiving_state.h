/* receiving_state.h - what the parts of a run that receives datagrams share
 *
 * receiving.c takes them and does with each what is to be done, receiving_answers.c sends what goes back, stdin's too,
 * receiving_report.c tells of it all.
 */
#ifndef SERVE_RECEIVING_STATE_H
#define SERVE_RECEIVING_STATE_H

#include "serve/receiving.h"

struct receiving_socket {
	struct receiving *receiving;
	struct dgram_socket *socket;
	struct watch watch;
	bool blocked; /* it takes no datagram for now */
};

/* ---- receiving.c ---- */

/* Sets what X waits for now; or it is over. */
void receiving_go_on(struct receiving *x);

/* Sets T to the time until which nothing may move by --rate, after so many BYTES. */
void receiving_pace(struct receiving *x, struct timer *t, uint64_t bytes);

/* ---- receiving_answers.c ---- */

/* Sends N datagrams by S; one that cannot be sent is told and passed over. Returns how many are done with. */
size_t receiving_send(struct receiving *x, struct receiving_socket *s, const struct dgram *d,
		      size_t n);

/* SIZE bytes at DATA, the last that were sent, to -o and -x. */
void receiving_copy_last(struct receiving *x, const void *data, size_t size);

/* There is somebody to send stdin's datagrams to. */
void receiving_begin_reading(struct receiving *x);

/* Sends what was read. */
void receiving_send_read(struct receiving *x);

/* ---- receiving_report.c ---- */

/* Says that the N at V have come by S. */
void receiving_say(const struct receiving *x, const struct receiving_socket *s,
		   const struct dgram_received *v, size_t n);

/* Says what was lost. Returns whether anything was. */
bool receiving_say_losses(const struct receiving *x);

/* Tells R what it asks, but for `ending`. */
void receiving_report_start(struct receiving *x, struct run *r);

#endif
