/* activation.h - sockets from, and word to, whoever started us (sd_listen_fds(3), sd_notify(3)) */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

/* How many sockets we were given, from descriptor 3 on: LISTEN_FDS, if LISTEN_PID is us. 0: none.
 * Takes the variables out of the environment. */
int activation_sockets(void);

/* Says STATE (`READY=1`) to NOTIFY_SOCKET, if there is one. Returns 0, or -1 with errno. */
int activation_notify(const char *state);

#endif
