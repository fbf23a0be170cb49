/* traffic.h - what a run of datagrams has moved and when: each of them under -vv, its figures and
 * its idle limit
 */
#ifndef DGRAM_TRAFFIC_H
#define DGRAM_TRAFFIC_H

#include <stdint.h>

#include "run/report.h"
#include "run/run.h"
#include "sock/datagram.h"

struct dgram_traffic {
	struct run *run;
	uint64_t sent, received; /* bytes */
	struct datagram_counts counts;
	int64_t start; /* 0: nothing can move yet */
	struct dgram_mark {
		uint64_t sent, received;
		struct datagram_counts counts;
		int64_t at;
	} mark; /* what `sent` and the rest were when the last interval of --stats ended */
	int64_t last_move;
	int64_t rest_end; /* see dgram_traffic_rest() */
	struct timer idle_timer;
	void (*idle)(void *arg, struct outcome outcome);
	void *arg;
};

/* Starts T: from now on datagrams can move. When none has moved for the time of --idle-timeout,
 * that is said and IDLE, unless it is NULL, is called with what it means for R. */
void dgram_traffic_start(struct dgram_traffic *t, struct run *r,
			 void (*idle)(void *arg, struct outcome outcome), void *arg);

/* The first N datagrams at V have gone. COPY: copies them to -o, -x and -X. TO: -vv says that they
 * went there, by INTERFACE unless that is empty; NULL: that is not said. */
void dgram_traffic_sent(struct dgram_traffic *t, const struct dgram *v, size_t n, bool copy,
			const struct address *to, const char *interface);

/* Copies SIZE bytes at DATA, the last that were sent, to -o, -x and -X. */
void dgram_traffic_copy(const struct dgram_traffic *t, const void *data, size_t size);

/* The N at V have come. LOCAL: our address, if there are several; else NULL. */
void dgram_traffic_received(struct dgram_traffic *t, const struct dgram_received *v, size_t n,
			    const struct address *local);

/* The user asked for a pause until TIME (--rate, --pps, --interval): the idle limit begins anew
 * behind it. */
void dgram_traffic_rest(struct dgram_traffic *t, int64_t time);

/* Says T's figures as EVENT (`closed`, `stats`), those of an interval of --stats as `interval`.
 * PEER, LOCAL: NULL if there are several; WHY: why the run is over, NULL if it is not. */
void dgram_traffic_report(struct dgram_traffic *t, enum message_level level, enum run_figures when,
			  const char *event, const struct address *peer,
			  const struct address *local, const char *why);

/* Fills TOTALS, with TAKEN bytes of stdin read and EXPECTED in all (UNSET: not known). */
void dgram_traffic_totals(const struct dgram_traffic *t, uint64_t taken, int64_t expected,
			  struct run_totals *totals);

/* Drops the timer. Does nothing if T (all zero) was never started. */
void dgram_traffic_end(struct dgram_traffic *t);

#endif
