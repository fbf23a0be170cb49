#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errname.h"
#include "dgram/report.h"
#include "dgram/receiver_state.h"
#include "run/report.h"

#define RETRY_PAUSE MILLISECOND /* where the kernel has no room for what is sent */

/* The queue of TO is full, of which poll(2) tells nothing. Has it been so for too long? Who asks
 * and does not listen must not keep others waiting; what stdin gives waits for as long as it takes.
 */
static bool is_stuck(struct receiver *x, const struct address *to)
{
	int64_t now = clock_now();

	if (x->c.options->reply)
		return false;
	if (!x->stuck_since || !address_equal(&x->stuck, to)) {
		x->stuck = *to;
		x->stuck_since = now;
	}
	return now - x->stuck_since >= x->c.stall;
}

/* What a send of D that failed with ERROR means: may it be tried again when POLLOUT or a timer says
 * so? */
static bool must_wait(struct receiver *x, struct receiver_socket *s, const struct dgram *d,
		      int error)
{
	bool local = s->socket->family == AF_UNIX;

	if (error == EAGAIN && !local) {
		s->blocked = true;
		return true;
	}
	if (error == ENOBUFS || error == ENOMEM || (error == EAGAIN && !is_stuck(x, d->to))) {
		timer_set(x->run->loop, &x->retry_timer, clock_after(clock_now(), RETRY_PAUSE));
		return true;
	}
	return false;
}

void receiver_copy_last(struct receiver *x, const void *data, size_t size)
{
	const struct transcript_piece piece = { .sent = true, .offset = x->sent_bytes - size };

	run_copy(x->run, &piece, data, size);
}

static void count_sent(struct receiver *x, const struct dgram *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		x->sent_bytes += d[i].size;
		/* What --echo answers has still to be shown itself. */
		if (!x->c.options->echo)
			receiver_copy_last(x, d[i].data, d[i].size);
		x->sent++;
	}
	x->last_move = loop_now(x->run->loop);
}

/* Says that D, an answer, has nobody to go to. */
static void say_nameless(const struct receiver *x, const struct dgram *d)
{
	char who[ADDRESS_TEXT];
	struct notice n;

	notice_begin(&n, x->run->messages, MESSAGE_VERBOSE, "unanswered");
	if (d->to->who.known)
		address_json(&n.json, "peer", d->to);
	notice_end(&n, "%s has no name: it cannot be answered", address_text(d->to, who));
}

/* Of sending an answer to a UNIX socket by S: does ERROR mean that whoever asked is not there for
 * it any more, or will not have it? */
static bool is_gone(const struct receiver_socket *s, int error)
{
	return s->socket->family == AF_UNIX &&
	       (error == ECONNREFUSED || error == ENOENT || error == ECONNRESET || error == EPERM ||
		error == EACCES || error == EPROTOTYPE);
}

/* D could not be sent by S, and will not be. */
static void give_up(struct receiver *x, const struct receiver_socket *s, const struct dgram *d,
		    int error)
{
	if (is_gone(s, error)) {
		receiver_error(x, &(struct dgram_error){ .error = error, .to = d->to });
		return;
	}
	report_unsent(x->run->messages, MESSAGE_ERROR, d->to, NULL, d->size, error);
	x->failed = true;
}

size_t receiver_send(struct receiver *x, struct receiver_socket *s, const struct dgram *d, size_t n)
{
	size_t done = 0;

	while (done < n && !s->blocked && !x->retry_timer.slot) {
		size_t named = 0;
		ssize_t sent;
		while (done + named < n && d[done + named].to->length > 0)
			named++;
		if (named == 0) {
			say_nameless(x, &d[done++]);
			continue;
		}
		sent = dgram_send(s->socket, d + done, named);
		if (sent > 0) {
			if (x->stuck_since && address_equal(&x->stuck, d[done].to))
				x->stuck_since = 0;
			count_sent(x, d + done, (size_t)sent);
			done += (size_t)sent;
			continue;
		}
		if (must_wait(x, s, &d[done], errno))
			break;
		give_up(x, s, &d[done++], errno);
	}
	return done;
}

void receiver_error(struct receiver *x, const struct dgram_error *e)
{
	/* Who asked and did not wait for the answer is nobody's loss; what comes from stdin is. */
	bool matters = x->c.options->reply;

	x->errors++;
	report_datagram_error(x->run->messages, matters ? MESSAGE_ERROR : MESSAGE_VERBOSE, e,
			      false);
	x->failed = x->failed || matters;
}

static void stop_reading(struct receiver *x)
{
	x->reading = false;
	watch_drop(x->run->loop, &x->in_watch);
}

void receiver_send_read(struct receiver *x)
{
	uint64_t before = x->sent_bytes;

	if (x->w_at == x->w_n)
		return;
	for (size_t i = x->w_at; i < x->w_n; i++) {
		x->w[i].to = &x->to;
		x->w[i].from = x->local.length ? &x->local : NULL;
	}
	x->w_at += receiver_send(x, x->to_by, x->w + x->w_at, x->w_n - x->w_at);
	receiver_pace(x, &x->in_pace_timer, x->sent_bytes - before);
}

static void read_more(struct receiver *x)
{
	char text[256];
	ssize_t n = datagram_input_next(&x->input, x->w, DGRAM_BATCH);

	if (n == 0 && x->input.found == FRAME_PARTIAL) {
		int filled = datagram_input_fill(&x->input);
		if (filled == 0)
			return;
		n = filled < 0 ? -1 : datagram_input_next(&x->input, x->w, DGRAM_BATCH);
	}
	x->w_at = x->w_n = 0;
	if (n < 0) {
		report_error(x->run->messages, "stdin", errno);
		x->failed = true;
		stop_reading(x);
		return;
	}
	x->w_n = (size_t)n;
	receiver_send_read(x);
	if (n > 0 || x->input.found == FRAME_PARTIAL)
		return;
	if (datagram_input_error(&x->input, text, sizeof text)) {
		message_fail(x->run->messages, OUTCOME_FAILED, errno_name(EMSGSIZE), "%s", text);
		x->failed = true;
	}
	stop_reading(x);
}

static void in_ready(void *arg, short events)
{
	struct receiver *x = arg;

	(void)events;
	read_more(x);
	receiver_go_on(x);
}

static void in_paced(void *arg)
{
	struct receiver *x = arg;

	receiver_send_read(x);
	receiver_go_on(x);
}

void receiver_begin_reading(struct receiver *x)
{
	endpoint_inherit(&x->in, STDIN_FILENO, false, "stdin");
	if (x->in.kind == ENDPOINT_NULL)
		return;
	x->w = calloc(DGRAM_BATCH, sizeof *x->w);
	if (!x->w) {
		report_error(x->run->messages, "stdin", ENOMEM);
		x->failed = true;
		return;
	}
	datagram_input_start(&x->input, &x->in, x->c.frame, x->run->data->crlf, x->c.most);
	x->in_pace_timer = (struct timer){ .fn = in_paced, .arg = x };
	x->in_watch = (struct watch){ .fd = x->in.rfd, .fn = in_ready, .arg = x };
	x->reading = true;
}
