#include "flow/pump_parts.h"
#include "sock/stream.h"

bool pump_is_broken_off(const struct pump *p)
{
	return pump_relays(p) && p->end != PUMP_RUNNING && p->end != PUMP_DONE;
}

void pump_lose_far(struct pump *p, int error)
{
	p->far_error = error;
	pump_fail(p, PUMP_OUT_FAILED, error);
	flow_discard(&p->down);
}

void pump_look_at_far(struct pump *p)
{
	if (!p->out_broken || p->far_error || p->closing || p->up.state == FLOW_OPEN)
		return;
	if (!pump_far_acknowledged(p) || flow_holds(&p->down)) {
		pump_lose_far(p, p->out_error);
	} else if (p->down.state != FLOW_OPEN || !endpoint_readable(p->peer)) {
		p->far_error = p->out_error;
		pump_begin_linger(p);
	}
}

void pump_far_broken(struct pump *p, int fallback)
{
	int error = stream_error(p->out->wfd);

	if (!p->out_broken)
		p->out_error = error ? error : fallback;
	p->out_broken = p->out_error;
}

void pump_break_off(struct pump *p)
{
	if (!p->fin_sent || pump_is_broken_off(p))
		endpoint_break(p->peer);
	if (!p->far_fin_sent || pump_is_broken_off(p))
		endpoint_break(p->out);
}
