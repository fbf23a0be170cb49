/* listen.h - `sockit listen` */
#ifndef CMD_LISTEN_H
#define CMD_LISTEN_H

#include "base/command.h"

extern const struct command listen_command;

#endif
