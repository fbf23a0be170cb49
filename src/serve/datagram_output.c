#include "serve/datagram_output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wait.h"

#define WAITING_MOST (16 << 20)	       /* a burst is not to be lost to a stdout that is slow */
#define DIRECT_LEAST 512	       /* bytes of a payload that is written from where it lies */
#define PIECES 64		       /* of them at a time */
#define COPIES_LOOK (10 * MILLISECOND) /* whether they have caught up */
#define INTERFACE_LOOK SECOND	       /* interfaces seldom change their names */
#define STUCK (500 * MILLISECOND)      /* at the end: a stdout that takes nothing for so long */

static size_t length(const struct datagram_output *o)
{
	return o->waiting.text.length - o->written;
}

static bool copies_full(const struct datagram_output *o)
{
	return transcript_full(&o->run->copies[0]) || transcript_full(&o->run->copies[1]);
}

/* Tells that there is room, if there is now and was none. */
static void look_for_room(struct datagram_output *o)
{
	if (!o->stopped || datagram_output_full(o))
		return;
	if (o->c.room)
		o->c.room(o->c.arg);
}

static void pause_over(void *arg)
{
	look_for_room(arg);
}

static void fail(struct datagram_output *o, int error, bool idle)
{
	watch_drop(o->run->loop, &o->watch);
	if (o->error)
		return;
	o->error = error;
	o->c.failed(o->c.arg, error, idle);
}

/* What has been written needs no room any more. */
static void compact(struct datagram_output *o)
{
	struct text *t = &o->waiting.text;

	if (o->written < t->length / 2 + 1)
		return;
	t->length -= o->written;
	memmove(t->data, t->data + o->written, t->length);
	o->written = 0;
}

/* Writes what stdout takes now. Returns 0, or -1 with errno. */
static int write_some(struct datagram_output *o)
{
	while (length(o) > 0) {
		ssize_t n;
		if (o->out.careful && !wait_ready(o->out.wfd, POLLOUT, 0))
			return 0;
		n = endpoint_write(&o->out, o->waiting.text.data + o->written, length(o));
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		o->written += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Is it worth watching for nobody reading it any more? */
static bool may_break(const struct datagram_output *o)
{
	return o->out.kind != ENDPOINT_FILE && o->out.kind != ENDPOINT_NULL &&
	       !(o->c.silent && !o->c.json);
}

static void watch(struct datagram_output *o)
{
	if (length(o) > 0)
		watch_set(o->run->loop, &o->watch, POLLOUT);
	else if (may_break(o))
		watch_set(o->run->loop, &o->watch, 0);
	else
		watch_drop(o->run->loop, &o->watch);
}

static void flush(struct datagram_output *o)
{
	if (o->error)
		return;
	if (write_some(o) < 0) {
		fail(o, errno, false);
		return;
	}
	if (o->waiting.text.failed) {
		fail(o, ENOMEM, false);
		return;
	}
	compact(o);
	watch(o);
	look_for_room(o);
}

static void event(void *arg, short events)
{
	struct datagram_output *o = arg;

	if (length(o) == 0) {
		if (events)
			fail(o, EPIPE, true);
		return;
	}
	flush(o);
	if (length(o) == 0 && !o->error && o->c.emptied)
		o->c.emptied(o->c.arg);
}

void datagram_output_start(struct datagram_output *o, struct run *r,
			   const struct datagram_output_config *c)
{
	*o = (struct datagram_output){ .run = r, .c = *c };
	endpoint_inherit(&o->out, STDOUT_FILENO, true, "stdout");
	endpoint_open_anew(&o->out);
	o->watch = (struct watch){ .fd = o->out.wfd, .fn = event, .arg = o };
	o->pause = (struct timer){ .fn = pause_over, .arg = o };
	watch(o);
}

/* ---- what a datagram looks like there ---- */

static const char *interface_name(struct datagram_output *o, unsigned interface)
{
	int64_t now = loop_now(o->run->loop);

	if (o->interface == interface && now - o->looked_up < INTERFACE_LOOK)
		return *o->interface_name ? o->interface_name : NULL;
	o->interface = interface;
	o->looked_up = now;
	if (!if_indextoname(interface, o->interface_name))
		*o->interface_name = '\0';
	return *o->interface_name ? o->interface_name : NULL;
}

static void add_object(struct datagram_output *o, const struct dgram_received *d)
{
	struct json *j = &o->waiting;
	const char *interface = d->interface ? interface_name(o, d->interface) : NULL;

	j->more = false;
	json_open(j, NULL, '{');
	json_string(j, "event", "datagram");
	json_time(j, "time", d->time ? d->time : clock_wall());
	if (d->from->length || d->from->who.known)
		address_json(j, "from", d->from);
	if (d->to)
		address_json(j, "to", d->to);
	if (interface)
		json_string(j, "interface", interface);
	if (d->ttl >= 0)
		json_number(j, "ttl", d->ttl);
	json_number(j, "size", (int64_t)d->size);
	if (d->true_size > d->size)
		json_number(j, "true_size", (int64_t)d->true_size);
	json_bytes(j, "data", d->data, d->size);
	json_close(j, '}');
	text_put(&j->text, "\n", 1);
}

static void add_prefix(struct datagram_output *o, const struct dgram_received *d)
{
	struct text *t = &o->waiting.text;
	char host[ADDRESS_TEXT], shown[4 * ADDRESS_TEXT];

	if (o->c.timestamp) {
		text_time(t, d->time ? d->time : clock_wall());
		text_put(t, " ", 1);
	}
	if (!o->c.from)
		return;
	address_host(d->from, host);
	/* What a file is called is the sender's affair: it must not look like the end of a line. */
	text_put(t, shown, message_escape(shown, sizeof shown, host, strlen(host), true));
	if (d->from->u.sa.sa_family == AF_UNIX)
		text_put(t, ": ", 2);
	else
		text_add(t, " %u: ", address_port(d->from));
}

/* Returns whether the frame can tell its length. */
static bool add_payload(struct datagram_output *o, const struct dgram_received *d)
{
	struct text *t = &o->waiting.text;
	char head[FRAME_HEAD_MOST], tail[FRAME_TAIL_MOST];
	int n = frame_head(o->c.frame, d->size, head);

	if (n < 0)
		return false;
	if (o->c.from || o->c.timestamp)
		add_prefix(o, d);
	text_put(t, head, (size_t)n);
	text_put(t, d->data, d->size);
	text_put(t, tail, frame_tail(o->c.frame, tail));
	return true;
}

static void copy(struct datagram_output *o, const struct dgram_received *d)
{
	const struct transcript_piece piece = { .offset = o->offset };

	for (int i = 0; i < 2; i++)
		if (o->run->copies[i].loop)
			transcript_add(&o->run->copies[i], &piece, d->data, d->size);
	o->offset += d->size;
}

/* Are payloads all that goes to stdout, with nothing between them, and may they go there from where they
 * lie? */
static bool goes_plain(const struct datagram_output *o)
{
	char tail[FRAME_TAIL_MOST], head[FRAME_HEAD_MOST];

	return !o->c.json && !o->c.silent && !o->c.from && !o->c.timestamp && !o->error &&
	       frame_head(o->c.frame, 0, head) == 0 && frame_tail(o->c.frame, tail) == 0 &&
	       (o->out.kind == ENDPOINT_FILE || (o->out.kind == ENDPOINT_PIPE && !o->out.careful));
}

/* The payloads of up to N of V into IOV, where those that lie together are one. Returns how many of V that
 * are. */
static size_t collect(const struct dgram_received *v, size_t n, struct iovec *iov, int *used)
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
static size_t write_directly(struct datagram_output *o, const struct dgram_received *v, size_t n)
{
	struct iovec iov[PIECES];
	size_t done = 0;

	while (done < n && length(o) == 0 && !o->error) {
		int used;
		size_t count = collect(v + done, n - done, iov, &used), i = 0;
		ssize_t written = used ? writev(o->out.wfd, iov, used) : 0;
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno != EAGAIN)
			fail(o, errno, false);
		if (written < 0)
			break;
		for (; i < count && (size_t)written >= v[done + i].size; i++)
			written -= (ssize_t)v[done + i].size;
		if (i < count && written > 0) {
			text_put(&o->waiting.text, v[done + i].data + written,
				 v[done + i].size - (size_t)written);
			i++;
		}
		done += i;
		if (i < count)
			break;
	}
	return done;
}

size_t datagram_output_gather(struct datagram_output *o, const struct dgram_received *v, size_t n)
{
	size_t refused = 0, done = 0;

	if (o->out.kind == ENDPOINT_NULL) {
		for (size_t i = 0; i < n; i++)
			copy(o, &v[i]);
		return 0;
	}
	/* Small ones are sooner copied than written one by one. */
	if (n > 0 && v[0].size >= DIRECT_LEAST && goes_plain(o) && length(o) == 0) {
		done = write_directly(o, v, n);
		for (size_t i = 0; i < done; i++)
			copy(o, &v[i]);
	}
	for (size_t i = done; i < n; i++) {
		copy(o, &v[i]);
		if (o->c.json)
			add_object(o, &v[i]);
		else if (!o->c.silent)
			refused += !add_payload(o, &v[i]);
	}
	return refused;
}

void datagram_output_flush(struct datagram_output *o)
{
	if (length(o) > 0)
		flush(o);
}

size_t datagram_output_add(struct datagram_output *o, const struct dgram_received *v, size_t n)
{
	size_t refused = datagram_output_gather(o, v, n);

	datagram_output_flush(o);
	return refused;
}

/* ---- how much waits ---- */

bool datagram_output_full(struct datagram_output *o)
{
	bool behind = copies_full(o);

	o->stopped = behind || length(o) > WAITING_MOST;
	if (behind)
		timer_set(o->run->loop, &o->pause, clock_after(clock_now(), COPIES_LOOK));
	return o->stopped;
}

bool datagram_output_waits(const struct datagram_output *o)
{
	return !o->error && length(o) > 0;
}

int datagram_output_finish(struct datagram_output *o, int64_t limit)
{
	int64_t end = clock_after(clock_now(), limit);

	while (datagram_output_waits(o)) {
		size_t before = length(o);
		int64_t left = end - clock_now();
		if (write_some(o) < 0)
			return -1;
		if (length(o) == 0)
			break;
		if (left <= 0 || (length(o) == before &&
				  !wait_ready(o->out.wfd, POLLOUT, left < STUCK ? left : STUCK))) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

void datagram_output_free(struct datagram_output *o)
{
	if (!o->run)
		return;
	watch_drop(o->run->loop, &o->watch);
	timer_drop(o->run->loop, &o->pause);
	endpoint_close(&o->out);
	text_free(&o->waiting.text);
	o->run = NULL;
}
