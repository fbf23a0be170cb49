/* connect.h - `sockit connect` */
#ifndef CMD_CONNECT_H
#define CMD_CONNECT_H

#include "base/command.h"

extern const struct command connect_command;

#endif
