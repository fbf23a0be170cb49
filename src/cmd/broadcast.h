/* broadcast.h - `sockit broadcast` */
#ifndef CMD_BROADCAST_H
#define CMD_BROADCAST_H

#include "base/command.h"

extern const struct command broadcast_command;

#endif
