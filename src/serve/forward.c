#include "serve/forward.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "serve/report.h"

#define WAIT (30 * SECOND) /* where -w says nothing */

static void over(void *arg, struct pump *p)
{
	struct session *x = arg;

	(void)p;
	server_session_over(x->server, x, session_report(x));
}

static void connected(void *arg, const struct dial_result *r)
{
	struct session *x = arg;
	struct server *s = x->server;
	const struct pump_calls calls = { .over = over };
	const struct pump_config c = session_pump_config(x);
	int64_t limit = s->wait == UNSET ? WAIT : s->wait;

	x->dial = NULL;
	session_waiting(x, false);
	if (r->fd < 0) {
		x->why = "not reached";
		endpoint_break(&x->connection);
		server_session_over(s, x,
				    report_dial(s->run->messages, s->service->forward_to.host,
						s->service->forward_to.port, r, limit, "-w"));
		return;
	}
	endpoint_socket(&x->in, r->fd, address_text(&r->peer, x->far_name));
	session_pump(x, &c, &calls, &x->in, &x->in);
}

/* Has X's client sent anything already? */
static bool has_data(const struct session *x)
{
	char first;

	return recv(x->connection.rfd, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void forward_start(struct session *x)
{
	struct server *s = x->server;
	const struct dial_config c = {
		.host = s->service->forward_to.host,
		.port = s->service->forward_to.port,
		.family = s->family,
		.socktype = s->socktype,
		.any_type = true,
		.socket = s->socket,
		/* Either side may speak first. */
		.at_once = s->socket->fastopen && !has_data(x),
		.deadline = clock_after(clock_now(), s->wait == UNSET ? WAIT : s->wait),
		.events = { report_event, (void *)s->run->messages },
	};

	session_waiting(x, true);
	x->dial = dial_start(s->run->loop, &c, connected, x);
	if (!x->dial)
		run_end(s->run, report_error(s->run->messages, "forward", errno));
}
