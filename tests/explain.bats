# resolve --explain: the whole way of a look-up, and what is wrong with it.

# shellcheck disable=SC2016 # backquotes that are said

load helpers/common
load helpers/words
load helpers/private
load helpers/explain

# What the look-up asks is seen where it can be followed; else we ask the same ourselves.
setup_file() {
	find_python
	find_musl
	export ASKED=server SILENT='no answer'
	if "$SOCKIT" resolve --explain 127.1 | grep -q ^followed; then
		ASKED=probe SILENT='no answer to 1 question'
	fi
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

# worked_out PATTERN: a step that is told only where the look-up cannot be followed.
worked_out() {
	if [ "$ASKED" = server ]; then
		! grep -q "^${1%%~*}" out
	else
		step "$1"
	fi
}

@test "each step is told, in order, with its place and its time" {
	system <<-'END'
		# comment
		127.0.0.1 localhost

		192.0.2.1 ok.test other
	END
	explains 0 -4 ok.test
	silent
	[ "${MUSL-}" ] || step 'nsswitch~/etc/nsswitch\.conf:1~-~files dns'
	step "hosts~/etc/hosts:4~ok\.test~192\.0\.2\.1 ok\.test other$MS"
	step "probe~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS" # it is in the hosts file
	step "getaddrinfo~-~ok\.test~192\.0\.2\.1$MS"
	step 'source~-~192\.0\.2\.1~no way there: Network (is )?unreachable \(ENETUNREACH\)'
	step 'resolv~/etc/resolv\.conf:1~-~nameserver 127\.0\.0\.1'
	order hosts probe source wrong
	order getaddrinfo source
	explains 0 -4 v4.test
	step "$ASKED~127\.0\.0\.1 port 53~v4\.test A~192\.0\.2\.1$MS"
	order resolv "$ASKED"
	order hosts "$ASKED"
	wrong 'there is no route to any of its addresses: nothing can connect'
	# A way there.
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 ok.test
	step 'source~-~192\.0\.2\.1~from 127\.0\.0\.1'
	wrong
	explains 0 localhost
	step 'source~-~127\.0\.0\.1~from 127\.0\.0\.1'
	# Nobody has asked for that.
	step 'search~/etc/resolv\.conf~localhost~localhost \(ndots 1\)'
	step "probe~127\.0\.0\.1 port 53~localhost A~no such name \(NXDOMAIN\)$MS"
	step "probe~127\.0\.0\.1 port 53~localhost AAAA~no such name \(NXDOMAIN\)$MS"
	wrong
}

@test "the search list, by ndots" {
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\nsearch a.test real.test\n' >resolv.conf
	system <<<'127.0.0.1 localhost'
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 v4
	step 'resolv~/etc/resolv\.conf:3~-~search a\.test real\.test'
	worked_out 'search~/etc/resolv\.conf:3~v4~v4\.a\.test v4\.real\.test v4 \(ndots 1\)'
	step "$ASKED~127\.0\.0\.1 port 53~v4\.a\.test A~192\.0\.2\.1$MS"
	wrong
	explains 3 -4 gone.here
	names='gone.here A gone.here.a.test A gone.here.real.test A'
	[ ! "${MUSL-}" ] || names='gone.here A' # a name with a dot gets no suffix there
	worked_out 'search~/etc/resolv\.conf:3~gone\.here~gone\.here gone\.here\.a\.test gone\.here\.real\.test \(ndots 1\)'
	[ "$(grep "^$ASKED" out | cut -f 3 | xargs)" = "$names" ]
	wrong 'neither the hosts file nor a server knows it, so that no program finds it'
	says '^sockit resolve: gone\.here: no such name \(EAI_NONAME\)$'
	explains 3 -4 gone.here.
	worked_out 'search~/etc/resolv\.conf~gone\.here\.~as it is: it ends in a dot'
	[ "$(grep -c "^$ASKED" out)" = 1 ]
	echo 'options ndots:3' >>resolv.conf
	explains 0 -4 ok.here
	worked_out 'search~/etc/resolv\.conf:3~ok\.here~ok\.here\.a\.test ok\.here\.real\.test ok\.here \(ndots 3\)'
	wrong 'a search suffix matched: ok\.here\.a\.test is what was found, not ok\.here, which only `ok\.here\.` asks for'
}

@test "a server that is dead, silent, slow or no server at all" {
	printf 'nameserver 127.0.0.9\nnameserver 127.0.0.1\nnameserver nonsense\noptions timeout:1 attempts:1\n' >resolv.conf
	system <<<'127.0.0.1 localhost'
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	explains 0 -4 ok.test
	# musl asks all at once, and by a socket that hears of no refusal.
	[ ! "${MUSL-}" ] || ASKED=probe
	step "$ASKED~127\.0\.0\.9 port 53~ok\.test A~Connection refused \(ECONNREFUSED\)$MS"
	setup_file
	step "$ASKED~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS"
	step 'resolv~/etc/resolv\.conf:3~-~nameserver nonsense'
	wrong "/etc/resolv\.conf:3: 'nonsense' is no address, and is passed over" \
		'server 127\.0\.0\.9 port 53: Connection refused \(ECONNREFUSED\), so that another one must know it'
	explains 3 -4 servfail.test
	grep -qE $'^'$ASKED$'\t127\.0\.0\.1 port 53\tservfail\.test A\tthe server failed \(SERVFAIL\)\t' out
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	explains 4 -w 200ms -4 silent.test
	step "$ASKED~127\.0\.0\.1 port 53~silent\.test A~$SILENT$MS"
	wrong "server 127\.0\.0\.1 port 53: $SILENT, so that each look-up waits for it in vain" \
		'getaddrinfo has no answer yet, and whoever calls it waits as long'
	sockit resolve --explain -4 loop.test
	step "$ASKED~127\.0\.0\.1 port 53~loop\.test A~the answer cannot be read: .*$MS"
	: >resolv.conf
	explains 0 -4 ok.test
	step "$ASKED~127\.0\.0\.1 port 53~ok\.test A~192\.0\.2\.1$MS"
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
	step 'nsswitch~/etc/nsswitch\.conf:1~-~files \[NOTFOUND=return\] dns'
	if [ "$ASKED" = server ]; then
		wrong 'a server has it, and getaddrinfo has asked none, so that no program finds it'
	else
		wrong 'getaddrinfo does not find what is there, and neither does a program'
	fi
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
	step "probe~127\.0\.0\.1 port 53~10\.0\.0\.1 PTR~ok\.test$MS"
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
	grep -q '^hosts  .* /etc/hosts:1  ' out
	# The columns line up, whatever is in them, and what is too long goes on below.
	for columns in 80 120; do
		within 10 "$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/width.py" $columns \
			"$SOCKIT" resolve --explain -4 gone.test >out 2>err || [ $? = 3 ]
		grep -qE "^$ASKED {7,11}[0-9.]+ ms  127\.0\.0\.1 port 53      gone\.test A: no such" out
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
	seq 66 | sed 's/.*/10.8.0.& many.test/' >hosts
	sockit resolve --explain -w 1 many.test
	[ "$(grep -c $'^hosts\t/etc/hosts:' out)" = 64 ]
	grep -q $'^hosts\t/etc/hosts\tmany.test\t2 more lines have it\t*$' out || fault 'not that there are more'
}

@test "a hosts file or a resolv.conf that is a FIFO is told, and holds nothing up" {
	private </dev/null
	mkfifo pipe
	inside sh -c 'mount --bind pipe /etc/hosts && mount --bind pipe /etc/resolv.conf'
	explains 4 -w 0.2 localhost
	grep -q $'^hosts\t/etc/hosts\t.*not a regular file (ENOTSUP)' out
	grep -q $'^resolv\t/etc/resolv.conf\t.*not a regular file' out
}

# told_as_asked: the questions that are told are those that the server has had since the last call, in their order.
# Behind them comes the question whether the name has addresses of the other family.
told_as_asked() {
	local said told
	told=$(grep -E $'^(server|probe)\t127.0.0.1 ' out | cut -f 3)
	said=$(tail -n "+$((HEARD + 1))" peer.out | sed -nE 's/^udp (.*)/\1/p; s/^tcp (.*)/\1 by TCP/p' | grep -v AAAA)
	HEARD=$(wc -l <peer.out)
	[ "$told" = "$said" ] || fault "asked: $said"
}

# by_libc GLIBC MUSL: the names that the look-up has asked for, separated by blanks.
by_libc() {
	local names=$1
	[ ! "${MUSL-}" ] || names=$2
	[ "$(grep ^server out | cut -f 3 | cut -d ' ' -f 1 | xargs)" = "$names" ] || fault "not asked for: $names"
}

@test "what the libc makes of its files and its environment is seen" {
	[ "$ASKED" = server ] || skip 'the look-up cannot be followed'
	system <<<'127.0.0.1 localhost'
	HEARD=0
	# Neither is a comment, nor a number to its end.
	printf 'nameserver 127.0.0.1\nsearch c.test # office b.test\noptions timeout:1 attempts:1\n' >resolv.conf
	explains 3 -4 gone
	by_libc 'gone.c.test gone.# gone.office gone.b.test gone' 'gone.c.test gone.# gone.office gone.b.test gone'
	told_as_asked
	printf 'nameserver 127.0.0.1\nsearch s.test\noptions ndots:2x\n' >resolv.conf
	explains 3 -4 gone.here
	by_libc 'gone.here.s.test gone.here' 'gone.here.s.test gone.here'
	told_as_asked
	# No server, so this host; a blank before the keyword, and a port.
	printf ' nameserver 127.0.0.9\nnameserver 127.0.0.9:5353\noptions use-vc\n' >resolv.conf
	explains 0 -4 ok.test
	[ ! "${MUSL-}" ] || grep -q $'^server\t127.0.0.1 port 53\tok.test A\t' out
	[ "${MUSL-}" ] || grep -q $'^server\t127.0.0.1 port 53\tok.test A by TCP\t' out
	told_as_asked
	printf 'nameserver 127.0.0.1\nsearch s.test\n' >resolv.conf
	LOCALDOMAIN=a.test explains 3 -4 gone
	by_libc 'gone.a.test gone' 'gone.s.test gone'
	told_as_asked
	# A server that does not serve: how a search list ends.
	printf 'nameserver 127.0.0.1\nsearch refused.test b.test\noptions timeout:1 attempts:1\n' >resolv.conf
	sockit resolve --explain -4 refused
	[ "${MUSL-}" ] || by_libc 'refused.refused.test refused' ''
	told_as_asked
}

@test "what hurts, and is told" {
	[ "$ASKED" = server ] || skip 'the look-up cannot be followed'
	system <<-'END'
		127.0.0.1 localhost
		192.0.2.1 Case.test
		192.0.2.1 two.test
		2001:db8::1 two.test
	END
	inside ip route add 192.0.2.0/24 dev lo src 127.0.0.1
	sockit resolve --explain halves.test
	grep -q $'^wrong\tserver 127.0.0.1 port 53 says that there is no such name as halves.test for AAAA, and has its A: ' out
	sockit resolve --explain -4 tcpcut.test
	if [ "${MUSL-}" ]; then
		grep -q $'^wrong\t.* too long for a datagram, and this program.s libc does not ask by TCP' out
	else
		grep -q $'^wrong\t.* too long for a datagram, and by TCP it does not answer' out
	fi
	explains 0 -4 big.test || [ "${MUSL-}" ]
	[ "${MUSL-}" ] || grep -q $'^server\t127.0.0.1 port 53\tbig.test A by TCP\t10\.1\.0\.0 ' out
	sockit resolve --explain -4 case.test
	[ ! "${MUSL-}" ] || wrong "the hosts file has it in another case, which for this program's libc is another name"
	[ "${MUSL-}" ] || step "hosts~/etc/hosts:2~case\.test~192\.0\.2\.1 Case\.test$MS"
	explains 3 nodata.test
	wrong 'it is there, and has no address: nothing can connect' || [ "${MUSL-}" ]
	explains 0 127.1
	[ "$(cut -f 1 out | xargs)" = 'getaddrinfo source' ]
	if [ ! "${MUSL-}" ]; then
		echo 'hosts: files absent [!UNAVAIL=return] dns' >nsswitch.conf
		explains 0 -4 ok.test
		step 'nsswitch~/etc/nsswitch\.conf:1~-~files absent \[!UNAVAIL=return\] dns'
		step 'module~libnss_absent\.so\.2~-~it is not installed'
		order nsswitch module server getaddrinfo
		wrong '/etc/nsswitch\.conf names `absent`, whose module libnss_absent\.so\.2 is not installed: it counts as UNAVAIL'
	fi
	printf 'nameserver 127.0.0.1\nnameserver 127.0.0.1\nnameserver 127.0.0.1\nnameserver 127.0.0.4\n' >resolv.conf
	echo 'hosts: files dns' >nsswitch.conf
	explains 0 -4 ok.test
	wrong '/etc/resolv\.conf names 4 servers, of which only the first 3 are ever asked' || [ "${MUSL-}" ]
	# What is no address is not one of them.
	printf 'nameserver bogus\nnameserver 127.0.0.1\nnameserver 127.0.0.1\nnameserver 127.0.0.1\n' >resolv.conf
	explains 0 -4 ok.test
	[ "$(grep -c 'ever asked' out)" = 0 ] || fault 'four, though one is no address'
	[ "$(grep -c 'bogus.*is no address' out)" = 1 ] || fault 'bogus is not told of'
	echo 'nameserver 127.0.0.1' >>resolv.conf
	explains 0 -4 ok.test
	grep -q 'names 4 servers, of which' out
}

@test "what a libc asks again, in two cases, for many names, and what it is told beside" {
	[ "$ASKED" = server ] || skip 'the look-up cannot be followed'
	system <<<'127.0.0.1 localhost'
	HEARD=0
	# The same question a second time, of the same socket, and no answer that counts.
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:2\n' >resolv.conf
	sockit resolve --explain -4 echo.test
	[ "$STATUS" = 3 ] || fault 'it does not end'
	[ "${MUSL-}" ] || told_as_asked
	# Too many for what is kept of them: told all the same.
	echo "nameserver 127.0.0.1" >resolv.conf
	[ "${MUSL-}" ] || echo "search $(seq -s ' ' -f 's%g.test' 40)" >>resolv.conf
	HEARD=$(wc -l <peer.out)
	explains 3 -4 gone
	told_as_asked
	echo 'search a.test A.Test' >>resolv.conf
	explains 3 -4 other
	told_as_asked
	# An address is never cut, and what is left out is seen.
	[ "${MUSL-}" ] || explains 0 -4 big.test
	[ "${MUSL-}" ] || grep -qE $'^server\t.*big.test A by TCP\t(10(\.[0-9]+){3} )+\.\.\.\t' out || fault 'cut'
	# A server by an IPv4-mapped address is no other one.
	printf 'nameserver ::ffff:127.0.0.1\nnameserver ::1\n' >resolv.conf
	explains 0 -4 v4.test
	grep -q $'^server\t127.0.0.1 port 53\tv4.test A\t192.0.2.1\t' out || fault 'not that server'
	! grep -q $'^probe\t.*127.0.0.1' out || fault 'asked again'
	# An answer to another question, which some libcs take.
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	sockit resolve --explain -4 wrongname.test
	grep -q $'^server\t127.0.0.1 port 53\t-\tan answer to another question$' out || fault 'not told'
	! grep -q 'a cache has it' out || fault 'there is no cache'
}

@test "whatever the system is: what is told is what is asked, and what getaddrinfo says" {
	[ "$ASKED" = server ] || skip 'the look-up cannot be followed'
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'libc itself reads what it has not set, which this build fills'
	STATUS=0
	within 60 "$PYTHON" -S "$BATS_TEST_DIRNAME/helpers/explain_differ.py" >out 2>err || STATUS=$?
	[ "$STATUS" != 77 ] || skip 'unshare -rmn is not permitted'
	[ "$STATUS" = 0 ] || fault 'what is told differs'
}

# unfollowed STATUS ARG...: as explains, but its look-up cannot be followed: it is traced by another itself. What stands
# in the array WITHIN runs that.
unfollowed() {
	STATUS=0
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" inside "${WITHIN[@]}" strace -f -qq -o trace -e trace=none \
		"$(sed -n "s/.* -- '\(.*\)' .*/\1/p" "$SOCKIT")" resolve --explain "${@:2}" >out 2>err || STATUS=$?
	[ "$STATUS" = "$1" ] || fault "status $1 was expected: ${*:2}"
}

@test "where a look-up cannot be followed that is said, and the steps are worked out" {
	needs strace strace
	[ "$ASKED" = server ] || skip 'it cannot be followed here'
	system <<<'127.0.0.1 localhost'
	unfollowed 0 -4 v4.test
	grep -qx $'followed\t-\t-\tOperation not permitted (EPERM): the steps are worked out from the files'"${MUSL:+, as musl reads them}" out
	order followed hosts resolv search getaddrinfo probe
	step "probe~127\.0\.0\.1 port 53~v4\.test A~192\.0\.2\.1$MS"
}

@test "what is worked out for glibc follows its rules" {
	needs strace strace
	[ "$ASKED" = server ] || skip 'it cannot be followed here'
	[ ! "${MUSL-}" ] || skip 'for a program of glibc'
	system <<<'192.0.2.77 ok'
	inside ip route add 192.0.2.0/24 dev lo
	local case name conf probes wrong
	local -a cases=(
		# After a refusal the other suffixes are left out; some options leave questions out.
		"refused|search x.test y.test|refused.x.test A refused A|server * port 53: the server failed (REFUSED), *"
		"gone|search x.test y.test|gone.x.test A gone.y.test A gone A|neither *"
		"gone|search x.test;options no-tld-query|gone.x.test A|neither *"
		"v4|LOCALDOMAIN=y.test;search x.test|v4.y.test A|"
		"v4|nameserver 127.0.0.1|v4.corp.test A|"
	)
	for case in "${cases[@]}"; do
		IFS='|' read -r name conf probes wrong <<<"$case"
		printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n%b\n' "${conf//;/\\n}" >resolv.conf
		LOCALDOMAIN=$(sed -n 's/^LOCALDOMAIN=//p' resolv.conf)
		export LOCALDOMAIN
		[ "$LOCALDOMAIN" ] || unset LOCALDOMAIN
		WITHIN=(unshare -u sh -c 'hostname vm.corp.test; exec "$@"' -)
		unfollowed 0 -4 "$name" >told || [ "$STATUS" = 3 ]
		[ "$(awk -F '\t' '$1 == "probe" { print $3 }' out | paste -sd ' ')" = "$probes" ] || fault "$case"
		# shellcheck disable=SC2053 # a pattern
		[[ $(sed -n 's/^wrong\t//p' out) == $wrong ]] || fault "$case"
	done
	unset LOCALDOMAIN
	# What is not asked does not disagree.
	echo 'hosts: dns' >nsswitch.conf
	unfollowed 0 -4 ok
	wrong
}

@test "what is worked out for musl follows its rules" {
	needs strace strace
	[ "${MUSL-}" ] || skip 'for a program of musl'
	private <<<'127.0.0.1 localhost'
	inside ip route add 192.0.2.0/24 dev lo
	peer nameserver zone
	local case name conf probes wrong
	local -a cases=(
		# A name with so many dots gets no suffix; `domain` has many names, and a line may be too long.
		"gone.ok|search test|gone.ok A|neither the hosts file nor a server knows it, *"
		"gone|domain x.test y.test|gone.x.test A gone.y.test A gone A|neither *"
		"gone|search test$(printf ' %0250d' 0)|gone A|/etc/resolv.conf:2 is longer than *"
		"gone|search test;search|gone A|neither *"
		"ok|search test\r|ok.test A|"
		# Only after the first `no such name` the next is asked for.
		"nodata|search test ok.test|nodata.test A|a name of the search list is there without an address, *"
		"refused|search test ok.test|refused.test A|server * port 53: the server failed (REFUSED), *"
		# No TCP, and no EDNS but of our own.
		"big|search test|big.test A|server * port 53: its answer is too long for a datagram, *"
		"v4|options use-vc edns0;search test|v4.test A|"
		"v4|nameserver 127.0.0.9;search test|v4.test A|server 127.0.0.9 port 53: *, so that another one must know it"
		# The hosts file.
		"six||six A|the hosts file has it with addresses of the other family alone, *"
		"blank||blank A|its line in the hosts file begins with a blank, *"
		"last||last A|no newline comes after its name *"
		"odd||odd A|"
	)
	printf '%s\n' '127.0.0.1 localhost' '2001:db8::1 six' ' 192.0.2.1 blank' '127.1 odd' >hosts
	printf '192.0.2.1 last' >>hosts
	for case in "${cases[@]}"; do
		IFS='|' read -r name conf probes wrong <<<"$case"
		printf '%b\n' 'nameserver 127.0.0.1' "${conf//;/\\n}" 'options timeout:1 attempts:1' >resolv.conf
		unfollowed 0 -4 "$name" >told || [ "$STATUS" = 3 ]
		[ "$(awk -F '\t' '$1 == "probe" && $2 ~ /^127\.0\.0\.1 / { print $3 }' out | paste -sd ' ')" = "$probes" ] || fault "$case"
		# shellcheck disable=SC2053 # a pattern
		[[ $(sed -n 's/^wrong\t//p' out) == $wrong ]] || fault "$case"
	done
}
