# What ./configure and the Makefile make of the compiler's flags.
# shellcheck disable=SC2016 # a regular expression

load helpers/common

# plan [ARG]...: with ARGs for configure, how each file would be compiled, a line for each, in the file plan.
plan() {
	needs make make
	command -v cc >/dev/null || skip 'no compiler cc'
	env -u MAKEFLAGS -u MAKELEVEL -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS \
		"$BATS_TEST_DIRNAME/../configure" "$@" >out
	env -u MAKEFLAGS -u MAKELEVEL make -n V=1 sockit | sed ':a; /\\$/ { N; s/\\\n//; ba; }' |
		grep -- '-c -o obj/' >plan
	[ "$(wc -l <plan)" -gt 100 ]
}

@test "without CFLAGS: small, and what is hot fast; no flag that the linker complains of" {
	plan
	[ "$(grep -Ec -- ' -O[sz] ' plan)" = "$(wc -l <plan)" ]
	[ "$(grep -c -- ' -O[sz] .*-O2 ' plan)" -ge 5 ]
	[ "$(grep -c -- ' -O2 ' plan)" -lt 20 ]
	grep -q -- ' -O2 .* obj/net/probe.o ' plan
	run ! grep -q -- ' -O2 .* obj/main.o ' plan
	cat >complaining <<-'END'
		#!/bin/sh
		case " $* " in
		*' -Wl,--as-needed '*) echo 'ignoring --as-needed' >&2 ;;
		esac
		exec cc "$@"
	END
	chmod +x complaining
	plan CFLAGS='-O3 -g' CC="$PWD/complaining"
	[ "$(grep -c -- ' -O3 ' plan)" = "$(wc -l <plan)" ]
	run ! grep -q -- ' -O[2sz] ' plan
	run ! grep -qe --as-needed config.mk
	grep -qe ' -Wl,-O1 ' config.mk
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

@test "one program, wherever it is built" {
	needs make make
	command -v cc >/dev/null || skip 'no compiler cc'
	unset MAKEFLAGS MAKELEVEL
	local top=$BATS_TEST_DIRNAME/.. dir source
	mkdir -p here there/is
	cp -R "$top/"{configure,Makefile,src,man} here
	ln -s "$(cd "$top" && pwd -P)" source
	# One in its own tree, the other by the full name of another.
	while read -r dir source; do
		(
			cd "$dir"
			"$source/configure" CFLAGS='-O1 -g' >/dev/null
			make obj/base/number.o >/dev/null
		)
	done <<-END
		here .
		there/is $PWD/source
	END
	cmp {here,there/is}/obj/base/number.o
	run ! grep -qF "$PWD" here/obj/base/number.o
}

### What tests/layers and tests/style find, on a small tree of their own.

# tree: a copy of SCRIPT in a tree whose files have 10 lines, one folder at each level.
tree() {
	local folder
	mkdir -p tests src
	cp "$BATS_TEST_DIRNAME/$1" tests
	for folder in base loop proto sock names system flow; do
		mkdir -p "src/$folder"
		file "src/$folder/$folder.c"
		file "src/$folder/$folder.h"
	done
}
# file PATH [INCLUDE]...: such a file.
file() {
	{
		echo "/* ${1##*/} - one of many */"
		[ $# = 1 ] || printf '#include "%s"\n' "${@:2}"
		printf 'line %s\n' 1 2 3 4 5 6 7 8 9
	} | head -n 10 >"$1"
}

# finds SCRIPT REGEX: it fails, and says just that. finds_nothing SCRIPT: it has nothing to say.
finds() {
	if "tests/$1" >found 2>&1; then
		return 1
	fi
	says "$2" found
}
finds_nothing() {
	"tests/$1" >found 2>&1
	silent found
}

@test "layers: an include that points up, or to a folder beside it" {
	tree layers
	file src/flow/flow.c flow/flow.h sock/sock.h base/base.h
	finds_nothing layers
	file src/base/base.c base/base.h sock/sock.h
	finds layers '^src/base/base\.c:3: base must not know "sock/sock\.h"$'
	file src/base/base.c base/base.h
	file src/flow/flow.c names/names.h
	finds layers '^src/flow/flow\.c:2: flow must not know "names/names\.h"$'
	file src/flow/flow.c flow.h
	finds layers '^src/flow/flow\.c:2: "flow\.h" names no layer$'
	file src/flow/flow.c
	mkdir src/other
	file src/other/other.c
	finds layers '^src/other/other\.c:1: no such layer$'
}

@test "layers: a subcommand's parts know each other, subcommands do not" {
	tree layers
	mkdir src/cmd
	file src/cmd/one.c cmd/one_part.h cmd/one_part_more.h
	file src/cmd/one_part.h
	file src/cmd/one_part_more.c cmd/one_part.h
	file src/cmd/two.c
	sed -i 's/most_percent = 16/most_percent = 30/' tests/layers
	finds_nothing layers
	file src/cmd/two.c cmd/one_part.h
	finds layers '^src/cmd/two\.c:2: cmd must not know "cmd/one_part\.h"$'
}

@test "layers: a ring of four units, and none of three" {
	tree layers
	sed -i 's/most_percent = 16/most_percent = 90/' tests/layers
	file src/flow/a.h flow/b.h
	file src/flow/b.c flow/c.h
	file src/flow/c_linux.c flow/a.h
	file src/flow/c_portable.c
	finds_nothing layers
	file src/flow/c_portable.c flow/d.h
	file src/flow/d.h flow/e.h
	file src/flow/e.h
	finds_nothing layers
	file src/flow/d.h flow/a.h
	finds layers '^src: a ring of 4 units: flow/[abcd] flow/[abcd] flow/[abcd] flow/[abcd]$'
}

@test "layers: a folder that is too large, a twin that is missing, what only Linux has" {
	tree layers
	finds_nothing layers
	file src/flow/more.c
	finds layers '^src/flow: 30 of 150 lines, over 16 %$'
	rm src/flow/more.c
	mv src/sock/sock.c src/sock/sock_linux.c
	finds layers '^src/sock/sock_linux\.c: its twin src/sock/sock_portable\.c is missing$'
	mv src/sock/sock_linux.c src/sock/sock.c
	sed -i '2s/.*/#include <sys\/epoll.h>/' src/loop/loop.c
	finds layers '^src/loop/loop\.c:2: <sys/epoll\.h> belongs in a file named \*_linux\.c$'
}

@test "style: lines of C that are too long, files that do not say what they are, names taken twice" {
	tree style
	mkdir -p tests/helpers .ci
	printf '#!/bin/sh\n# Says what it is.\n' | tee configure .ci/run >tests/tool
	printf '# A helper.\none() {\n}\nsetup_file() {\n}\n' >tests/helpers/one.bash
	printf '#!/usr/bin/env bats\n# Of one.\none() { :\n}\n' | sed 's/one()/other()/' >tests/one.bats
	printf '"""A helper."""\n' >tests/helpers/one.py
	printf '\t/* %s */\n' "$(printf 'é%.0s' {1..86})" >>src/base/base.c # 100 columns
	finds_nothing style
	printf '\t/* %s */\n' "$(printf 'x%.0s' {1..87})" >>src/base/base.c
	finds style '^src/base/base\.c:12: 101 columns, and 100 is the limit$'
	file src/base/base.c
	sed -i 1d src/base/base.c
	finds style '^src/base/base\.c:1: does not begin with `/\* base\.c - what it is`$'
	file src/base/base.c
	local path
	for path in configure tests/tool tests/one.bats tests/helpers/one.bash tests/helpers/one.py; do
		cp $path kept
		{ grep '^#!' kept || :; } >$path
		printf '%s\n' '# shellcheck disable=SC2086' 'exit' >>$path
		finds style "^$path:[12]: does not begin with a comment that says what it is\$"
		cat kept >$path
	done
	printf 'setup_file() {\n}\none() {\n}\n' >>tests/one.bats
	finds style '^tests/one\.bats:7: one\(\) is a function of tests/helpers/one\.bash$'
}
