/* x509.c - the fields of a certificate */
#include "fuzz.h"

#include "base/utf8.h"
#include "proto/x509.h"

static void check_inside(struct x509_bytes part, const uint8_t *in, size_t n)
{
	CHECK(part.n == 0 || (part.at >= in && part.at + part.n <= in + n));
}

static void check_time(const struct x509_time *t)
{
	CHECK(!*t->text || strlen(t->text) == strlen("2000-01-01T00:00:00Z"));
	CHECK(*t->text || t->seconds == 0);
	/* From the year 0 to 9999. */
	CHECK(t->seconds >= -62167219200 && t->seconds < 253402300800);
}

/* No control character stands in OUT. */
static void check_safe(const struct text *out)
{
	CHECK(!out->failed && utf8_valid(out->data, out->length));
	for (size_t i = 0; i < out->length; i++)
		CHECK((unsigned char)out->data[i] >= ' ' && out->data[i] != 0x7f);
}

static void check_name(struct x509_bytes name)
{
	struct text out = { 0 };

	x509_put_name(&out, name);
	check_safe(&out);
	text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *in = take(size);
	struct x509_bytes rest;
	struct text out = { 0 };
	struct x509 c;

	if (size)
		memcpy(in, data, size);
	if (x509_read(&c, in, size)) {
		check_inside(c.subject, in, size);
		check_inside(c.issuer, in, size);
		check_inside(c.names, in, size);
		check_time(&c.not_before);
		check_time(&c.not_after);
		check_name(c.subject);
		check_name(c.issuer);
		for (rest = c.names; x509_next_name(&rest, " ", &out);)
			check_inside(rest, in, size);
		check_safe(&out);
		text_free(&out);
	}
	free(in);
	return 0;
}
