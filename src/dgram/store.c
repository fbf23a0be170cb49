/* store.c - datagrams in one piece of memory */
#include "dgram/store.h"

#include <errno.h>
#include <string.h>

int dgram_store_add(struct dgram_store *s, const struct dgram *v, size_t n, size_t most)
{
	size_t more = 0;

	for (size_t i = 0; i < n; i++)
		more += sizeof v->size + v[i].size;
	if (more > most || s->text.length > most - more) {
		errno = EFBIG;
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		text_put(&s->text, &v[i].size, sizeof v[i].size);
		text_put(&s->text, v[i].data, v[i].size);
	}
	errno = ENOMEM;
	return s->text.failed ? -1 : 0;
}

size_t dgram_store_next(struct dgram_store *s, struct dgram *v, size_t most)
{
	size_t n = 0;

	for (; n < most && s->at < s->text.length; n++) {
		v[n] = (struct dgram){ 0 };
		memcpy(&v[n].size, s->text.data + s->at, sizeof v[n].size);
		s->at += sizeof v[n].size;
		v[n].data = s->text.data + s->at;
		s->at += v[n].size;
	}
	return n;
}

void dgram_store_free(struct dgram_store *s)
{
	text_free(&s->text);
	s->at = 0;
}
