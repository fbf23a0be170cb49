/* question.h - what to ask of a port of UDP, so that who is there answers
 *
 * A service that gets what it does not understand is silent, and then it looks as if nobody were
 * there.
 */
#ifndef PROTO_QUESTION_H
#define PROTO_QUESTION_H

#include <stddef.h>
#include <stdint.h>

/* Writes a question for the protocol of PORT to OUT of QUESTION_MOST bytes:
 *      53  DNS (RFC 1035): which name servers has the root?
 *     123  NTP (RFC 5905): what time is it?
 *     161  SNMP (RFC 3414, 4): version 3, which engine are you? No community or user is needed.
 *    1900  SSDP (UPnP Device Architecture 2.0, 1.3.2): what is there?
 *    5353  mDNS (RFC 6762, 5.5; RFC 6763, 9): which kinds of service?
 *   11211  memcached (its doc/protocol.txt): which version?
 * Returns its length; 0 for any other port. */
#define QUESTION_MOST 512
size_t question_for(uint16_t port, unsigned char *out);

#endif
