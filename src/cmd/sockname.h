/* sockname.h - the subcommand sockname */
#ifndef CMD_SOCKNAME_H
#define CMD_SOCKNAME_H

#include "base/command.h"

extern const struct command sockname_command;

#endif
