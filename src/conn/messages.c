/* messages.c - --wire-frame: what a connection carries is messages */
#include "conn/messages.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/number.h"

static int messages_check_heartbeat(const struct data_options *d, const struct frame_options *o,
				    struct option_error *error)
{
	const struct filter up = { .crlf = d->crlf,
				   .heartbeat_text = &d->heartbeat_text,
				   .mark = &o->wire };
	struct text beat = { 0 };
	char frame[FRAME_TEXT];
	int result = filter_put_heartbeat(&up, &beat);

	text_free(&beat);
	if (result == 0)
		return 0;
	return option_fail(error, "--heartbeat: its text is nothing that --wire-frame %s can carry",
			   frame_text(&o->wire, frame));
}

int messages_check(const struct data_options *d, struct frame_options *o,
		   struct option_error *error)
{
	if (frame_options_check_stream(o, error) < 0)
		return -1;
	return !o->wire.given || d->heartbeat == UNSET ? 0 : messages_check_heartbeat(d, o, error);
}

bool messages_are_framed(const struct connections_config *c)
{
	return c->frame && c->frame->wire.given;
}

int messages_prepare(struct connection *x)
{
	const struct frame_options *o = x->connections->c->frame;
	struct connection_extras *e;

	if (!messages_are_framed(x->connections->c))
		return 0;
	e = connection_extend(x);
	if (!e)
		return -1;
	e->sending = malloc(2 * sizeof *e->sending);
	if (!e->sending)
		return -1;
	e->receiving = e->sending + 1;
	*e->sending = (struct message_frames){
		.cut = o->frame, .mark = o->wire, .most = (size_t)o->size, .carrier = &o->wire
	};
	*e->receiving = (struct message_frames){ .cut = o->wire,
						 .mark = o->frame,
						 .most = (size_t)o->size };
	if (e->filters)
		e->filters->up.mark = &o->wire;
	return 0;
}

void messages_pass_on(struct connection *x, struct pump_config *c)
{
	if (!c->messages_down)
		return;
	x->extras->receiving->verbatim = true;
	c->messages_up = c->messages_down;
}

static void messages_put_object(void *arg, struct text *out, const char *data, size_t size)
{
	const struct connection *x = arg;
	struct json json = { .text = *out }, *j = &json;

	json_open(j, NULL, '{');
	json_string(j, "event", "message");
	json_time(j, "time", clock_wall());
	if (x->connections->keep)
		json_number(j, "id", (int64_t)x->id);
	address_json(j, "peer", x->peer);
	json_number(j, "size", (int64_t)size);
	json_bytes(j, "data", data, size);
	json_close(j, '}');
	text_put(&j->text, "\n", 1);
	*out = j->text;
}

void messages_as_objects(struct connection *x)
{
	if (x->extras->receiving && x->connections->c->messages->options.json)
		x->extras->receiving->writer = (struct message_writer){ messages_put_object, x };
}
