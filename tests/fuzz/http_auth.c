/* http_auth.c - HTTP authentication: the lines of an input are the fields of a challenge, and each
 * is an answer to one; the first two are also a user's name and password. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/base64.h"
#include "proto/hash.h"
#include "proto/http_auth.h"

#define CNONCE "0123456789abcdef0123456789abcdef"
#define SECRET "kept from the input: 2b7e151628aed2a6"

static struct http_part part(const char *text)
{
	return (struct http_part){ text, strlen(text) };
}

static bool begins(const char *at, size_t n, const char *word)
{
	return n >= strlen(word) && !memcmp(at, word, strlen(word));
}

static bool holds(const struct text *t, const char *word)
{
	for (size_t i = 0; i < t->length; i++)
		if (begins(t->data + i, t->length - i, word))
			return true;
	return false;
}

/* Takes the challenges in the N fields at LINES. Returns false where they are no head. What C is
 * made of must not depend on the head. */
static bool choose(struct http_challenge *c, const char *lines, size_t n)
{
	struct text t = { 0 };
	struct http_head *h = take(sizeof *h);
	struct http_fault fault;
	char *exact;
	bool good;

	text_add(&t, "HTTP/1.1 407 Who?\r\n");
	text_put(&t, lines, n);
	text_add(&t, "\r\n");
	CHECK(!t.failed);
	exact = take(t.length);
	memcpy(exact, t.data, t.length);
	good = http_parse_response(h, exact, t.length, &fault);
	if (good)
		CHECK(http_challenge_choose(h, "Proxy-Authenticate", c) == c->scheme);
	text_free(&t);
	free(exact);
	free(h);
	return good;
}

struct nonce {
	const char *at;
	size_t n;
	enum http_verdict verdict;
	bool asked;
};

static enum http_verdict check_nonce(void *arg, const char *at, size_t n)
{
	struct nonce *nonce = arg;

	CHECK(n == nonce->n && (!n || !memcmp(at, nonce->at, n)));
	nonce->asked = true;
	return nonce->verdict;
}

/* What http_authorize() says to the answer T, which is given in memory of its own. */
static enum http_verdict authorize(const struct text *t, const char *target, const char *realm,
				   const char *user, const char *password, struct nonce *nonce)
{
	struct credentials who[2] = { { "somebody", "else" }, { user, password } };
	char *exact = take(t->length);
	enum http_verdict verdict;
	size_t found = 2;

	memcpy(exact, t->data, t->length);
	nonce->asked = false;
	verdict = http_authorize((struct http_part){ exact, t->length }, part("CONNECT"),
				 part(target), realm, who, 2, &found, check_nonce, nonce);
	CHECK(verdict != HTTP_AUTH_GOOD || found < 2);
	free(exact);
	return verdict;
}

/* The answer to C is taken from who knows the password, and from nobody else. */
static void check_answer(const struct http_challenge *c, const char *realm, const char *user,
			 const char *password)
{
	const char *target = "[2001:db8::1]:443";
	struct credentials who = { user, password };
	struct nonce nonce = { c->nonce.at, c->nonce.n, HTTP_AUTH_GOOD, false };
	struct text t = { 0 };

	if (!http_authorization(c, &who, "CONNECT", target, CNONCE, 1, &t)) {
		CHECK(t.length == 0);
		return;
	}
	CHECK(!t.failed);
	for (size_t i = 0; i < t.length; i++)
		CHECK(((unsigned char)t.data[i] >= ' ' && t.data[i] != 0x7f) || t.data[i] == '\t');
	CHECK(authorize(&t, target, realm, user, password, &nonce) == HTTP_AUTH_GOOD);
	CHECK(nonce.asked == (c->scheme != HTTP_BASIC));
	CHECK(authorize(&t, target, realm, user, SECRET, &nonce) == HTTP_AUTH_BAD);
	CHECK(authorize(&t, target, realm, SECRET, password, &nonce) == HTTP_AUTH_BAD);
	CHECK(!nonce.asked);
	if (c->scheme != HTTP_BASIC) {
		CHECK(authorize(&t, "other:443", realm, user, password, &nonce) == HTTP_AUTH_BAD);
		CHECK(authorize(&t, target, SECRET, user, password, &nonce) == HTTP_AUTH_BAD);
		CHECK(!nonce.asked);
		nonce.verdict = HTTP_AUTH_STALE;
		CHECK(authorize(&t, target, realm, user, password, &nonce) == HTTP_AUTH_STALE);
	}
	text_free(&t);
}

/* The challenges of somebody else. */
static void check_challenges(const uint8_t *data, size_t size, const char *user,
			     const char *password)
{
	struct http_challenge *c = take(sizeof *c);
	struct text t = { 0 };
	char *realm;
	size_t n = 0;

	for (size_t at = 0, end; at < size; at = end + 1) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		end = lf ? (size_t)(lf - data) : size;
		text_add(&t, "Proxy-Authenticate: ");
		text_put(&t, data + at, end - at);
		text_add(&t, "\r\n");
	}
	if (choose(c, t.data, t.length) && c->scheme) {
		bool digest = c->scheme != HTTP_BASIC;
		realm = take(digest ? c->realm.n + 1 : 1);
		for (size_t i = 0; digest && i < c->realm.n; i++) {
			if (c->realm.quoted && c->realm.at[i] == '\\')
				i++;
			realm[n++] = c->realm.at[i];
		}
		realm[n] = '\0';
		check_answer(c, realm, user, password);
		check_answer(c, realm, user, NULL);
		free(realm);
	}
	text_free(&t);
	free(c);
}

/* Our own. */
static void check_ours(const char *user, const char *password)
{
	struct http_challenge *c = take(sizeof *c);
	struct text t = { 0 };

	http_challenges(&t, "sockit", CNONCE, strlen(user) & 1);
	CHECK(choose(c, t.data, t.length));
	CHECK(c->scheme == HTTP_DIGEST_SHA256 && c->stale == (strlen(user) & 1));
	check_answer(c, "sockit", user, password);
	text_free(&t);
	free(c);
}

/* Who does not know the password is not let in, whatever he says. */
static void check_authorization(const uint8_t *data, size_t size)
{
	struct nonce nonce = { CNONCE, sizeof CNONCE - 1, HTTP_AUTH_GOOD, false };
	struct text t = { .data = (char *)(size_t)data, .length = size };
	enum http_verdict verdict = authorize(&t, "h:1", "sockit", "user", SECRET, &nonce);

	CHECK(verdict == (size ? HTTP_AUTH_BAD : HTTP_AUTH_NONE));
}

/* The examples of the RFCs. */
static void check_example(const char *challenge, const char *password, const char *cnonce,
			  const char *response)
{
	struct http_challenge *c = take(sizeof *c);
	struct credentials who = { "Mufasa", password };
	struct text t = { 0 }, out = { 0 };

	text_add(&t, "Proxy-Authenticate: %s\r\n", challenge);
	CHECK(choose(c, t.data, t.length));
	CHECK(http_authorization(c, &who, "GET", "/dir/index.html", cnonce, 1, &out));
	CHECK(holds(&out, response));
	text_free(&t);
	text_free(&out);
	free(c);
}

static void check_base64(const char *bytes, const char *text)
{
	struct text t = { 0 };

	base64_add(&t, bytes, strlen(bytes));
	CHECK(t.length == strlen(text) && (!t.length || !memcmp(t.data, text, t.length)));
	t.length = 0;
	CHECK(base64_read(&t, text, strcspn(text, "=")) && t.length == strlen(bytes));
	text_free(&t);
}

static size_t hash_word(enum hash hash, const char *word, char hex[HASH_HEX + 1])
{
	struct hashing h;

	hash_start(&h, hash);
	hash_add(&h, word, strlen(word));
	return hash_end(&h, hex);
}

static void check_examples(void)
{
	static const char *const hashes[][3] = {
		/* RFC 1321, A.5; FIPS 180-4's examples */
		{ "", "d41d8cd98f00b204e9800998ecf8427e",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "8215ef0796a20bcaaae116d3876c664a",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "1234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a",
		  "f371bc4a311f2b009eef952dd83ca80e2b60026c8e935592d0f9c308453c813e" },
	};
	char hex[HASH_HEX + 1];

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
		CHECK(hash_word(HASH_MD5, hashes[i][0], hex) == 32);
		CHECK(!strcmp(hex, hashes[i][1]));
		CHECK(hash_word(HASH_SHA256, hashes[i][0], hex) == 64);
		CHECK(!strcmp(hex, hashes[i][2]));
	}
	/* RFC 4648, 10 */
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foobar", "Zm9vYmFy");
	/* RFC 2617, 3.5 */
	check_example("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
		      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
		      "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
		      "Circle Of Life", "0a4f113b", "\"6629fae49393a05397450978507c4ef1\"");
#define EXAMPLE(algorithm)                                                                         \
	"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=" algorithm     \
	", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "                               \
	"opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
	/* RFC 7616, 3.9.1 */
	check_example(EXAMPLE("MD5"), "Circle of Life",
		      "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		      "\"8ca523f5e9506fed4657c9700eebdbec\"");
	check_example(EXAMPLE("MD5") ", " EXAMPLE("SHA-256"), "Circle of Life",
		      "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		      "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool examples;
	struct words w = words_new(NULL, data, size);
	const char *user = w.n > 0 ? w.words[0] : "", *password = w.n > 1 ? w.words[1] : "";

	if (!examples)
		check_examples();
	examples = true;
	check_challenges(data, size, user, password);
	check_ours(user, password);
	check_authorization(data, size);
	for (int i = 0; i < w.n; i++)
		check_authorization((const uint8_t *)w.words[i], strlen(w.words[i]));
	words_free(w);
	return 0;
}
