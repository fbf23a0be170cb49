/* receiver_state.h - what the parts of a run that receives datagrams share
 *
 * receiving.c takes them and does with each what is to be done, receiver_answers.c sends what goes
 * back, stdin's too, receiver_report.c tells of it all.
 */
#ifndef DGRAM_RECEIVER_STATE_H
#define DGRAM_RECEIVER_STATE_H

#include "dgram/receiver.h"

struct receiver_socket {
	struct receiver *receiving;
	struct dgram_socket *socket;
	struct watch watch;
	bool blocked; /* it takes no datagram for now */
};

/* ---- receiving.c ---- */

/* Sets what X waits for now; or it is over. */
void receiver_go_on(struct receiver *x);

/* Sets T to the time until which nothing may move by --rate, after so many BYTES. */
void receiver_pace(struct receiver *x, struct timer *t, uint64_t bytes);

/* ---- receiver_answers.c ---- */

/* Sends N datagrams by S; one that cannot be sent is told and passed over. Returns how many are
 * done with. */
size_t receiver_send(struct receiver *x, struct receiver_socket *s, const struct dgram *d,
		     size_t n);

/* SIZE bytes at DATA, the last that were sent, to -o and -x. */
void receiver_copy_last(struct receiver *x, const void *data, size_t size);

/* There is somebody to send stdin's datagrams to. */
void receiver_begin_reading(struct receiver *x);

/* Sends what was read. */
void receiver_send_read(struct receiver *x);

/* ---- receiver_report.c ---- */

/* Says that the N at V have come by S. */
void receiver_say(const struct receiver *x, const struct receiver_socket *s,
		  const struct dgram_received *v, size_t n);

/* Says what was lost. Returns whether anything was. */
bool receiver_say_losses(const struct receiver *x);

/* Tells R what it asks, but for `ending`. */
void receiver_report_start(struct receiver *x, struct run *r);

#endif
