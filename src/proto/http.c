#include "proto/http.h"

#include <string.h>
#include <strings.h>

/* ---- characters (RFC 9110, 5.6.2; RFC 3986, 2.2 and 2.3) ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token(char c)
{
	return is_digit(c) || is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_name(char c)
{
	return is_digit(c) || is_letter(c) || (c && strchr("-._~!$&'()*+,;=", c));
}

/* Neither a control character nor a blank. Other than ASCII passes, as clients do send it. */
static bool is_visible(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

static bool are(struct http_part p, bool (*is)(char))
{
	for (size_t i = 0; i < p.n; i++)
		if (!is(p.at[i]))
			return false;
	return p.n > 0;
}

/* ---- parts ---- */

static struct http_part skip(struct http_part p, size_t n)
{
	return (struct http_part){ p.at + n, p.n - n };
}

static struct http_part trim(struct http_part p)
{
	while (p.n && is_blank(p.at[0]))
		p = skip(p, 1);
	while (p.n && is_blank(p.at[p.n - 1]))
		p.n--;
	return p;
}

/* What stands in *P before the first C into *OUT, *P going behind that. Returns false where there
 * is none. */
static bool cut(struct http_part *p, char c, struct http_part *out)
{
	const char *found = p->n ? memchr(p->at, c, p->n) : NULL;

	if (!found)
		return false;
	*out = (struct http_part){ p->at, (size_t)(found - p->at) };
	*p = skip(*p, out->n + 1);
	return true;
}

static bool is_same(struct http_part a, struct http_part b)
{
	return a.n == b.n && (!a.n || !strncasecmp(a.at, b.at, a.n));
}

bool http_is(struct http_part p, const char *word)
{
	return is_same(p, (struct http_part){ word, strlen(word) });
}

bool http_is_method(struct http_part p, const char *method)
{
	return p.n == strlen(method) && !memcmp(p.at, method, p.n);
}

static bool starts(struct http_part p, const char *word)
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
		} else if (s->line > s->cr) {
			s->lines++;
			s->line = 0;
			s->cr = false;
		} else if (s->lines) {
			++*used;
			return HTTP_SCAN_WHOLE;
		} else {
			s->line = 0;
			s->cr = false;
		}
	}
	return HTTP_SCAN_MORE;
}

/* ---- a head ---- */

static bool wrong(struct http_fault *fault, unsigned status, const char *what)
{
	*fault = (struct http_fault){ status, what };
	return false;
}

/* The next line of *REST, without its end, into *LINE. The head was scanned: there is one. */
static bool next_line(struct http_part *rest, struct http_part *line, struct http_fault *fault)
{
	if (!cut(rest, '\n', line))
		return wrong(fault, 400, "a head that is not whole");
	if (line->n && line->at[line->n - 1] == '\r')
		line->n--;
	if (line->n && (memchr(line->at, '\r', line->n) || memchr(line->at, '\0', line->n)))
		return wrong(fault, 400, "a NUL, or a CR that ends no line");
	return true;
}

/* `HTTP/1.N` */
static bool parse_version(struct http_head *h, struct http_part p, struct http_fault *fault)
{
	if (p.n != 8 || memcmp(p.at, "HTTP/", 5) != 0 || !is_digit(p.at[5]) || p.at[6] != '.' ||
	    !is_digit(p.at[7]))
		return wrong(fault, 400, "a first line that is not HTTP's");
	if (p.at[5] != '1')
		return wrong(fault, 505, "a version of HTTP other than 1");
	h->minor = (unsigned)(p.at[7] - '0');
	return true;
}

static bool parse_request_line(struct http_head *h, struct http_part line, struct http_fault *fault)
{
	if (!cut(&line, ' ', &h->method) || !cut(&line, ' ', &h->target) ||
	    !are(h->method, is_token) || !are(h->target, is_visible))
		return wrong(fault, 400, "a first line that is not HTTP's");
	return parse_version(h, line, fault);
}

static bool parse_status_line(struct http_head *h, struct http_part line, struct http_fault *fault)
{
	struct http_part version;

	if (!cut(&line, ' ', &version))
		return wrong(fault, 400, "a first line that is not HTTP's");
	if (!parse_version(h, version, fault))
		return false;
	/* Some servers leave the blank out where no reason follows. */
	if (line.n < 3 || line.at[0] < '1' || !is_digit(line.at[0]) || !is_digit(line.at[1]) ||
	    !is_digit(line.at[2]) || (line.n > 3 && line.at[3] != ' '))
		return wrong(fault, 400, "a status that is none");
	for (int i = 0; i < 3; i++)
		h->status = h->status * 10 + (unsigned)(line.at[i] - '0');
	h->reason = line.n > 4 ? skip(line, 4) : (struct http_part){ "", 0 };
	return true;
}

static bool parse_field(struct http_head *h, struct http_part line, struct http_fault *fault)
{
	struct http_field *f;

	if (h->n == HTTP_FIELDS_MOST)
		return wrong(fault, 431, "too many fields");
	f = &h->fields[h->n];
	if (!cut(&line, ':', &f->name))
		return wrong(fault, 400, "a field without a colon");
	f->value = line;
	/* RFC 9112, 5.1: of a response it is taken out, of a request it is refused. */
	while (h->response && f->name.n && is_blank(f->name.at[f->name.n - 1]))
		f->name.n--;
	if (!are(f->name, is_token))
		return wrong(fault, 400, "a field with a name that is none");
	h->n++;
	return true;
}

/* LINE goes on with the value of H's last field: what lies between them becomes blanks. */
static bool unfold(struct http_head *h, char *bytes, struct http_part line,
		   struct http_fault *fault)
{
	struct http_part *value;
	size_t start, end;

	if (!h->n)
		return wrong(fault, 400, "a field that begins with a blank");
	value = &h->fields[h->n - 1].value;
	start = (size_t)(value->at - bytes) + value->n;
	end = (size_t)(line.at - bytes);
	memset(bytes + start, ' ', end - start);
	value->n = end + line.n - (size_t)(value->at - bytes);
	return true;
}

static bool parse(struct http_head *h, bool response, char *bytes, size_t n,
		  struct http_fault *fault)
{
	struct http_part rest = { bytes, n }, line;
	size_t connection = 0;

	h->response = response;
	h->minor = h->status = 0;
	h->method = h->target = h->reason = (struct http_part){ "", 0 };
	h->n = 0;
	do
		if (!next_line(&rest, &line, fault))
			return false;
	while (!line.n);
	if (!(response ? parse_status_line : parse_request_line)(h, line, fault))
		return false;
	for (;;) {
		if (!next_line(&rest, &line, fault))
			return false;
		if (!line.n)
			break;
		if (!(is_blank(line.at[0]) ? unfold(h, bytes, line, fault) :
					     parse_field(h, line, fault)))
			return false;
	}
	for (size_t i = 0; i < h->n; i++) {
		h->fields[i].value = trim(h->fields[i].value);
		if (http_is(h->fields[i].name, "Connection"))
			connection += h->fields[i].value.n;
	}
	return connection <= HTTP_CONNECTION_MOST || wrong(fault, 431, "too long a Connection");
}

bool http_parse_request(struct http_head *h, char *bytes, size_t n, struct http_fault *fault)
{
	size_t at = 0, hosts = 0;

	if (!parse(h, false, bytes, n, fault))
		return false;
	while (http_find(h, "Host", &at))
		hosts++;
	return hosts < 2 || wrong(fault, 400, "two Host fields");
}

bool http_parse_response(struct http_head *h, char *bytes, size_t n, struct http_fault *fault)
{
	return parse(h, true, bytes, n, fault);
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
		*member = trim((struct http_part){ value->at, n });
		*value = skip(*value, n < value->n ? n + 1 : n);
		if (member->n)
			return true;
	}
	return false;
}

static bool list_has(const struct http_head *h, const char *name, struct http_part word)
{
	struct http_part value, member;
	const struct http_field *f;
	size_t at = 0;

	while ((f = http_find(h, name, &at)))
		for (value = f->value; http_list_next(&value, &member);)
			if (is_same(member, word))
				return true;
	return false;
}

bool http_list_has(const struct http_head *h, const char *name, const char *word)
{
	return list_has(h, name, (struct http_part){ word, strlen(word) });
}

bool http_is_hop_by_hop(const struct http_head *h, struct http_part name)
{
	static const char *const always[] = { "Connection", "Keep-Alive", "TE",
					      "Trailer",    "Upgrade",	  "Transfer-Encoding" };

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (http_is(name, always[i]))
			return true;
	if (starts(name, "Proxy-"))
		return true;
	/* Whoever names these there wants the next one to find another end of the message, or
	 * another site. */
	if (http_is(name, "Content-Length") || http_is(name, "Host"))
		return false;
	return list_has(h, "Connection", name);
}

/* ---- where a request goes ---- */

static bool parse_port(struct http_part p, uint16_t *out)
{
	unsigned port = 0;

	if (!are(p, is_digit))
		return false;
	for (size_t i = 0; i < p.n && port <= UINT16_MAX; i++)
		port = port * 10 + (unsigned)(p.at[i] - '0');
	*out = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

/* An IPv6 address between its brackets: its zone stands behind %, or as RFC 6874 has it behind %25.
 * Whether it is one is for whoever connects to it to say. */
static bool parse_bracketed(struct http_part p, char *out)
{
	struct http_part address = p, zone = { "", 0 };
	bool colon = false;

	if (cut(&p, '%', &address)) {
		zone = p.n > 2 && starts(p, "25") ? skip(p, 2) : p;
		if (!are(zone, is_name))
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
	memcpy(out, address.at, address.n);
	out += address.n;
	if (zone.n) {
		*out++ = '%';
		memcpy(out, zone.at, zone.n);
		out += zone.n;
	}
	*out = '\0';
	return true;
}

/* `[USERINFO@]HOST[:PORT]`; of an empty or missing port stays what OUT has. */
static bool parse_place(struct http_part p, struct http_authority *out)
{
	struct http_part host;

	cut(&p, '@', &host);
	if (p.n && p.at[0] == '[') {
		p = skip(p, 1);
		if (!cut(&p, ']', &host) || host.n >= sizeof out->host ||
		    !parse_bracketed(host, out->host))
			return false;
		if (p.n && p.at[0] != ':')
			return false;
		p = p.n ? skip(p, 1) : p;
	} else {
		if (!cut(&p, ':', &host)) {
			host = p;
			p = skip(p, p.n);
		}
		if (host.n >= sizeof out->host || !are(host, is_name))
			return false;
		memcpy(out->host, host.at, host.n);
		out->host[host.n] = '\0';
	}
	return !p.n || parse_port(p, &out->port);
}

bool http_parse_authority(struct http_part target, struct http_authority *out)
{
	*out = (struct http_authority){ 0 };
	return parse_place(target, out) && !memchr(target.at, '@', target.n) && out->port;
}

bool http_parse_absolute(struct http_part target, struct http_authority *out,
			 struct http_part *path)
{
	static const char scheme[] = "http://";
	struct http_part p = target;
	size_t n = 0;

	*out = (struct http_authority){ .port = 80 };
	if (!starts(p, scheme) || memchr(p.at, '#', p.n))
		return false;
	p = skip(p, sizeof scheme - 1);
	while (n < p.n && p.at[n] != '/' && p.at[n] != '?')
		n++;
	*path = skip(p, n);
	return parse_place((struct http_part){ p.at, n }, out);
}
