/* ways_tls.c - the step `tls`: does a service that waits for us to speak speak TLS? */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "proto/x509.h"
#include "run/report.h"
#include "run/ways_state.h"

/* Who speaks first does so by then, and does not speak TLS. */
#define TLS_DELAY (150 * MILLISECOND)
/* A server that takes one client at a time answers once the greeting is over: how long after that.
 */
#define TLS_EXTRA (90 * MILLISECOND)
#define TLS_EXTRA_ROUNDS 4

/* Returns how long it may take to connect once more, and to be answered. */
static int64_t way_tls_time(const struct way *w)
{
	return way_listening(w) - TLS_DELAY + TLS_EXTRA +
	       TLS_EXTRA_ROUNDS * w->tasks[STEP_CONNECT].ns;
}

/* Is the time of the certificate that R has now? */
static void way_read_certificate(struct way *w, const struct tls_result *r)
{
	const struct text *der = &r->server.certificate;
	int64_t now = clock_wall() / SECOND;
	struct x509 c;

	if (!der->length || !x509_read(&c, (const unsigned char *)der->data, der->length))
		return;
	if (*c.not_after.text && now > c.not_after.seconds)
		snprintf(w->certificate, sizeof w->certificate, "expired at %s", c.not_after.text);
	else if (*c.not_before.text && now < c.not_before.seconds)
		snprintf(w->certificate, sizeof w->certificate, "is valid only from %s on",
			 c.not_before.text);
}

static void way_answered(void *arg, struct tls_result *r)
{
	struct way *w = arg;
	struct task *t = &w->tasks[STEP_TLS];

	w->asker = NULL;
	if (r->none == TLS_SILENT)
		text_add(&t->answer, "no TLS: it says nothing to that");
	else
		report_tls_text(&t->answer, r, way_tls_time(w));
	way_read_certificate(w, r);
	task_done(w, t);
}

/* Begins the second connection that a tls_asker may want. */
static int way_connect_again(void *arg)
{
	struct way *w = arg;
	const struct ways_config *c = &w->ways->c;
	const struct dial_sources sources = { (struct address *)c->sources, c->n_sources };
	const char *what;
	size_t none = 0;
	int fd = dial_socket(w->address.u.sa.sa_family, SOCK_STREAM, c->socket, &sources, NULL,
			     &what);
	int error = fd < 0 ? errno : dial_connect(fd, &w->address, "", &none);

	if (!error || error == EINPROGRESS)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

static void way_connected_for_tls(void *arg, const struct dial_result *r)
{
	struct way *w = arg;
	const struct tls_question q = {
		.name = w->ways->c.host,
		.deadline = clock_after(w->tasks[STEP_TLS].start, TLS_DELAY + way_tls_time(w)),
		.again = w->kind == WAY_HOST ? way_connect_again : NULL,
	};

	w->tls_connection = (struct way_connection){ 0 };
	if (r->fd >= 0)
		w->asker = tls_ask(w->ways->c.loop, r->fd, &q, way_answered, w);
	if (!w->asker)
		task_leave_out(w, &w->tasks[STEP_TLS]);
}

static void way_ask(void *arg)
{
	struct way *w = arg;

	if (w->tasks[STEP_GREETING].state != TASK_RUNS || w->said_n ||
	    !way_dial(w, &w->tls_connection, way_tls_time(w), way_connected_for_tls))
		task_leave_out(w, &w->tasks[STEP_TLS]);
}

void way_ask_for_tls(struct way *w, struct task *t)
{
	w->tls_timer = (struct timer){ .fn = way_ask, .arg = w };
	timer_set(w->ways->c.loop, &w->tls_timer, clock_after(t->start, TLS_DELAY));
}

void way_end_asking(struct way *w)
{
	timer_drop(w->ways->c.loop, &w->tls_timer);
	way_end_dial(&w->tls_connection);
	tls_ask_cancel(w->asker);
}
