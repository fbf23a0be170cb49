/* suggest.h - "did you mean": the known words that are nearest to a mistyped one */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#define SUGGESTIONS 3

/* A search for the words nearest to `word`. Start with { .word = WORD }. */
struct suggestion {
	const char *word;
	const char *near[SUGGESTIONS]; /* the nearest first, NULL after the last */
	unsigned distances[SUGGESTIONS];
};

/* Considers CANDIDATE, which must outlive S. It is near enough if at most a third of the word's
 * letters, of which there are three or more, need an edit: insertion, deletion, change, or swap of
 * neighbours.
 * Behind these come candidates that contain the word, if that has three letters or more. Case does
 * not count. */
void suggest(struct suggestion *s, const char *candidate);

#endif
