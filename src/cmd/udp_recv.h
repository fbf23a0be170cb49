/* udp_recv.h - `sockit udp-recv` */
#ifndef CMD_UDP_RECV_H
#define CMD_UDP_RECV_H

#include "base/command.h"

extern const struct command udp_recv_command;

#endif
