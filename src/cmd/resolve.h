/* resolve.h - `sockit resolve` */
#ifndef CMD_RESOLVE_H
#define CMD_RESOLVE_H

#include "base/command.h"

extern const struct command resolve_command;

#endif
