/* stdin.c - reading stdin, and the rounds of --repeat */
#include "dgram/stdin.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errname.h"
#include "base/number.h"
#include "run/report.h"

#define STORE_MOST ((size_t)64 << 20) /* of a stdin that is no file, for --repeat */

bool dgram_stdin_again(struct dgram_stdin *i)
{
	i->state = i->rounds ? STDIN_OPEN : STDIN_ENDED;
	if (i->rounds == 0)
		return false;
	i->rounds--;
	if (i->start >= 0 && lseek(i->in.rfd, i->start, SEEK_SET) >= 0) {
		dgram_input_again(&i->cut);
	} else {
		i->round = ROUND_REPLAYED;
		dgram_store_again(&i->store);
	}
	return true;
}

bool dgram_stdin_rests(const struct dgram_stdin *i)
{
	return i->state == STDIN_IDLE && i->rounds == 0 && i->cut.framer.length == 0;
}

/* ---- reading ---- */

static enum dgram_stdin_read dgram_stdin_fill(struct dgram_stdin *i, struct outcome *outcome)
{
	int n = i->in.may_block && !endpoint_readable(&i->in) ? 0 : dgram_input_fill(&i->cut);

	if (n < 0) {
		*outcome = report_error(i->run->messages, i->in.name, errno);
		return STDIN_READ_FAILED;
	}
	if (n == 0)
		i->state = STDIN_IDLE;
	return n == 0 ? STDIN_READ_IDLE : STDIN_READ_SOME;
}

/* Keeps the batch for the next rounds. Returns 0, or -1 having said why not. */
static int dgram_stdin_store(struct dgram_stdin *i, struct outcome *outcome)
{
	struct dgram_queue *b = &i->batch;
	char most[32];

	if (dgram_store_add(&i->store, b->v, b->n, STORE_MOST) == 0)
		return 0;
	b->n = 0;
	*outcome = errno == ENOMEM ?
			   report_error(i->run->messages, i->in.name, errno) :
			   message_fail(i->run->messages, OUTCOME_FAILED, errno_name(EFBIG),
					"stdin: more than %s, which is kept for --repeat where "
					"stdin is no file",
					size_format(most, sizeof most, (double)STORE_MOST));
	return -1;
}

enum dgram_stdin_read dgram_stdin_next(struct dgram_stdin *i, size_t most, struct outcome *outcome)
{
	struct dgram_queue *b = &i->batch;
	char text[128];
	ssize_t n = i->round == ROUND_REPLAYED ? (ssize_t)dgram_store_next(&i->store, b->v, most) :
						 dgram_input_next(&i->cut, b->v, most);

	b->at = 0;
	b->n = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return i->round == ROUND_STORED && dgram_stdin_store(i, outcome) < 0 ?
			       STDIN_READ_FAILED :
			       STDIN_READ_SOME;
	if (n < 0) {
		*outcome = report_error(i->run->messages, i->in.name, errno);
		return STDIN_READ_FAILED;
	}
	if (i->round == ROUND_REPLAYED || i->cut.found == FRAME_END)
		return STDIN_READ_ROUND;
	if (!dgram_input_error(&i->cut, text, sizeof text))
		return dgram_stdin_fill(i, outcome);
	*outcome = message_fail(i->run->messages, OUTCOME_FAILED,
				errno_name(i->cut.found == FRAME_TOO_LARGE ? EMSGSIZE : EBADMSG),
				"%s", text);
	return STDIN_READ_FAILED;
}

/* ---- the beginning and the end ---- */

/* Looks whether stdin can be read again, and how much there is, for --progress. */
static void dgram_stdin_measure(struct dgram_stdin *i, int64_t repeat)
{
	struct stat st;

	i->start = -1;
	i->expected = UNSET;
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

void dgram_stdin_start(struct dgram_stdin *i, struct run *r, int64_t repeat,
		       const struct frame_options *frame, size_t most, void (*readable)(void *arg),
		       void *arg)
{
	i->run = r;
	i->readable = readable;
	i->arg = arg;
	endpoint_inherit(&i->in, STDIN_FILENO, false, "stdin");
	endpoint_reopen(&i->in);
	dgram_stdin_measure(i, repeat);
	dgram_input_start(&i->cut, &i->in, frame, r->data->crlf, most);
	i->watch = (struct watch){ .fd = i->in.rfd, .fn = dgram_stdin_ready, .arg = i };
	i->state = STDIN_OPEN;
	i->rounds = repeat - 1;
	i->round = i->rounds > 0 && i->start < 0 ? ROUND_STORED : ROUND_READ;
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
	dgram_input_free(&i->cut);
	dgram_store_free(&i->store);
	endpoint_close(&i->in);
}
