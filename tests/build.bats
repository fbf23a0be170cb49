# What ./configure and the Makefile make of the compiler's flags.

load helpers/common

# plan [CFLAGS]: how each file would be compiled, a line for each, in the file plan.
plan() {
	needs make make
	command -v cc >/dev/null || skip 'no compiler cc'
	env -u MAKEFLAGS -u MAKELEVEL -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS \
		"$BATS_TEST_DIRNAME/../configure" ${1+CFLAGS="$1"} >out
	env -u MAKEFLAGS -u MAKELEVEL make -n V=1 sockit | sed ':a; /\\$/ { N; s/\\\n//; ba; }' |
		grep -- '-c -o obj/' >plan
	[ "$(wc -l <plan)" -gt 100 ]
}

@test "without CFLAGS: small, and what is hot fast" {
	plan
	[ "$(grep -Ec -- ' -O[sz] ' plan)" = "$(wc -l <plan)" ]
	[ "$(grep -c -- ' -O[sz] .*-O2 ' plan)" -ge 5 ]
	[ "$(grep -c -- ' -O2 ' plan)" -lt 20 ]
	grep -q -- ' -O2 .* obj/net/probe.o ' plan
	run ! grep -q -- ' -O2 .* obj/main.o ' plan
	plan '-O3 -g'
	[ "$(grep -c -- ' -O3 ' plan)" = "$(wc -l <plan)" ]
	run ! grep -q -- ' -O[2sz] ' plan
}

@test "a hot file that is not there" {
	needs make make
	: >config.mk
	sed 's,^HOT := ,&net/nothing ,' "$BATS_TEST_DIRNAME/../Makefile" >mutant
	if env -u MAKEFLAGS -u MAKELEVEL make -n -f mutant srcdir="$BATS_TEST_DIRNAME/.." sockit >out 2>err; then
		false
	fi
	grep -q 'there is no src/net/nothing.c' err
}
