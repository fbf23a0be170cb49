/* sender.h - a run that sends stdin's datagrams and writes the replies to stdout
 *
 * udp-send, broadcast and unix are such runs. One lasts until stdin has ended, and longer only if
 * it has to wait for replies.
 */
#ifndef DGRAM_SENDER_H
#define DGRAM_SENDER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sock/address.h"
#include "sock/multicast.h"
#include "run/run.h"

/* The values of the two groups of options. */
struct sender_options {
	int64_t wait;	  /* ns to wait for a reply, or UNSET */
	int64_t replies;  /* how many to wait for, UNSET: any number */
	int64_t repeat;	  /* how often all of stdin is sent */
	int64_t interval; /* ns between two times */
	int64_t pps;	  /* datagrams a second, UNSET: no limit */
	const char *data; /* escaped: sent in place of stdin; NULL: stdin is sent */
};

#define SENDER_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.wait = UNSET, .replies = UNSET, .repeat = 1, .pps = UNSET                         \
	}

/* asking_group lacks --interval, and repeat_group --data and --wait too: they are for subcommands
 * with such options of their own. */
extern const struct option_group sender_group, asking_group, repeat_group;

/* A place to send to. */
struct sender_place {
	struct address to;
	unsigned interface; /* to send by, 0: the routing table chooses */
	char name[IF_NAMESIZE];
	bool failed; /* the sender's own: it has said that sending there failed */
};

/* All pointers must live until the end. */
struct sender_config {
	const struct sender_options *options;
	const struct frame_options *frame;
	const struct socket_options *socket;
	const struct multicast_options *multicast; /* NULL: none were given */
	/* To be looked up. Without a host, PORT is that of all PLACES. For a UNIX socket the host
	 * is `unix:PATH` and the port empty; then the socket's source is such a word too, or NULL.
	 */
	const char *host, *port;
	int family;
	struct sender_place *places; /* without a host: each datagram goes to all of them */
	size_t n_places;
	bool any_source; /* take replies from anybody */
	bool from; /* write `ADDRESS PORT: ` before each reply; a frame without ends is `line` then
		    */
};

/* Sends as C says until all is done. Says itself what goes wrong. Returns how the run ended. */
struct outcome sender_run(const struct messages *m, const struct data_options *data,
			  const struct sender_config *c);

#endif
