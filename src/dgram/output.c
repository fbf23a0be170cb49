/* output.c - what a received datagram looks like on stdout, and how it gets there */
#include "dgram/output.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/report.h"

#define WAITING_MOST (16 << 20)	       /* a burst is not to be lost to a stdout that is slow */
#define DIRECT_LEAST 512	       /* bytes of a payload that is written from where it lies */
#define PIECES 64		       /* of them at a time */
#define COPIES_LOOK (10 * MILLISECOND) /* whether they have caught up */
#define INTERFACE_LOOK SECOND	       /* interfaces seldom change their names */
#define STUCK (500 * MILLISECOND)      /* at the end: a stdout that takes nothing for so long */

/* Stdout has taken something or failed, or -o, -x and -X may have caught up. */
static void dgram_output_look(void *arg)
{
	struct dgram_output *o = arg;

	o->broken = o->out.error && o->out.idle;
	if (o->out.error && !o->broken)
		run_end(o->run, report_output_error(o->run->messages, "stdout", o->out.error));
	else if (!o->flushing &&
		 (o->broken || !output_waits(&o->out) || (o->stopped && !dgram_output_full(o))))
		o->changed(o->arg);
}

void dgram_output_start(struct dgram_output *o)
{
	output_start(&o->out, o->run->loop, STDOUT_FILENO, "stdout", dgram_output_look, o);
	o->out.most = WAITING_MOST;
	o->pause = (struct timer){ .fn = dgram_output_look, .arg = o };
	if (o->json || !o->silent)
		output_watch(&o->out);
}

/* ---- what a datagram looks like there ---- */

/* Returns the name of INTERFACE, empty if there is none of that index. */
static const char *dgram_output_interface(struct dgram_output *o, unsigned interface)
{
	int64_t now = loop_now(o->run->loop);

	if (o->interface != interface || now - o->looked_up >= INTERFACE_LOOK) {
		o->interface = interface;
		o->looked_up = now;
		if (!if_indextoname(interface, o->interface_name))
			*o->interface_name = '\0';
	}
	return o->interface_name;
}

static void dgram_output_put_object(struct dgram_output *o, const struct dgram_received *d)
{
	struct json json = { .text = o->out.text }, *j = &json;
	const char *interface = d->interface ? dgram_output_interface(o, d->interface) : "";

	json_open(j, NULL, '{');
	json_string(j, "event", "datagram");
	json_time(j, "time", d->time ? d->time : clock_wall());
	if (d->from->length || d->from->who.known)
		address_json(j, "from", d->from);
	if (d->to)
		address_json(j, "to", d->to);
	if (*interface)
		json_string(j, "interface", interface);
	if (d->ttl >= 0)
		json_number(j, "ttl", d->ttl);
	json_number(j, "size", (int64_t)d->size);
	if (d->true_size > d->size)
		json_number(j, "true_size", (int64_t)d->true_size);
	json_bytes(j, "data", d->data, d->size);
	json_close(j, '}');
	text_put(&j->text, "\n", 1);
	o->out.text = j->text;
}

static void dgram_output_put_prefix(struct dgram_output *o, const struct dgram_received *d)
{
	struct text *t = &o->out.text;
	char host[ADDRESS_TEXT];

	if (o->timestamp) {
		text_time(t, d->time ? d->time : clock_wall());
		text_put(t, " ", 1);
	}
	if (!o->from)
		return;
	address_host(d->from, host);
	/* A sender may have any path: it must not look like the end of a line. */
	text_put_escaped(t, host, strlen(host), true);
	if (d->from->u.sa.sa_family == AF_UNIX)
		text_put(t, ": ", 2);
	else
		text_add(t, " %u: ", address_port(d->from));
}

/* As a line of its sender's: without the end that it has itself, and with nothing in it that could
 * look like the line of another. */
static void dgram_output_put_told(struct dgram_output *o, const struct dgram_received *d)
{
	size_t n = d->size;

	if (n > 0 && (d->data[n - 1] == '\n' || d->data[n - 1] == '\0'))
		n--;
	if (n < d->size && d->data[n] == '\n' && n > 0 && d->data[n - 1] == '\r')
		n--;
	text_put_escaped(&o->out.text, d->data, n, false);
}

/* Returns whether the frame can tell its length. */
static bool dgram_output_put_payload(struct dgram_output *o, const struct dgram_received *d)
{
	struct text *t = &o->out.text;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	int n = frame_head(o->frame, d->size, head);

	if (n < 0)
		return false;
	text_put(t, head, (size_t)n);
	if (o->from || o->timestamp) {
		dgram_output_put_prefix(o, d);
		dgram_output_put_told(o, d);
	} else {
		text_put(t, d->data, d->size);
	}
	text_put(t, tail, frame_tail(o->frame, tail));
	return true;
}

/* Copies the N at V to -o, -x and -X. */
static void dgram_output_copy(struct dgram_output *o, const struct dgram_received *v, size_t n)
{
	for (size_t i = 0; run_copies(o->run) && i < n; i++) {
		const struct transcript_piece piece = { .offset = o->offset };
		run_copy(o->run, &piece, v[i].data, v[i].size);
		o->offset += v[i].size;
	}
}

/* Are payloads all that goes to stdout, with nothing between them, and may they go there from where
 * they lie? */
static bool dgram_output_is_plain(const struct dgram_output *o)
{
	char tail[FRAME_TAIL_MOST], head[FRAME_HEAD_MOST];

	return !o->json && !o->silent && !o->from && !o->timestamp && !o->out.error &&
	       frame_head(o->frame, 0, head) == 0 && frame_tail(o->frame, tail) == 0 &&
	       (o->out.to.kind == ENDPOINT_FILE ||
		(o->out.to.kind == ENDPOINT_PIPE && !o->out.to.may_block));
}

/* The payloads of up to N of V into IOV, where those that lie together are one. Returns how many of
 * V that are. */
static size_t dgram_output_collect(const struct dgram_received *v, size_t n, struct iovec *iov,
				   int *used)
{
	size_t i = 0;

	*used = 0;
	for (; i < n; i++) {
		struct iovec *last = *used ? &iov[*used - 1] : NULL;
		if (v[i].size == 0)
			continue;
		if (last && (const char *)last->iov_base + last->iov_len == v[i].data)
			last->iov_len += v[i].size;
		else if (*used < PIECES)
			iov[(*used)++] = (struct iovec){ (void *)v[i].data, v[i].size };
		else
			break;
	}
	return i;
}

/* Writes as many of V as stdout takes at once; what it takes of another is followed by the rest of
 * that. Returns how many are done with. */
static size_t dgram_output_write(struct dgram_output *o, const struct dgram_received *v, size_t n)
{
	struct iovec iov[PIECES];
	size_t done = 0;

	while (done < n && !output_waits(&o->out) && !o->out.error) {
		int used;
		size_t count = dgram_output_collect(v + done, n - done, iov, &used), i = 0;
		ssize_t written = used ? writev(o->out.to.wfd, iov, used) : 0;
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno != EAGAIN)
			output_fail(&o->out, errno);
		if (written < 0)
			break;
		for (; i < count && (size_t)written >= v[done + i].size; i++)
			written -= (ssize_t)v[done + i].size;
		if (i < count && written > 0) {
			text_put(&o->out.text, v[done + i].data + written,
				 v[done + i].size - (size_t)written);
			i++;
		}
		done += i;
		if (i < count)
			break;
	}
	return done;
}

size_t dgram_output_add(struct dgram_output *o, const struct dgram_received *v, size_t n)
{
	size_t refused = 0, done = 0;

	dgram_output_copy(o, v, n);
	if (o->out.to.kind == ENDPOINT_NULL)
		return 0;
	/* Small ones are sooner copied than written one by one. */
	if (n > 0 && o->out.to.kind != ENDPOINT_TERMINAL && v[0].size >= DIRECT_LEAST &&
	    dgram_output_is_plain(o) && !output_waits(&o->out))
		done = dgram_output_write(o, v, n);
	for (size_t i = done; i < n; i++) {
		if (o->json)
			dgram_output_put_object(o, &v[i]);
		else if (!o->silent)
			refused += !dgram_output_put_payload(o, &v[i]);
	}
	return refused;
}

void dgram_output_flush(struct dgram_output *o)
{
	o->flushing = true;
	if (o->out.text.length || o->out.text.failed)
		output_flush(&o->out);
	o->flushing = false;
}

/* ---- how much waits ---- */

bool dgram_output_full(struct dgram_output *o)
{
	bool behind = run_copies_full(o->run);

	o->stopped = behind || output_full(&o->out);
	if (behind)
		timer_set(o->run->loop, &o->pause, clock_after(clock_now(), COPIES_LOOK));
	return o->stopped;
}

int dgram_output_finish(struct dgram_output *o, int64_t limit)
{
	return o->out.error ? 0 : output_drain(&o->out, STUCK, limit);
}

void dgram_output_free(struct dgram_output *o)
{
	if (o->out.loop)
		timer_drop(o->run->loop, &o->pause);
	output_close(&o->out);
}
