/* service.c - which service the options choose, and what that needs */
#include "conn/service.h"

#include "base/number.h"

const char *service_fault(const struct service *s)
{
	if (!s || !s->option)
		return "no option chooses it";
	return s->start ? NULL : "it starts nothing";
}

static const struct service *service_chosen(const struct operands *operands)
{
	/* --chat is a --broker that does more: the later row counts. */
	for (size_t i = n_services; --i > 0;)
		if (option_is_given(operands, services[i]->option))
			return services[i];
	for (size_t i = 1; operands->command && i < n_services; i++)
		if (services[i]->runs_command)
			return services[i];
	return services[0];
}

int service_check(struct service_options *o, const struct operands *operands, bool numeric,
		  struct option_error *error)
{
	const struct service *s;
	const char *option = NULL;

	for (size_t i = 0; i < n_services; i++)
		if (service_fault(services[i]))
			return option_fail(error, "service %zu: %s", i, service_fault(services[i]));
	s = service_chosen(operands);
	if (operands->command && option_is_given(operands, s->option))
		return option_fail(error, "--%s and '-- %s' exclude each other", s->option,
				   operands->command[0]);
	if (!s->runs_command)
		option = o->kill_after != UNSET ? "kill-after" : o->recv_fd ? "recv-fd" : NULL;
	if (option)
		return option_fail(error, "--%s needs a command: -e CMD or -- CMD", option);
	o->service = s;
	o->command.words = operands->command;
	return s->check ? s->check(o, numeric, error) : 0;
}

bool service_keeps(const struct service_options *o)
{
	return o->keep_open || o->accept > 1 || o->service->keeps;
}
