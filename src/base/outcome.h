/* outcome.h - how a run ended: a value that main() turns into the exit status */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

enum outcome_kind {
	OUTCOME_DONE,	 /* all was done, every byte delivered */
	OUTCOME_FAILED,	 /* a socket or I/O call failed */
	OUTCOME_USAGE,	 /* the command line cannot be used */
	OUTCOME_LOOKUP,	 /* a name, service or address could not be looked up */
	OUTCOME_TIMEOUT, /* a time limit of ours ran out */
	OUTCOME_SIGNAL,	 /* ended by signal `detail` */
	OUTCOME_COMMAND, /* a command's own status `detail`; 126, 127: it could not be run */
};

struct outcome {
	enum outcome_kind kind;
	int detail;
};

#endif
