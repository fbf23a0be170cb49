# resolve --explain: the whole way of a look-up, and what is wrong with it.

# shellcheck disable=SC2016,SC2153 # backquotes that are said; STATUS is set by sockit

load helpers/common
load helpers/words
load helpers/private

setup_file() {
	find_python
	find_musl
}

# system <HOSTS: a system of our own with a server at 127.0.0.1 that answers as the first label says; what stands in
# resolv.conf is kept.
system() {
	[ -e resolv.conf ] || printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	private
	peer nameserver zone
}

# clean FILE...: nothing in there would do anything to a terminal.
clean() {
	if LC_ALL=C grep -q $'[\001-\010\013-\037\177]' "$@"; then
		cat -v "$@"
		return 1
	fi
}

# explains STATUS ARG...
explains() {
	sockit resolve --explain "${@:2}"
	[ "$STATUS" = "$1" ] || fault "status $1 was expected: ${*:2}"
}

# step PATTERN: is there just one line that is so? `~` is a tab.
step() {
	[ "$(grep -cxE "${1//\~/$'\t'}" out)" = 1 ] || fault "no such step: $1"
}

# wrong PATTERN...: the last lines say that, one each, and nothing else. None: there is no such line.
wrong() {
	local found pattern i=0
	mapfile -t found < <(grep ^wrong out)
	[ ${#found[@]} = $# ] || fault "${#found[@]} things are wrong, not $#"
	[ $# = 0 ] || [ "$(tail -n $# out)" = "$(printf '%s\n' "${found[@]}")" ] || fault 'not at the end'
	for pattern in "$@"; do
		[[ ${found[i++]} =~ ^wrong$'\t'$pattern$ ]] || fault "not wrong: $pattern"
	done
}

MS='~[0-9]+\.[0-9] ms'

@test "each step is told, in order, with its place and its time" {
	system <<-'END'
		# comment
		127.0.0.1 localhost

		192.0.2.1 ok.test other
	END
	explains 0 -4 ok.test
	silent
	step 'nsswitch~/etc/nsswitch\.conf:1~-~files dns'
	step "hosts~/etc/hosts:4~ok\.test~192\.0\.2\.1 ok\.test other$MS"
	step 'search~/etc/resolv\.conf~ok\.test~ok\.test \(ndots 1\)'
	step "server~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS"
	step "getaddrinfo~-~ok\.test~192\.0\.2\.1$MS"
	step 'source~-~192\.0\.2\.1~no way there: Network (is )?unreachable \(ENETUNREACH\)'
	[ "$(cut -f 1 out | xargs)" = 'nsswitch hosts search server getaddrinfo source wrong' ]
	wrong 'there is no route to any of its addresses: nothing can connect'
	# A way there.
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 ok.test
	step 'source~-~192\.0\.2\.1~from 127\.0\.0\.1'
	wrong
	explains 0 localhost
	step 'source~-~127\.0\.0\.1~from 127\.0\.0\.1'
	step "server~127\.0\.0\.1 port 53~localhost A~no such name \(NXDOMAIN\)$MS"
	step "server~127\.0\.0\.1 port 53~localhost AAAA~no such name \(NXDOMAIN\)$MS"
	wrong
}

@test "the search list, by ndots" {
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\nsearch a.test real.test\n' >resolv.conf
	system <<<'127.0.0.1 localhost'
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 v4
	step 'search~/etc/resolv\.conf:3~v4~v4\.a\.test v4\.real\.test v4 \(ndots 1\)'
	step "server~127\.0\.0\.1 port 53~v4\.a\.test A~192\.0\.2\.1$MS"
	wrong
	explains 3 -4 gone.here
	step 'search~/etc/resolv\.conf:3~gone\.here~gone\.here gone\.here\.a\.test gone\.here\.real\.test \(ndots 1\)'
	[ "$(grep -c ^server out)" = 3 ]
	wrong 'neither the hosts file nor a server knows it, so that no program finds it'
	says '^sockit resolve: gone\.here: no such name \(EAI_NONAME\)$'
	explains 3 -4 gone.here.
	step 'search~/etc/resolv\.conf~gone\.here\.~as it is: it ends in a dot'
	[ "$(grep -c ^server out)" = 1 ]
	echo 'options ndots:3' >>resolv.conf
	explains 0 -4 ok.here
	step 'search~/etc/resolv\.conf:3~ok\.here~ok\.here\.a\.test ok\.here\.real\.test ok\.here \(ndots 3\)'
	wrong 'a search suffix matched: ok\.here\.a\.test is what was found, not ok\.here, which only `ok\.here\.` asks for'
}

@test "a server that is dead, silent, slow or no server at all" {
	printf 'nameserver 127.0.0.9\nnameserver 127.0.0.1\nnameserver nonsense\noptions timeout:1 attempts:1\n' >resolv.conf
	system <<<'127.0.0.1 localhost'
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 ok.test
	step "server~127\.0\.0\.9 port 53~ok\.test A~Connection refused \(ECONNREFUSED\)$MS"
	step "server~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS"
	step 'server~/etc/resolv\.conf:3~nonsense~it is no address'
	wrong "/etc/resolv\.conf:3: 'nonsense' is no address, and is passed over" \
		'server 127\.0\.0\.9 port 53: Connection refused \(ECONNREFUSED\), so that another one must know it'
	explains 3 -4 servfail.test
	step "server~127\.0\.0\.1 port 53~servfail\.test A~the server failed \(SERVFAIL\)$MS"
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	explains 4 -w 200ms -4 silent.test
	step "server~127\.0\.0\.1 port 53~silent\.test A~no answer to 1 question$MS"
	wrong 'server 127\.0\.0\.1 port 53: no answer to 1 question, so that each look-up waits for it in vain' \
		'getaddrinfo has no answer yet, and whoever calls it waits as long'
	sockit resolve --explain -4 loop.test
	step "server~127\.0\.0\.1 port 53~loop\.test A~the answer cannot be read: .*$MS"
	: >resolv.conf
	explains 0 -4 ok.test
	step "server~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS"
}

@test "hosts file and DNS disagree, servers disagree" {
	printf 'nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n' >resolv.conf
	system <<-'END'
		127.0.0.1 localhost
		192.0.2.77 v4.test
	END
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	first=$PEER
	peer nameserver address:127.0.0.2 ptr:x # it knows no name
	sockit resolve --explain -4 ok.test # the status is that of the system, which may ask either of them
	wrong 'the servers disagree: 127\.0\.0\.1 port 53 says 192\.0\.2\.1, 127\.0\.0\.2 port 53 says that there is none, so that it depends on which of them is asked'
	echo 'nameserver 127.0.0.1' >resolv.conf
	explains 0 -4 v4.test
	wrong 'hosts file and DNS disagree: /etc/hosts:2 says 192\.0\.2\.77, 127\.0\.0\.1 says 192\.0\.2\.1, so that programs which ask DNS themselves go elsewhere'
	runs "$first"
}

@test "what nsswitch.conf does not ask" {
	[ ! "${MUSL-}" ] || skip 'this program does not look there'
	system <<-'END'
		127.0.0.1 localhost
		192.0.2.1 filed.test
	END
	echo 'hosts: dns' >nsswitch.conf
	explains 3 filed.test
	step 'nsswitch~/etc/nsswitch\.conf:1~-~dns'
	wrong 'the hosts file has it, and nsswitch\.conf does not ask `files`, so that no program finds it there'
	echo 'hosts: files [NOTFOUND=return] dns' >nsswitch.conf
	explains 3 -4 ok.test
	step 'nsswitch~/etc/nsswitch\.conf:1~-~files \(the last one where a name is not known\) dns'
	wrong 'getaddrinfo does not find what is there, and neither does a program'
	echo 'hosts: files' >nsswitch.conf
	explains 3 -4 ok.test
	wrong 'DNS has it, and nsswitch\.conf does not ask `dns`, so that no program finds it there'
}

@test "what only IPv6 has" {
	system <<-'END'
		127.0.0.1 localhost
		192.0.2.1 filed.test
	END
	if [ ! "${MUSL-}" ]; then
		echo 'hosts: files' >nsswitch.conf
		explains 3 -6 filed.test
		step 'hosts~/etc/hosts~filed\.test~no line has it with an IPv6 address'"$MS"
		step "getaddrinfo~-~filed\.test~it has no IPv6 address \(EAI_NODATA\)$MS"
		wrong 'it has no address of the family that was asked for, and cannot be reached by it'
		echo 'hosts: files dns' >nsswitch.conf
	fi
	explains 0 v6.test
	step 'source~-~2001:db8::1~no way there: .*'
	wrong 'it has IPv6 addresses only, and there is no route to them: nothing can connect'
}

@test "an address: its names" {
	system <<-'END'
		127.0.0.1 localhost
		10.0.0.1 ok.test
	END
	explains 0 10.0.0.1
	step "hosts~/etc/hosts:2~10\.0\.0\.1~10\.0\.0\.1 ok\.test$MS"
	step "server~127\.0\.0\.1 port 53~10\.0\.0\.1 PTR~ok\.test$MS"
	step "getnameinfo~-~10\.0\.0\.1~ok\.test$MS"
}

@test "several words, at a terminal, and as JSON" {
	system <<<'127.0.0.1 localhost'
	explains 3 localhost gone.test
	[ "$(cut -f 1 out | uniq | xargs)" = 'localhost gone.test' ]
	explains 3 --json localhost gone.test 127.0.0.1
	[ "$("$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/schema.py" out)" = 3 ]
	sed -n 2p out | grep -q '"wrong":\["neither the hosts file nor a server knows it, so that no program finds it"\],.*"error":{"class":"resolve","code":"EAI_NONAME"'
	sed -n 1p out | grep -q '"addresses":\[{"family":"inet","address":"127.0.0.1"}'
	within 10 "$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/width.py" 80 "$SOCKIT" resolve --explain localhost >out
	grep -q '^nsswitch  */etc/nsswitch.conf:1  ' out
	# The columns line up, whatever is in them, and what is too long goes on below.
	for columns in 80 120; do
		within 10 "$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/width.py" $columns \
			"$SOCKIT" resolve --explain -4 gone.test >out 2>err || [ $? = 3 ]
		grep -qE '^server {7,10}[0-9.]+ ms  127\.0\.0\.1 port 53      gone\.test A: no such' out
		[ -z "$(sed -nE '/^wrong /q; /^(.{24}[^ ].{20} {2}[^ ]| {47}[^ ])/!p' out)" ]
		grep -qE '^wrong {8}neither the hosts file ' out
		[ -z "$(awk -v most=$columns 'length > most' out)" ]
	done
	# The error comes last.
	within 10 "$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/width.py" 80 \
		sh -c '"$1" resolve --explain -4 gone.test 2>&1' - "$SOCKIT" >out || [ $? = 3 ]
	tail -n 1 out | grep -qx 'sockit resolve: gone\.test: no such name (EAI_NONAME)'
	[ "$(grep -c ^sockit out)" = 1 ]
	echo localhost | within 10 "$SOCKIT" resolve --explain - >out
	[ "$(cut -f 1 out | uniq)" = localhost ]
}

@test "files that are long, wrong, or not there" {
	system <<<'127.0.0.1 localhost'
	{
		head -c 200000 /dev/urandom
		seq 1 20000 | sed 's/.*/10.0.0.& name&.test/'
		echo
		echo '10.9.9.9 last.test # comment'
	} >hosts
	head -c 100000 /dev/urandom >nsswitch.conf
	sockit resolve --explain -w 1 last.test
	grep -q $'^hosts\t/etc/hosts:[0-9]*\tlast.test\t10.9.9.9 last.test\t' out || fault 'not found'
	clean out
	{
		echo 'nameserver 127.0.0.1'
		head -c 100000 /dev/urandom
	} >resolv.conf
	sockit resolve --explain -w 1 localhost
	clean out
}

@test "a hosts file or a resolv.conf that is a FIFO is told, and holds nothing up" {
	private </dev/null
	mkfifo pipe
	inside sh -c 'mount --bind pipe /etc/hosts && mount --bind pipe /etc/resolv.conf'
	explains 4 -w 0.2 localhost
	grep -q $'^hosts\t/etc/hosts\t.*not a regular file (ENOTSUP)' out
	grep -q $'^resolv\t/etc/resolv.conf\t.*not a regular file' out
}
