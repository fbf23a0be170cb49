/* sandbox.h - a run that is set up keeps only what it needs */
#ifndef RUN_SANDBOX_H
#define RUN_SANDBOX_H

#include "base/confine.h"
#include "base/message.h"

/* Gives up, until the process ends, what the run of M's command line does not need: see
 * base/confine.h. What its rows and its subcommand ask for stays, and WISH (NULL: nothing more).
 * With --no-sandbox nothing is given up. What came of it is said with -vv. The first call
 * counts, others do nothing. */
void sandbox_enter(const struct messages *m, const struct confine_wish *wish);

#endif
