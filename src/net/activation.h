/* activation.h - sockets from the service manager, and word to it (sd_listen_fds(3), sd_notify(3))
 */
#ifndef NET_ACTIVATION_H
#define NET_ACTIVATION_H

/* Returns how many sockets we have inherited, from descriptor 3 on: LISTEN_FDS, if LISTEN_PID is
 * our process, else 0. Removes these variables from the environment. */
int activation_sockets(void);

/* Sends STATE (`READY=1`) to NOTIFY_SOCKET, if that is set. Returns 0, or -1 with errno. */
int activation_notify(const char *state);

#endif
