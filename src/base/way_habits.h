/* way_habits.h - lines as users of tools that look at ways and at sockets type them, put into
 * sockit's words, for messages: traceroute, tcptraceroute, tracepath, mtr, ping, nmap, openssl
 * s_client, ss, netstat, lsof */
#ifndef BASE_WAY_HABITS_H
#define BASE_WAY_HABITS_H

#include <stddef.h>

/* Translates the ARGC words ARGV (from 1), of which the first is the name of such a tool: writes
 * the sockit line that means the same to LINE of SIZE bytes, its words quoted as a shell wants it.
 * Where an option is among them that no line means, the operands are written as what they are, HOST
 * and PORT. Returns LINE, or NULL if there is none or it is too long. */
const char *way_habits_line(int argc, char **argv, char *line, size_t size);

#endif
