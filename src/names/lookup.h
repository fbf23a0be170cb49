/* lookup.h - names to addresses without blocking the loop
 *
 * getaddrinfo(3) cannot be cancelled, so each look-up has a thread of its own (or one that several
 * share), which is left behind at a deadline. Numbers need no thread and are answered at once. At
 * most eight look-ups run at a time; the others wait for their turn.
 */
#ifndef NAMES_LOOKUP_H
#define NAMES_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "names/lookup_task.h"
#include "sock/address.h"

#define LOOKUPS_MOST 8 /* at a time, unless lookup_at_once() says so */

struct lookup;

/* ANSWER's addresses (to be freed with free(3)) and names are the callee's. */
typedef void lookup_fn(void *arg, struct lookup_answer *answer);

/* Looks up Q, whose words must live until the answer; they have passed address_operands(). FN is
 * called once: from the loop, or from in here where both words are numbers, or where no memory,
 * thread or pipe is to be had (EAI_SYSTEM). Then *OUT is NULL, else it can be cancelled until FN is
 * called. */
void lookup_start(struct loop *loop, const struct lookup_question *q, lookup_fn *fn, void *arg,
		  struct lookup **out);

/* Has the look-up of WORD failed, by the error EAI, since WORD is an address whose zone is no
 * interface? Then writes `no interface eth7` into TEXT of EAI_TEXT bytes. */
bool lookup_lacks_interface(const char *word, int eai, char *text);

/* Writes why the look-up of WORD has failed, as eai_text() does, into TEXT of EAI_TEXT bytes; of an
 * address whose zone is none: `no interface eth7 (EAI_NONAME)`. Returns TEXT. */
const char *lookup_text(const char *word, int eai, int error, int family, char *text);

/* Looks up all names of ADDRESS, followed into ACCOUNT unless that is NULL, or if TRUSTED only the
 * name that getnameinfo(3) tells, and only if ADDRESS is one of its addresses: whoever owns an
 * address can give it any name. The answer has no addresses. Look-ups that were left behind and
 * hang can keep a trusted one waiting for long: the caller has to limit its time. Else as
 * lookup_start(). */
void lookup_names_start(struct loop *loop, const struct address *address, bool trusted,
			struct account *account, lookup_fn *fn, void *arg, struct lookup **out);

/* Lets MOST look-ups run at once from now on, in place of eight. */
void lookup_at_once(int most);

/* From now on look-ups share a thread, as far as each begins there within a millisecond: where most
 * are quick, threads would take longer to start than they do. To be ended by lookup_end(). */
void lookup_share_thread(void);

/* Ends that thread, unless a look-up that was given up holds it. None is under way. */
void lookup_end(void);

/* Puts the N addresses of LIST into the order in which to try them: the families take turns, the
 * one that the look-up put first begins (RFC 8305, section 4). */
void lookup_interleave(struct address *list, size_t n);

/* Gives L up without calling FN; NULL: does nothing. */
void lookup_cancel(struct lookup *l);

#endif
