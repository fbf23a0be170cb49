/* steps.h - what an explanation prints: a row for each step, then one for each thing that is wrong,
 * or an object with both */
#ifndef RUN_STEPS_H
#define RUN_STEPS_H

#include "base/facts.h"
#include "names/explain.h"

struct steps {
	struct facts *facts;
	bool terminal; /* columns line up; else a tab is between them */
	/* On a terminal it has a line above its rows, elsewhere it is the first cell of each; NULL:
	 * neither. */
	const char *word;
	struct json json; /* the object so far: members may be added before the first step, and
			   * behind steps_end() */
	/* Its own: */
	struct json wrong;  /* the members of the array `wrong` */
	struct text faults; /* the same for the rows, each ended by NUL */
	bool begun;	    /* there was a step */
};

/* *S prints to FACTS, whose form it has. FACTS and WORD must stay. */
void steps_start(struct steps *s, struct facts *facts, const char *word);

/* Prints STEP: what it is called, the place, the question, the answer and the time. */
void steps_tell(struct steps *s, const struct explain_step *step);

/* TEXT is wrong, which is printed behind all steps. */
void steps_wrong(struct steps *s, const char *text);

/* All has been told: prints what is wrong. */
void steps_end(struct steps *s);

/* Prints the object, if that is S's form, and frees S. */
void steps_finish(struct steps *s);

/* Frees S, of which nothing else is to be printed. */
void steps_free(struct steps *s);

#endif
