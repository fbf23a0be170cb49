# connect --ping: how long connecting takes, again and again.
# shellcheck disable=SC2016

load helpers/common
load helpers/words
load helpers/private

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# bats test_tags=valgrind
@test "a line for each, and the figures" {
	peer ports open
	local time='[0-9]+\.[0-9]{3}' lines
	sockit connect --ping -c 3 --interval 20ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault status
	silent
	mapfile -t lines <out
	[ ${#lines[@]} = 6 ] || fault 'six lines'
	[ "${lines[0]}" = "connecting to 127.0.0.1 port $PORT" ] || fault 'the first'
	for i in 1 2 3; do
		[[ ${lines[i]} =~ ^127\.0\.0\.1\ port\ $PORT:\ seq=$i\ time=$time\ ms$ ]] || fault "$i"
	done
	[[ ${lines[4]} =~ ^127\.0\.0\.1\ port\ $PORT:\ 3\ sent,\ 3\ answered,\ 0\ lost\ \(0%\)\ in\ [0-9.]+\ m?s$ ]] || fault figures
	[[ ${lines[5]} =~ ^connect\ time\ min/avg/max/stddev\ $time/$time/$time/$time\ ms$ ]] || fault times
	# The figures are those of the lines.
	python3 - out <<-'END'
		import math, re, sys
		text = open(sys.argv[1]).read()
		times = [float(t) for t in re.findall(r'time=([\d.]+)', text)]
		told = [float(t) for t in re.search(r'stddev ([\d./]+)', text)[1].split('/')]
		mean = sum(times) / len(times)
		stddev = math.sqrt(sum((t - mean) ** 2 for t in times) / len(times))
		for a, b in zip(told, (min(times), mean, max(times), stddev)):
		    assert abs(a - b) < 0.002, (told, times)
	END
}

@test "a name: the look-up has a time of its own" {
	private <<<'127.0.0.1 four'
	peer ports open
	sockit connect --ping -c 1 four "$PORT"
	[ "$STATUS" = 0 ] || fault status
	[[ $(head -n 1 out) =~ ^connecting\ to\ four\ port\ $PORT:\ 1\ address,\ looked\ up\ in\ [0-9.]+\ ms$ ]] || fault 'the first line'
	sockit connect --ping --json -c 1 four "$PORT"
	[ "$(python3 "$SCHEMA" out summary lookup_ms)" != - ]
	peer nameserver
	sockit connect --ping nosuch.invalid 80
	told 3 'sockit connect: host nosuch.invalid: * (EAI_NONAME)'
	sockit connect --ping four nosuch
	told 3 'sockit connect: port nosuch: no such service (EAI_SERVICE)'
}

@test "a name is looked up again once a minute has passed" {
	# A clock that we put forward.
	preload later
	private <<<'127.0.0.1 moving'
	export LATER=$PWD/now
	peer ports open
	spawn "${PRELOADED[@]}" "$SOCKIT" connect --ping --interval 20ms moving "$PORT" >out 2>err
	local plain=$PID
	spawn "${PRELOADED[@]}" "$SOCKIT" connect --ping --json --interval 20ms moving "$PORT" >objects 2>err.json
	eventually grep -q '"seq":3,' objects
	eventually grep -q '^127\.0\.0\.1 port .* seq=3 ' out
	sed 's/127\.0\.0\.1/127.0.0.7/' hosts >hosts.new
	cat hosts.new >hosts
	pause 0.1
	! grep -q 127.0.0.7 out || fault 'too early'
	: >now
	eventually grep -q "^moving port $PORT: looked up again: now 127\.0\.0\.7$" out
	eventually grep -q "^127\.0\.0\.7 port $PORT: seq=" out
	eventually grep -q '"event":"moved"' objects
	kill -TERM "$PID" "$plain"
	ended 143 "$PID"
	ended 143 "$plain"
	[ "$(python3 "$SCHEMA" objects moved host addresses.0.address)" = 'moving 127.0.0.7' ] || fault object
	[ "$(grep -c 'looked up again' out)" = 1 ] || fault 'said once'
	silent
}

# bats test_tags=valgrind
@test "refused: told for each, and exit 1 if none answered" {
	peer ports closed
	sockit connect --ping -c 2 --interval 10ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ] || fault status
	[ "$(grep -cE "^127\.0\.0\.1 port $PORT: seq=[12] Connection refused \(ECONNREFUSED\) time=[0-9.]+ ms$" out)" = 2 ] || fault lines
	grep -qE ': 2 sent, 0 answered, 2 lost \(100%\) in ' out || fault figures
	! grep -q stddev out || fault 'times of nothing'
	says "^sockit connect: 127\.0\.0\.1 port $PORT: none of 2 answered: Connection refused \(ECONNREFUSED\)$"
	sockit connect --ping --quiet -c 1 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ] || fault status
	silent
}

@test "silence: -w for each, and the next one does not wait for it" {
	peer ports silent
	at_best 1400 timed sockit connect --ping -c 5 --interval 50ms -w 300ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 1 ] || fault status
	[ "$(grep -cE "^127\.0\.0\.1 port $PORT: seq=[1-5] no answer within 300 ms \(-w\)$" out)" = 5 ] || fault lines
	[ "$TOOK" -ge 500 ] || fault "took $TOOK ms"
	says ": none of 5 answered: no answer within 300 ms \(-w\)$FULL\$"
}

@test "--json: an object for each, and one for all" {
	peer ports open closed
	local p
	read -ra p <<<"$PORT"
	sockit connect --ping --json -c 2 --interval 10ms 127.0.0.1 "${p[0]}"
	[ "$STATUS" = 0 ] || fault status
	silent
	[ "$(python3 "$SCHEMA" out ping seq state code host peer.port)" = "1 open - 127.0.0.1 ${p[0]}
2 open - 127.0.0.1 ${p[0]}" ]
	[ "$(python3 "$SCHEMA" out summary sent answered lost host port)" = "2 2 0 127.0.0.1 ${p[0]}" ]
	[ "$(python3 "$SCHEMA" out summary min_ms avg_ms max_ms stddev_ms | grep -c -e -)" = 0 ]
	sockit connect --ping --json -c 1 127.0.0.1 "${p[1]}"
	[ "$(python3 "$SCHEMA" out ping state code)" = 'closed ECONNREFUSED' ]
	[ "$(python3 "$SCHEMA" out summary sent answered lost min_ms)" = '1 0 1 -' ]
	[ "$(python3 "$SCHEMA" err error class code)" = 'socket ECONNREFUSED' ]
}

@test "a signal ends it with the figures" {
	peer ports open
	local signal
	for signal in INT TERM; do
		rm -f out
		# A background job of a shell has SIGINT ignored.
		python3 -S -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$SOCKIT" connect --ping --interval 10ms 127.0.0.1 "$PORT" \
			>out 2>err 3>&- &
		started
		eventually grep -q 'seq=3 ' out
		kill -USR1 "$PID"
		eventually grep -q 'sent, .* answered, avg ' err
		kill -$signal "$PID"
		ended $((128 + $(kill -l $signal))) "$PID"
		grep -qE " sent, [0-9]+ answered, 0 lost \(0%\) in " out
		grep -q '^connect time min/avg/max/stddev ' out
		says '^sockit connect: 127\.0\.0\.1 port [0-9]+: [0-9]+ sent, [0-9]+ answered, avg [0-9.]+ ms$'
	done
	# So does the limit for the run.
	sockit connect --ping --interval 10ms --timeout 100ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 4 ] || fault status
	grep -q ' sent, ' out || fault figures
}

@test "--interval is steady, and 0 goes on at once" {
	peer ports open
	at_best 1000 timed sockit connect --ping -c 11 --interval 50ms 127.0.0.1 "$PORT"
	[ "$TOOK" -ge 500 ] || fault "took $TOOK ms"
	at_best 1500 timed sockit connect --ping -c 60 --interval 0 127.0.0.1 "$PORT"
	[ "$(grep -c time= out)" = 60 ] || fault 'sixty'
}

@test "a service that goes and comes back" {
	peer ports open
	local port=$PORT
	"$SOCKIT" connect --ping --interval 20ms 127.0.0.1 "$port" >out 2>err 3>&- &
	started
	local ping=$PID
	eventually grep -q 'time=' out
	kill "$PEER"
	eventually grep -q 'ECONNREFUSED' out
	peer ports "open:$port"
	eventually sh -c 'sed -n "/ECONNREFUSED/,\$p" out | grep -q "seq=[0-9]* time="'
	kill -TERM "$ping"
	ended 143 "$ping"
	grep -qE ' [1-9][0-9]* lost ' out
}

@test "the server sees connections that end" {
	counterpart report say:next
	sockit connect --ping -c 1 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault status
	peer who 127.0.0.1
	sockit connect --ping -c 2 --interval 10ms 127.0.0.1 "$PORT"
	[ "$STATUS" = 0 ] || fault status
}

@test "stdout: full, closed, broken" {
	peer ports open
	STATUS=0
	within 10 "$SOCKIT" connect --ping -c 1 127.0.0.1 "$PORT" 2>err 3>&- >/dev/full || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit connect: stdout: No space left on device \(ENOSPC\)$'
	local statuses
	within 10 "$SOCKIT" connect --ping --interval 10ms 127.0.0.1 "$PORT" 2>err 3>&- | head -n 2 >line
	statuses=("${PIPESTATUS[@]}")
	[ "${statuses[0]}" = 141 ]
	silent
}

@test "what cannot be used is refused" {
	local option
	refuses "-c, --count: '0' is out of range *" connect --ping -c 0 h 80
	refuses "-c, --count: 'x' is not a number" connect --ping -c x h 80
	refuses '--count needs --ping or --trace' connect -c 3 h 80
	refuses "--interval: '-1' is not a duration*" connect --ping --interval -1 h 80
	refuses "--ping and '-- cat' exclude each other" connect --ping h 80 -- cat
	refuses "port '80,81' is a name, *" connect --ping -n 127.0.0.1 80,81
	for option in '--retry 1' -F '-e cat' -d --stats --fastopen '--heartbeat 1'; do
		# shellcheck disable=SC2086 # words
		refuses '--ping and --* exclude each other' connect --ping $option h 80
	done
	refuses "extra operand '81'" connect --ping h 80 81
}
