/* progress.h - the live line of --progress */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "run/run.h"

/* Shows how far R has come, from now on, if that was asked for: in place where stderr is a
 * terminal, else, asked twice, line by line. */
void progress_start(struct run *r);

/* The last one, which stays. */
void progress_end(struct run *r);

#endif
