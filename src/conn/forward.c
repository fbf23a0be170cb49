#include "conn/forward.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "run/report.h"

#define WAIT (30 * SECOND) /* where -w says nothing */

static void over(void *arg, struct pump *p)
{
	struct connection *x = arg;

	(void)p;
	connections_one_over(x->connections, x, connection_report(x));
}

static void connected(void *arg, const struct dial_result *r)
{
	struct connection *x = arg;
	struct connections *s = x->connections;
	const struct pump_calls calls = { .over = over };
	struct pump_config c = connection_pump_config(x);
	int64_t limit = s->wait == UNSET ? WAIT : s->wait;

	x->dial = NULL;
	connection_waiting(x, false);
	if (r->fd < 0) {
		x->why = "not reached";
		endpoint_break(&x->socket);
		connections_one_over(s, x,
				     report_dial(s->run->messages, s->service->forward_to.host,
						 s->service->forward_to.port, r, limit, "-w"));
		return;
	}
	endpoint_socket(&x->in, r->fd, address_text(&r->peer, x->far_name));
	c.terms.mode = PUMP_RELAY;
	connection_pump(x, &c, &calls, &x->in, &x->in);
}

/* Has X's client sent anything already? */
static bool has_data(const struct connection *x)
{
	char first;

	return recv(x->socket.rfd, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void forward_start(struct connection *x)
{
	struct connections *s = x->connections;
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

	connection_waiting(x, true);
	x->dial = dial_start(s->run->loop, &c, connected, x);
	if (!x->dial)
		run_end(s->run, report_error(s->run->messages, "forward", errno));
}
