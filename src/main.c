/* main.c - runs a subcommand, and turns its outcome into the exit status; help and completion */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/completion.h"
#include "base/descriptors.h"
#include "base/errname.h"
#include "base/habits.h"
#include "base/nc_habits.h"
#include "base/help.h"
#include "base/suggest.h"
#include "commands.h"
#include "config.h"
#include "loop/signals.h"
#include "sock/address.h"
#include "sock/address_meant.h"

#ifdef SOCKIT_LINUX
#define PLATFORM "linux"
/* What the portable twins do without. */
#define FEATURES "splice sendfile recvmmsg gso fastopen mptcp vsock recverr sock_diag"
#else
#define PLATFORM "portable"
#define FEATURES "those of POSIX"
#endif

/* Opens /dev/null for each of the descriptors 0 to 2 that came closed, so that no socket gets their
 * numbers. Reading gives the end at once; writing to stdout fails as it would have (EBADF). Returns
 * 0, or -1 with errno if nothing can take their place. */
static int fill_closed(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    descriptors_null(fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return -1;
	return 0;
}

/* Closes stdout. Returns OUTCOME, or what becomes of it if that tells that not all of what was
 * written could be stored: network file systems, quotas and FUSE may say so only now. */
static struct outcome close_stdout(const struct messages *m, struct outcome outcome)
{
	struct outcome failed;

	if (close(STDOUT_FILENO) == 0 || errno == EINTR)
		return outcome;
	failed = message_fail(m, OUTCOME_FAILED, errno_name(errno), "stdout: %s (%s)",
			      strerror(errno), errno_name(errno));
	return outcome.kind == OUTCOME_SIGNAL ? outcome : failed;
}

/* Returns the exit status for OUTCOME. Does not return if that is death by a signal. */
static int status_of(const struct messages *m, struct outcome outcome)
{
	static const int statuses[] = {
		[OUTCOME_DONE] = 0,   [OUTCOME_FAILED] = 1,  [OUTCOME_USAGE] = 2,
		[OUTCOME_LOOKUP] = 3, [OUTCOME_TIMEOUT] = 4,
	};

	if (outcome.kind == OUTCOME_COMMAND)
		return outcome.detail;
	if (outcome.kind != OUTCOME_SIGNAL)
		return statuses[outcome.kind];
	if (!signals_die(outcome.detail))
		return 128 + outcome.detail;
	/* Our parent ignores SIGPIPE: then it is an error like others. */
	message_fail(m, OUTCOME_FAILED, "EPIPE", "stdout: %s (EPIPE)", strerror(EPIPE));
	return statuses[OUTCOME_FAILED];
}

static struct outcome main_help(const struct command *self, int argc, char **argv);
static struct outcome main_completion(const struct command *self, int argc, char **argv);
static struct outcome main_version(const struct command *self, int argc, char **argv);

static const struct option_use no_options[] = { { NULL, 0 } };

/* Words that may stand in a subcommand's place, and are served here. */
static const struct command others[] = {
	{ "help", "[SUBCOMMAND]", "print the subcommands, or the usage of one", no_options, 0, 1,
	  false, 0, main_help, NULL, NULL },
	{ "completion", COMPLETION_SHELLS,
	  "print a script that completes sockit's words in a shell", no_options, 1, 1, false, 0,
	  main_completion, NULL, NULL },
	{ "--help", "[SUBCOMMAND]", "the same as help", no_options, 0, 1, false, 0, main_help, NULL,
	  NULL },
	{ "--version", "", "print the version, and what it was built with", no_options, 0, 0, false,
	  0, main_version, NULL, NULL },
};
static const size_t n_others = sizeof others / sizeof *others;

/* Returns number I, from 0, of the subcommands and the others; NULL after the last. */
static const struct command *command_at(size_t i)
{
	return i < n_commands		 ? commands[i] :
	       i - n_commands < n_others ? &others[i - n_commands] :
					   NULL;
}

/* Returns the subcommand NAME or the one of the others; NULL: there is none. */
static const struct command *command_find(const char *name)
{
	const struct command *command;

	if (!strcmp(name, "-h"))
		name = "--help";
	for (size_t i = 0; (command = command_at(i)); i++)
		if (!strcmp(command->name, name))
			break;
	return command;
}

/* Adds the help of sockit itself: the subcommands, and the exit status. */
static void help_overview(struct text *t, size_t width)
{
	text_add(t, "usage: sockit SUBCOMMAND [OPTION...] OPERAND...\n"
		    "       sockit help [SUBCOMMAND]\n"
		    "       sockit completion " COMPLETION_SHELLS "\n"
		    "       sockit --help | --version\n\n"
		    "Subcommands:\n");
	for (size_t i = 0; i < n_commands; i++) {
		text_add(t, "  %-11s ", commands[i]->name);
		text_wrap(t, commands[i]->summary, 14, 14, width);
	}
	text_add(t, "\n");
	text_wrap(t,
		  "Exit status: 0 all done, 1 a socket or I/O call failed, 2 usage, 3 a look-up "
		  "failed, 4 a time limit ran out. The manual: man sockit",
		  0, 0, width);
}

/* The same on one screen, and how arguments are written. */
static void help_screen(struct text *t, size_t width)
{
	text_add(t, "usage: sockit SUBCOMMAND [OPTION...] OPERAND... [-- CMD ARG...]\n"
		    "       sockit SUBCOMMAND -h (one screen) | --help (everything)\n\n");
	for (size_t i = 0; i < n_commands; i++) {
		text_add(t, "  %-11s ", commands[i]->name);
		help_clauses(t, commands[i]->summary, 14, width);
	}
	text_add(t, "\n"
		    "  sockit listen 9000 > file\n"
		    "  sockit connect server 9000 < file\n"
		    "  sockit connect -z --retry 30s db:5432 -- ./serve\n\n");
	help_arguments(t, width);
	text_wrap(t, "Exit status: 0 done, 1 call failed, 2 usage, 3 look-up failed, 4 out of time",
		  0, 0, width);
	text_wrap(t, "More: sockit help, sockit completion " COMPLETION_SHELLS ", man sockit", 0, 0,
		  width);
}

/* Does WORD end with nc's -X? The next word is its argument then, which may be `connect`. */
static bool wants_protocol(const char *word)
{
	return word[0] == '-' && word[1] != '-' && word[strlen(word) - 1] == 'X';
}

/* Refuses WORD, in which a subcommand cannot be seen, if it is a place; ALONE: nothing stands
 * behind it. Returns whether it is, with *OUTCOME. */
static bool refuse_place(const struct messages *m, const char *word, bool alone,
			 struct outcome *outcome)
{
	struct option_error error;
	struct address a;
	enum word_kind kind = address_parse_host(word, &a);

	if (text_begins(word, "unix:") && alone)
		*outcome =
			message_usage(m, "'%s' is no subcommand: sockit unix %s", word, word + 5);
	else if (*word == '/' || text_begins(word, "./"))
		*outcome =
			message_usage(m, "'%s' is no subcommand: a path is meant in sockit unix %s",
				      word, word);
	else if (address_refuse_meant(word, &error) < 0)
		*outcome = message_usage(m, "'%s' is no subcommand: %s", word, error.text);
	else if (alone && address_looks_like_port(word))
		*outcome = message_usage(m,
					 "'%s' is no subcommand: a port is meant in sockit listen "
					 "%s, or in sockit connect HOST %s",
					 word, word, word);
	else if (alone && kind == WORD_NUMBER)
		*outcome = message_usage(
			m, "'%s' is no subcommand: an address is meant in sockit connect %s PORT",
			word, word);
	else if (alone && kind == WORD_NAME && strchr(word, '.'))
		*outcome = message_usage(m,
					 "'%s' is no subcommand: a host is meant in sockit connect "
					 "%s PORT, or in sockit resolve %s",
					 word, word, word);
	else
		return false;
	return true;
}

/* Refuses ARGV[0], which is no subcommand: a slip of the keyboard, or what users of other tools
 * type. */
static struct outcome refuse_subcommand(const struct messages *m, int argc, char **argv)
{
	struct suggestion s = { .word = argv[0] };
	struct outcome outcome;
	char line[1024];
	int at = 1;

	if (habits_line(argc, argv, line, sizeof line))
		return message_usage(m, "'%s' is no subcommand: that is: %s", argv[0], line);
	if (habits_know(argv[0]))
		return message_usage(m, "'%s' is no subcommand: see sockit help", argv[0]);
	for (size_t i = 0; command_at(i); i++)
		suggest(&s, command_at(i)->name);
	while (at < argc && (!commands_find(argv[at]) || wants_protocol(argv[at - 1])))
		at++;
	if (argv[0][0] == '-' && at < argc && habits_reorder(at, argc, argv, line, sizeof line))
		return message_usage(m, "'%s' is no subcommand, which comes first: %s", argv[0],
				     line);
	if (refuse_place(m, argv[0], argc == 1, &outcome))
		return outcome;
	if (argc == 2 && address_looks_like_port(argv[0]) && argv[1][0] != '-')
		return message_usage(m,
				     "'%s' is no subcommand: a port stands behind the host: sockit "
				     "connect %s %s",
				     argv[0], argv[1], argv[0]);
	/* An option is no slip of the keyboard, unless nobody knows it. */
	if ((argv[0][0] == '-' || !s.near[0]) &&
	    nc_habits_line(NULL, false, argc, argv, line, sizeof line))
		return message_usage(m, "'%s' is no subcommand: what nc does so is: %s", argv[0],
				     line);
	if (s.near[0])
		return message_usage(m, "'%s' is no subcommand: did you mean '%s'?", argv[0],
				     s.near[0]);
	return message_usage(m, "'%s' is no subcommand: see sockit help", argv[0]);
}

/* Does one of the words behind ARGV[0] ask what that itself is? */
static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static struct outcome main_help(const struct command *self, int argc, char **argv)
{
	struct messages m = { .start = clock_now() };
	bool itself = wants_help(argc, argv);
	const struct command *command = itself ? self : argc > 1 ? command_find(argv[1]) : NULL;
	bool brief = !strcmp(argv[0], "-h");
	size_t width = help_width(STDOUT_FILENO);
	struct text t = { 0 };
	struct outcome outcome;

	message_options_ask(&m.options, argc, argv);
	if (argc > 2 && !itself)
		return message_usage(&m, "help: extra operand '%s'", argv[2]);
	if (argc > 1 && !command)
		return refuse_subcommand(&m, 1, argv + 1);
	if (command)
		help_command(&t, command, brief, width);
	else if (brief)
		help_screen(&t, width);
	else
		help_overview(&t, width);
	outcome = help_print(&t, &m);
	text_free(&t);
	return outcome;
}

static struct outcome main_completion(const struct command *self, int argc, char **argv)
{
	struct messages m = { .start = clock_now() };
	struct option_error error;
	struct operands operands;
	struct outcome outcome;
	struct text t = { 0 };

	if (argc > 2 && !strcmp(argv[1], COMPLETION_ASK)) {
		completion_answer(&t, command_at, argv + 2, (size_t)argc - 2);
		outcome = help_print(&t, &m);
		text_free(&t);
		return outcome;
	}
	if (!command_begin(self, argc, argv, NULL, &m, &operands, &outcome))
		return outcome;
	if (completion_script(&t, operands.words[0], &error) == 0)
		outcome = help_print(&t, &m);
	else
		outcome = command_refuse(&m, &error);
	text_free(&t);
	return outcome;
}

static struct outcome main_version(const struct command *self, int argc, char **argv)
{
	struct messages m = { .start = clock_now() };
	struct text t = { 0 };
	struct outcome outcome;

	message_options_ask(&m.options, argc, argv);
	if (wants_help(argc, argv))
		return main_help(self, argc, argv);
	if (argc > 1)
		return message_usage(&m, "--version: extra operand '%s'", argv[1]);
	text_add(&t, "sockit %s (%s)\nlibc %s\nfeatures %s\n", SOCKIT_VERSION, PLATFORM,
		 SOCKIT_LIBC, FEATURES);
	outcome = help_print(&t, &m);
	text_free(&t);
	return outcome;
}

/* M speaks for what is said here, and after the subcommand has ended. */
static struct outcome dispatch(struct messages *m, int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return message_usage(m, "a subcommand is missing: see sockit help");
	command = command_find(argv[1]);
	if (!command)
		return refuse_subcommand(m, argc - 1, argv + 1);
	if (commands_find(argv[1]))
		m->subcommand = command->name;
	return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct messages m = { .start = clock_now() };
	int filled = fill_closed(), error = errno;
	struct outcome outcome;

	signals_ignore_pipe();
	message_options_ask(&m.options, argc, argv);
	if (filled < 0)
		outcome = message_fail(&m, OUTCOME_FAILED, errno_name(error),
				       "stdin, stdout or stderr is closed, and /dev/null: %s (%s)",
				       strerror(error), errno_name(error));
	else
		outcome = close_stdout(&m, dispatch(&m, argc, argv));
	return status_of(&m, outcome);
}
