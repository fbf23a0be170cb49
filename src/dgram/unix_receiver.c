#include "dgram/unix_receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/number.h"
#include "base/user.h"
#include "net/activation.h"
#include "sock/unix.h"
#include "run/report.h"

#define FIRST_INHERITED 3 /* sd_listen_fds(3) */

struct unix_receiving {
	struct unix_receiver_config c;
	struct run run;
	struct receiver receiving;
	struct dgram_socket *sockets;
	size_t n;
	struct address address;	 /* that of `place`, */
	struct unix_place place; /* and what was made there */
};

static void on_error(void *arg, const struct dgram_error *e)
{
	struct unix_receiving *u = arg;

	receiver_error(&u->receiving, e);
}

/* Whom the kernel knows at the other side is asked for only where somebody is to know. */
static struct dgram_config config(const struct unix_receiving *u)
{
	const struct messages *m = u->c.messages;
	bool who = u->c.access->users.n || receiver_runs_command(u->c.receiving) ||
		   message_wanted(m, MESSAGE_VERBOSE);

	return (struct dgram_config){
		.family = AF_UNIX,
		.socket = u->c.socket,
		.wants = receiver_wants(u->c.receiving, m->options.json) | (who ? DGRAM_WHO : 0),
	};
}

/* Returns 0, or -1 with errno and R filled. */
static int bind_place(struct unix_receiving *u, struct listener_result *r)
{
	const struct dgram_config c = config(u);

	r->address = u->address;
	if (dgram_open(u->sockets, &c, on_error, u, &r->what) < 0) {
		if (!r->what)
			r->what = "socket";
		return -1;
	}
	u->n = 1;
	r->what = NULL;
	if (unix_bind(u->sockets->fd, &u->address, &u->c.listen->rights, &u->place, &r->why) < 0)
		return -1;
	dgram_bound(u->sockets, &u->address);
	return 0;
}

/* The sockets that we were given. Returns as above. */
static int take_inherited(struct unix_receiving *u, struct listener_result *r)
{
	const struct dgram_config c = config(u);

	r->what = "LISTEN_FDS";
	for (; u->n < (size_t)u->c.inherited; u->n++) {
		int fd = FIRST_INHERITED + (int)u->n;
		if (dgram_inherit(&u->sockets[u->n], fd, &c, on_error, u) < 0)
			return -1;
	}
	r->what = NULL;
	return 0;
}

/* Whoever needs rights to bind does not need them any more. Returns as above. */
static int become(const struct unix_receiving *u, struct listener_result *r)
{
	const char *user = u->c.listen->user;

	if (!user || user_become(user) == 0)
		return 0;
	r->what = "--user";
	r->address.length = 0;
	return -1;
}

/* They are bound: whoever waits for that may send. */
static int tell_ready(const struct unix_receiving *u)
{
	const struct messages *m = u->c.messages;
	struct text lines = { 0 };

	for (size_t i = 0; i < u->n; i++) {
		const struct address *local = &u->sockets[i].local;
		report_event_at(m, &(struct event){ .kind = EVENT_LISTENING, .local = local },
				false);
		listener_notify_address(&lines, local);
	}
	if (u->c.listen->notify_fd == UNSET) {
		text_free(&lines);
	} else if (listener_notify_write(&lines, (int)u->c.listen->notify_fd) < 0) {
		report_error(m, "--notify-fd", errno);
		return -1;
	}
	if (activation_notify("READY=1") < 0)
		report_error(m, "NOTIFY_SOCKET", errno);
	return 0;
}

static void begin(struct unix_receiving *u)
{
	struct listener_result r = { 0 };
	int result = u->c.place ? bind_place(u, &r) : take_inherited(u, &r);

	if (result < 0 || become(u, &r) < 0) {
		r.error = errno;
		run_end(&u->run, report_listener(u->c.messages, "", &r));
	} else if (tell_ready(u) < 0) {
		run_end(&u->run, (struct outcome){ OUTCOME_FAILED, 0 });
	} else if (receiver_begin(&u->receiving, u->sockets, u->n) < 0) {
		run_end(&u->run, report_error(u->c.messages, "start", errno));
	}
}

int unix_receiver_check(const struct unix_receiver_config *c, struct option_error *error)
{
	if (c->listen->user && user_check(c->listen->user, error) < 0)
		return -1;
	return run_check(c->messages, c->data, error);
}

static struct outcome run(struct unix_receiving *u)
{
	const struct receiver_config c = {
		.options = u->c.receiving,
		.frame = u->c.frame,
		.access = u->c.access,
		.numeric = true,
		.most = dgram_most(AF_UNIX),
		.wait = u->c.wait,
		.stall = u->c.stall,
	};
	struct outcome outcome;

	if (run_start(&u->run, u->c.messages, u->c.data) < 0)
		return (struct outcome){ OUTCOME_FAILED, 0 };
	receiver_start(&u->receiving, &u->run, &c);
	begin(u);
	outcome = run_wait(&u->run);
	receiver_free(&u->receiving);
	unix_remove(&u->place);
	while (u->n > 0)
		dgram_close(&u->sockets[--u->n]);
	run_free(&u->run);
	return outcome;
}

struct outcome unix_receiver_run(const struct unix_receiver_config *c)
{
	struct unix_receiving u = { .c = *c };
	int64_t fd = c->listen->notify_fd;
	struct outcome outcome;

	if (c->place)
		address_parse_unix(c->place, &u.address);
	if (fd != UNSET && fcntl((int)fd, F_GETFD) < 0)
		return report_error(c->messages, "--notify-fd", errno);
	u.sockets = calloc(c->place ? 1 : (size_t)c->inherited, sizeof *u.sockets);
	if (!u.sockets)
		return report_error(c->messages, "start", ENOMEM);
	outcome = run(&u);
	free(u.sockets);
	return outcome;
}
