/* scan.h - a run that asks of each port of a list of hosts whether somebody is there
 *
 * `connect --probe` connects to them, all at once, and prints which are open. `udp-send --probe`
 * sends a question to each, and prints what comes of it.
 */
#ifndef RUN_SCAN_H
#define RUN_SCAN_H

#include "base/message.h"
#include "base/options.h"
#include "flow/data_options.h"
#include "flow/spawn.h"
#include "net/proxy_client.h"
#include "sock/sockopt.h"

/* How long stdout has to take the rest after a signal. */
#define PROBE_PATIENCE (100 * MILLISECOND)

/* How many ports at a time: without --jobs, and at most. */
#define SCAN_JOBS 512
#define SCAN_JOBS_MOST 65536

/* All pointers must live until the end. */
struct scan_config {
	const struct messages *messages;
	const struct socket_options *socket;
	const struct data_options *data;
	const struct proxy *proxy;    /* by way of it and those behind it; NULL: directly */
	struct spawn_command command; /* takes the place of this process where all are as asked */
	int socktype;		      /* SOCK_STREAM or SOCK_DGRAM */
	const void *question; /* by UDP: what is asked, of `question_size` bytes; NULL: what each */
	size_t question_size; /* port understands, or nothing */
	int family;
	bool numeric;
	int64_t wait;		 /* of -w, or UNSET; */
	int64_t limit;		 /* then a port has so long */
	int64_t retry, interval; /* see retry.h */
	int64_t jobs;		 /* so many at a time */
	bool any, closed;	 /* one that is open is enough; none is to be open */
	bool tls; /* ask what is open for TLS, without which it is not as asked for */
};

/* Probes the ports that OPERANDS name, `HOST... PORTS` or ENDPOINTs. Says itself what goes wrong.
 */
struct outcome scan_run(const struct scan_config *c, const struct operands *operands);

#endif
