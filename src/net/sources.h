/* sources.h - how many connections there are from each source
 *
 * A source is an address of IP, or a network that addresses share, or the user of a UNIX socket.
 */
#ifndef NET_SOURCES_H
#define NET_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "sock/address.h"

/* --max-per-source N[/BITS], which source_parse() fills. */
struct source_limit {
	int64_t most; /* UNSET: any number */
	/* So many bits of an address say which source it is: up to 32 of IPv4, above of IPv6. The
	 * other family has its default, 32 and 64; of a link-local address of IPv6, all. UNSET:
	 * both have. */
	int64_t bits;
};

#define SOURCE_LIMIT_DEFAULT                                                                       \
	{                                                                                          \
		UNSET, UNSET                                                                       \
	}

/* An option_parser, of a struct source_limit. */
int source_parse(void *field, const char *word, struct option_error *error);

struct source {
	unsigned char key[17];
	size_t n;  /* connections */
	bool told; /* that there were too many */
	struct source *next;
};

/* All zero: there are none. */
struct sources {
	struct source **table;
	size_t size, n;
	uint64_t secret; /* nobody is to choose addresses that fall into one place */
};

/* Returns the source of A if that has as many connections as L permits; NULL: one more may come, or
 * nobody knows who A is (another family, a user that the system does not tell). */
struct source *sources_find_crowd(const struct sources *s, const struct source_limit *l,
				  const struct address *a);

/* Is it the first time that this is asked, since SOURCE had as many as it may? */
bool source_is_news(struct source *source);

/* Counts a connection from A, of which somebody knows who it is. Returns its source, for
 * sources_drop(), or NULL with errno ENOMEM. */
struct source *sources_add(struct sources *s, const struct source_limit *l,
			   const struct address *a);

/* Is A one that can be counted? */
bool sources_know(const struct address *a);

/* A connection of SOURCE (NULL: of none) counts no more. SOURCE is gone with its last one. */
void sources_drop(struct sources *s, struct source *source);

void sources_free(struct sources *s);

#endif
