# --json: every message is an object on a line of its own, valid by man/schema.json.

load helpers/common
load helpers/words
load helpers/private

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

setup_file() { find_python; }

# facts FILE [EVENT [KEY]...]: checks that FILE is nothing but valid objects, and prints what schema.py
# then does.
facts() {
	"$PYTHON" -I -S "$SCHEMA" "$@" </dev/null
}

# valid [FILE]...: each of them (err) is nothing but valid objects, and not empty.
valid() {
	cat "${@-err}" >all.lines
	[ -s all.lines ] || return
	facts all.lines >valid.out
}

# text_of LINE: the member `message`, the last one, of the object LINE.
text_of() {
	local text=${1##*\"message\":\"}
	text=${text%\"\}}
	# Nothing else is escaped there: the message has no control character.
	text=${text//\\\"/\"}
	TEXT=${text//\\\\/\\}
}

# fails STATUS CLASS CODE SUBCOMMAND ARG...: it ends with STATUS, nothing on stdout and, plainly, one
# line; with --json the same words in one object of CLASS and CODE. The objects gather in the file all.
fails() {
	local line
	sockit "${@:4}"
	told "$1" "sockit $4: *" || return
	line=$(<err)
	sockit "$4" --json "${@:5}"
	told "$1" '{"event":"error",*}' || return
	[[ $(<err) == *",\"subcommand\":\"$4\",\"class\":\"$2\",\"code\":\"$3\","* ]] ||
		fault "not $2 $3" || return
	text_of "$(<err)"
	[ "$TEXT" = "${line#"sockit $4: "}" ] || fault "not the words of: $line" || return
	cat err >>all
}

# refused_usage SUBCOMMAND ARG...: a usage error, wherever --json stands.
refused_usage() {
	fails 2 usage EINVAL "$@" || return
	sockit "$@" --json
	told 2 '{"event":"error",*}' || return
	cat err >>all
}

# The checker.

@test "the checker finds what is wrong" {
	local good line
	good='{"event":"listening","time":"2026-01-02T03:04:05.000006Z","subcommand":"listen","local":{"family":"inet","address":"127.0.0.1","port":1},"message":"m \\x1b \"q\" é"}'
	printf '%s\n' "$good" "$good" >good
	[ "$(facts good)" = 2 ]
	[ "$(facts good listening local.port event nothing)" = '1 listening -
1 listening -' ]
	[ "$(facts good closed)" = 0 ]
	for line in '' ' ' x null '[]' '{}' '"x"' "$good$good" " $good" "$good " "$good"$'\r' "${good/\}*/}" \
		"${good/listening/listened}" "${good/listening/closed}" "${good/2026/26}" \
		"${good/2026-01/2026-13}" "${good/000006Z/000006}" "${good/127.0.0.1/nobody}" \
		"${good/:1\}/:65536\}}" "${good/:1\}/:-1\}}" "${good/:1\}/:1.5\}}" "${good/:1\}/:true\}}" \
		"${good/:1\}/:\"1\"\}}" "${good/:1\}/:NaN\}}" "${good/:1\}/:01\}}" "${good/:1\}/:null\}}" \
		"${good/:1\}/:0\}}" "${good/,\"message\"*/\}}" "${good/\"port\":1/\"port\":1,\"zone\":2}" \
		"${good/\"port\":1/\"port\":1,\"port\":1}" "${good/\"event\"/\"more\":1,\"event\"}" \
		"${good/m /$'\t'}" "${good/m /$'\177'}" "${good/m /$'\302\233'}" "${good/m /$'\377'}" \
		"${good/m /$'\371\200\200\200'}" "${good/m /\\u001b}" "${good/inet/inet5}" "${good%?}"; do
		[ "$line" != "$good" ]
		printf '%s\n' "$line"
	done >bad
	facts -i bad >taken
	silent taken
	for line in 1 20 "$(wc -l <bad)"; do
		{
			cat good
			sed -n "${line}p" bad
		} >mixed
		STATUS=0
		facts mixed >out 2>err || STATUS=$?
		[ "$STATUS" = 1 ]
		says '^schema: line 3: '
		silent out
	done
	printf %s "$good" >part
	STATUS=0
	facts part 2>err || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^schema: line 1: no whole line: '
	# Where the library is there, it agrees about the schema.
	python3 - "$BATS_TEST_DIRNAME/../man/schema.json" good <<-'END'
		import json, sys
		try:
		    import jsonschema
		    check = jsonschema.Draft202012Validator
		except (ImportError, AttributeError):
		    sys.exit(0)
		schema = json.load(open(sys.argv[1]))
		check.check_schema(schema)
		for line in open(sys.argv[2]):
		    check(schema).validate(json.loads(line))
	END
}

# Errors.

@test "usage errors, wherever --json stands" {
	local words
	for words in 'connect --bogus h 1' 'connect -w 1x h 1' 'connect h' 'connect h 65536' 'connect' \
		'connect -4 -6 h 1' 'connect --interval 1s h 1' 'connect -n localhost 1' 'connect h 1 2' \
		'connect --sockopt NOSUCH=1 h 1' 'connect -w' 'connect unix:' 'unix' 'unix --echo x' 'unix -l --retry 1 x' \
		'listen' 'listen -w -1 1' 'listen --when-full close 1' 'listen 1 -Q' 'listen --max-conns 0 1'; do
		# shellcheck disable=SC2086 # words
		if [ "$words" = 'connect -w' ]; then
			fails 2 usage EINVAL $words # where it would be the argument
		else
			refused_usage $words
		fi || fault "$words"
	done
	# Both want stderr.
	sockit connect --json -X - 127.0.0.1 1
	told 2 '{*"class":"usage"*--json*text-dump*'
	sockit connect --json -x - 127.0.0.1 1
	told 2 '{*"class":"usage"*--json*hex-dump*'
	cat err >>all
	sockit connect --json -o - 127.0.0.1 1
	told 2 '{*"class":"usage"*--json*--output -*'
	cat err >>all
	valid all
}

@test "--json before a subcommand is known" {
	local words
	for words in 'conect --json h 1' '--json connect h 1' '--json' '127.0.0.1 80 --json' \
		'help nosuch --json' '--version --json' '-l --json 9'; do
		# shellcheck disable=SC2086 # words
		sockit $words
		told 2 '{"event":"error",*"class":"usage","code":"EINVAL",*}' || fault "$words"
		cat err >>all
	done
	valid all
	run ! grep -q subcommand\": all
	# Not where it belongs to a command, or to nobody.
	sockit conect -- --json
	told 2 "sockit: 'conect' is no subcommand*"
	sockit connect h -- --json
	told 2 'sockit connect: *'
}

@test "--json and --quiet exclude each other; --help is no object" {
	local words
	for words in '--json --quiet h 1' '--quiet --json h 1' 'h 1 --quiet --json' '--bogus --quiet'; do
		# shellcheck disable=SC2086 # words
		sockit connect $words
		nothing 2 || fault "$words"
	done
	sockit connect --json --help
	[ "$STATUS" = 0 ]
	silent
	grep -q -- '^ *--json ' out
	STATUS=0
	"$SOCKIT" connect --json --help >/dev/full 2>err || STATUS=$?
	: >out
	told 1 '{"event":"error",*"class":"socket","code":"ENOSPC",*"message":"stdout: *"}'
	valid
}

# bats test_tags=valgrind
@test "refused: each address in failures" {
	local port
	port=$(free_port)
	fails 1 socket ECONNREFUSED connect 127.0.0.1 "$port"
	[ "$(facts err error host port failures.0.peer.family failures.0.peer.address \
		failures.0.peer.port failures.0.code failures.1)" = \
		"127.0.0.1 $port inet 127.0.0.1 $port ECONNREFUSED -" ]
	fails 1 socket EADDRNOTAVAIL connect -s 192.0.2.1 127.0.0.1 "$port"
	[ "$(facts err error failures.0.step failures.0.code)" = 'source EADDRNOTAVAIL' ]
	fails 1 socket EINVAL connect --sockopt TCP_MAXSEG=1 127.0.0.1 "$port"
	[ "$(facts err error failures.0.step failures.0.code)" = 'TCP_MAXSEG EINVAL' ]
	valid all
	exits 1 "$SOCKIT" connect --json -z unix:none 2>err >out
	[ "$(facts err error code failures.0.code)" = 'ENOENT ENOENT' ]
	exits 1 "$SOCKIT" connect --json -z unix:none "127.0.0.1:$port" 2>err >out
	[ "$(facts err error code)" = ECONNREFUSED ]
}

@test "the way is a command: the place that it is told, and no address of ours" {
	exits 0 "$SOCKIT" connect --json -v --proxy-command cat 127.0.0.1 9 </dev/null >out 2>err
	[ "$(facts err closed peer.name peer.port local)" = '127.0.0.1 9 -' ]
	exits 0 "$SOCKIT" connect --json -v --proxy-command cat name http </dev/null >out 2>err
	[ "$(facts err closed peer.name peer.port local)" = 'name - -' ]
}

@test "several addresses, and look-ups that fail" {
	local i
	{
		echo 127.0.0.1 one
		for i in {1..40}; do echo "127.0.1.$i many"; done
	} >names
	private <names
	needs_ipv6
	echo '::1 two
127.0.0.1 two' >>hosts
	PORT=$(free_port)
	fails 1 socket ECONNREFUSED connect two "$PORT"
	[ "$(facts err error host failures.0.code failures.1.code failures.2)" = \
		'two ECONNREFUSED ECONNREFUSED -' ]
	facts err error failures.0.peer.family failures.1.peer.family | grep -qE '^(inet6 inet|inet inet6)$'
	# So many that the words are cut, but not the facts: a line of more than PIPE_BUF is whole.
	sockit connect --json many "$PORT"
	[ "$STATUS" = 1 ]
	cat err >>all
	[ "$(facts err error host failures.39.code failures.40)" = 'many ECONNREFUSED -' ]
	peer nameserver
	fails 3 resolve EAI_NONAME connect nosuch.example 1
	[ "$(facts err error host port)" = 'nosuch.example -' ]
	fails 3 resolve EAI_NONAME listen nosuch.example 1
	fails 3 resolve EAI_SERVICE connect one nosuchservice
	[ "$(facts err error host port)" = '- nosuchservice' ]
	fails 3 resolve EAI_SERVICE listen nosuchservice
	[ "$(facts err error host port)" = '- nosuchservice' ]
	fails 3 resolve EAI_FAMILY connect -6 127.0.0.1 1
	[ "$(facts err error host port)" = '127.0.0.1 -' ]
	fails 3 resolve EAI_FAMILY listen -4 ::1 1
	fails 3 resolve EAI_NONAME connect -s nosuch.example 127.0.0.1 1
	valid all
}

# bats test_tags=valgrind
@test "time limits: class timeout, exit status 4" {
	peer who full:127.0.0.1
	fails 4 timeout ETIMEDOUT connect -w 100ms 127.0.0.1 "$PORT"
	[ "$(facts err error host port failures.0.peer.port failures.0.code)" = \
		"127.0.0.1 $PORT $PORT ETIMEDOUT" ]
	fails 4 timeout ETIMEDOUT connect --timeout 100ms 127.0.0.1 "$PORT"
	PORT=$(free_port)
	sockit listen --json -w 100ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ]
	[ "$(facts err any event class code local.port)" = "listening - - $PORT
error timeout ETIMEDOUT -" ]
	cat err >>all
	sockit listen --json --timeout 100ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ]
	[ "$(facts err error class code message)" = 'timeout ETIMEDOUT not done within 100 ms (--timeout)' ]
	cat err >>all
	# Of --retry the reason is told, and in the end the limit with the last failure.
	sockit connect --json --retry 500ms --interval 50ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ]
	[ "$(facts err any event class code failures.0.code)" = 'retry - - -
error timeout ETIMEDOUT ECONNREFUSED' ]
	cat err >>all
	valid all
}

@test "a time limit of a look-up" {
	private <<<'127.0.0.1 one'
	peer nameserver silent
	fails 4 timeout ETIMEDOUT connect -w 200ms nosuch.example 1
	[ "$(facts err error host port failures)" = 'nosuch.example 1 -' ]
	valid all
}

# breaks STATUS CLASS CODE WHY [ARG...]: connect to $PORT ends so, its stdin and stdout being the
# caller's, and closed tells WHY.
breaks() {
	exits "$1" "$SOCKIT" connect --json "${@:5}" 127.0.0.1 "$PORT" 2>err || return
	cat err >>all
	[ "$(facts err any event class code why peer.port)" = "connected - - - $PORT
error $2 $3 - $PORT
closed - - $4 $PORT" ] && return
	cat err
	return 1
}

@test "what breaks a connection" {
	random_file big 8388608
	mkfifo go
	: >out
	counterpart line:hello gate:go reset
	{ eventually grep -q hello out && : >go; } 3>&- &
	started
	breaks 1 socket ECONNRESET reset -d </dev/null >out
	[ "$(<out)" = hello ]
	counterpart read:100000 reset
	breaks 1 socket ECONNRESET reset <big
	counterpart hold
	breaks 4 timeout ETIMEDOUT idle -i 200ms -d </dev/null
	# The peer takes nothing more.
	head -c 2M big >part
	counterpart rcvbuf:4096 line:hello hold
	breaks 1 socket ECONNABORTED unacknowledged --read-bytes 6 --linger 100ms <part >out
	counterpart line:hello hold
	breaks 1 socket EISDIR 'input failed' <.
	counterpart line:hello hold
	breaks 1 socket ENOSPC 'output failed' -d </dev/null >/dev/full
	counterpart line:hello hold
	breaks 1 socket EBADF 'output failed' -d </dev/null >&-
}

@test "what a listener cannot have" {
	peer who 127.0.0.1
	fails 1 socket EADDRINUSE listen 127.0.0.1 "$PORT"
	[ "$(facts err error local.address local.port step)" = "127.0.0.1 $PORT -" ]
	fails 1 socket EADDRNOTAVAIL listen 192.0.2.1 "$PORT"
	fails 1 socket EINVAL listen --sockopt TCP_MAXSEG=1 127.0.0.1 0
	[ "$(facts err error local.address step)" = '127.0.0.1 TCP_MAXSEG' ]
	fails 1 socket EBADF listen --notify-fd 9 127.0.0.1 0
	fails 1 socket ENOENT listen -o none/file 127.0.0.1 0
	fails 1 socket EISDIR connect -x . 127.0.0.1 "$PORT"
	valid all
}

@test "an error of accepting ends nothing" {
	needs prlimit util-linux
	serve --json -k --accept 2 127.0.0.1 0 </dev/null >out 2>err
	prlimit --pid "$LISTENER" --nofile=3: || skip 'prlimit is not permitted'
	"$SOCKIT" connect 127.0.0.1 "$PORT" <<<hello 2>other 3>&- &
	started
	eventually grep -q '"event":"error"' err
	prlimit --pid "$LISTENER" --nofile=64:
	ended 0 "$PID"
	"$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null
	ended 0 "$LISTENER"
	[ "$(<out)" = hello ]
	[[ $(facts err error class code message | sort -u) == \
		'socket EMFILE accept: '*' (EMFILE): trying again' ]]
	[ "$(facts err closed id sent received why)" = '1 0 6 both ended
2 0 0 both ended' ]
}

# runs_with FILE [ARG...]: connect ARG... to $PORT of who.py; stderr goes to FILE.
runs_with() {
	exits 0 "$SOCKIT" connect "${@:2}" 127.0.0.1 "$PORT" <<<hello >out 2>"$1"
	[ "$(<out)" = there ]
}

# words_of FILE: the messages in FILE, of either form, without what is another one each time.
words_of() {
	local line
	while IFS= read -r line; do
		if [[ $line == \{* ]]; then
			text_of "$line"
		else
			TEXT=${line#sockit * }
			[[ ! $TEXT =~ ^\ *[0-9]+\.[0-9]{6}\ (.*) ]] || TEXT=${BASH_REMATCH[1]}
		fi
		printf '%s\n' "$TEXT"
	done <"$1" | sed 's/from .*//; s/ in [0-9.].* retransmits\{0,1\}/ in/; s/ in [0-9.].*s in)/ in/'
}

# bats test_tags=valgrind
@test "what happens, without -v, and each step with -vv, in the words of -v and -vv" {
	local v
	peer who 127.0.0.1 'answer:there
'
	for v in '' -v -vv; do
		# shellcheck disable=SC2086 # none or one
		runs_with err --json $v
		runs_with "plain$v" "${v:--v}"
		diff -u <(words_of "plain$v") <(words_of err)
		cat err >>all
		facts err any event peer.port local.address host port addresses sent received why >got
		if [ "$v" = -vv ]; then
			[ "$(<got)" = "lookup - - 127.0.0.1 $PORT - - - -
resolved - - 127.0.0.1 $PORT 1 - - -
connecting $PORT - - - - - - -
connected $PORT 127.0.0.1 - - - - - -
sandbox - - - - - - - -
closed $PORT 127.0.0.1 - - - 6 6 both ended" ]
		else
			[ "$(<got)" = "connected $PORT 127.0.0.1 - - - - - -
closed $PORT 127.0.0.1 - - - 6 6 both ended" ]
		fi
	done
	[ "$(words_of plain-v)" = "connected to 127.0.0.1 port $PORT 
closed: sent 6 bytes, received 6 bytes in; both ended" ]
	valid all
	# The time is now, and never goes back.
	facts all any time | sort -c
	[ "$(facts all any time | head -n 1 | cut -c 1-4)" -ge 2024 ]
}

@test "elapsed_ms, rtt_ms and time tell the time" {
	local before after ms
	counterpart pause:0.3 shutdown readall
	before=$(date -u +%FT%T)
	exits 0 "$SOCKIT" connect --json 127.0.0.1 "$PORT" </dev/null 2>err
	after=$(date -u +%FT%T)
	read -r ms < <(facts err closed elapsed_ms)
	[ "${ms%.*}" -ge 250 ]
	[ "${ms%.*}" -lt 5000 ]
	[[ $ms =~ \.[0-9]{1,3}$ ]]
	[[ $(<err) =~ \"elapsed_ms\":[0-9]+\.[0-9]{3}, ]]
	ms=$(facts err closed time)
	[[ ! ${ms%.*} < $before ]]
	[[ ! ${ms%.*} > $after ]]
	[ "$(platform)" != linux ] || [[ $(facts err closed rtt_ms retransmits) =~ ^[0-9.]+\ [0-9]+$ ]]
}

@test "tries, what is waited for, commands: the steps of -vv" {
	PORT=$(free_port)
	sockit connect --json -vv --retry 300ms --interval 200ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ]
	cat err >>all
	[ "$(facts err any event code | sort | uniq -c | sed 's/^ *//')" = '2 connecting -
1 error ETIMEDOUT
2 failed ECONNREFUSED
2 lookup -
2 resolved -
1 retry -' ]
	exits 4 "$SOCKIT" listen --json -vv -w 2200ms 127.0.0.1 0 </dev/null 2>err
	[ "$(facts err any event message | sed '1d; s/port [0-9]*/port/')" = 'waiting waiting for a client (-w)
error port: no client within 2.2 s (-w)' ]
	cat err >>all
	# What has a peer names it.
	counterpart shutdown readall
	exits 0 "$PARENT" 0=pipe 2=pipe 'until:"waiting"' shutdown -- \
		"$SOCKIT" connect --json 127.0.0.1 "$PORT" 2>err
	[ "$(facts err waiting peer.port)" = "$PORT" ]
	[[ $(facts err waiting message) == *--recv-only*--close-on-peer-eof* ]]
	cat err >>all
	valid all
}

@test "commands: pid, status, and those that cannot run" {
	local pid
	counterpart line:hello readall
	exits 3 "$SOCKIT" connect --json -vv 127.0.0.1 "$PORT" -- sh -c 'echo $$; exit 3' </dev/null 2>err
	[ "$(facts err any event status why peer.port | tail -n 3)" = "started - - $PORT
exited 3 - $PORT
closed 3 command ended $PORT" ]
	pid=$(facts err started pid)
	[ "$pid" -gt 1 ]
	[ "$(facts err started message)" = "127.0.0.1 port $PORT: sh has started: process $pid" ]
	# What does not pass here is not counted.
	[ "$(facts err closed sent received)" = '- -' ]
	cat err >>all
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect --json --stats 127.0.0.1 "$PORT" -- cat </dev/null 2>err
	[ "$(facts err closed sent received why status)" = '6 6 command ended 0' ]
	cat err >>all
	# Killed: as a shell has it.
	counterpart readall
	exits 143 "$SOCKIT" connect --json 127.0.0.1 "$PORT" -- sh -c 'kill $$' </dev/null 2>err
	[ "$(facts err closed why status)" = 'command ended 143' ]
	cat err >>all
	counterpart readall
	exits 127 "$SOCKIT" connect --json 127.0.0.1 "$PORT" -- ./none 2>err
	[ "$(facts err any event class code why peer.port)" = "connected - - - $PORT
error socket ENOENT - $PORT
closed - - command not run $PORT" ]
	[ "$(facts err error message)" = './none: No such file or directory (ENOENT)' ]
	cat err >>all
	counterpart readall
	exits 126 "$SOCKIT" connect --json 127.0.0.1 "$PORT" -- "$BATS_TEST_DIRNAME" 2>err
	[ "$(facts err error class code)" = 'socket EACCES' ]
	cat err >>all
	valid all
}

# Several clients.

# counts EVENT N: so many of them are in err.
counts() {
	[ "$(grep -c "^{\"event\":\"$1\"" err)" = "$2" ]
}

@test "-k: each object tells by its id which client it is about" {
	serve --json --stats -k -m 3 --when-full close 127.0.0.1 0 </dev/null >out 2>err
	local port=$PORT
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	eventually counts accepted 1
	counterpart connect:"$port" line:two reset
	eventually counts closed 1
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	eventually counts accepted 3
	exec 6<>"/dev/tcp/127.0.0.1/$port"
	eventually counts accepted 4
	exec 7<>"/dev/tcp/127.0.0.1/$port"
	eventually counts refused 1
	[ -z "$(cat <&7)" ]
	echo one >&4
	exec 4>&-
	eventually counts closed 2
	kill -USR1 "$LISTENER"
	eventually counts total 1
	kill -TERM "$LISTENER"
	ended 143 "$LISTENER"
	exec 5>&- 6>&- 7>&-
	[ "$(facts err accepted id local.port)" = "$(printf "%s $port\n" 1 2 3 4)" ]
	[ "$(facts err refused why)" = full ]
	[ "$(facts err error id code)" = '2 ECONNRESET' ]
	[ "$(facts err closed id why received | sort)" = '1 both ended 4
2 reset 4
3 signal 0
4 signal 0' ]
	[ "$(facts err stats id received sent | sort)" = '3 0 0
4 0 0' ]
	[ "$(facts err total connections received sent)" = '4 8 0
4 8 0' ]
	# The peer is the same all the time.
	[ "$(facts err any id peer.port | grep -v -- - | sort -u | wc -l)" = 4 ]
	[ "$(facts err any event id | tail -n 1)" = 'total -' ]
}

@test "-k: why a client was closed for others' sake" {
	mkfifo in
	"$SOCKIT" listen --json -k -m 1 --when-full close --notify-fd 9 127.0.0.1 0 <in >out 2>err 9>ready 3>&- &
	started
	exec 7>in
	eventually test -s ready
	local port
	read -r _ port <ready
	counterpart connect:"$port" line:one shutdown readall report
	eventually grep -q one out
	exits 0 "$SOCKIT" connect --send-only --linger 50ms 127.0.0.1 "$port" <<<two 2>other
	eventually grep -q two out
	counterpart_ended
	kill "$PID"
	ended 143 "$PID"
	exec 7>&-
	[ "$(facts err closed id why | sed -n 1p)" = '1 replaced' ]

	random_file big 8388608
	serve --json -k --stall 300ms 127.0.0.1 0 <big >out 2>err
	port=$PORT
	counterpart rcvbuf:4096 connect:"$port" hold
	eventually counts accepted 1
	"$SOCKIT" connect -d 127.0.0.1 "$port" >rest 3>&- &
	started
	ended 0 "$PID"
	[ -s rest ]
	eventually counts closed 2
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$(facts err any event id why | sed 1,3d)" = 'dropped 1 -
closed 1 dropped
closed 2 both ended' ]
	[[ $(facts err dropped message) == "127.0.0.1 port "*": dropped: took nothing for 300 ms (--stall)" ]]
}

# Figures.

@test "--stats, --progress and SIGUSR1 as objects" {
	PORT=$(free_port)
	"$SOCKIT" connect --json --retry 10s --interval 100ms 127.0.0.1 "$PORT" </dev/null >out 2>err 3>&- &
	started
	# There is no other way to know that it is there: its handlers are, and they are not the shell's.
	eventually grep -q -- --interval "/proc/$PID/cmdline"
	eventually grep -qE '^SigCgt:.*[2367abef][0-9a-f]{2}$' "/proc/$PID/status"
	kill -USR1 "$PID"
	eventually counts note 1
	kill -HUP "$PID"
	ended 129 "$PID"
	[ "$(facts err note message)" = 'not connected yet' ]
	cat err >>all

	# Without a terminal too, and not in place: an object a second.
	head -c 300000 /dev/zero >file
	serve --json --stats --progress --rate 200k 127.0.0.1 0 </dev/null >out 2>err
	exits 0 "$SOCKIT" connect --json --stats --progress 127.0.0.1 "$PORT" <file 2>other
	ended 0 "$LISTENER"
	cat err other >>all
	[ "$(facts other progress | grep -c .)" -ge 1 ]
	[ "$(facts other progress sent received expected | tail -n 1)" = '300000 0 300000' ]
	[ "$(facts err progress sent received expected | tail -n 1)" = '0 300000 -' ]
	[ "$(facts err progress)" -ge 2 ]
	[ "$(facts err progress rate | tail -n 1)" -gt 100000 ]
	[ "$(facts err progress rate | tail -n 1)" -lt 400000 ]
	[ "$(facts err closed sent received why)" = '0 300000 both ended' ]
	[ "$(facts other closed sent received why)" = '300000 0 both ended' ]
	# On a terminal the same.
	serve 127.0.0.1 0 </dev/null >out 2>err
	exits 0 "$PARENT" 2=tty -- "$SOCKIT" connect --json --progress 127.0.0.1 "$PORT" <file 2>err
	ended 0 "$LISTENER"
	cat err >>all
	[ "$(facts err progress sent | tail -n 1)" = 300000 ]
	valid all
}

# why_of WHY: that is what the line of closed says in the file err.
why_of() {
	local words
	words=$(sed -n 's/.* closed: .*; //p' err)
	[ "$words" = "$1" ] && return
	echo "why: $words, not $1"
	cat err
	return 1
}

@test "-v: why a connection was closed" {
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect -v 127.0.0.1 "$PORT" </dev/null >out 2>err
	why_of 'both ended'
	counterpart line:hello shutdown readall
	exits 0 "$PARENT" 0=pipe -- "$SOCKIT" connect -v --close-on-peer-eof 127.0.0.1 "$PORT" >out 2>err
	why_of 'ended here'
	counterpart line:hello readall
	exits 0 "$SOCKIT" connect -v --read-bytes 3 127.0.0.1 "$PORT" </dev/null >out 2>err
	why_of 'ended here'
	counterpart line:hello readall hold
	exits 0 "$SOCKIT" connect -v -q 100ms 127.0.0.1 "$PORT" </dev/null >out 2>err
	why_of 'ended here'
	counterpart hold
	exits 4 "$SOCKIT" connect -v --timeout 200ms -d 127.0.0.1 "$PORT" </dev/null >out 2>err
	why_of 'time limit'
	counterpart readall
	exits 7 "$SOCKIT" connect -v 127.0.0.1 "$PORT" -- sh -c 'exit 7' </dev/null >out 2>err
	why_of 'command ended, status 7'
	counterpart hold
	spawn "$SOCKIT" connect -v 127.0.0.1 "$PORT" -- sh -c 'echo begun >&2; exec sleep 30' </dev/null >out 2>err
	eventually grep -q begun err
	kill "$PID"
	ended 143 "$PID"
	grep -qE 'closed: after .*; signal$' err
	# Where the stats are asked for as well, they are those of -v.
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect -v --stats 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(grep -c 'closed: sent .*; both ended$' err)" = 1 ]
	[ "$(wc -l <err)" = 2 ]
	counterpart line:hello shutdown readall
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(grep -c 'closed\|both' err)" = 0 ]
}

# How it is written.

@test "one write for each line" {
	needs_strace
	serve --json -k 127.0.0.1 0 </dev/null >received 2>listener.err
	traced write,writev,sendto "$SOCKIT" connect --json -vv --stats 127.0.0.1 "$PORT" \
		<<<hello >out 2>err
	silent out
	valid
	[ "$(grep -c 'write(2, "{.*' trace)" = "$(wc -l <err)" ]
	[ "$(grep -c '(2,' trace)" = "$(wc -l <err)" ]
	[ "$(wc -l <err)" -ge 5 ]
	valid listener.err
	# What does not fit into a line is cut in the midst.
	traced write "$SOCKIT" connect --json -o "$(head -c 100000 /dev/zero | tr '\0' x)" h 1 2>err || :
	[ "$(grep -c '(2,' trace)" = 1 ]
	[ "$(wc -c <err)" -le 4096 ]
	valid
}

@test "-k: nothing is lost or mixed where many write to one stderr" {
	local i n=30 clients=()
	mkfifo pipe
	cat pipe >err 3>&- &
	started
	# shellcheck disable=SC2016 # for sh
	serve --json -vv -k --accept $n -n 127.0.0.1 0 -- sh -c \
		'cat; printf "{\"event\":\"note\",\"time\":\"2026-01-02T03:04:05.000006Z\",%s\n" \
			"\"subcommand\":\"listen\",\"message\":\"$PPID $TCPREMOTEPORT $(printf %0900d 0)\"}" >&2' \
		</dev/null >out 2>pipe
	for ((i = 0; i < n; i++)); do
		"$SOCKIT" connect 127.0.0.1 "$PORT" <<<"$i" >"got.$i" 3>&- &
		started
		clients+=("$PID")
	done
	for i in "${!clients[@]}"; do
		ended 0 "${clients[i]}"
		[ "$(<"got.$i")" = "$i" ]
	done
	ended 0 "$LISTENER"
	eventually counts closed $n
	facts err any event | sort | uniq -c | sed 's/^ *//' >counted
	[ "$(<counted)" = "$(printf '%s\n' "$n accepted" "$n closed" "$n exited" '1 listening' "$n note" '1 sandbox' "$n started")" ]
	silent out
	[ "$(facts err closed id | sort -nu | wc -l)" = $n ]
}

@test "very long words: what is wrong with them is still said" {
	local long word
	long=$(head -c 10000 /dev/zero | tr '\0' x)
	fails 1 socket ENAMETOOLONG connect -o "$long" 127.0.0.1 1
	[[ $(facts err error message) =~ ^x{1000,}\.\.\.x+:\ .*\(ENAMETOOLONG\)$ ]]
	fails 2 usage EINVAL connect -w "$long" 127.0.0.1 1
	[[ $(facts err error message) == "-w, --wait: 'x"*x...x*"x' is not a duration"* ]]
	fails 2 usage EINVAL connect "--$long" 127.0.0.1 1
	fails 2 usage EINVAL connect "$long" 1
	[[ $(facts err error message) == "host 'x"*x...x*"x' is neither an address nor a name" ]]
	fails 2 usage EINVAL listen 1 2 "$long"
	sockit "$long" --json
	told 2 "{*\"message\":\"'x*x...x*x' is no subcommand: see sockit help\"}"
	cat err >>all
	# Four times as long when it can be shown.
	fails 1 socket ENAMETOOLONG connect -o "$(tr x '\377' <<<"$long")" 127.0.0.1 1
	[[ $(facts err error message) =~ ^\\xff.*\.\.\..*\\xff:\ .*\(ENAMETOOLONG\)$ ]]
	# Not within a character, wherever the cuts are.
	word=$(yes é | head -n 5000 | tr -d '\n')
	for long in "$word" "a$word" "${word}z" "${word//é/漢}" "a${word//é/漢}z" "aa${word//é/漢}zz"; do
		fails 1 socket ENAMETOOLONG connect -o "$long" 127.0.0.1 1
		[[ $(<err) != *\\* ]]
		fails 2 usage EINVAL connect -w "$long" h 1
		[[ $(<err) != *\\* ]]
	done
	valid all
}

# full_pipe: opens 6 as the end of a pipe that takes nothing more.
full_pipe() {
	mkfifo full
	exec 6<>full
	dd if=/dev/zero of=full bs=4096 oflag=nonblock 2>dd.err || :
}

@test "a stderr that is closed, full, gone or stuck changes nothing" {
	local words start
	full_pipe
	peer who 127.0.0.1 answer:there
	for words in "0 connect --json 127.0.0.1 $PORT" '1 connect --json 127.0.0.1 1' \
		'2 connect --json h 65536' '3 connect --json 127.0.0.1 nosuchservice' \
		'4 listen --json -w 10ms 127.0.0.1 0'; do
		# shellcheck disable=SC2086 # words
		{
			exits ${words%% *} "$SOCKIT" ${words#* } </dev/null >out 2>/dev/full
			exits ${words%% *} "$SOCKIT" ${words#* } </dev/null >out 2>&-
			exits ${words%% *} "$SOCKIT" ${words#* } </dev/null >out 2>&6
			exits ${words%% *} "$SOCKIT" ${words#* } </dev/null >out 2> >(:)
		}
	done
	# One that is stuck is not waited for again and again.
	serve --json -k --accept 30 127.0.0.1 0 </dev/null >received 2>&6
	start=$(milliseconds)
	for words in {1..30}; do
		exec 7<>"/dev/tcp/127.0.0.1/$PORT"
		echo "$words" >&7
		exec 7>&-
	done
	ended 0 "$LISTENER"
	[ $(($(milliseconds) - start)) -lt 2000 ]
	[ "$(sort -n received)" = "$(printf '%s\n' {1..30})" ]
	exec 6>&-
}

@test "a terminal as stderr that takes nothing for a while" {
	counterpart line:hello hold
	exits 143 "$PARENT" 0=pipe 1=pipe 2=tty+late until:hello storm:1500 pause:0.3 drain pause:0.3 \
		kill:USR1 pause:0.3 kill:TERM -- "$SOCKIT" connect --json 127.0.0.1 "$PORT" >out 2>err
	grep '^{.*"message":".*"}$' err >whole
	[ "$(facts whole any event why | tail -n 2)" = 'stats -
closed signal' ]
}

@test "no line is spoiled by one that was cut" {
	local name
	# Each of these makes two bytes of an object: a line of more than PIPE_BUF.
	name=./$(printf '"%.0s' {1..3000})
	mkfifo pipe
	exec 6<>pipe
	[ "$("$PYTHON" -c 'import fcntl; print(fcntl.fcntl(6, 1032))')" = 65536 ] ||
		skip 'no pipe of 64 KiB'
	# There is room for short lines and once PIPE_BUF.
	yes '' | head -c $((14 * 4096)) >&6
	serve --json -k --accept 2 -n 127.0.0.1 0 -- "$name" </dev/null >out 2>&6
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$PORT" >got
	cat pipe >err 6>&- 3>&- &
	started
	eventually has_bytes err $((15 * 4096))
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$PORT" >got
	ended 1 "$LISTENER"
	exec 6>&-
	ended 0 "$PID"
	grep -v '^$' err >lines
	[ "$(sed -n '3s/.*"\\"\\"\\".*/cut/p' lines)" = cut ]
	sed -i 3d lines
	# That it is closed may come before there is room again, or later.
	[ "$(facts lines any event id | grep -v '^closed 1$')" = 'listening -
accepted 1
accepted 2
error 2
closed 2' ]
}

has_bytes() {
	[ "$(wc -c <"$1")" -ge "$2" ]
}

# What came from outside.

# Bytes that must not reach a terminal, some beside what they resemble; no slash and no newline, so that
# all of it may be the name of a file.
hostile() {
	printf '%b' 'a\033[2J\033]0;t\007b\0001\0002\r\t\177 \\x1b "q" \0302\0233 \0302\0200 \0302\0237 ' \
		'\0200 \0217 \0220 \0237 \0240 \0257 \0260 \0277 \0301 \0377\0376 \0300\0257 \0340\0200\0200 \0355\0240\0200 \0360\0200\0200\0200 ' \
		'\0364\0220\0200\0200 \0371\0200\0200\0200 \0374\0200\0200\0200\0200 \0303 \0342\0202 ' \
		'\0360\0237\0230 \0342\0200\0250 \0342\0200\0256 \0342\0201\0246 \0342\0201\0251 \0342\0200\0247 \0342\0200\0257 ' \
		'\0342\0201\0245 \0342\0201\0252 ok \0302\0240 \0303\0251 \0346\0274\0242 \0360\0237\0230\0200 ' \
		'\0364\0217\0277\0277 \0357\0277\0277 \0355\0237\0277 \0356\0200\0200 end\0302'
}

# shown TEXT: TEXT as it may be shown, by the rules of sockit(1); all of it in python.
shown() {
	python3 - "$1" <<-'END'
		import os, sys
		raw, out, i = os.fsencode(sys.argv[1]), '', 0
		while i < len(raw):
		    for n in (1, 2, 3, 4):
		        try:
		            c = raw[i:i + n].decode('utf-8')
		            break
		        except UnicodeDecodeError:
		            c = None
		    if c is None:
		        n = 1
		    if c in ('\n', '\r', '\t'):
		        out += repr(c)[1:-1]
		    elif c is None or c < ' ' or '\x7f' <= c < '\xa0' or '\u2028' <= c <= '\u202e' or '\u2066' <= c <= '\u2069':
		        out += ''.join(f'\\x{b:02x}' for b in raw[i:i + n])
		    else:
		        out += c
		    i += n
		sys.stdout.buffer.write(out.encode('utf-8'))
	END
}

@test "hostile names in every place are escaped, and nothing else is" {
	local name text words word code=ENOENT
	name=$(hostile)
	text=$(shown "$name")
	[[ $text == 'a\x1b[2J\x1b]0;t\x07b\x01\x02\r\t\x7f \x1b "q" \xc2\x9b \xc2\x80 '* ]]
	[[ $text == *' é 漢 😀 '*' end\xc2' ]]
	fails 1 socket ENOENT connect -o "none/$name" 127.0.0.1 1
	[ "$TEXT" = "none/$text: No such file or directory (ENOENT)" ] || fault -o
	fails 1 socket ENOENT listen -x "none/$name" 127.0.0.1 0
	[[ $TEXT == "none/$text: "* ]] || fault -x
	# Wherever a word is quoted: in an operand, a value, an option, a keyword.
	local place
	for place in '@ 1' 'h @' 'h 1 @' '-w @ h 1' '--timeout=@ h 1' '-q@ h 1' '--sockopt @ h 1' \
		'--sockopt SO_RCVBUF=@ h 1' '--tos @ h 1' '--transport @ h 1' '-s @ h 1' '-p @ h 1' \
		'--keepalive=@ h 1' '--rcvbuf @ h 1' '--json=@ h 1' 'fe80::1%@ 1' 'vsock:@' 'h:@' '--@ h 1'; do
		words=()
		for word in $place; do
			words+=("${word/@/"$name"}")
		done
		fails 2 usage EINVAL connect "${words[@]}" || fault "$place"
		[[ $TEXT == *"${text:0:40}"* ]] || fault "$place: not shown"
	done
	# A path may have any byte. This one is longer than every system can reach.
	[ "$(platform)" = linux ] || code=ENAMETOOLONG
	fails 1 socket $code connect "unix:$name"
	[[ $TEXT == "unix:$text: "* ]] || fault unix:
	valid all
	# Before there is a subcommand too.
	for word in '' help --version; do
		# shellcheck disable=SC2086 # none or one
		sockit $word "$name"
		told 2 'sockit: *'
		[[ $(<err) == *"'$text'"* ]] || fault "$word"
		# shellcheck disable=SC2086
		sockit $word "$name" --json
		[ "$STATUS" = 2 ]
		cat err >>all
	done
	valid all
}

@test "hostile names of commands, and of hosts" {
	local name text word
	name=$(hostile)
	text=$(shown "$name")
	counterpart readall
	exits 127 "$SOCKIT" connect --json 127.0.0.1 "$PORT" -- "./$name" 2>err
	[ "$(facts err error code message)" = "ENOENT ./$text: No such file or directory (ENOENT)" ]
	printf '#!/bin/sh\nexit 5\n' >"$name"
	chmod 755 "$name"
	counterpart readall
	exits 5 "$SOCKIT" connect --json -vv 127.0.0.1 "$PORT" -- "./$name" 2>err
	[[ $(facts err started message) == "127.0.0.1 port $PORT: ./$text has started: process "* ]]
	counterpart readall
	exits 5 "$SOCKIT" connect -vv 127.0.0.1 "$PORT" -- "./$name" 2>err
	grep -qF ": ./$text has started: process " err
	run ! env LC_ALL=C grep -q '[[:cntrl:]]' err
	# What is no UTF-8 is in base64.
	for word in $'\377' $'a\371\200\200\200' $'\355\240\200b' $'\300\257'; do
		sockit connect --json -vv -n 127.0.0.1 "$word"
		told 2 '{*}'
		cat err >>all
		sockit connect --json -vv 127.0.0.1 "$word"
		[ "$STATUS" = 3 ]
		[ "$(facts err lookup port_base64 port)" = "$(printf %s "$word" | base64) -" ]
		[ "$(facts err error port_base64 code)" = "$(printf %s "$word" | base64) EAI_SERVICE" ]
	done
	sockit connect --json -vv 127.0.0.1 é
	[ "$STATUS" = 3 ]
	[ "$(facts err error port port_base64)" = 'é -' ]
	# C1 is UTF-8, but nothing to show.
	sockit connect --json 127.0.0.1 $'\302\233m'
	[ "$STATUS" = 3 ]
	[[ $(<err) == *'"port":"\u009bm",'* ]]
	cat err >>all
	valid all
}
