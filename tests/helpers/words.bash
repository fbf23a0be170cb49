# For tests of what a user types and reads: load helpers/words (after helpers/common)

# sockit [ARG...]: runs it with nothing as stdin; stdout is in the file out, stderr in err, the
# exit status in $STATUS. Never fails.
sockit() {
	STATUS=0
	within 20 "$SOCKIT" "$@" </dev/null >out 2>err || STATUS=$?
}

# unnamed: what connect -z prints, without the names that Debian's list has for ports which the kernel may choose.
unnamed() {
	sed -E 's,/tcp open (dircproxy|t?fido)$,/tcp open,; s,/tcp open (dircproxy|t?fido) ,/tcp open - ,'
}

# fault TEXT: what sockit did is not as it should be.
fault() {
	printf '%s\nstatus %s\nstdout: %s\nstderr: %s\n' "$1" "$STATUS" "$(<out)" "$(cat -v err)"
	return 1
}

# told STATUS PATTERN: the exit status of the last run, no stdout, and on stderr exactly one line,
# without any control character, which is as the glob PATTERN.
told() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	[ ! -s out ] || fault 'there is output' || return
	[ "$(wc -l <err)" = 1 ] || fault 'one line was expected' || return
	[ "$(tail -c 1 err | od -An -c)" = '  \n' ] || fault 'no whole line' || return
	! LC_ALL=C grep -q '[[:cntrl:]]' err || fault 'a raw control character' || return
	# shellcheck disable=SC2053 # a pattern
	[[ $(<err) == $2 ]] || fault "not as: $2"
}

# FULL: what may follow a silence on this machine, in a regex; as a pattern it is `*`.
# shellcheck disable=SC2034 # for the tests
FULL='(; the queue of .* is full: [0-9]+ waits? to be accepted)?'

# nothing STATUS: the exit status of the last run, which has written nothing at all.
nothing() {
	[ "$STATUS" = "$1" ] || fault "status $1 was expected" || return
	[ ! -s out ] || fault 'there is output' || return
	[ ! -s err ] || fault 'something is said'
}

# refuses PATTERN SUBCOMMAND [ARG...]: it is exit status 2 and the line `sockit SUBCOMMAND: PATTERN`.
refuses() {
	sockit "${@:2}"
	told 2 "sockit $2: $1" || fault "sockit ${*:2}"
}

# quoted WORD: as a glob pattern that matches just WORD.
quoted() {
	printf %q "$1"
}

# The program's subcommands.
subcommands() {
	"$SOCKIT" help | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# services: what listen can do with a connection in place of passing it to stdin and stdout, a line each: --echo,
# `--forward h:1` and so on. They are what excludes a command.
services() {
	local name argument found=0
	while read -r name argument; do
		case $argument in
		'') ;;
		ENDPOINT) name+=' h:1' ;;
		PROTOCOL) name+=' socks5' ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2086 # a word or two
		[[ $("$SOCKIT" listen $name -w 1ms 0 -- false </dev/null 2>&1) == *' exclude each other' ]] || continue
		echo "$name"
		found=$((found + 1))
	done < <("$SOCKIT" help listen | sed -nE 's/^ .{5}(--[a-z-]+)( ([A-Z]+))?( .*)?$/\1 \3/p')
	[ $found -ge 6 ]
}

# find_musl: $MUSL is set where the program is linked to musl, whose look-up knows neither nsswitch.conf nor aliases.
# For setup_file: `private` puts something else into $SOCKIT.
find_musl() {
	! grep -qa "Name does not resolve" "$SOCKIT" || export MUSL=yes
}

# platform: linux or portable, as the program was built.
platform() {
	"$SOCKIT" --version | sed -n '1s/.*(\(.*\))$/\1/p'
}
