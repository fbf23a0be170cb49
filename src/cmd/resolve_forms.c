/* resolve_forms.c - `sockit resolve --forms`: an address in all of its forms, nothing looked up */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/resolve_show.h"
#include "proto/dns.h"

/* An address of 4 or 16 bytes, and its zone. */
struct bytes {
	unsigned char b[16];
	size_t n;
	uint32_t zone;
};

/* Parses hexadecimal digits: 8 of them after 0x, or 32 with or without. */
static bool forms_parse_hex(const char *word, struct bytes *out)
{
	bool prefix = word[0] == '0' && (word[1] | 32) == 'x';
	const char *p = word + 2 * prefix;
	size_t n = strlen(p);

	if (strspn(p, "0123456789abcdefABCDEF") != n || !(n == 32 || (n == 8 && prefix)))
		return false;
	out->n = n / 2;
	for (size_t i = 0; i < out->n; i++) {
		char digits[3] = { p[2 * i], p[2 * i + 1], '\0' };
		out->b[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return true;
}

/* Parses a decimal number: an IPv4 address if it fits into one, else an IPv6 address. */
static bool forms_parse_integer(const char *word, struct bytes *out)
{
	unsigned char b[16] = { 0 };
	bool high = false;

	if (*word == '\0' || strspn(word, "0123456789") != strlen(word))
		return false;
	for (; *word; word++) {
		unsigned carry = (unsigned)(*word - '0');
		for (size_t i = 16; i-- > 0;) {
			carry += b[i] * 10U;
			b[i] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	for (size_t i = 0; i < 12; i++)
		high |= b[i] != 0;
	out->n = high ? 16 : 4;
	memcpy(out->b, high ? b : b + 12, out->n);
	return true;
}

/* Writes A as a decimal number into TEXT of DNS_TEXT_MOST bytes. */
static void forms_integer_text(const struct bytes *a, char *text)
{
	unsigned char b[16];
	char digits[48];
	size_t n = sizeof digits;
	bool more = true;

	memcpy(b, a->b, a->n);
	digits[--n] = '\0';
	while (more) {
		unsigned rest = 0;
		more = false;
		for (size_t i = 0; i < a->n; i++) {
			rest = rest << 8 | b[i];
			b[i] = (unsigned char)(rest / 10);
			rest %= 10;
			more |= b[i] != 0;
		}
		digits[--n] = (char)('0' + rest);
	}
	snprintf(text, DNS_TEXT_MOST, "%s", digits + n);
}

/* Parses WORD in any of its forms into *OUT. Returns whether it is one. */
static bool forms_parse(const char *word, struct bytes *out)
{
	struct address a;
	struct dns_name name;

	out->zone = 0;
	if (address_parse_host(word, &a) == WORD_NUMBER) {
		bool v4 = a.u.sa.sa_family == AF_INET;
		out->n = v4 ? 4 : 16;
		memcpy(out->b, v4 ? (void *)&a.u.in.sin_addr : (void *)&a.u.in6.sin6_addr, out->n);
		out->zone = v4 ? 0 : a.u.in6.sin6_scope_id;
		return true;
	}
	if (forms_parse_hex(word, out) || forms_parse_integer(word, out))
		return true;
	if (dns_name_parse(word, &name))
		return false;
	out->n = dns_name_reversed(&name, out->b);
	return out->n > 0;
}

/* Returns what the address is for, by the first of these nets that it is in (RFC 6890). */
static const char *forms_scope_of(const struct bytes *a)
{
	static const struct {
		char net[16];
		unsigned bits;
		char scope[24];
	} nets[] = {
		{ "0.0.0.0", 32, "unspecified" },
		{ "127.0.0.0", 8, "loopback" },
		{ "10.0.0.0", 8, "private" },
		{ "172.16.0.0", 12, "private" },
		{ "192.168.0.0", 16, "private" },
		{ "100.64.0.0", 10, "shared" },
		{ "169.254.0.0", 16, "link" },
		{ "192.0.2.0", 24, "documentation" },
		{ "198.51.100.0", 24, "documentation" },
		{ "203.0.113.0", 24, "documentation" },
		{ "198.18.0.0", 15, "benchmark" },
		{ "255.255.255.255", 32, "broadcast" },
		{ "224.0.0.0", 24, "multicast, link" },
		{ "239.0.0.0", 8, "multicast, private" },
		{ "224.0.0.0", 4, "multicast" },
		{ "240.0.0.0", 4, "reserved" },
		{ "::", 128, "unspecified" },
		{ "::1", 128, "loopback" },
		{ "::ffff:0:0", 96, "IPv4-mapped" },
		{ "64:ff9b::", 96, "IPv4 by NAT64" },
		{ "fe80::", 10, "link" },
		{ "fc00::", 7, "private" },
		{ "2001:db8::", 32, "documentation" },
		{ "ff01::", 16, "multicast, host" },
		{ "ff02::", 16, "multicast, link" },
		{ "ff05::", 16, "multicast, site" },
		{ "ff08::", 16, "multicast, organisation" },
		{ "ff00::", 8, "multicast" },
	};

	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		unsigned char net[16];
		size_t n = strchr(nets[i].net, ':') ? 16 : 4, whole = nets[i].bits / 8;
		unsigned rest = nets[i].bits % 8;
		if (n != a->n || inet_pton(n == 4 ? AF_INET : AF_INET6, nets[i].net, net) != 1 ||
		    memcmp(net, a->b, whole) != 0)
			continue;
		if (rest && (net[whole] ^ a->b[whole]) >> (8 - rest))
			continue;
		return nets[i].scope;
	}
	return "global";
}

/* Prints one form of WORD. */
static void forms_print(struct show *s, const char *word, const char *key, const char *form)
{
	const char *cells[] = { s->named ? word : NULL, key, form };

	json_string(&s->facts.json, key, form);
	show_row(s, cells, sizeof cells / sizeof *cells);
}

/* Prints all forms of A, which WORD stands for. */
static void forms_print_all(struct show *s, const char *word, const struct bytes *a)
{
	char text[DNS_TEXT_MOST];
	struct dns_name name;
	size_t n = 0;

	inet_ntop(a->n == 4 ? AF_INET : AF_INET6, a->b, text, sizeof text);
	forms_print(s, word, "address", text);
	forms_print(s, word, "family", a->n == 4 ? "inet" : "inet6");
	if (a->n == 4)
		snprintf(text, sizeof text, "::ffff:%u.%u.%u.%u", a->b[0], a->b[1], a->b[2],
			 a->b[3]);
	for (size_t i = 0; a->n == 16 && i < 16; i += 2)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%02x%02x", i ? ":" : "",
				      a->b[i], a->b[i + 1]);
	forms_print(s, word, a->n == 4 ? "mapped" : "full", text);
	for (size_t i = 0; i < a->n; i++)
		snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", a->b[i]);
	forms_print(s, word, "hex", text);
	forms_integer_text(a, text);
	forms_print(s, word, "integer", text);
	dns_name_reverse(a->b, a->n, &name);
	dns_name_text(&name, text);
	forms_print(s, word, "reverse", text);
	forms_print(s, word, "scope", forms_scope_of(a));
	if (a->zone) {
		if (!if_indextoname(a->zone, text))
			snprintf(text, sizeof text, "%lu", (unsigned long)a->zone);
		forms_print(s, word, "zone", text);
	}
}

int show_forms(struct show *s, const char *word, struct option_error *error)
{
	struct bytes bytes;

	if (!forms_parse(word, &bytes))
		return option_fail(error,
				   "'%s' is no address: neither dotted or with colons, nor "
				   "hexadecimal, an integer or an arpa name",
				   word);
	if (!s)
		return 0;
	facts_begin(&s->facts, NULL);
	json_string(&s->facts.json, "name", word);
	json_open(&s->facts.json, "forms", '{');
	forms_print_all(s, word, &bytes);
	json_close(&s->facts.json, '}');
	facts_end(&s->facts);
	return 0;
}
