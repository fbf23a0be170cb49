/* sender.h - stdin's datagrams to one place or several, and what comes back to stdout
 *
 * A run of udp-send, broadcast or unix: it lasts until stdin has ended, and longer only where
 * replies are to be waited for.
 */
#ifndef DGRAM_SENDER_H
#define DGRAM_SENDER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/frame_options.h"
#include "sock/address.h"
#include "sock/multicast.h"
#include "sock/sockopt.h"
#include "run/run.h"

/* What the group's rows fill. */
struct sender_options {
	int64_t wait;	  /* for a reply, or UNSET */
	int64_t replies;  /* UNSET: any number */
	int64_t repeat;	  /* how often all is sent */
	int64_t interval; /* pause between */
	int64_t pps;	  /* datagrams a second, UNSET: no limit */
};

#define SENDER_OPTIONS_DEFAULT                                                                     \
	{                                                                                          \
		.wait = UNSET, .replies = UNSET, .repeat = 1, .pps = UNSET                         \
	}

/* The second has those of the first that do not stand in some other group of a subcommand too: all
 * but --wait and
 * --interval. */
extern const struct option_group sender_group, repeat_group;

/* Where datagrams go. */
struct sender_place {
	struct address to;
	unsigned interface; /* through this one, 0: the routing table chooses */
	char name[IF_NAMESIZE];
	bool failed; /* the sending's: it has said so */
};

/* What a run that only asks whether somebody answers has found. */
struct sender_found {
	enum sender_answer { SENDER_UNKNOWN, SENDER_NO_ANSWER, SENDER_OPEN, SENDER_CLOSED } answer;
	struct address by; /* of length 0: nobody */
	int64_t ns;	   /* from the start */
	uint16_t port;	   /* that was asked */
};

struct sender_config {
	const struct sender_options *options;
	const struct frame_options *frame;
	const struct socket_options *socket;
	const struct multicast_options *multicast; /* NULL: none were given */
	const char *host,
		*port; /* to be looked up; without a host it is the port of `places`; `unix:PATH`
			  and nothing: then the socket's source is such a word, or NULL */
	int family;
	struct sender_place *places; /* without a host: where each datagram goes, to all of them */
	size_t n_places;
	bool from; /* `ADDRESS PORT: ` stands before each reply, which is a line where it would have
		      no end */
	/* Replies are not written: the first one ends the run, and this is told of it, whatever it
	 * was; the end is what it makes of OUTCOME. NULL: replies are written. */
	struct outcome (*probed)(void *arg, const struct sender_found *f, struct outcome outcome);
	void *arg;
};

/* Sends as C says, with M, and DATA for all runs, to its end. Returns how it ended, having said
 * why. */
struct outcome sender_run(const struct messages *m, const struct data_options *data,
			  const struct sender_config *c);

#endif
