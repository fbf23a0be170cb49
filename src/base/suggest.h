/* suggest.h - "did you mean" */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#define SUGGESTIONS 3

/* A search for the words nearest to WORD. Start with { .word = WORD }. */
struct suggestion {
	const char *word;
	const char *near[SUGGESTIONS]; /* nearest so far, the first the nearest; NULL: no more are
					  near enough */
	unsigned distances[SUGGESTIONS];
};

/* Considers CANDIDATE, which must outlive S. Near enough is at most a third of the word's
 * length, and at least one edit: insertion, deletion, change or swap of neighbours; behind
 * these, what contains a word of three letters or more. Letters of either case are the same. */
void suggest(struct suggestion *s, const char *candidate);

#endif
