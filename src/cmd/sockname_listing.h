/* sockname_listing.h - one list of sockets, while it is made: what sockname_list*.c share */
#ifndef CMD_SOCKNAME_LISTING_H
#define CMD_SOCKNAME_LISTING_H

#include "cmd/sockname_list.h"
#include "run/run.h"
#include "system/inventory.h"

struct listing {
	const struct sockname_list *l;
	struct inventory_query q;
	struct ports ports;
	struct address name;
	struct inventory_host *hosts; /* of --with */
	struct access_lookup *lookup;
	struct listing_watch *watch; /* NULL: changes are not told */
	struct run run;		     /* of --with and --watch */
};

/* Lists in *OUT those that X is about, but for the programs. Returns as inventory_get(). */
int listing_get(const struct listing *x, struct inventory *out);

/* Is S, of I, whose owners are known, of the program that X is about? */
bool listing_has_program(const struct listing *x, const struct inventory *i,
			 const struct inventory_socket *s);

/* Which columns of inventory_row() it has. */
unsigned listing_columns(const struct listing *x);

/* Tells the list and its changes, until X's run ends. */
struct listing_watch;
struct listing_watch *listing_watch_start(struct listing *x);
void listing_watch_free(struct listing_watch *w);

#endif
