# GNU make. ./configure writes config.mk, which says for whom and where we build; it works
# in any directory. `make V=1` shows the commands.

all:

ifneq ($(wildcard config.mk),)
include config.mk
else ifneq ($(filter-out clean distclean,$(or $(MAKECMDGOALS),all)),)
$(error run ./configure first)
endif

srcdir ?= .
INSTALL ?= install
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:

# A file x_linux.c has a portable twin x_portable.c. The program takes the one that belongs
# to its platform; the portable one is compiled always, so that it cannot rot.
SRC := $(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/src/*.c $(srcdir)/src/*/*.c)))
OBJ := $(SRC:src/%.c=obj/%.o)
OBJ_LINUX := $(filter %_linux.o,$(OBJ))
OBJ_PORTABLE := $(filter %_portable.o,$(OBJ))
ifeq ($(PLATFORM),linux)
OBJ_LINKED := $(filter-out $(OBJ_PORTABLE),$(OBJ))
else
OBJ_LINKED := $(filter-out $(OBJ_LINUX),$(OBJ))
endif
# All is compiled for size, since most of it runs once or waits for the kernel, but for what
# works on each byte, datagram, port, name or connection: these get HOT_CFLAGS too, which
# ./configure leaves empty where it is told CFLAGS.
HOT := base/hexdump base/text base/utf8 flow/filter flow/flow flow/transcript flow/transfer \
	flow/pump flow/pump_half_close sock/datagram_linux names/finder net/probe proto/frame \
	proto/words proto/services dgram/sender dgram/sender_batch dgram/traffic conn/connections
$(foreach f,$(HOT),$(if $(wildcard $(srcdir)/src/$f.c),,$(error HOT: there is no src/$f.c)))
$(HOT:%=obj/%.o): CFLAGS += $(HOT_CFLAGS)
# The shells that are completed for, and where below datadir each looks for it.
SHELLS := bash:bash-completion/completions/sockit zsh:zsh/site-functions/_sockit \
	fish:fish/vendor_completions.d/sockit.fish
COMPLETIONS := $(foreach s,$(SHELLS),obj/completion/$(firstword $(subst :, ,$s)))
# Where below datadir the schema of --json is put.
SCHEMA := sockit/schema.json
MAN := $(wildcard $(srcdir)/man/*.1 $(srcdir)/man/*.7)

ifeq ($(V),1)
say = @:
else
say = @printf '  %-4s %s\n'
Q = @
endif

all: sockit $(OBJ_PORTABLE) $(COMPLETIONS)

sockit: $(OBJ_LINKED) config.mk
	$(say) LD $@
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $(OBJ_LINKED)

obj/%.o: $(srcdir)/src/%.c config.h config.mk
	$(say) CC src/$*.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CPPFLAGS) -I$(srcdir)/src -I. $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) \
		-MMD -MP -c -o $@ $<

-include $(OBJ:.o=.d)

# A program for another kind of machine cannot say what it completes: an empty file, which is
# not installed.
$(COMPLETIONS): sockit
	@mkdir -p $(@D)
	$(Q)./sockit completion $(@F) >$@ || { \
		echo 'note: ./sockit does not run here: no completion for $(@F)'; : >$@; }

config.mk: $(srcdir)/configure
	@echo 'configure has changed: once more'
	$(Q)$(CONFIGURE)

# Tests. TESTS='tests/connect.bats --filter PATTERN' takes a part; JOBS=N as many at a time.

run = SOCKIT=$(CURDIR)/sockit $(srcdir)/tests/run

check: all
	@$(run) $(TESTS)

check-user: all
	@$(run) --user $(TESTS)

# The reports of these go to files, since tests look at stderr, close it, or do not look
# at all; tests/run counts each report as a failure.
check-asan check-msan: check-%: obj/%/config.mk
	@$(MAKE) --no-print-directory -C obj/$* all
	@rm -rf obj/$*/reports && mkdir -m 1777 obj/$*/reports
	@SOCKIT=$(CURDIR)/obj/$*/sockit SOCKIT_FLAVOUR=$* REPORTS=$(CURDIR)/obj/$*/reports \
	$(sanitizers) $(srcdir)/tests/run $(TESTS)

check-asan: sanitizers = ASAN_OPTIONS=$(call reports,asan) \
	UBSAN_OPTIONS=print_stacktrace=1:$(call reports,ubsan)
check-msan: sanitizers = MSAN_OPTIONS=$(call reports,msan)
reports = exitcode=99:log_path=$(CURDIR)/obj/$*/reports/$1

# gcc has no MemorySanitizer.
MSAN_CC ?= clang
obj/asan/config.mk: sanitize = --sanitize CC='$(CC)'
obj/msan/config.mk: sanitize = --sanitize=memory CC='$(MSAN_CC)'
obj/asan/config.mk obj/msan/config.mk: config.mk
	@mkdir -p $(@D)
	@cd $(@D) && $(if $(filter /%,$(srcdir)),,../../)$(srcdir)/configure $(sanitize) \
		$(if $(filter portable,$(PLATFORM)),--disable-linux)

check-valgrind: all
	@rm -rf obj/valgrind && mkdir -p obj/valgrind && chmod 1777 obj/valgrind
	@SOCKIT=$(abspath $(srcdir))/tests/helpers/valgrind SOCKIT_BINARY=$(CURDIR)/sockit \
	SOCKIT_FLAVOUR=valgrind REPORTS=$(CURDIR)/obj/valgrind \
	$(srcdir)/tests/run --filter-tags valgrind $(TESTS)

# Fuzzing. FUZZ='telnet cli' takes some of the targets, FUZZ_SECONDS=60 as long for each. They are
# built in obj/fuzz by the rules below.
FUZZ ?= $(patsubst $(srcdir)/tests/fuzz/%.c,%,$(wildcard $(srcdir)/tests/fuzz/*.c))
FUZZ_CC ?= clang

fuzz fuzz-merge: all
	@SOCKIT=$(CURDIR)/sockit MAKE='$(MAKE)' CC='$(FUZZ_CC)' PLATFORM=$(PLATFORM) \
	$(srcdir)/tests/fuzz/run $(if $(filter %-merge,$@),--merge) $(FUZZ)

fuzz_compile = $(CC) $(BASE_CPPFLAGS) -I$(srcdir)/src -I. $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) \
	-MMD -MP -c -o $@
fuzz_link = $(CC) $(BASE_CFLAGS) $(CFLAGS) -fsanitize=fuzzer $(BASE_LDFLAGS) $(LDFLAGS) -o $@
OBJ_FUZZED := $(filter-out obj/main.o,$(OBJ_LINKED))

fuzz-%: obj/fuzz/%.o $(OBJ_FUZZED)
	$(say) LD $@
	$(Q)$(fuzz_link) $^

# This one runs the whole program, cut off from the system.
fuzz-cli: obj/fuzz/cli.o obj/fuzz/main.o $(OBJ_FUZZED) $(srcdir)/tests/fuzz/calls
	$(say) LD $@
	$(Q)$(LD) -r -o obj/fuzz/program.o obj/fuzz/main.o $(OBJ_FUZZED)
	$(Q)$(srcdir)/tests/fuzz/redirect $< obj/fuzz/program.o obj/fuzz/names obj/fuzz/aliases.ld
	$(Q)objcopy --redefine-syms=obj/fuzz/names obj/fuzz/program.o
	$(Q)$(fuzz_link) $< obj/fuzz/program.o obj/fuzz/aliases.ld

obj/fuzz/%.o: $(srcdir)/tests/fuzz/%.c config.mk
	$(say) CC tests/fuzz/$*.c
	@mkdir -p $(@D)
	$(Q)$(fuzz_compile) $<

obj/fuzz/main.o: $(srcdir)/src/main.c config.h config.mk
	@mkdir -p $(@D)
	$(Q)$(fuzz_compile) -Dmain=sockit_main $<

.SECONDARY: $(FUZZ:%=obj/fuzz/%.o)
-include $(FUZZ:%=obj/fuzz/%.d) obj/fuzz/main.d

demo: all
	@SOCKIT=$(CURDIR)/sockit $(srcdir)/tests/demo

# Beside the other netcats. BENCH='--only bulk --rounds 9 --tools sockit,socat' chooses; --help.
bench: all
	@SOCKIT=$(CURDIR)/sockit python3 $(srcdir)/tests/bench/bench.py $(BENCH)

lint:
	@$(srcdir)/tests/lint

install: all
	$(say) INST $(DESTDIR)$(bindir)/sockit
	$(Q)umask 022; mkdir -p $(DESTDIR)$(bindir)
	$(Q)$(INSTALL) -m 755 $(STRIP) sockit $(DESTDIR)$(bindir)/sockit
	$(Q)umask 022; for page in $(MAN); do \
		dir=$(DESTDIR)$(mandir)/man$${page##*.}; \
		mkdir -p $$dir && $(INSTALL) -m 644 $$page $$dir || exit; \
	done
	$(Q)umask 022; mkdir -p $(DESTDIR)$(datadir)/$(dir $(SCHEMA)) && \
		$(INSTALL) -m 644 $(srcdir)/man/schema.json $(DESTDIR)$(datadir)/$(SCHEMA)
	$(Q)umask 022; for shell in $(SHELLS); do \
		script=obj/completion/$${shell%%:*} file=$(DESTDIR)$(datadir)/$${shell#*:}; \
		[ ! -s $$script ] || { mkdir -p $${file%/*} && \
			$(INSTALL) -m 644 $$script $$file; } || exit; \
	done

install-strip: STRIP = -s
install-strip: install

uninstall:
	$(Q)rm -f $(DESTDIR)$(bindir)/sockit
	$(Q)for page in $(notdir $(MAN)); do \
		rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$$page || exit; \
	done
	$(Q)rm -f $(DESTDIR)$(datadir)/$(SCHEMA)
	$(Q)for shell in $(SHELLS); do rm -f $(DESTDIR)$(datadir)/$${shell#*:} || exit; done

dist:
	$(say) TAR sockit-$(VERSION).tar.gz
	$(Q)git -C $(srcdir) archive --format=tar.gz --prefix=sockit-$(VERSION)/ \
		-o $(CURDIR)/sockit-$(VERSION).tar.gz HEAD

clean:
	$(Q)rm -rf obj sockit

distclean: clean
	$(Q)rm -f config.h config.mk config.log sockit-*.tar.gz $(if $(filter-out .,$(srcdir)),Makefile)

.PHONY: all check check-user check-asan check-msan check-valgrind lint demo bench fuzz fuzz-merge \
	install install-strip uninstall dist clean distclean
