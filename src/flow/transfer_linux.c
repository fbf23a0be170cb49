/* transfer_linux.c - the methods that move data without a copy: splice(2), tee(2), sendfile(2),
 * MSG_TRUNC */
#define _GNU_SOURCE /* splice, tee, F_SETPIPE_SZ */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/pipes.h"
#include "flow/transfer.h"
#include "sock/sockopt.h"
#include "sock/stream.h"

#ifndef SO_BUF_LOCK /* Linux 5.14; not in every libc's header */
#define SO_BUF_LOCK 72
#endif

#define BULK (32 << 10) /* so much at once: worth splicing, and growing the pipe for */
#define SMALL (4 << 10) /* so little: two calls that copy it cost less than one that need not */
#define LONG_RUN (4 << 20)
#define SEGMENT_MOST (128 << 10) /* more than over the loopback */
#define SEND_BUFFER (512 << 10)	 /* the kernel doubles it: as much as a pipe has */
#define MOST 0x7ffff000		 /* what one call can move */

/* For an error that does not tell of the connection: the kernel does not do this with these
 * descriptors (EINVAL, ENOSYS...), or it does not say which of them is at fault. Nothing has been
 * moved; reading and writing will tell.
 */
static enum transfer_result copy_instead(struct transfer *t, size_t max)
{
	transfer_hurry(t);
	t->method = transfer_copy;
	t->sink_full = false;
	return t->from->may_block ? TRANSFER_WAIT : transfer_copy(t, max);
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* One end was ready and yet nothing moved: so the other is not. */
static enum transfer_result wait_for_other_end(struct transfer *t)
{
	t->sink_full = !t->sink_full;
	return TRANSFER_WAIT;
}

static void transfer_grow_pipe(struct transfer *t, int pipe)
{
	int want = t->limit && t->limit < PIPE_SIZE ? (int)t->limit : PIPE_SIZE;

	t->grown = true;
	/* Past its share of pipe pages a user may not (EPERM): then it stays as it is. */
	if (fcntl(pipe, F_GETPIPE_SZ) < want)
		fcntl(pipe, F_SETPIPE_SZ, want);
}

/* N bytes more have come. Has it been large pieces only for long? */
static bool is_bulk(struct transfer *t, ssize_t n)
{
	t->run = n < BULK ? 0 : t->run + (size_t)n;
	return t->run >= LONG_RUN && !t->limit;
}

/* N bytes went to a UNIX socket, whose buffer is small: waking up each time that it has room costs
 * more than moving what fits. Bulk gets a larger one, unless somebody has chosen its size. */
static void transfer_widen_sink(struct transfer *t, ssize_t n)
{
	enum { SEND_LOCK = 1 };
	int fd = t->to->wfd, locked;

	if (t->widened || t->to->kind != ENDPOINT_STREAM || !is_bulk(t, n))
		return;
	t->widened = true;
	locked = sockopt_get(fd, SOL_SOCKET, SO_BUF_LOCK);
	if (locked >= 0 && !(locked & SEND_LOCK))
		sockopt_set(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
}

/* N bytes came over a connection to a pipe. Waking up for every segment costs more than moving it:
 * a stream that is all large pieces is taken half a pipe at a time. */
static void be_patient(struct transfer *t, ssize_t n)
{
	int wanted = PIPE_SIZE / 2;
	socklen_t size = sizeof t->low_water;

	if (!is_bulk(t, n) || t->patient)
		return;
	if (getsockopt(t->from->rfd, SOL_SOCKET, SO_RCVLOWAT, &t->low_water, &size) == 0 &&
	    setsockopt(t->from->rfd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted) == 0)
		t->patient = true;
}

/* The kernel makes room for so much as the first call says, which it keeps. It is ready before the
 * second is there, too, where less than an eighth of that room is left, or than a segment. */
bool transfer_await(struct transfer *t, size_t n)
{
	socklen_t size = sizeof t->low_water;
	int fd = t->from->rfd, wanted, room;

	if (t->from->kind != ENDPOINT_TCP || n > INT_MAX / 2 - SEGMENT_MOST || t->awaited)
		return false;
	wanted = (int)n;
	room = wanted / 2 + wanted + SEGMENT_MOST;
	if (getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &t->low_water, &size) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &room, sizeof room) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted) < 0)
		return false;
	t->awaited = (unsigned)n;
	return true;
}

/* splice(2) stops before urgent data, for good, and says that nothing is there, or even the end. */
static bool urgent_is_next(const struct transfer *t)
{
	int at = 0;

	/* As sockatmark(3), which the loader would have to look up as well. */
	return t->from->kind == ENDPOINT_TCP && ioctl(t->from->rfd, SIOCATMARK, &at) == 0 && at;
}

static enum transfer_result copy_small(struct transfer *t, size_t max);

/* From a pipe to a socket, or from a socket to a pipe. */
static enum transfer_result splice_step(struct transfer *t, size_t max)
{
	bool from_pipe = t->from->kind == ENDPOINT_PIPE;
	size_t most = t->limit ? t->limit : PIPE_SIZE;
	ssize_t n = splice(t->from->rfd, NULL, t->to->wfd, NULL, lesser(max, most),
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		if (n >= BULK && !t->grown)
			transfer_grow_pipe(t, from_pipe ? t->from->rfd : t->to->wfd);
		if (t->from->kind == ENDPOINT_TCP)
			be_patient(t, n);
		else
			transfer_widen_sink(t, n);
		if (n < SMALL && from_pipe)
			t->method = copy_small;
		return transfer_moved(t, n);
	}
	if (n == 0)
		return urgent_is_next(t) ? copy_instead(t, max) : TRANSFER_END;
	if (errno == EAGAIN)
		return urgent_is_next(t) ? copy_instead(t, max) : wait_for_other_end(t);
	if (errno == EINTR)
		return TRANSFER_WAIT;
	/* Of a pipe that nobody reads, EPIPE comes though there may be nothing to write to it. */
	if (!stream_is_broken_by(errno) || (errno == EPIPE && !from_pipe))
		return copy_instead(t, max);
	return from_pipe ? TRANSFER_SINK_ERROR : TRANSFER_SOURCE_ERROR;
}

/* Reads and writes, until WORTH bytes came at once: after these METHOD takes over. */
static enum transfer_result copy_until(struct transfer *t, size_t max, size_t worth,
				       transfer_method *method)
{
	uint64_t in = t->in;
	enum transfer_result result = transfer_copy(t, max);

	t->bulk |= t->in - in >= worth;
	if (t->bulk && !t->held && result == TRANSFER_MOVED) {
		t->bulk = false;
		t->method = method;
	}
	return result;
}

/* From a pipe to a socket. Not the other way: to write to an inherited pipe it would have to be
 * opened again. */
static enum transfer_result copy_small(struct transfer *t, size_t max)
{
	return copy_until(t, max, BULK, splice_step);
}

/* How much of T's file to ask for: where more is asked for than there is, TCP holds the last piece
 * back for what may follow, and less than was asked for does not tell that the sink is full. MOST
 * where that is not known. */
static size_t file_rest(const struct transfer *t, size_t most)
{
	struct stat s;
	off_t at;

	at = lseek(t->from->rfd, 0, SEEK_CUR);
	if (at < 0 || fstat(t->from->rfd, &s) < 0 || s.st_size <= at)
		return most;
	/* It may be more than a size_t of 32 bits has room for. */
	return s.st_size - at < (off_t)most ? (size_t)(s.st_size - at) : most;
}

static enum transfer_result sendfile_step(struct transfer *t, size_t max)
{
	size_t all = lesser(max, MOST), most = file_rest(t, all);
	ssize_t n = sendfile(t->to->wfd, t->from->rfd, NULL, most);

	if (n > 0) {
		transfer_widen_sink(t, n);
		transfer_moved(t, n);
		/* TCP is asked once more at once: a reset that came in between is told to that call
		 * alone, and whoever reads would take it for an end. */
		t->sink_full = t->to->kind != ENDPOINT_TCP && (size_t)n < most && most < all;
		return TRANSFER_MOVED;
	}
	if (n == 0)
		return t->in ? TRANSFER_END : copy_instead(t, max);
	if (errno == EAGAIN || errno == EINTR || stream_is_broken_by(errno))
		return transfer_sink_failed(t);
	return copy_instead(t, max);
}

/* What a call that only reads has returned: N <= 0, with errno. */
static enum transfer_result transfer_copy_or_result(struct transfer *t, size_t max, ssize_t n)
{
	if (n < 0 && errno != EAGAIN && errno != EINTR && !stream_is_broken_by(errno))
		return copy_instead(t, max);
	return transfer_read_result(n);
}

/* The kernel throws away what has been received, without copying it to anybody. */
static enum transfer_result truncate_step(struct transfer *t, size_t max)
{
	/* Nothing is written to where nothing is copied: tcp(7). */
	/* cppcheck-suppress nullPointer */
	ssize_t n = recv(t->from->rfd, NULL, lesser(max, MOST), MSG_TRUNC | MSG_DONTWAIT);

	if (n > 0)
		return transfer_moved(t, n);
	return transfer_copy_or_result(t, max, n);
}

/* ---- from a socket to a socket, through a pipe ---- */

#define RELAY (64 << 10) /* so much at once: worth a pipe */

void transfer_drop_pipe(struct transfer *t)
{
	pipes_drop(t->pipe, t->held == 0);
	if (t->teed)
		pipes_drop(t->second, t->held == 0);
	t->piped = t->teed = false;
}

static enum transfer_result relay_small(struct transfer *t, size_t max);

/* N bytes of what stands in the pipe have gone on. */
static enum transfer_result pipe_sent(struct transfer *t, size_t n)
{
	t->out += n;
	t->held -= n;
	t->sink_full = t->held > 0;
	if (!t->held)
		transfer_drop_pipe(t);
	return TRANSFER_MOVED;
}

/* Lets what stands in the pipe go on. Returns how much does, or less than 1 with errno. */
static ssize_t pipe_drain(struct transfer *t)
{
	ssize_t n = splice(t->pipe[0], NULL, t->to->wfd, NULL, t->held,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n == 0)
		errno = EAGAIN;
	return n;
}

/* Reads up to MOST bytes into the pipe, which is empty; after a few only LITTLE is the next method.
 * Returns whether anything stands in it; if not *RESULT is what a step with MAX comes to. */
static bool pipe_fill(struct transfer *t, size_t max, size_t most, transfer_method *little,
		      enum transfer_result *result)
{
	ssize_t n = splice(t->from->rfd, NULL, t->pipe[1], NULL, most,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		t->in += (size_t)n;
		t->held = (size_t)n;
		if (n < SMALL)
			t->method = little;
		return true;
	}
	/* It is kept: errno stays as it is. */
	transfer_drop_pipe(t);
	*result = (n == 0 || errno == EAGAIN) && urgent_is_next(t) ?
			  copy_instead(t, max) :
			  transfer_copy_or_result(t, max, n);
	return false;
}

static enum transfer_result relay_drain(struct transfer *t)
{
	ssize_t n = pipe_drain(t);

	if (n <= 0)
		return transfer_sink_failed(t);
	return pipe_sent(t, (size_t)n);
}

static enum transfer_result relay_step(struct transfer *t, size_t max)
{
	size_t most = lesser(max, t->limit ? t->limit : PIPE_SIZE);
	enum transfer_result result;

	if (t->piped)
		return relay_drain(t);
	t->sink_full = false;
	/* Descriptors that come along would be lost by splice(2). */
	if (!t->held && t->from->takes)
		most = lesser(most, rights_without(t->from->rfd));
	/* What had to be copied for want of a pipe goes first. */
	t->piped = !t->held && most && !endpoint_passes(t->to) && pipes_take(t->to->wfd, t->pipe);
	if (!t->piped)
		return transfer_copy(t, max);
	if (!pipe_fill(t, max, most, relay_small, &result))
		return result;
	return relay_drain(t) == TRANSFER_SINK_ERROR ? TRANSFER_SINK_ERROR : TRANSFER_MOVED;
}

/* Little at a time is copied: two calls in place of four. */
static enum transfer_result relay_small(struct transfer *t, size_t max)
{
	return t->piped ? relay_drain(t) : copy_until(t, lesser(max, RELAY), RELAY, relay_step);
}

/* ---- to two places: a second pipe holds what the file of -o is to get ---- */

static bool take_pipes(struct transfer *t)
{
	t->piped = pipes_take(t->to->wfd, t->pipe);
	t->teed = t->piped && pipes_take(t->to->wfd, t->second);
	if (t->piped && !t->teed)
		transfer_drop_pipe(t);
	return t->teed;
}

/* Writes some of the first N bytes in the second pipe to the file. Returns how many, or -1 with
 * errno if they cannot be had. What splice(2) cannot do there is for write(2) to tell. */
static ssize_t tee_copy_some(struct transfer *t, size_t n)
{
	struct filter *f = t->filter;
	int file = f->copies ? transcripts_file(f->copies) : -1;
	ssize_t done = -1;
	char data[SMALL];

	if (file >= 0)
		done = splice(t->second[0], NULL, file, NULL, n, SPLICE_F_MOVE);
	if (done > 0) {
		f->offset += (size_t)done;
		return done;
	}
	done = read(t->second[0], data, lesser(n, sizeof data));
	if (done > 0)
		filter_copy(f, data, (size_t)done);
	return done;
}

static void tee_copy(struct transfer *t, size_t n)
{
	ssize_t done = 1;

	while (t->teed && n > 0 && done > 0) {
		done = tee_copy_some(t, n);
		n -= done > 0 ? (size_t)done : 0;
	}
	if (!t->teed || n == 0)
		return;
	if (t->filter->copies)
		output_fail(&t->filter->copies[TRANSCRIPT_RAW].out, errno);
	/* What stands in it is nobody else's. */
	pipes_drop(t->second, false);
	t->teed = false;
}

/* The kernel does not do this with these descriptors after all: what stands in the pipe is taken
 * out, and copied from here on. */
static enum transfer_result tee_give_up(struct transfer *t)
{
	size_t n = t->held;
	bool taken;

	errno = EIO;
	taken = transfer_prepare(t, n) && read(t->pipe[0], t->buffer, n) == (ssize_t)n;
	transfer_drop_pipe(t);
	t->method = transfer_copy;
	t->offset = 0;
	t->sink_full = true;
	if (taken)
		return TRANSFER_MOVED;
	transfer_nothing_read(t, -1);
	return TRANSFER_SOURCE_ERROR;
}

static enum transfer_result tee_drain(struct transfer *t)
{
	ssize_t n = pipe_drain(t);

	if (n <= 0 && (errno == EAGAIN || errno == EINTR || stream_is_broken_by(errno)))
		return transfer_sink_failed(t);
	if (n <= 0)
		return tee_give_up(t);
	if (t->filter->sent)
		tee_copy(t, (size_t)n);
	return pipe_sent(t, (size_t)n);
}

static enum transfer_result tee_small(struct transfer *t, size_t max);

static enum transfer_result tee_step(struct transfer *t, size_t max)
{
	size_t most = lesser(max, t->limit ? t->limit : PIPE_SIZE);
	struct filter *f = t->filter;
	enum transfer_result result;

	if (t->piped)
		return tee_drain(t);
	if (t->held || most == 0 || f->inserted.length > 0 || endpoint_passes(t->to) ||
	    !take_pipes(t))
		return transfer_copy(t, max);
	t->sink_full = false;
	if (!pipe_fill(t, max, most, tee_small, &result))
		return result;
	if (tee(t->pipe[0], t->second[1], t->held, SPLICE_F_NONBLOCK) == (ssize_t)t->held) {
		if (!f->sent)
			tee_copy(t, t->held);
		result = tee_drain(t);
	} else {
		result = tee_give_up(t);
		if (!f->sent && t->held)
			filter_copy(f, t->buffer, t->held);
	}
	return result == TRANSFER_WAIT ? TRANSFER_MOVED : result;
}

static enum transfer_result tee_small(struct transfer *t, size_t max)
{
	return t->piped ? tee_drain(t) : copy_until(t, max, BULK, tee_step);
}

/* ---- choosing one ---- */

/* Is E a stream socket that is known not to block in splice(2) and sendfile(2)? */
static bool is_own_stream(const struct endpoint *e)
{
	return (e->kind == ENDPOINT_TCP || e->kind == ENDPOINT_STREAM) && e->owned;
}

transfer_method *transfer_choose_watched(const struct transfer *t)
{
	const struct endpoint *from = t->from, *to = t->to;

	if (!filter_only_copies(t->filter) || transcripts_file(t->filter->copies) < 0 ||
	    from->takes)
		return NULL;
	if (from->kind != ENDPOINT_FILE && from->kind != ENDPOINT_PIPE && !is_own_stream(from))
		return NULL;
	return is_own_stream(to) || (to->kind == ENDPOINT_PIPE && !to->shared) ||
			       (to->kind == ENDPOINT_NULL && to->wfd >= 0) ?
		       tee_small :
		       NULL;
}

transfer_method *transfer_choose_fast(const struct transfer *t)
{
	enum endpoint_kind from = t->from->kind, to = t->to->kind;
	bool from_socket = from == ENDPOINT_TCP || from == ENDPOINT_STREAM;
	/* Only our own sockets are known not to block in splice(2) and sendfile(2). */
	bool to_socket = (to == ENDPOINT_TCP || to == ENDPOINT_STREAM) && t->to->owned;

	if (from_socket && t->from->owned && to_socket)
		return relay_small;
	if (from == ENDPOINT_TCP && to == ENDPOINT_NULL)
		return truncate_step;
	/* A UNIX socket has no such call: what need not be copied is spliced to where it is thrown
	 * away. */
	if (from == ENDPOINT_STREAM && t->from->owned && to == ENDPOINT_NULL && t->to->wfd >= 0)
		return relay_small;
	if (from == ENDPOINT_PIPE && to_socket)
		return copy_small;
	if (from_socket && t->from->owned && to == ENDPOINT_PIPE && !t->to->shared)
		return splice_step;
	if (from == ENDPOINT_FILE && to_socket)
		return sendfile_step;
	return NULL;
}
