#include "dgram/store.h"

#include <errno.h>
#include <string.h>

int datagram_store_add(struct datagram_store *s, const struct dgram *v, size_t n, size_t most)
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

size_t datagram_store_next(struct datagram_store *s, struct dgram *v, size_t most)
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

void datagram_store_again(struct datagram_store *s)
{
	s->at = 0;
}

void datagram_store_free(struct datagram_store *s)
{
	text_free(&s->text);
	s->at = 0;
}
