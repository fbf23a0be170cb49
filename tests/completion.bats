# The completion scripts for bash, zsh and fish: each shell completes by them for real.

load helpers/common
load helpers/words

# script SHELL: its script is in the file script. The sockit that it asks is the first in PATH.
script() {
	exits 0 "$SOCKIT" completion "$1" >script 2>err
	silent
	asked "$SOCKIT"
}

# asked PROGRAM: it is the first sockit in PATH.
asked() {
	mkdir -p asked
	printf '#!/bin/sh\nexec %q "$@"\n' "$1" >asked/sockit
	chmod +x asked/sockit
	PATH=$PWD/asked:${PATH#"$PWD/asked:"}
}

# rows SHELL: the script of a program with the rows of helpers/completion_rows.c, which have what
# sockit's may have some day, and this program, $ROWS, for it to ask.
rows() {
	local cc=${CC:-cc} src=$BATS_TEST_DIRNAME/../src
	command -v "${cc%% *}" >/dev/null || skip "no compiler $cc"
	# The portable twins alone, so that it compiles everywhere.
	local units
	readarray -t units < <(printf '%s\n' "$src"/base/*.c | grep -v '_linux\.c$')
	ROWS=$BATS_FILE_TMPDIR/rows
	# shellcheck disable=SC2086 # words
	[ -x "$ROWS" ] || $cc -std=c11 -D_XOPEN_SOURCE=700 -I"$src" -o "$ROWS" \
		"$BATS_TEST_DIRNAME/helpers/completion_rows.c" "${units[@]}"
	"$ROWS" completion "$1" >script
	asked "$ROWS"
}

# files: some with names that are hard to complete, in this directory.
files() {
	mkdir 'a directory'
	touch 'my file' "it's" 'back\slash' plain 'a directory/inner file'
}

# options SUBCOMMAND: what its help says that it has, a name or letter a line.
options() {
	"$SOCKIT" "$1" --help | sed -nE 's/^ +(-(.), )?(--[a-z0-9-]+).*/\3\n-\2/p' | grep -x -- '-.*[^-]' |
		sort
}

# service: the first of this machine's TCP services.
service() {
	awk '$2 ~ "/tcp" { print $1; found = 1; exit } END { exit !found }' /etc/services 2>/dev/null ||
		skip 'no /etc/services'
}

# offered [WORD...]: just these are in the file offered.
offered() {
	[ $# -gt 0 ] || silent offered || return
	[ $# = 0 ] || printf '%s\n' "$@" | sort | diff -u - <(sort -u offered)
}

# offers WORD...: these are among those in the file offered.
offers() {
	local word
	for word; do
		grep -qxF -- "$word" offered || {
			echo "'$word' is not among:"
			head -n 20 offered
			return 1
		}
	done
}

# offers_none REGEX: nothing in the file offered matches it.
offers_none() {
	if grep -- "$1" offered; then
		return 1
	fi
}

# in_bash LINE, in_zsh LINE, in_fish LINE: what the shell offers at LINE's end by the file script is in
# the file offered, a word a line; in described with help behind a tab, where there is some.
in_bash() {
	exits 0 bash --norc "$BATS_TEST_DIRNAME/helpers/complete.bash" ./script "$1" >offered 2>err
	silent
}
in_zsh() {
	: >described
	type_in_zsh "$1" "$PWD/script"
	sed 's/\t.*//; s/\\\(.\)/\1/g' described >offered
}
in_fish() {
	exits 0 env HOME="$PWD" XDG_CONFIG_HOME="$PWD" XDG_DATA_HOME="$PWD" fish -c \
		"source ./script; complete -C \$argv[1]" "$1" >described 2>err
	silent
	sed 's/\t.*//' described >offered
}

# type_in_bash LINE, type_in_zsh LINE SCRIPT: LINE, TAB and RETURN typed in an interactive shell; the
# words that sockit is run with are in the file typed, one a line.
type_in_bash() {
	cat >bashrc <<-'END'
		unset HISTFILE
		PS1='$ '
		set -u
		. ./script
		sockit() {
			printf '%s\n' "$@" >typed
			exit
		}
	END
	rm -f typed
	exits 0 python3 "$BATS_TEST_DIRNAME/helpers/shell.py" bash --noprofile --rcfile bashrc -i \
		< <(printf '%s\t\r' "$1") >terminal 2>err
}
type_in_zsh() {
	mkdir -p zsh
	cp "$BATS_TEST_DIRNAME/helpers/complete.zsh" zsh/.zshrc
	rm -f typed
	exits 0 env ZDOTDIR="$PWD/zsh" HOME="$PWD" COMPLETION="$2" OFFERED="$PWD/described" \
		TYPED="$PWD/typed" python3 "$BATS_TEST_DIRNAME/helpers/shell.py" zsh -d -i \
		< <(printf '%s\t\r' "$1") >terminal 2>err
}

# typed WORD...: sockit was run with these.
typed() {
	printf '%s\n' "$@" | diff -u - typed
}

# The subcommand itself.

@test "a script for each shell, and nothing else" {
	local shell
	for shell in bash zsh fish; do
		exits 0 "$SOCKIT" completion $shell >out 2>err
		silent
		[ "$(wc -l <out)" -gt 20 ]
		[ "$(tail -c 1 out | od -An -c)" = '  \n' ]
	done
	[ "$("$SOCKIT" completion zsh | head -n 1)" = '#compdef sockit' ]
}

@test "a shell that is missing, unknown or one too many" {
	refuses 'an operand is missing: sockit completion bash|zsh|fish' completion
	refuses "unknown shell 'csh': *" completion csh
	refuses "unknown shell 'powershell': it is none of bash|zsh|fish" completion powershell
	refuses "unknown shell 'bsah': did you mean 'bash'[?]" completion bsah
	refuses "unknown shell 'fihs': did you mean 'fish'[?]" completion fihs
	refuses "unknown shell 'a\\\\x1bb'*" completion $'a\eb'
	refuses "unknown shell ''*" completion ''
	refuses "extra operand 'zsh'" completion bash zsh
	refuses "unknown option '--bash'*" completion --bash
	refuses "'--'*" completion bash -- x
	sockit completon
	told 2 "sockit: 'completon' is no subcommand: did you mean 'completion'[?]"
}

@test "its help" {
	local words
	exits 0 "$SOCKIT" completion --help >out 2>err
	silent
	[ "$(head -n 1 out)" = 'usage: sockit completion bash|zsh|fish' ]
	grep -qx 'The manual: man sockit' out
	cp out usage
	for words in 'completion -h' 'help completion' '--help completion'; do
		# shellcheck disable=SC2086 # words
		exits 0 "$SOCKIT" $words >out 2>err
		cmp out usage
	done
	sockit help
	grep -qx ' *sockit completion bash|zsh|fish' out
}

@test "a stdout that is full, closed or not read" {
	exits 1 "$SOCKIT" completion bash >/dev/full 2>err
	says '^sockit completion: stdout: .* \(ENOSPC\)$'
	exits 1 "$SOCKIT" completion bash >&- 2>err
	says '^sockit completion: stdout: .* \(EBADF\)$'
	mkfifo gone
	ln gone both # for shellcheck, which thinks that it is a pipeline
	exec 5<>gone 6>both 5>&-
	exits 141 env --default-signal=PIPE "$SOCKIT" completion bash >&6 2>err
	silent
	exits 1 env --ignore-signal=PIPE "$SOCKIT" completion bash >&6 2>err
	exec 6>&-
}

@test "the sockit that was typed is asked" {
	local shell
	rows bash
	PATH=${PATH#"$PWD/asked:"}
	export HOME=$PWD
	for shell in bash zsh fish; do
		command -v $shell >/dev/null || continue
		"$ROWS" completion $shell >script
		# zsh runs it, and is to end then.
		"in_$shell" "$([ $shell != zsh ] || echo exec) ./asked/sockit "
		offered path-one many any none
		# shellcheck disable=SC2088 # typed
		"in_$shell" "$([ $shell != zsh ] || echo exec) ~/asked/sockit m"
		offers many
		offers_none path-one
	done
}

@test "no sockit is there to ask" {
	local shell
	for shell in bash zsh fish; do
		command -v $shell >/dev/null || continue
		script $shell
		PATH=${PATH#"$PWD/asked:"}
		"in_$shell" 'sockit '
		offered
	done
}

# bash.

@test "bash: the script is one" {
	script bash
	bash -n script
	bash --norc -eu -c '. ./script; . ./script; complete -p sockit' >out
	[ "$(wc -l <out)" = 1 ]
}

@test "bash: the script has no lint" {
	needs shellcheck shellcheck
	script bash
	shellcheck -s bash script
}

@test "bash: what may come first" {
	script bash
	in_bash 'sockit '
	# shellcheck disable=SC2046 # words
	offered $(subcommands) help completion
	in_bash 'sockit co'
	offered connect completion
	in_bash 'sockit -'
	offered --help --version
	in_bash 'sockit help '
	# shellcheck disable=SC2046
	offered $(subcommands) help completion
	in_bash 'sockit --help li'
	offered listen
	in_bash 'sockit completion '
	offered bash zsh fish
	in_bash 'sockit completion zsh '
	offered
	in_bash 'sockit nosuch --'
	offered
}

@test "bash: each option of each subcommand" {
	local command
	script bash
	for command in $(subcommands); do
		in_bash "sockit $command -"
		options "$command" | diff -u - offered
	done
	in_bash 'sockit connect --rec'
	offered --recv-only
	in_bash 'sockit connect localhost 80 --wait 3 -v --rec'
	offered --recv-only
	in_bash 'sockit help -'
	offered
}

@test "bash: keywords" {
	local line
	script bash
	for line in '--tos cs' '-v --tos cs' '--tos=cs' 'localhost --tos cs' '-vw 3 --tos=cs'; do
		in_bash "sockit connect $line"
		offered cs{0..7}
	done
	in_bash 'sockit listen --transport '
	offered tcp mptcp
	in_bash 'sockit listen --transport='
	offered tcp mptcp
	in_bash 'sockit connect --sockopt TCP_KEEP'
	offered TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT
	in_bash 'sockit connect --sockopt=SO_LIN'
	offered SO_LINGER
	in_bash 'sockit connect --proxy socks5'
	offered socks5:// socks5h://
	# A duration is nobody's name.
	in_bash 'sockit connect --wait '
	offered
	in_bash 'sockit connect -w'
	offered
}

@test "bash: hosts, services and interfaces" {
	local name
	name=$(service)
	script bash
	export HOSTFILE=$PWD/hosts
	printf '192.0.2.1 one.example one\n2001:db8::2 two.example\n' >hosts
	in_bash 'sockit connect on'
	offered one one.example
	in_bash 'sockit connect --source=tw'
	offered two.example
	in_bash 'sockit connect -stw'
	offered -stwo.example
	in_bash 'sockit connect -4stw'
	offered -4stwo.example
	in_bash 'sockit connect 2001:'
	offers_none '^[^d]'
	in_bash "sockit connect one $name"
	offers "$name"
	for line in 'connect -w 3 one' 'connect one -w 3' 'connect --wait=3 one' 'connect -vw3 one' \
		'connect one -w --' 'listen' 'listen one' 'connect -p' 'connect --source-port'; do
		in_bash "sockit $line $name"
		offers "$name"
		offers_none '^one'
	done
	in_bash 'sockit listen '
	offers one two.example "$name"
	in_bash "sockit connect one 80 $name"
	offered
	[ -d /sys/class/net/lo ] || return 0
	in_bash 'sockit connect -I l'
	offers lo
	in_bash 'sockit connect --interface='
	offers lo
}

@test "bash: after -- a command and its arguments" {
	script bash
	files
	mkdir bin
	printf '#!/bin/sh\n' >bin/xyzzy-command
	chmod +x bin/xyzzy-command
	export PATH=$PWD/bin:$PATH
	in_bash 'sockit listen 80 -- xyzzy-'
	offered xyzzy-command
	in_bash 'sockit listen 80 -- xyzzy-command my'
	offered 'my file'
	in_bash 'sockit listen 80 -- xyzzy-command --wait my'
	offered 'my file'
	# The package bash-completion knows each command's own words.
	cat >>script <<-'END'
		_command_offset() {
			COMPREPLY=("${COMP_WORDS[$1]}" "${COMP_WORDS[COMP_CWORD]}")
		}
	END
	in_bash 'sockit listen localhost:80 -- xyzzy-command --opt'
	offered xyzzy-command --opt
}

@test "bash: files, by a redirection" {
	script bash
	files
	local line
	for line in '> pl' '>pl' '2>pl' '>>pl' '< pl' '2>/dev/null > pl'; do
		in_bash "sockit listen 80 $line"
		offered plain
	done
	in_bash 'sockit listen 80 >'
	offers plain 'my file' "it's"
	# It is no operand.
	printf '192.0.2.1 one.example\n' >hosts
	HOSTFILE=$PWD/hosts in_bash 'sockit connect 2>/dev/null <plain on'
	offered one.example
}

@test "bash: separators that are none" {
	script bash
	printf "%s\n" "COMP_WORDBREAKS=\$' \\t\\n\"\\'><;|&('" >>script
	in_bash 'sockit connect --tos=lo'
	offered --tos=lowdelay
	in_bash 'sockit connect --transport='
	offered --transport=tcp --transport=mptcp
}

@test "bash: rows and operands of every kind" {
	rows bash
	bash -n script
	files
	in_bash 'sockit path-one -'
	offers --plain -p --output -o --mixed
	local line
	for line in 'path-one --output=my' 'path-one --output my' 'path-one -o my\ f' "path-one -o 'my f" \
		'path-one "my f' 'path-one -po my' 'many host my' 'many host -o x plain my' 'any my' \
		'any plain plain my' 'path-one --output="my f' 'path-one -o"my f'; do
		in_bash "sockit $line"
		offered 'my file'
	done
	in_bash 'sockit path-one -omy'
	offered '-omy file'
	in_bash 'sockit path-one back\\s'
	offered 'back\slash'
	in_bash 'sockit path-one a\ directory/'
	offered 'a directory/inner file'
	for line in 'path-one plain my' 'none my' 'path-one --unknown my' 'path-one --colour=my'; do
		in_bash "sockit $line"
		offered
	done
	in_bash 'sockit path-one --either '
	offered tcp udp
	in_bash 'sockit path-one --mixed=au'
	offered auto
	in_bash 'sockit path-one --mixed=my'
	offered 'my file'
	in_bash 'sockit path-one --set=F'
	offered FIRST
	in_bash 'sockit path-one --maybe='
	offered FIRST SECOND
	in_bash 'sockit path-one --maybe my'
	offered 'my file'
	in_bash 'sockit path-one -e bas'
	offers bash
}

@test "bash: at a terminal" {
	files
	script bash
	type_in_bash 'sockit lis'
	typed listen
	type_in_bash 'sockit connect --transport=m'
	typed connect --transport=mptcp
	type_in_bash 'sockit connect --sockopt TCP_MAX'
	typed connect --sockopt TCP_MAXSEG
	type_in_bash 'sockit connect --tos thr'
	typed connect --tos throughput
	type_in_bash 'sockit listen 80 -- cat my'
	typed listen 80 -- cat 'my file'
	type_in_bash 'sockit listen 80 -- cat "it'
	typed listen 80 -- cat "it's"
	type_in_bash 'sockit listen 80 -- cat a\ d'
	typed listen 80 -- cat 'a directory/'
}

@test "bash: at a terminal, with files as arguments" {
	files
	rows bash
	local line
	for line in '--output=my' '--output="my f' "--output='my f" '--output=my\ f'; do
		type_in_bash "sockit path-one $line"
		typed path-one '--output=my file'
	done
	for line in '-omy' '-o"my f'; do
		type_in_bash "sockit path-one $line"
		typed path-one '-omy file'
	done
	type_in_bash 'sockit path-one --set=FI'
	typed path-one --set=FIRST
	type_in_bash 'sockit path-one --mixed=a\ directory/in'
	typed path-one '--mixed=a directory/inner file'
}

# zsh.

@test "zsh: the script is one" {
	needs zsh zsh
	script zsh
	zsh -n script
}

@test "zsh: what may come first" {
	needs zsh zsh
	script zsh
	in_zsh 'sockit '
	# shellcheck disable=SC2046 # words
	offered $(subcommands) help completion
	grep -q $'^connect\t.* -- connect to a TCP port: ' described
	in_zsh 'sockit -'
	offered --help --version
	in_zsh 'sockit help '
	# shellcheck disable=SC2046
	offered $(subcommands) help completion
	in_zsh 'sockit completion '
	offered bash zsh fish
	in_zsh 'sockit nosuch --'
	offered
}

@test "zsh: each option of each subcommand, with its help" {
	needs zsh zsh
	local command
	script zsh
	for command in $(subcommands); do
		in_zsh "sockit $command -"
		options "$command" | diff -u - <(sort -u offered)
		[ "$(grep -cE $'^--?[a-z0-9-]+\t--?[a-z0-9-]+ +-- [^ ]' described)" -ge "$(options "$command" | grep -c -- --)" ]
	done
	in_zsh 'sockit connect localhost 80 --wait 3 -v --rec'
	typed connect localhost 80 --wait 3 -v --recv-only
	# What cannot be repeated is not offered again; what can be is.
	in_zsh 'sockit connect -w 3 --w'
	offered --wire-frame
	in_zsh 'sockit connect -v --sockopt SO_DEBUG -'
	offers -v --verbose --sockopt
}

@test "zsh: loaded from a directory in fpath" {
	needs zsh zsh
	script zsh
	mkdir functions
	mv script functions/_sockit
	type_in_zsh 'sockit connect --transport=m' "$PWD/functions"
	typed connect --transport=mptcp
}

@test "zsh: keywords" {
	needs zsh zsh
	local line
	script zsh
	for line in '--tos cs' '--tos=cs' 'localhost -vw 3 --tos cs'; do
		in_zsh "sockit connect $line"
		offered cs{0..7}
	done
	in_zsh 'sockit connect --sockopt TCP_KEEP'
	offered TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT
	in_zsh 'sockit connect --proxy socks4'
	offered socks4:// socks4a://
	in_zsh 'sockit connect --sockopt=SO_LIN'
	typed connect --sockopt=SO_LINGER
	in_zsh 'sockit connect --wait '
	offered
}

@test "zsh: hosts, services and interfaces" {
	needs zsh zsh
	local name line
	name=$(service)
	script zsh
	in_zsh 'sockit connect '
	offers localhost
	in_zsh 'sockit connect --source=local'
	offers localhost
	for line in 'connect -w 3 one' 'connect one -w 3' 'listen' 'listen one' 'connect -p'; do
		in_zsh "sockit $line ${name%?}"
		offers "$name"
		offers_none '^localhost$'
	done
	in_zsh 'sockit listen localhos'
	offers localhost
	[ -d /sys/class/net/lo ] || return 0
	in_zsh 'sockit connect -I '
	offers lo
}

@test "zsh: after -- a command and its arguments" {
	needs zsh zsh
	script zsh
	files
	in_zsh 'sockit listen 80 -- sha256su'
	typed listen 80 -- sha256sum
	in_zsh 'sockit listen 80 -- cat my'
	typed listen 80 -- cat 'my file'
}

@test "zsh: rows and operands of every kind" {
	needs zsh zsh
	rows zsh
	zsh -n script
	files
	in_zsh 'sockit path-one --p'
	grep -qF -- "-- a flag's help: 'quotes', [brackets], \\, \$HOME, \`x\`" described
	in_zsh 'sockit path-one --output=my'
	typed path-one '--output=my file'
	in_zsh 'sockit path-one -pomy'
	typed path-one '-pomy file'
	in_zsh 'sockit path-one -o "my f'
	typed path-one -o 'my file'
	in_zsh 'sockit path-one my'
	typed path-one 'my file'
	in_zsh 'sockit many host plain my'
	typed many host plain 'my file'
	in_zsh 'sockit any my'
	typed any 'my file'
	in_zsh 'sockit any plain my'
	typed any plain 'my file'
	in_zsh 'sockit path-one plain my'
	offered
	in_zsh 'sockit path-one --either '
	offered tcp udp
	in_zsh 'sockit path-one --mixed=au'
	typed path-one --mixed=auto
	in_zsh 'sockit path-one --mixed my'
	typed path-one --mixed 'my file'
	in_zsh 'sockit path-one --set=F'
	typed path-one --set=FIRST
	in_zsh 'sockit path-one --maybe=F'
	typed path-one --maybe=FIRST
	in_zsh 'sockit path-one --maybe my'
	typed path-one --maybe 'my file'
	in_zsh 'sockit path-one -e sha256su'
	typed path-one -e sha256sum
}

# fish.

@test "fish: the script is one" {
	needs fish fish
	script fish
	HOME=$PWD fish -n script
}

@test "fish: what may come first" {
	needs fish fish
	script fish
	in_fish 'sockit '
	# shellcheck disable=SC2046 # words
	offered $(subcommands) help completion
	grep -q $'^connect\tconnect to a TCP port: ' described
	in_fish 'sockit co'
	offered connect completion
	in_fish 'sockit --'
	offered --help --version
	in_fish 'sockit help li'
	offered listen
	in_fish 'sockit completion '
	offered bash zsh fish
	in_fish 'sockit nosuch --'
	offered
}

@test "fish: each option of each subcommand, with its help" {
	needs fish fish
	local command
	script fish
	for command in $(subcommands); do
		in_fish "sockit $command --"
		options "$command" | grep -- -- | diff -u - <(sort offered)
		[ "$(grep -cE $'^--[a-z0-9-]+\t[^ ]' described)" -ge "$(options "$command" | grep -c -- --)" ]
		# Letters too, unless there is a dash more.
		in_fish "sockit $command -"
		options "$command" | grep -v -- -- | diff -u - <(grep -v -- -- offered | sort)
	done
	in_fish 'sockit connect localhost 80 --wait 3 -v --rec'
	offered --recv-only
}

@test "fish: keywords" {
	needs fish fish
	script fish
	in_fish 'sockit connect --tos cs'
	offered cs{0..7}
	in_fish 'sockit connect --tos=cs'
	offered --tos=cs{0..7}
	in_fish 'sockit connect --sockopt TCP_KEEP'
	offered TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT
	in_fish 'sockit connect --proxy socks4'
	offered socks4:// socks4a://
	in_fish 'sockit connect --wait '
	offered
}

@test "fish: hosts, services and interfaces" {
	needs fish fish
	local name line
	name=$(service)
	script fish
	in_fish 'sockit connect '
	offers localhost
	in_fish 'sockit connect --source=local'
	offers --source=localhost
	for line in 'connect -w 3 one' 'connect one -w 3' 'listen' 'listen one' 'connect -p' \
		'connect -vw3 one'; do
		in_fish "sockit $line ${name%?}"
		offers "$name"
		offers_none '^localhost$'
	done
	in_fish 'sockit listen local'
	offers localhost
	in_fish "sockit connect one 80 ${name%?}"
	offered
	[ -d /sys/class/net/lo ] || return 0
	in_fish 'sockit connect -I '
	offers lo
}

@test "fish: after -- a command and its arguments" {
	needs fish fish
	script fish
	files
	in_fish 'sockit listen 80 -- sha256su'
	offered sha256sum
	in_fish 'sockit listen 80 -- cat my'
	offered 'my file'
	in_fish 'sockit listen 80 > my'
	offered 'my file'
}

@test "fish: rows and operands of every kind" {
	needs fish fish
	rows fish
	HOME=$PWD fish -n script
	files
	in_fish 'sockit path-one --pl'
	grep -qxF -- "--plain"$'\t'"a flag's help: 'quotes', [brackets], \\, \$HOME, \`x\`" described
	in_fish 'sockit path-one --output=my'
	offered '--output=my file'
	local line
	for line in '--output my' '-o my' '-po my' my '--maybe my' '--mixed my'; do
		in_fish "sockit path-one $line"
		offered 'my file'
	done
	for line in 'many host plain my' 'any my' 'any plain plain my'; do
		in_fish "sockit $line"
		offered 'my file'
	done
	for line in 'path-one plain my' 'none my' 'path-one --unknown my'; do
		in_fish "sockit $line"
		offered
	done
	in_fish 'sockit path-one --either '
	offered tcp udp
	in_fish 'sockit path-one --mixed au'
	offered auto
	in_fish 'sockit path-one --set=F'
	offered --set=FIRST
	in_fish 'sockit path-one -e sha256su'
	offered sha256sum
}

# Installed.

# make_in DIR TARGET...: the program is taken as it is. What is installed goes below root.
make_in() {
	env -u MAKEFLAGS -u MAKELEVEL make -C "$1" -o all -o sockit -o config.mk DESTDIR="$PWD/root" \
		prefix=/usr datadir=/usr/share mandir=/usr/share/man "${@:2}" >out 2>err || {
		cat out err
		return 1
	}
}

# The directory in which the program was built.
build() {
	needs make make
	BUILD=${SOCKIT_BINARY:-$SOCKIT}
	BUILD=${BUILD%/*}
	[ -f "$BUILD/obj/completion/bash" ] || skip 'not built here'
}

@test "make install, and make uninstall" {
	local file
	build
	umask 077 # what is installed is for all
	make_in "$BUILD" install
	[ ! "$(find root/usr -type d ! -perm 755)" ]
	for file in bash-completion/completions/sockit zsh/site-functions/_sockit \
		fish/vendor_completions.d/sockit.fish; do
		[ "$(stat -c %a "root/usr/share/$file")" = 644 ]
	done
	cmp root/usr/share/bash-completion/completions/sockit <("$SOCKIT" completion bash)
	cmp root/usr/share/zsh/site-functions/_sockit <("$SOCKIT" completion zsh)
	cmp root/usr/share/fish/vendor_completions.d/sockit.fish <("$SOCKIT" completion fish)
	cmp root/usr/share/sockit/schema.json "$BATS_TEST_DIRNAME/../man/schema.json"
	make_in "$BUILD" uninstall
	[ -z "$(find root -type f)" ]
}

@test "make install of a program that does not run here" {
	build
	mkdir cross
	cp "$BUILD/config.mk" cross
	printf 'srcdir = %s\ninclude %s/Makefile\n' "$BATS_TEST_DIRNAME"/..{,} >cross/Makefile
	printf '\177ELF\0' >cross/sockit
	chmod +x cross/sockit
	make_in cross obj/completion/{bash,zsh,fish} install
	[ "$(grep -c '^note: ' out)" = 3 ]
	[ -x root/usr/bin/sockit ]
	[ "$(find root -type f -name '*sockit*' ! -name '*.[17]')" = root/usr/bin/sockit ]
}
