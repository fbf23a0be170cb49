/* resolution_text.c - why a resolution has failed, in words */
#define _GNU_SOURCE /* EAI_NODATA, EAI_ADDRFAMILY */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/errname.h"
#include "base/number.h"
#include "names/resolution.h"

#ifndef EAI_NODATA /* not in POSIX */
#define EAI_NODATA EAI_NONAME
#endif
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY EAI_FAMILY
#endif

/* The error of R's look-up, which has failed, into TEXT of SIZE bytes. Returns TEXT. */
static const char *resolution_error_text(const struct resolution *r, char *text, size_t size)
{
	const struct find_result *f = &r->found;
	int family = r->c->finder.family;
	const char *kind = family == AF_INET ? "IPv4 " : family == AF_INET6 ? "IPv6 " : "";
	bool no_data = EAI_NODATA != EAI_NONAME && f->eai == EAI_NODATA;
	char type[16];

	if (f->eai == EAI_SYSTEM)
		snprintf(text, size, "%s (%s)", strerror(f->error), errno_name(f->error));
	else if (f->eai == EAI_AGAIN)
		snprintf(text, size, "no answer for now");
	else if (f->eai == EAI_FAIL)
		snprintf(text, size, "the server failed");
	else if (r->is_address && (no_data || f->eai == EAI_NONAME))
		snprintf(text, size, "no name is known");
	else if (no_data && r->c->record)
		snprintf(text, size, "it has no %s record", dns_type_text(r->c->record, type));
	else if (no_data || f->eai == EAI_FAMILY || f->eai == EAI_ADDRFAMILY)
		snprintf(text, size, "it has no %saddress", kind);
	else if (f->eai == EAI_NONAME)
		snprintf(text, size, "no such name");
	else
		snprintf(text, size, "%s", gai_strerror(f->eai));
	return text;
}

const char *resolution_code(const struct resolution *r)
{
	return r->timed_out ? errno_name(ETIMEDOUT) : eai_name(r->found.eai);
}

void resolution_why(const struct resolution *r, char *text, size_t size)
{
	const struct find_result *f = &r->found;
	char what[160];

	if (r->timed_out)
		snprintf(text, size, "no answer within %s (-w)%s%s",
			 duration_format(what, sizeof what, r->c->wait), f->why[0] ? ", but " : "",
			 f->why);
	else if (f->why[0] && (r->reverse || f->eai == EAI_AGAIN || f->eai == EAI_FAIL))
		snprintf(text, size, "%s", f->why);
	else
		snprintf(text, size, "%s%s%s", resolution_error_text(r, what, sizeof what),
			 f->why[0] ? ": " : "", f->why);
}

void resolution_fault(const struct resolution *r, char *text, size_t size)
{
	size_t n;

	resolution_why(r, text, size);
	n = strlen(text);
	if (!r->timed_out)
		snprintf(text + n, size - n, " (%s)", resolution_code(r));
}
