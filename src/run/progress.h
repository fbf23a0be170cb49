/* progress.h - the live line of --progress */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "run/run.h"

/* If --progress was given, shows from now on how far R has come: on a terminal in place, elsewhere,
 * where it was given twice, line by line. */
void progress_start(struct run *r);

/* Shows the final figures, which stay. */
void progress_end(struct run *r);

#endif
