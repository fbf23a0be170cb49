/* servinfo.h - the subcommand servinfo */
#ifndef CMD_SERVINFO_H
#define CMD_SERVINFO_H

#include "base/command.h"

extern const struct command servinfo_command;

#endif
