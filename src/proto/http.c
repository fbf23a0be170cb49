/* http.c - heads of HTTP/1 messages, and the place that a request names */
#include "proto/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

/* ---- characters (RFC 9110, 5.6.2; RFC 3986, 2.2 and 2.3) ---- */

static bool http_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool http_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool http_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool http_is_token(char c)
{
	return http_is_digit(c) || http_is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool http_is_name(char c)
{
	return http_is_digit(c) || http_is_letter(c) || (c && strchr("-._~!$&'()*+,;=", c));
}

/* Neither a control character nor a blank. Other than ASCII passes, as clients do send it. */
static bool http_is_visible(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

static bool http_are(struct http_part p, bool (*is)(char))
{
	for (size_t i = 0; i < p.n; i++)
		if (!is(p.at[i]))
			return false;
	return p.n > 0;
}

/* ---- parts ---- */

struct http_part http_skip(struct http_part p, size_t n)
{
	return (struct http_part){ p.at + n, p.n - n };
}

static struct http_part http_trim(struct http_part p)
{
	while (p.n && http_is_blank(p.at[0]))
		p = http_skip(p, 1);
	while (p.n && http_is_blank(p.at[p.n - 1]))
		p.n--;
	return p;
}

/* Takes the bytes before the first C off *P, to *OUT, and drops the C. Returns false if there is
 * none.
 */
static bool http_cut(struct http_part *p, char c, struct http_part *out)
{
	const char *found = p->n ? memchr(p->at, c, p->n) : NULL;

	if (!found)
		return false;
	*out = (struct http_part){ p->at, (size_t)(found - p->at) };
	*p = http_skip(*p, out->n + 1);
	return true;
}

static bool http_is_same(struct http_part a, struct http_part b)
{
	return a.n == b.n && (!a.n || !strncasecmp(a.at, b.at, a.n));
}

bool http_is(struct http_part p, const char *word)
{
	return http_is_same(p, (struct http_part){ word, strlen(word) });
}

bool http_is_method(struct http_part p, const char *method)
{
	return p.n == strlen(method) && !memcmp(p.at, method, p.n);
}

static bool http_starts(struct http_part p, const char *word)
{
	size_t n = strlen(word);

	return p.n >= n && !strncasecmp(p.at, word, n);
}

/* ---- where a head ends ---- */

enum http_scanned http_scan(struct http_scan *s, const char *in, size_t n, size_t *used)
{
	for (*used = 0; *used < n; ++*used) {
		char c = in[*used];

		s->long_line = !s->lines && s->line == HTTP_LINE_MOST && c != '\n';
		if (s->long_line || s->n == HTTP_HEAD_MOST)
			return HTTP_SCAN_TOO_LONG;
		s->n++;
		if (c != '\n') {
			s->line++;
			s->cr = c == '\r';
			continue;
		}
		if (s->line > s->cr) {
			s->lines++;
		} else if (s->lines) {
			++*used;
			return HTTP_SCAN_WHOLE;
		}
		s->line = 0;
		s->cr = false;
	}
	return HTTP_SCAN_MORE;
}

/* ---- a head ---- */

bool http_refuse(struct http_fault *fault, unsigned status, const char *what)
{
	*fault = (struct http_fault){ status, what };
	return false;
}

/* Takes the next line off *REST, to *LINE without its end. The head was scanned: there is one. */
static bool http_next_line(struct http_part *rest, struct http_part *line, struct http_fault *fault)
{
	if (!http_cut(rest, '\n', line))
		return http_refuse(fault, 400, "a head that is not whole");
	if (line->n && line->at[line->n - 1] == '\r')
		line->n--;
	if (line->n && (memchr(line->at, '\r', line->n) || memchr(line->at, '\0', line->n)))
		return http_refuse(fault, 400, "a NUL, or a CR that ends no line");
	return true;
}

/* `HTTP/1.N` */
static bool http_parse_version(struct http_head *h, struct http_part p, struct http_fault *fault)
{
	if (p.n != 8 || memcmp(p.at, "HTTP/", 5) != 0 || !http_is_digit(p.at[5]) ||
	    p.at[6] != '.' || !http_is_digit(p.at[7]))
		return http_refuse(fault, 400, "a first line that is not HTTP's");
	if (p.at[5] != '1')
		return http_refuse(fault, 505, "a version of HTTP other than 1");
	h->minor = (unsigned)(p.at[7] - '0');
	return true;
}

static bool http_parse_request_line(struct http_head *h, struct http_part line,
				    struct http_fault *fault)
{
	if (!http_cut(&line, ' ', &h->method) || !http_cut(&line, ' ', &h->target) ||
	    !http_are(h->method, http_is_token) || !http_are(h->target, http_is_visible))
		return http_refuse(fault, 400, "a first line that is not HTTP's");
	return http_parse_version(h, line, fault);
}

static bool http_parse_status_line(struct http_head *h, struct http_part line,
				   struct http_fault *fault)
{
	struct http_part version;
	uint64_t status;

	if (!http_cut(&line, ' ', &version))
		return http_refuse(fault, 400, "a first line that is not HTTP's");
	if (!http_parse_version(h, version, fault))
		return false;
	/* Some servers leave the blank out if no reason follows. */
	if (line.n < 3 || !digits_parse(line.at, 3, 999, &status) || status < 100 ||
	    (line.n > 3 && line.at[3] != ' '))
		return http_refuse(fault, 400, "a status that is none");
	h->status = (unsigned)status;
	h->reason = line.n > 4 ? http_skip(line, 4) : (struct http_part){ "", 0 };
	return true;
}

static bool http_parse_field(struct http_head *h, struct http_part line, struct http_fault *fault)
{
	struct http_field *f;

	if (h->n == HTTP_FIELDS_MOST)
		return http_refuse(fault, 431, "too many fields");
	f = &h->fields[h->n];
	if (!http_cut(&line, ':', &f->name))
		return http_refuse(fault, 400, "a field without a colon");
	f->value = line;
	/* RFC 9112, 5.1: a blank before the colon is dropped in a response and refused in a
	 * request. */
	while (h->response && f->name.n && http_is_blank(f->name.at[f->name.n - 1]))
		f->name.n--;
	if (!http_are(f->name, http_is_token))
		return http_refuse(fault, 400, "a field with a name that is none");
	h->n++;
	return true;
}

/* Adds LINE, obs-fold, to the value of H's last field. The bytes between them become blanks. */
static bool http_unfold(struct http_head *h, char *bytes, struct http_part line,
			struct http_fault *fault)
{
	struct http_part *value;
	size_t start, end;

	if (!h->n)
		return http_refuse(fault, 400, "a field that begins with a blank");
	value = &h->fields[h->n - 1].value;
	start = (size_t)(value->at - bytes) + value->n;
	end = (size_t)(line.at - bytes);
	memset(bytes + start, ' ', end - start);
	value->n = end + line.n - (size_t)(value->at - bytes);
	return true;
}

static bool http_parse(struct http_head *h, bool response, char *bytes, size_t n,
		       struct http_fault *fault)
{
	struct http_part rest = { bytes, n }, line;
	size_t connection = 0;

	h->response = response;
	h->minor = h->status = 0;
	h->method = h->target = h->reason = (struct http_part){ "", 0 };
	h->n = 0;
	do
		if (!http_next_line(&rest, &line, fault))
			return false;
	while (!line.n);
	if (!(response ? http_parse_status_line : http_parse_request_line)(h, line, fault))
		return false;
	for (;;) {
		if (!http_next_line(&rest, &line, fault))
			return false;
		if (!line.n)
			break;
		if (!(http_is_blank(line.at[0]) ? http_unfold(h, bytes, line, fault) :
						  http_parse_field(h, line, fault)))
			return false;
	}
	for (size_t i = 0; i < h->n; i++) {
		h->fields[i].value = http_trim(h->fields[i].value);
		if (http_is(h->fields[i].name, "Connection"))
			connection += h->fields[i].value.n;
	}
	return connection <= HTTP_CONNECTION_MOST ||
	       http_refuse(fault, 431, "too long a Connection");
}

bool http_parse_request(struct http_head *h, char *bytes, size_t n, struct http_fault *fault)
{
	const struct http_field *host;
	size_t at = 0;

	if (!http_parse(h, false, bytes, n, fault))
		return false;
	host = http_find(h, "Host", &at);
	if (host && http_find(h, "Host", &at))
		return http_refuse(fault, 400, "two Host fields");
	return true;
}

bool http_parse_response(struct http_head *h, char *bytes, size_t n, struct http_fault *fault)
{
	return http_parse(h, true, bytes, n, fault);
}

const struct http_field *http_find(const struct http_head *h, const char *name, size_t *at)
{
	while (*at < h->n) {
		const struct http_field *f = &h->fields[(*at)++];
		if (http_is(f->name, name))
			return f;
	}
	return NULL;
}

bool http_list_next(struct http_part *value, struct http_part *member)
{
	while (value->n) {
		bool quoted = false;
		size_t n = 0;

		for (; n < value->n && (quoted || value->at[n] != ','); n++)
			if (value->at[n] == '"')
				quoted = !quoted;
			else if (quoted && value->at[n] == '\\' && n + 1 < value->n)
				n++;
		*member = http_trim((struct http_part){ value->at, n });
		*value = http_skip(*value, n < value->n ? n + 1 : n);
		if (member->n)
			return true;
	}
	return false;
}

static bool http_list_names(const struct http_head *h, const char *name, struct http_part word)
{
	struct http_part value, member;
	const struct http_field *f;
	size_t at = 0;

	while ((f = http_find(h, name, &at)))
		for (value = f->value; http_list_next(&value, &member);)
			if (http_is_same(member, word))
				return true;
	return false;
}

bool http_list_has(const struct http_head *h, const char *name, const char *word)
{
	return http_list_names(h, name, (struct http_part){ word, strlen(word) });
}

bool http_is_hop_by_hop(const struct http_head *h, struct http_part name)
{
	static const char always[][18] = { "Connection", "Keep-Alive", "TE",
					   "Trailer",	 "Upgrade",    "Transfer-Encoding" };

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (http_is(name, always[i]))
			return true;
	if (http_starts(name, "Proxy-"))
		return true;
	/* Whoever names these there wants the next one to find another end of the message, or
	 * another site. */
	if (http_is(name, "Content-Length") || http_is(name, "Host"))
		return false;
	return http_list_names(h, "Connection", name);
}

/* ---- where a request goes ---- */

static bool http_parse_port(struct http_part p, uint16_t *out)
{
	uint64_t port;

	if (!digits_parse(p.at, p.n, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return port > 0;
}

/* An IPv6 address between its brackets: its zone stands behind %, or as RFC 6874 has it behind %25.
 * Whether it is one is for whoever connects to it to say. */
static bool http_parse_bracketed(struct http_part p, char *out, size_t size)
{
	struct http_part address = p, zone = { "", 0 };
	bool colon = false;

	if (http_cut(&p, '%', &address)) {
		zone = p.n > 2 && http_starts(p, "25") ? http_skip(p, 2) : p;
		if (!http_are(zone, http_is_name))
			return false;
	}
	for (size_t i = 0; i < address.n; i++) {
		if (address.at[i] == ':')
			colon = true;
		else if (!address.at[i] || !strchr("0123456789abcdefABCDEF.", address.at[i]))
			return false;
	}
	if (!colon)
		return false;
	snprintf(out, size, "%.*s%s%.*s", (int)address.n, address.at, zone.n ? "%" : "",
		 (int)zone.n, zone.at);
	return true;
}

/* Reads P, `[USERINFO@]HOST[:PORT]`. If the port is empty or missing OUT keeps the one it has. */
static bool http_parse_place(struct http_part p, struct http_authority *out)
{
	struct http_part host;

	http_cut(&p, '@', &host);
	if (p.n && p.at[0] == '[') {
		p = http_skip(p, 1);
		if (!http_cut(&p, ']', &host) || host.n >= sizeof out->host ||
		    !http_parse_bracketed(host, out->host, sizeof out->host))
			return false;
		if (p.n && p.at[0] != ':')
			return false;
		p = p.n ? http_skip(p, 1) : p;
	} else {
		if (!http_cut(&p, ':', &host)) {
			host = p;
			p = http_skip(p, p.n);
		}
		if (host.n >= sizeof out->host || !http_are(host, http_is_name))
			return false;
		snprintf(out->host, sizeof out->host, "%.*s", (int)host.n, host.at);
	}
	return !p.n || http_parse_port(p, &out->port);
}

bool http_parse_authority(struct http_part target, struct http_authority *out)
{
	*out = (struct http_authority){ 0 };
	return http_parse_place(target, out) && !memchr(target.at, '@', target.n) && out->port;
}

bool http_parse_absolute(struct http_part target, struct http_authority *out,
			 struct http_part *path)
{
	static const char scheme[] = "http://";
	struct http_part p = target;
	size_t n = 0;

	*out = (struct http_authority){ .port = 80 };
	if (!http_starts(p, scheme) || memchr(p.at, '#', p.n))
		return false;
	p = http_skip(p, sizeof scheme - 1);
	while (n < p.n && p.at[n] != '/' && p.at[n] != '?')
		n++;
	*path = http_skip(p, n);
	return http_parse_place((struct http_part){ p.at, n }, out);
}
