/* udp_send.h - `sockit udp-send` */
#ifndef CMD_UDP_SEND_H
#define CMD_UDP_SEND_H

#include "base/command.h"

extern const struct command udp_send_command;

#endif
