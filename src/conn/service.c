/* service.c - which service the options choose, and what that needs */
#include "conn/service.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"

#define FORWARDS_MOST 64 /* places, for each of which a connection has a bit */

const char *service_fault(const struct service *s)
{
	if (!s || !s->option)
		return "no option chooses it";
	return s->start ? NULL : "it starts nothing";
}

/* Returns the service that the options and the command after `--` choose, the first one if they
 * choose none, or NULL with *ERROR if they choose two. */
static const struct service *service_chosen(const struct operands *operands,
					    struct option_error *error)
{
	const struct service *chosen = NULL;

	for (size_t i = 1; i < n_services; i++) {
		const struct service *s = services[i];
		if (!option_is_given(operands, s->option))
			continue;
		/* --chat is a --broker that does more. */
		if (chosen && !(chosen->joins && s->joins)) {
			option_fail(error, "--%s and --%s exclude each other", chosen->option,
				    s->option);
			return NULL;
		}
		chosen = s;
	}
	if (chosen && operands->command) {
		option_fail(error, "--%s and '-- %s' exclude each other", chosen->option,
			    operands->command[0]);
		return NULL;
	}
	for (size_t i = 1; operands->command && i < n_services; i++)
		if (services[i]->runs_command)
			return services[i];
	return chosen ? chosen : services[0];
}

int service_parse_forward(void *field, const char *word, struct option_error *error)
{
	struct forward_place **end = field, *p;
	unsigned n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n == FORWARDS_MOST)
		return option_fail(error, "--forward: more than %d places", FORWARDS_MOST);
	p = calloc(1, sizeof *p);
	if (!p)
		return option_fail_errno(error, ENOMEM, "--forward");
	p->word = word;
	p->number = n;
	*end = p;
	return 0;
}

void service_options_free(struct service_options *o)
{
	for (struct forward_place *next, *p = o->forward; p; p = next) {
		next = p->next;
		free(p);
	}
}

/* Is there anything for --live to do? Returns 0, or -1 with *ERROR. */
static int service_check_live(const struct service_options *o, const struct operands *operands,
			      struct option_error *error)
{
	if (operands->command)
		return option_fail(error, "--live is for stdin or a broker: it excludes '-- %s'",
				   operands->command[0]);
	if (!service_keeps(o))
		return option_fail(error, "--live needs --keep-open, --broker or --chat");
	if (!o->service->joins && option_is_given(operands, "recv-only"))
		return option_fail(error, "--live and --recv-only exclude each other");
	return 0;
}

int service_check(struct service_options *o, const struct operands *operands, bool numeric,
		  struct option_error *error)
{
	const struct service *s;
	const char *option = NULL;

	for (size_t i = 0; i < n_services; i++)
		if (service_fault(services[i]))
			return option_fail(error, "service %zu: %s", i, service_fault(services[i]));
	s = service_chosen(operands, error);
	if (!s)
		return -1;
	if (!s->runs_command)
		option = o->kill_after != UNSET ? "kill-after" : o->recv_fd ? "recv-fd" : NULL;
	if (option)
		return option_fail(error, "--%s needs a command: -e CMD or -- CMD", option);
	o->service = s;
	if (o->live && service_check_live(o, operands, error) < 0)
		return -1;
	o->command.words = operands->command;
	return s->check ? s->check(o, numeric, error) : 0;
}

bool service_keeps(const struct service_options *o)
{
	return o->keep_open || o->accept > 1 || o->service->keeps;
}
