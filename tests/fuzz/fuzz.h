/* fuzz.h - what the fuzz targets share
 *
 * Each tests/fuzz/NAME.c is a libFuzzer target: LLVMFuzzerTestOneInput() is called with one input
 * after the other, and whatever the sanitizers find is a failure, as is a CHECK that does not hold.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the program. The stack that libFuzzer shows names the line. */
#define CHECK(property) ((property) ? (void)0 : abort())

/* Memory of just N bytes, so that the sanitizer sees each byte read or written beyond it. */
static inline void *take(size_t n)
{
	void *memory = malloc(n ? n : 1);

	CHECK(memory);
	return memory;
}

/* The N bytes at DATA with a NUL after them, in memory of their own: free(3) it. */
static inline char *take_string(const void *data, size_t n)
{
	char *text = take(n + 1);

	if (n)
		memcpy(text, data, n);
	text[n] = '\0';
	return text;
}

/* How many of the LEFT bytes of an input come next, as *SEED has it; of seed 0 all of them. */
static inline size_t piece(unsigned *seed, size_t left)
{
	size_t n = *seed ? 1 + *seed % 7 : left;

	*seed = *seed ? *seed * 5 + 3 : 0;
	return n < left ? n : left;
}

/* An argument vector: N words, each in memory of its own, and NULL. */
struct words {
	char **words;
	int n;
};

/* DATA as words after FIRST (none if that is NULL), each of them ended by a newline or a NUL. */
static inline struct words words_new(const char *first, const uint8_t *data, size_t size)
{
	struct words w = { take((size + 2) * sizeof *w.words), 0 };

	if (first)
		w.words[w.n++] = take_string(first, strlen(first));
	for (size_t at = 0; at < size;) {
		size_t n = 0;
		while (at + n < size && data[at + n] != '\n' && data[at + n] != '\0')
			n++;
		w.words[w.n++] = take_string(data + at, n);
		at += n + 1;
	}
	w.words[w.n] = NULL;
	return w;
}

/* As words_new() returned them, in that order. */
static inline void words_free(struct words kept)
{
	for (int i = 0; i < kept.n; i++)
		free(kept.words[i]);
	free(kept.words);
}

#endif
