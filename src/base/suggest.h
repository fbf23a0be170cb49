/* suggest.h - "did you mean" */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

/* A search for the word nearest to WORD. Start with { .word = WORD }. */
struct suggestion {
	const char *word;
	const char *best; /* nearest so far, NULL while none is near enough */
	unsigned distance;
};

/* Considers CANDIDATE, which must outlive S. Near enough is at most a third of the word's
 * length, and at least one edit: insertion, deletion, change or swap of neighbours; letters
 * of either case are the same. */
void suggest(struct suggestion *s, const char *candidate);

#endif
