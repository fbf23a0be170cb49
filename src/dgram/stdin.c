/* stdin.c - reading stdin, cutting it into datagrams, and the rounds of --repeat */
#include "dgram/stdin.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"

#define PIECE (256 << 10)	      /* bytes read at once */
#define STORE_MOST ((size_t)64 << 20) /* of a stdin that is no file, for --repeat */

int dgram_stdin_check(const struct frame_options *o, size_t most, struct option_error *error)
{
	if (o->frame.mode == FRAME_SIZE && o->frame.size > most)
		return option_fail(error,
				   "--frame: 'size=%zu' is more than a datagram carries (%zu)",
				   o->frame.size, most);
	if (o->size == UNSET)
		return 0;
	if (o->frame.mode != FRAME_READ)
		return option_fail(error, "--size is for --frame read%s",
				   o->frame.mode == FRAME_SIZE ? ", which size=N is not" : "");
	if ((uint64_t)o->size > most)
		return option_fail(error, "--size: %lld is more than a datagram carries (%zu)",
				   (long long)o->size, most);
	return 0;
}

/* ---- rounds ---- */

bool dgram_stdin_again(struct dgram_stdin *i)
{
	i->state = i->rounds ? STDIN_OPEN : STDIN_ENDED;
	if (i->rounds == 0)
		return false;
	i->rounds--;
	if (i->told || (i->start >= 0 && lseek(i->in.rfd, i->start, SEEK_SET) >= 0)) {
		i->at = 0;
		framer_restart(&i->framer);
		i->crlf.after_cr = false;
	} else {
		i->round = ROUND_REPLAYED;
		i->store.at = 0;
	}
	return true;
}

bool dgram_stdin_rests(const struct dgram_stdin *i)
{
	return i->state == STDIN_IDLE && i->rounds == 0 && i->framer.length == 0;
}

/* ---- reading ---- */

/* Cuts up to MOST datagrams of the one size that all have, where none is to be changed: a run, if
 * it may be one. Returns how many V has. */
static size_t dgram_stdin_cut_run(struct dgram_stdin *i, struct dgram *v, size_t most)
{
	size_t size = i->framer.frame.size, n;
	const char *data;

	if (i->crlf.wanted || size > i->most)
		return 0;
	n = framer_take_run(&i->framer, most, &data);
	if (n && i->runs && i->round == ROUND_READ) {
		*v = (struct dgram){ .data = data, .size = size, .more = n - 1 };
		return 1;
	}
	for (size_t at = 0; at < n; at++)
		v[at] = (struct dgram){ .data = data + at * size, .size = size };
	return n;
}

/* Cuts up to MOST datagrams from what was read, into V. Returns how many; 0: `found` of the framer
 * tells why; or -1 with errno ENOMEM. */
static ssize_t dgram_stdin_cut(struct dgram_stdin *i, struct dgram *v, size_t most)
{
	struct framer *f = &i->framer;
	const char *data;
	size_t n;

	if (f->found != FRAME_FOUND && f->found != FRAME_PARTIAL)
		return 0;
	if (dgram_crlf_reserve(&i->crlf, f->length, DGRAM_BATCH) < 0)
		return -1;
	n = dgram_stdin_cut_run(i, v, most);
	if (n)
		return (ssize_t)n;
	for (; n < most && framer_next(f, i->most, &data, &v[n].size) > 0; n++) {
		v[n].data = data;
		v[n].more = 0;
		dgram_crlf_change(&i->crlf, &v[n]);
		if (v[n].size > i->most) {
			f->found = FRAME_TOO_LARGE;
			f->next.size = v[n].size;
			break;
		}
		framer_took(f);
	}
	return (ssize_t)n;
}

static enum dgram_stdin_read dgram_stdin_fail(const struct dgram_stdin *i)
{
	report_error(i->run->messages, i->in.name, errno);
	return STDIN_READ_FAILED;
}

/* Reads once. */
static enum dgram_stdin_read dgram_stdin_fill(struct dgram_stdin *i)
{
	ssize_t n = -1;

	if (i->text.failed)
		errno = ENOMEM;
	else if (i->told)
		n = framer_give(&i->framer, i->text.data + i->at, i->text.length - i->at);
	else if (!i->in.may_block || endpoint_readable(&i->in))
		n = framer_fill(&i->framer, &i->in, SIZE_MAX);
	else
		errno = EAGAIN;
	if (n < 0 && errno == EAGAIN) {
		i->state = STDIN_IDLE;
		return STDIN_READ_IDLE;
	}
	if (n < 0 && errno != EINTR)
		return dgram_stdin_fail(i);
	i->read += n > 0 ? (uint64_t)n : 0;
	i->at += n > 0 ? (size_t)n : 0;
	return STDIN_READ_SOME;
}

/* Says why the next bytes make no datagram. */
static enum dgram_stdin_read dgram_stdin_refuse(const struct dgram_stdin *i)
{
	const struct messages *m = i->run->messages;
	enum frame_mode mode = i->framer.frame.mode;
	bool least = mode != FRAME_SIZE && !frame_has_length(&i->framer.frame);
	char fault[FRAMER_FAULT];
	size_t size = i->framer.next.size;

	if (i->framer.found == FRAME_TOO_LARGE)
		message_fail(m, OUTCOME_FAILED, errno_name(EMSGSIZE),
			     "%s: a datagram of %zu bytes%s is more than one carries "
			     "(%zu)",
			     i->in.name, size, least ? " or more" : "", i->most);
	else if (i->framer.found == FRAME_INVALID)
		message_fail(m, OUTCOME_FAILED, errno_name(EPROTO), "%s: %s", i->in.name,
			     framer_fault(&i->framer, i->most, fault));
	else if (size)
		message_fail(m, OUTCOME_FAILED, errno_name(EBADMSG),
			     "%s ends within a datagram of %zu byte%s", i->in.name, size,
			     size == 1 ? "" : "s");
	else
		message_fail(m, OUTCOME_FAILED, errno_name(EBADMSG),
			     "%s ends within the length of a datagram", i->in.name);
	return STDIN_READ_FAILED;
}

/* Keeps the batch for the next rounds. */
static enum dgram_stdin_read dgram_stdin_store(struct dgram_stdin *i)
{
	struct dgram_queue *b = &i->batch;
	char most[32];

	if (dgram_store_add(&i->store, b->v, b->n, STORE_MOST) == 0)
		return STDIN_READ_SOME;
	b->n = 0;
	if (errno == ENOMEM)
		return dgram_stdin_fail(i);
	message_fail(i->run->messages, OUTCOME_FAILED, errno_name(EFBIG),
		     "stdin: more than %s, which is kept for --repeat where stdin is no "
		     "file",
		     size_format(most, sizeof most, (double)STORE_MOST));
	return STDIN_READ_FAILED;
}

enum dgram_stdin_read dgram_stdin_next(struct dgram_stdin *i, size_t most)
{
	struct dgram_queue *b = &i->batch;
	bool replays = i->round == ROUND_REPLAYED;
	ssize_t n = replays ? (ssize_t)dgram_store_next(&i->store, b->v, most) :
			      dgram_stdin_cut(i, b->v, most);

	b->at = 0;
	b->n = n > 0 ? (size_t)n : 0;
	if (n < 0)
		return dgram_stdin_fail(i);
	if (n > 0)
		return i->round == ROUND_STORED ? dgram_stdin_store(i) : STDIN_READ_SOME;
	if (replays || i->framer.found == FRAME_END)
		return STDIN_READ_ROUND;
	if (i->framer.found == FRAME_PARTIAL)
		return dgram_stdin_fill(i);
	return dgram_stdin_refuse(i);
}

/* ---- the beginning and the end ---- */

/* Looks whether stdin can be read again, and how much there is, for --progress. */
static void dgram_stdin_measure(struct dgram_stdin *i, int64_t repeat)
{
	struct stat st;

	if (i->told && (int64_t)i->text.length <= INT64_MAX / repeat)
		i->expected = (int64_t)i->text.length * repeat;
	if (i->in.kind != ENDPOINT_FILE || fstat(i->in.rfd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	i->start = lseek(i->in.rfd, 0, SEEK_CUR);
	if (i->start >= 0 && i->start <= st.st_size && st.st_size - i->start <= INT64_MAX / repeat)
		i->expected = (int64_t)(st.st_size - i->start) * repeat;
}

static void dgram_stdin_ready(void *arg, short events)
{
	struct dgram_stdin *i = arg;

	(void)events;
	i->state = STDIN_OPEN;
	i->readable(i->arg);
}

void dgram_stdin_start(struct dgram_stdin *i, struct run *r, const char *data, int64_t repeat,
		       const struct frame_options *frame, size_t most, void (*readable)(void *arg),
		       void *arg)
{
	bool crlf = r->data->crlf;

	i->run = r;
	i->readable = readable;
	i->arg = arg;
	i->start = -1;
	i->expected = UNSET;
	i->told = data;
	if (data) {
		i->in = (struct endpoint){ .rfd = -1, .wfd = -1, .name = "--data" };
		text_unescape(&i->text, data);
	} else {
		endpoint_inherit(&i->in, STDIN_FILENO, false, "stdin");
		endpoint_reopen(&i->in);
	}
	dgram_stdin_measure(i, repeat);
	i->most = most;
	i->crlf = (struct dgram_crlf){ .wanted = crlf, .mode = frame->frame.mode };
	/* -C may double what is read. */
	framer_start(&i->framer, frame, crlf ? FRAMER_READ_MOST / 2 : FRAMER_READ_MOST, PIECE);
	i->watch = endpoint_watch(&i->in, dgram_stdin_ready, i);
	i->state = STDIN_OPEN;
	i->rounds = repeat - 1;
	i->round = i->rounds > 0 && i->start < 0 && !data ? ROUND_STORED : ROUND_READ;
}

void dgram_stdin_watch(struct dgram_stdin *i, bool wanted)
{
	if (wanted && i->state == STDIN_IDLE)
		watch_set(i->run->loop, &i->watch, POLLIN);
	else if (i->run)
		watch_drop(i->run->loop, &i->watch);
}

void dgram_stdin_free(struct dgram_stdin *i)
{
	if (!i->run)
		return;
	watch_drop(i->run->loop, &i->watch);
	framer_free(&i->framer);
	dgram_crlf_free(&i->crlf);
	dgram_store_free(&i->store);
	text_free(&i->text);
	endpoint_close(&i->in);
}
