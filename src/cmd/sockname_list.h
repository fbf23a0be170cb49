/* sockname_list.h - `sockit sockname --listening` and `--sockets`: lists of this machine's sockets
 */
#ifndef CMD_SOCKNAME_LIST_H
#define CMD_SOCKNAME_LIST_H

#include "base/message.h"
#include "base/options.h"
#include "net/access.h"
#include "sock/address.h"

/* Which of them: options, and what their words mean. */
struct sockname_selection {
	unsigned protocols, states; /* as bits; 0: the usual, any */
	const char *program, *user;
	int64_t uid;		    /* of `user`, UNSET: any */
	struct access_options with; /* those that it allows are the peers; unused: any */
	bool info;		    /* with TCP_INFO of each */
};

extern const struct option_group sockname_selection_group;

struct sockname_list {
	const struct messages *messages;
	struct sockname_selection *selection;
	const struct family_options *family;
	bool listening;	  /* those that wait for others, without their peers */
	bool watch;	  /* its changes are told too */
	const char *word; /* the operand: a list of ports or `unix:PATH`; NULL: none */
};

/* Checks the words of L. Returns 0, or -1 with *ERROR. */
int sockname_list_check(const struct sockname_list *l, struct option_error *error);

/* Prints the list; says itself what goes wrong. */
struct outcome sockname_list_run(const struct sockname_list *l);

#endif
