/* account.h - what a look-up is seen to do, handed from the thread that watches it to the loop */
#ifndef NAMES_ACCOUNT_H
#define NAMES_ACCOUNT_H

#include "loop/loop.h"
#include "names/witness.h"

struct account;

/* Returns a new account, or NULL with errno. FN is called from the loop when there is something to
 * take. */
struct account *account_new(struct loop *loop, void (*fn)(void *arg), void *arg);

/* Ends the calls of FN, and gives A up as account_release() does. NULL: does nothing. */
void account_end(struct account *a);

/* One user more. Returns A, which may be NULL. */
struct account *account_hold(struct account *a);

/* One user less: the last one frees A. NULL: does nothing. */
void account_release(struct account *a);

/* The next thing that was seen, in its order, until the next call; NULL: none so far. */
const struct sight *account_next(struct account *a);

/* 0, or the errno for which the look-up cannot be followed, of which FN is called too. */
int account_error(struct account *a);

/* In the look-up's thread: witness_run(), with what is seen going into A. */
int account_run(struct account *a, witness_fn *fn, void *arg, struct text *out);

#endif
