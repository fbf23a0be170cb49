/* options.h - the options of the proxy server */
#ifndef PROXYD_OPTIONS_H
#define PROXYD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "conn/service.h"
#include "net/access.h"
#include "net/proxy_client.h"
#include "proto/handshake.h"

enum proxyd_kind { PROXYD_NONE, PROXYD_SOCKS5, PROXYD_HTTP };

/* What the rows of proxy_server_group fill. Free it with proxy_server_free(). */
struct proxy_server_options {
	int64_t kind;		   /* enum proxyd_kind */
	struct credentials *users; /* who may use the proxy; none: every client */
	size_t n_users;
	const char *auth_file;
	struct access_options dest; /* --allow-dest, --deny-dest */
};

/* --proxy-server and what needs it. --proxy-auth's words are overwritten in argv at once. */
extern const struct option_group proxy_server_group;

/* Reads the file of --proxy-auth-file, and refuses names in O's lists if NUMERIC is set. Returns 0,
 * or -1 with *ERROR, which never quotes a password. */
int proxy_server_check(struct proxy_server_options *o, bool numeric, struct option_error *error);

/* Checks WAY, the proxies by which O's service connects further, after service_check(), and sets
 * O's `way`. Where there is no proxy server --proxy-auth-file is theirs. Returns 0, or -1 with
 * *ERROR, which contains no secret. */
int proxy_server_check_way(struct service_options *o, struct proxy_options *way, bool numeric,
			   struct option_error *error);

/* Is WHO one of O's users? The time this takes depends on the lengths of the words only. */
bool proxy_server_knows(const struct proxy_server_options *o, const struct credentials *who);

void proxy_server_free(struct proxy_server_options *o);

#endif
