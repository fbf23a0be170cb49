/* socks.c - SOCKS 4, 4a and 5: the machines of the client and of the server */
#include "proto/socks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CONNECT = 1 };
enum { ADDRESS_INET = 1, ADDRESS_NAME = 3, ADDRESS_INET6 = 4 }; /* RFC 1928, 4 */
enum { OPEN = 0, PASSWORD = 2, NONE = 255 };			/* methods, RFC 1928, 3 */
enum { PASSWORD_VERSION = 1 };					/* RFC 1929 */
enum { V4_GRANTED = 90, V4_FAILED = 91, V4_NO_IDENT = 92, V4_OTHER_IDENT = 93 };

/* ---- both sides ---- */

/* Takes the missing ones of the WANTED bytes of a message at TO, which has *HAVE of them, from the
 * N - *USED at IN. */
static bool socks_collect(unsigned char *to, size_t *have, size_t wanted, const unsigned char *in,
			  size_t n, size_t *used)
{
	size_t more = wanted - *have < n - *used ? wanted - *have : n - *used;

	if (more)
		memcpy(to + *have, in + *used, more);
	*have += more;
	*used += more;
	return *have == wanted;
}

static void socks_put_byte(struct text *out, unsigned byte)
{
	const unsigned char b = (unsigned char)byte;

	text_put(out, &b, 1);
}

/* WORD, of at most 255 bytes, with its length before it. */
static void socks_put_word(struct text *out, const char *word)
{
	socks_put_byte(out, (unsigned)strlen(word));
	text_put(out, word, strlen(word));
}

static void socks_put_port(struct text *out, uint16_t port)
{
	socks_put_byte(out, port >> 8);
	socks_put_byte(out, port & 255);
}

static uint16_t socks_get_port(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Type, address and port, as RFC 1928 has them in 4 and 6. */
static void socks_put_place(struct text *out, const struct socks_place *p)
{
	if (p->kind == SOCKS_NAME) {
		socks_put_byte(out, ADDRESS_NAME);
		socks_put_word(out, p->name);
	} else {
		socks_put_byte(out, p->kind == SOCKS_INET ? ADDRESS_INET : ADDRESS_INET6);
		text_put(out, p->bytes, p->kind == SOCKS_INET ? 4 : 16);
	}
	socks_put_port(out, p->port);
}

/* Returns the length of a request or reply of version 5, of which N bytes at IN (from 4) are known:
 * so much that the next call knows more, or all. 0: its type of address is unknown. */
static size_t socks_place_wanted(const unsigned char *in, size_t n)
{
	switch (in[3]) {
	case ADDRESS_INET:
		return 4 + 4 + 2;
	case ADDRESS_INET6:
		return 4 + 16 + 2;
	case ADDRESS_NAME:
		return n < 5 ? 5 : 5 + (size_t)in[4] + 2;
	default:
		return 0;
	}
}

/* Version 4a: does an address that begins at BYTES say that a name follows? */
static bool socks_is_named(const unsigned char *bytes)
{
	return !bytes[0] && !bytes[1] && !bytes[2] && bytes[3];
}

/* ---- the client ---- */

enum { CLIENT_METHOD, CLIENT_PASSWORD, CLIENT_REPLY, CLIENT_REPLY_4 };

static enum handshake socks_client_failed(struct socks_client *c, int reply, int error,
					  const char *why)
{
	c->reply = reply;
	c->error = error;
	snprintf(c->why, sizeof c->why, "%s", why);
	return HANDSHAKE_FAILED;
}

static enum handshake socks_client_baffled(struct socks_client *c, int reply)
{
	char text[64];

	snprintf(text, sizeof text, "the proxy's answer %d is not known", reply);
	return socks_client_failed(c, reply, EPROTO, text);
}

/* By version 5. */
static enum handshake socks_client_refused(struct socks_client *c, int reply)
{
	static const struct {
		int error;
		char why[48];
	} replies[] = {
		[SOCKS_FAILED] = { EIO, "the proxy has failed, and does not say at what" },
		[SOCKS_FORBIDDEN] = { EACCES, "the proxy's rules forbid it" },
		[SOCKS_NET_UNREACHABLE] = { ENETUNREACH, "network unreachable from the proxy" },
		[SOCKS_HOST_UNREACHABLE] = { EHOSTUNREACH, "host unreachable from the proxy" },
		[SOCKS_REFUSED] = { ECONNREFUSED, "connection refused to the proxy" },
		[SOCKS_TTL_EXPIRED] = { ETIMEDOUT, "no answer to the proxy" },
		[SOCKS_BAD_COMMAND] = { EOPNOTSUPP, "the proxy does not connect" },
		[SOCKS_BAD_ADDRESS] = { EAFNOSUPPORT,
					"the proxy does not know this kind of address" },
	};

	if (reply > 0 && (size_t)reply < sizeof replies / sizeof *replies)
		return socks_client_failed(c, reply, replies[reply].error, replies[reply].why);
	return socks_client_baffled(c, reply);
}

static void socks_client_expect(struct socks_client *c, int state, size_t wanted)
{
	c->state = state;
	c->n = 0;
	c->wanted = wanted;
}

static bool socks_client_has_user(const struct socks_client *c)
{
	return c->who.user && *c->who.user;
}

static enum handshake socks_client_start_4(struct socks_client *c, struct text *out)
{
	static const unsigned char named[4] = { 0, 0, 0, 1 };
	const struct socks_place *to = &c->to;

	if (to->kind == SOCKS_INET6 || (to->kind == SOCKS_INET && socks_is_named(to->bytes)))
		return socks_client_failed(c, -1, EAFNOSUPPORT,
					   "SOCKS version 4 has no form for this address");
	socks_put_byte(out, 4);
	socks_put_byte(out, CONNECT);
	socks_put_port(out, to->port);
	text_put(out, to->kind == SOCKS_NAME ? named : to->bytes, 4);
	if (socks_client_has_user(c))
		text_put(out, c->who.user, strlen(c->who.user));
	socks_put_byte(out, 0);
	if (to->kind == SOCKS_NAME)
		text_put(out, to->name, strlen(to->name) + 1);
	socks_client_expect(c, CLIENT_REPLY_4, 8);
	return HANDSHAKE_MORE;
}

enum handshake socks_client_start(struct socks_client *c, unsigned version,
				  const struct socks_place *to, const struct credentials *who,
				  struct text *out)
{
	*c = (struct socks_client){ .version = version, .to = *to, .who = *who, .reply = -1 };
	if (to->kind == SOCKS_NAME && !*to->name)
		return socks_client_failed(c, -1, EINVAL, "an empty name");
	if (socks_client_has_user(c) && strlen(who->user) > SOCKS_NAME_MOST)
		return socks_client_failed(c, -1, ENAMETOOLONG,
					   "the user's name is over 255 bytes long");
	if (version == 4)
		return socks_client_start_4(c, out);
	if (who->password && strlen(who->password) > SOCKS_NAME_MOST)
		return socks_client_failed(c, -1, ENAMETOOLONG,
					   "the password is over 255 bytes long");
	socks_put_byte(out, 5);
	if (socks_client_has_user(c))
		text_put(out, (unsigned char[]){ 2, OPEN, PASSWORD }, 3);
	else
		text_put(out, (unsigned char[]){ 1, OPEN }, 2);
	socks_client_expect(c, CLIENT_METHOD, 2);
	return HANDSHAKE_MORE;
}

static enum handshake socks_client_request(struct socks_client *c, struct text *out)
{
	socks_put_byte(out, 5);
	socks_put_byte(out, CONNECT);
	socks_put_byte(out, 0);
	socks_put_place(out, &c->to);
	socks_client_expect(c, CLIENT_REPLY, 2);
	return HANDSHAKE_MORE;
}

static enum handshake socks_client_take_method(struct socks_client *c, struct text *out)
{
	const char *password = c->who.password ? c->who.password : "";

	if (c->in[0] != 5)
		return socks_client_failed(c, -1, EPROTO, "its answer is not SOCKS version 5");
	if (c->in[1] == OPEN)
		return socks_client_request(c, out);
	if (c->in[1] == NONE)
		return socks_client_failed(c, -1, EACCES,
					   socks_client_has_user(c) ?
						   "the proxy wants neither a password nor none" :
						   "the proxy wants to know who we are");
	if (c->in[1] != PASSWORD || !socks_client_has_user(c))
		return socks_client_failed(c, -1, EPROTO, "the proxy chose what was not offered");
	socks_put_byte(out, PASSWORD_VERSION);
	socks_put_word(out, c->who.user);
	socks_put_word(out, password);
	socks_client_expect(c, CLIENT_PASSWORD, 2);
	return HANDSHAKE_MORE;
}

/* Takes as much of a reply as has come. A refusal counts even if it is cut off. */
static enum handshake socks_client_take_reply(struct socks_client *c)
{
	if (c->in[0] != 5)
		return socks_client_failed(c, -1, EPROTO, "its answer is not SOCKS version 5");
	if (c->in[1] != SOCKS_GRANTED)
		return socks_client_refused(c, c->in[1]);
	if (c->n == 2) {
		c->wanted = 4;
		return HANDSHAKE_MORE;
	}
	c->wanted = socks_place_wanted(c->in, c->n);
	if (!c->wanted)
		return socks_client_failed(c, -1, EPROTO,
					   "its answer has an unknown kind of address");
	return c->n < c->wanted ? HANDSHAKE_MORE : HANDSHAKE_DONE;
}

static enum handshake socks_client_take_reply_4(struct socks_client *c)
{
	if (c->in[0] != 0)
		return socks_client_failed(c, -1, EPROTO, "its answer is not SOCKS version 4");
	switch (c->in[1]) {
	case V4_GRANTED:
		return HANDSHAKE_DONE;
	case V4_FAILED:
		return socks_client_failed(c, V4_FAILED, ECONNREFUSED,
					   "refused by the proxy, or not reached");
	case V4_NO_IDENT:
	case V4_OTHER_IDENT:
		return socks_client_failed(c, c->in[1], EACCES,
					   "the proxy asked identd who we are");
	default:
		return socks_client_baffled(c, c->in[1]);
	}
}

static enum handshake socks_client_message(struct socks_client *c, struct text *out)
{
	switch (c->state) {
	case CLIENT_METHOD:
		return socks_client_take_method(c, out);
	case CLIENT_PASSWORD:
		/* Of any version: some servers say 5. */
		if (c->in[1] != 0)
			return socks_client_failed(c, -1, EACCES, "wrong user or password");
		return socks_client_request(c, out);
	case CLIENT_REPLY:
		return socks_client_take_reply(c);
	default:
		return socks_client_take_reply_4(c);
	}
}

enum handshake socks_client_take(struct socks_client *c, const unsigned char *in, size_t n,
				 size_t *used, struct text *out)
{
	enum handshake h = HANDSHAKE_MORE;

	*used = 0;
	while (h == HANDSHAKE_MORE && socks_collect(c->in, &c->n, c->wanted, in, n, used))
		h = socks_client_message(c, out);
	return h;
}

/* ---- the server ---- */

enum { SERVER_VERSION, SERVER_METHODS, SERVER_PASSWORD, SERVER_REQUEST, SERVER_REQUEST_4 };

void socks_server_start(struct socks_server *s, socks_check *check, void *arg)
{
	*s = (struct socks_server){ .check = check, .arg = arg, .state = SERVER_VERSION };
}

static enum handshake socks_server_failed(struct socks_server *s, const char *why)
{
	snprintf(s->why, sizeof s->why, "%s", why);
	return HANDSHAKE_FAILED;
}

static enum handshake socks_server_refused(struct socks_server *s, enum socks_reply reply,
					   const char *why, struct text *out)
{
	socks_server_answer(s, reply, NULL, out);
	return socks_server_failed(s, why);
}

static enum handshake socks_server_expect(struct socks_server *s, int state)
{
	s->state = state;
	s->n = 0;
	return HANDSHAKE_MORE;
}

static enum handshake socks_server_take_version(struct socks_server *s)
{
	s->version = s->in[0];
	if (s->version == 4 || s->version == 5) {
		s->state = s->version == 5 ? SERVER_METHODS : SERVER_REQUEST_4;
		return HANDSHAKE_MORE;
	}
	snprintf(s->why, sizeof s->why, "no SOCKS: it begins with the byte 0x%02x", s->version);
	return HANDSHAKE_FAILED;
}

static enum handshake socks_server_take_methods(struct socks_server *s, struct text *out)
{
	bool open = memchr(s->in + 2, OPEN, s->in[1]) && !s->check;
	bool password = memchr(s->in + 2, PASSWORD, s->in[1]);

	socks_put_byte(out, 5);
	socks_put_byte(out, open ? OPEN : password ? PASSWORD : NONE);
	if (!open && !password)
		return socks_server_failed(s, s->check ? "it does not say who it is" :
							 "it offers no way to say who it is");
	return socks_server_expect(s, open ? SERVER_REQUEST : SERVER_PASSWORD);
}

static enum handshake socks_server_take_password(struct socks_server *s, struct text *out)
{
	size_t user_n = s->in[1], password_n = s->in[2 + user_n];
	char *password = (char *)s->in + 3 + user_n;
	const struct credentials who = { s->user, password };
	bool good;

	memcpy(s->user, s->in + 2, user_n);
	s->user[user_n] = '\0';
	password[password_n] = '\0';
	/* A NUL would cut the rest off. */
	good = strlen(s->user) == user_n && strlen(password) == password_n;
	good = good && (!s->check || s->check(s->arg, &who));
	memset(s->in, 0, sizeof s->in);
	socks_put_byte(out, PASSWORD_VERSION);
	socks_put_byte(out, good ? 0 : 1);
	if (!good)
		return socks_server_failed(s, "wrong user or password");
	return socks_server_expect(s, SERVER_REQUEST);
}

/* The client asks for the name of N bytes at AT. */
static enum handshake socks_server_take_name(struct socks_server *s, const unsigned char *at,
					     size_t n, struct text *out)
{
	struct socks_place *to = &s->to;

	to->kind = SOCKS_NAME;
	memcpy(to->name, at, n);
	to->name[n] = '\0';
	if (n == 0 || strlen(to->name) != n)
		return socks_server_refused(s, SOCKS_FAILED, "it asks for what is no name", out);
	return HANDSHAKE_ASKED;
}

static enum handshake socks_server_take_request(struct socks_server *s, struct text *out)
{
	struct socks_place *to = &s->to;

	to->port = socks_get_port(s->in + s->n - 2);
	if (s->in[1] != CONNECT)
		return socks_server_refused(s, SOCKS_BAD_COMMAND,
					    "it asks for something else than CONNECT", out);
	if (s->in[3] == ADDRESS_NAME)
		return socks_server_take_name(s, s->in + 5, s->in[4], out);
	to->kind = s->in[3] == ADDRESS_INET ? SOCKS_INET : SOCKS_INET6;
	memcpy(to->bytes, s->in + 4, to->kind == SOCKS_INET ? 4 : 16);
	return HANDSHAKE_ASKED;
}

static enum handshake socks_server_take_request_4(struct socks_server *s, struct text *out)
{
	struct socks_place *to = &s->to;
	size_t user_n = strlen((const char *)s->in + 8);

	memcpy(s->user, s->in + 8, user_n + 1);
	to->port = socks_get_port(s->in + 2);
	if (s->check)
		return socks_server_refused(
			s, SOCKS_FORBIDDEN,
			"it does not say who it is: SOCKS version 4 has no password", out);
	if (s->in[1] != CONNECT)
		return socks_server_refused(s, SOCKS_BAD_COMMAND,
					    "it asks for something else than CONNECT", out);
	if (socks_is_named(s->in + 4))
		return socks_server_take_name(s, s->in + 8 + user_n + 1,
					      s->n - (8 + user_n + 1) - 1, out);
	to->kind = SOCKS_INET;
	memcpy(to->bytes, s->in + 4, 4);
	return HANDSHAKE_ASKED;
}

/* Returns how long the message of S is as far as that is known: so long that more shows, or all. 0:
 * it has no length that we could know, *WHY. */
static size_t socks_server_wanted(const struct socks_server *s, const char **why)
{
	const unsigned char *in = s->in, *end;
	size_t n = s->n;

	switch (s->state) {
	case SERVER_VERSION:
		return 1;
	case SERVER_METHODS:
		return n < 2 ? 2 : 2 + (size_t)in[1];
	case SERVER_PASSWORD:
		*why = "it says who it is in an unknown way";
		if (n > 0 && in[0] != PASSWORD_VERSION)
			return 0;
		if (n < 2)
			return n + 1;
		return n < 3 + (size_t)in[1] ? 3 + (size_t)in[1] :
					       3 + (size_t)in[1] + in[2 + in[1]];
	case SERVER_REQUEST:
		*why = "its request is not SOCKS version 5";
		if (n > 0 && in[0] != 5)
			return 0;
		*why = "its request has an unknown kind of address";
		return n < 4 ? n + 1 : socks_place_wanted(in, n);
	default:
		if (n < 8)
			return 8;
		/* The user's name, and that of the place, each ended by a NUL. */
		*why = "its request is too long";
		end = memchr(in + 8, 0, n - 8);
		if (!end)
			return n < 8 + SOCKS_NAME_MOST + 1 ? n + 1 : 0;
		if (!socks_is_named(in + 4) || (end < in + n - 1 && in[n - 1] == 0))
			return n;
		return n < (size_t)(end - in) + 1 + SOCKS_NAME_MOST + 1 ? n + 1 : 0;
	}
}

static enum handshake socks_server_message(struct socks_server *s, struct text *out)
{
	switch (s->state) {
	case SERVER_VERSION:
		return socks_server_take_version(s);
	case SERVER_METHODS:
		return socks_server_take_methods(s, out);
	case SERVER_PASSWORD:
		return socks_server_take_password(s, out);
	case SERVER_REQUEST:
		return socks_server_take_request(s, out);
	default:
		return socks_server_take_request_4(s, out);
	}
}

enum handshake socks_server_take(struct socks_server *s, const unsigned char *in, size_t n,
				 size_t *used, struct text *out)
{
	const char *why = "";

	*used = 0;
	for (;;) {
		size_t wanted = socks_server_wanted(s, &why);

		if (wanted == 0 && s->state == SERVER_REQUEST && s->n == 4)
			return socks_server_refused(s, SOCKS_BAD_ADDRESS, why, out);
		if (wanted == 0 && s->state == SERVER_REQUEST_4)
			return socks_server_refused(s, SOCKS_FAILED, why, out);
		if (wanted == 0)
			return socks_server_failed(s, why);
		if (s->n == wanted) {
			enum handshake h = socks_server_message(s, out);
			if (h != HANDSHAKE_MORE)
				return h;
		} else if (!socks_collect(s->in, &s->n, wanted, in, n, used)) {
			return HANDSHAKE_MORE;
		}
	}
}

void socks_server_answer(const struct socks_server *s, enum socks_reply reply,
			 const struct socks_place *bound, struct text *out)
{
	static const struct socks_place nowhere = { .kind = SOCKS_INET };

	if (!bound || (s->version == 4 && bound->kind != SOCKS_INET))
		bound = &nowhere;
	if (s->version == 4) {
		socks_put_byte(out, 0);
		socks_put_byte(out, reply == SOCKS_GRANTED ? V4_GRANTED : V4_FAILED);
		socks_put_port(out, bound->port);
		text_put(out, bound->bytes, 4);
		return;
	}
	socks_put_byte(out, 5);
	socks_put_byte(out, reply);
	socks_put_byte(out, 0);
	socks_put_place(out, bound);
}
