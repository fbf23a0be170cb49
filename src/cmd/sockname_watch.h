/* sockname_watch.h - `sockit sockname --watch`: what there is, then a line for each change
 *
 * A change is told as the line that is gone with `- ` before it, or the new one with `+ `; with
 * --json as the object with `event` and `time` before its members.
 */
#ifndef CMD_SOCKNAME_WATCH_H
#define CMD_SOCKNAME_WATCH_H

#include "base/facts.h"
#include "flow/output.h"
#include "run/run.h"

/* Lines for stdout, while a run waits for events. */
struct sockname_watch {
	struct run *run;
	const char *between;	 /* the columns */
	void (*look)(void *arg); /* something may have changed: to tell what */
	void *arg;
	/* Its own: */
	struct facts facts;
	struct output out;
	struct watch events;
	bool due; /* to look as soon as stdout has taken what was told */
};

/* Lets R tell of changes through W, whose first members are set: `look` is called from the loop
 * after an event of the descriptor EVENTS, of netlink_listen(), which is W's from here on; -1:
 * there are none. */
void sockname_watch_start(struct sockname_watch *w, int events);

/* Begins to tell of one thing with W's facts: of one that is there at the start, a new one, or one
 * that is gone. Then come a row and the members of an object, and the end. */
enum sockname_change { CHANGE_NONE, CHANGE_NEW, CHANGE_GONE };
void sockname_watch_begin(struct sockname_watch *w, enum sockname_change change);
void sockname_watch_end(struct sockname_watch *w);

/* Where stdout is a terminal: returns the table, for a heading. */
struct table *sockname_watch_heading(struct sockname_watch *w);

/* Does W wait for events from now on? It does at the start. Those that have come while it did not
 * are thrown away. */
void sockname_watch_listen(struct sockname_watch *w, bool listen);

/* Looks now, or as soon as stdout has taken what was told. */
void sockname_watch_look(struct sockname_watch *w);

/* Writes all that was told. */
void sockname_watch_flush(struct sockname_watch *w);

/* After the run; without effect if W (all zero) was never started. */
void sockname_watch_free(struct sockname_watch *w);

/* ---- a whole report, made anew after each event ---- */

struct sockname_report {
	struct sockname_watch w; /* but for `look` and `arg` */
	/* Makes the report: its rows, or objects. Returns 0, or -1 with errno, which ends the run.
	 */
	int (*make)(void *arg, struct facts *f);
	void *arg;
	const char *what; /* it is about, in messages */
	/* For a terminal of WIDTH columns; NULL: none. */
	void (*heading)(struct table *t, size_t width);
	struct text last; /* its own: the lines as they were told, tabs between the cells */
	bool told;
};

/* Tells the report, and its changes from then on, which EVENTS announce as above. */
void sockname_report_start(struct sockname_report *r, int events);
void sockname_report_free(struct sockname_report *r);

#endif
