/* messages.h - --wire-frame: what a connection carries is messages */
#ifndef CONN_MESSAGES_H
#define CONN_MESSAGES_H

#include "conn/connection.h"

/* Checks what O says of a stream connection, with D's other options; see
 * frame_options_check_stream(). Returns 0, or -1 with *ERROR. */
int messages_check(const struct data_options *d, struct frame_options *o,
		   struct option_error *error);

/* Has the connection that C tells of messages, in place of plain bytes? */
bool messages_are_framed(const struct connections_config *c);

/* Sets what X sends and receives to messages, where they are asked for: on stdin and stdout as
 * --frame has them. Else without effect. Returns 0, or -1 with errno ENOMEM. */
int messages_prepare(struct connection *x);

/* C is to send and receive X's messages just as they come, each as a whole: to the other side of a
 * relay, or back. */
void messages_pass_on(struct connection *x, struct pump_config *c);

/* With --json: X's messages go to stdout as objects. */
void messages_as_objects(struct connection *x);

/* ---- messages_exec.c ---- */

/* That of exec.c, where a connection has messages: a command for each. */
extern const struct service messages_exec_service;

#endif
