/* unix.h - `sockit unix` */
#ifndef CMD_UNIX_H
#define CMD_UNIX_H

#include "base/command.h"

extern const struct command unix_command;

#endif
