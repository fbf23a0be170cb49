/* resolution_text.c - why a resolution has failed, in words */
#define _GNU_SOURCE /* EAI_NODATA */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "names/lookup.h"
#include "names/resolution.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_NONAME
#endif

/* The error of R's look-up, which has failed, into TEXT of EAI_TEXT bytes. Returns TEXT. */
static const char *resolution_error_text(const struct resolution *r, char *text)
{
	const struct find_result *f = &r->found;
	bool no_data = EAI_NODATA != EAI_NONAME && f->eai == EAI_NODATA;
	char type[16];

	if (lookup_lacks_interface(r->word, f->eai, text))
		return text;
	if (r->is_address && (no_data || f->eai == EAI_NONAME))
		snprintf(text, EAI_TEXT, "no name is known");
	else if (no_data && r->c->record)
		snprintf(text, EAI_TEXT, "it has no %s record", dns_type_text(r->c->record, type));
	else
		eai_words(f->eai, f->error, r->c->finder.family, text);
	return text;
}

const char *resolution_code(const struct resolution *r)
{
	return r->timed_out ? errno_name(ETIMEDOUT) : eai_name(r->found.eai);
}

void resolution_why(const struct resolution *r, char *text, size_t size)
{
	const struct find_result *f = &r->found;
	const char *why = f->why ? f->why : "";
	char what[EAI_TEXT];

	if (r->timed_out)
		snprintf(text, size, "no answer within %s (-w)%s%s",
			 duration_format(what, sizeof what, r->c->wait), *why ? ", but " : "", why);
	else if (*why && (r->reverse || f->eai == EAI_AGAIN || f->eai == EAI_FAIL))
		snprintf(text, size, "%s", why);
	else
		snprintf(text, size, "%s%s%s", resolution_error_text(r, what), *why ? ": " : "",
			 why);
}

void resolution_fault(const struct resolution *r, char *text, size_t size)
{
	size_t n;

	resolution_why(r, text, size);
	n = strlen(text);
	if (!r->timed_out)
		snprintf(text + n, size - n, " (%s)", resolution_code(r));
}
