# resolve: the system's look-up, many at once, and what is printed.

# shellcheck disable=SC2016 # python between quotes

load helpers/common
load helpers/words
load helpers/private

setup_file() {
	find_python
	find_musl
}

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# no_aliases: the system's look-up of this program does not tell them.
no_aliases() {
	[ "${MUSL-}" ] || [ "$(platform)" = portable ]
}

# hosts: names and addresses of our own.
hosts() {
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	private <<-'END'
		127.0.0.1 localhost
		10.0.0.1 one.test one uno
		10.0.0.2 two.test
		10.0.0.3 two.test
		2001:db8::1 two.test
		2001:db8::2 six.test
		10.0.0.7 plain
		10.0.0.8 host.example.test host
	END
	echo 'hosts: files' >nsswitch.conf # where no name is asked for elsewhere
}

# finds TEXT ARG...: TEXT is what it prints, and nothing is said.
finds() {
	sockit resolve "${@:2}"
	[ "$STATUS" = 0 ] || fault "${*:2}" || return
	[ "$(<out)" = "$1" ] || fault "${*:2}: not $1" || return
	[ ! -s err ] || fault "${*:2}: something is said"
}

# fails STATUS PATTERN ARG...: that is all that is said.
fails() {
	sockit resolve "${@:3}"
	told "$1" "sockit resolve: $2" || fault "${*:3}"
}

# clean FILE...: nothing in there would do anything to a terminal.
clean() {
	if LC_ALL=C grep -q $'[\001-\010\013-\037\177]' "$@"; then
		cat -v "$@"
		return 1
	fi
}

### The system's look-up.

@test "what cannot be used is refused, with the word" {
	local word long
	long=$(printf 'x%.0s' {1..64})
	refuses "name 'a..b' has an empty label" resolve a..b
	refuses "name '$long' has a label longer than 63 bytes" resolve "$long"
	refuses "name '*' is longer than 253 bytes" resolve "$(printf 'ab.%.0s' {1..85})"
	refuses "name '' is empty" resolve ''
	for word in 'a b' a/b 'a:b' '[::1' '1::2::3' $'a\tb' 'a,b' 'a@b'; do
		sockit resolve ok "$word"
		[ "$STATUS" = 2 ] && [ ! -s out ] || fault "$word"
		grep -qF "${word//$'\t'/\\t}" err || fault "$word"
	done
	refuses "'localhost' is a name, which --numeric does not look up" resolve -n localhost
	refuses "port 'http' is a name, *" resolve -n --service http 127.0.0.1
	refuses "port '65536' is neither *" resolve --service 65536 localhost
	refuses "port '-1' is neither *" resolve --service -1 localhost
	refuses '*--jobs: *0*' resolve --jobs 0 localhost
	refuses "*--jobs: '4097'*" resolve --jobs 4097 localhost
	refuses '*duration*' resolve -w 1x localhost
	refuses '*--all*--first*' resolve -a -1 localhost
	refuses '--server and --explain exclude each other' resolve --explain --server 127.0.0.1 localhost
	refuses '*--forms*--record*' resolve --forms --record A 127.0.0.1
	refuses 'a name or an address is missing' resolve --forms
	refuses "name '-5' begins with a dash" resolve a -5
	refuses 'a name or an address is missing' resolve --record MX
	refuses '*did you mean*--reverse*' resolve --revers localhost
	fails 3 'port nosuchservice: no such service (EAI_SERVICE)' --service nosuchservice localhost
}

@test "the same question gives the addresses that python and connect have, in their order" {
	hosts
	local name
	for name in localhost one.test two.test six.test plain ONE.TEST; do
		[ ! "${MUSL-}" ] || [ "$name" != ONE.TEST ] || continue
		python3 -c 'import socket, sys
seen = []
for a in socket.getaddrinfo(sys.argv[1], 0, 0, socket.SOCK_STREAM):
    if a[4][0] not in seen: seen.append(a[4][0])
# RFC 8305: the families in turn, beginning with the first
first = [a for a in seen if (":" in a) == (":" in seen[0])]
other = [a for a in seen if a not in first]
while first or other:
    if first: print(first.pop(0))
    if other: print(other.pop(0))' "$name" >expected
		[ -s expected ]
		finds "$(<expected)" "$name"
		# connect tells each address that it tries; nobody listens, and nothing leads there.
		sockit connect -vv -w 2 "$name" 1
		sed -n 's/.* connecting to \(.*\) port 1$/\1/p' err >tried
		[ "$(<tried)" = "$(<expected)" ] || fault "$name: connect tries others"
		inside getent ahosts "$name" | sed -n 's/ *STREAM.*//p' | sort -u >listed
		sort -u expected | diff - listed
	done
}

@test "a family, the first, the port" {
	hosts
	finds $'10.0.0.2\n10.0.0.3' -4 two.test
	finds 2001:db8::1 -6 two.test
	finds "$(sockit resolve two.test; head -n 1 out)" -1 two.test
	finds $'10.0.0.1\t80' --service 80 one.test
	finds $'10.0.0.1\t80' --service http one.test
	finds $'10.0.0.1\t80' --service=http -4 one.test
	# There is such a name, but not in that family.
	fails 3 'six.test: it has no IPv4 address (EAI_NO*)' -4 six.test
	fails 3 'one.test: it has no IPv6 address (EAI_NO*)' -6 one.test
	[ "${MUSL-}" ] || fails 3 'seven.test: no such name (EAI_NONAME)' -6 seven.test
	sockit connect -6 one.test 80
	told 3 'sockit connect: host one.test: it has no IPv6 address (EAI_NODATA)' || [ "${MUSL-}" ]
	fails 3 '10.0.0.1: it has no IPv6 address (EAI_FAMILY)' -6 10.0.0.1
	finds 10.0.0.1 -n 10.0.0.1
	finds ::1 -n '[::1]'
	finds $'10.0.0.1\t10.0.0.1\n::1\t::1' -n 10.0.0.1 ::1
}

@test "names of addresses, there and back" {
	hosts
	finds "$(python3 -c 'import socket; print(socket.gethostbyaddr("10.0.0.7")[0])')" 10.0.0.7
	sockit resolve 10.0.0.1
	[ "$(head -n 1 out)" = one.test ] || fault 'not the first name'
	no_aliases || [ "$(<out)" = $'one.test\none\nuno' ] || fault 'not all names'
	finds $'10.0.0.2\ttwo.test\n10.0.0.3\ttwo.test' --reverse -4 two.test
	finds two.test --forward-confirm 10.0.0.3
	fails 3 '10.0.0.9: no name is known (EAI_NONAME)' 10.0.0.9
	fails 3 '2001:db8::9: no name is known (EAI_NONAME)' 2001:db8::9
	# A name that belongs to another address.
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >resolv.conf
	echo 'hosts: dns files' >nsswitch.conf
	peer nameserver ptr:two.test
	finds two.test 10.0.0.99
	fails 3 '10.0.0.99: no name of it has this address (EAI_NONAME)' --forward-confirm 10.0.0.99
	finds two.test --forward-confirm 10.0.0.2
}

@test "all: as gethostbyname_ex" {
	hosts
	python3 -c 'import socket
name, aliases, addresses = socket.gethostbyname_ex("one.test")
print("canonical", name, sep="\t")
for a in aliases: print("alias", a, sep="\t")
for a in addresses: print("address", a, sep="\t")' >expected
	if no_aliases; then
		sed -i /^alias/d expected
	fi
	finds "$(<expected)" -a one.test
	no_aliases || finds $'canonical\tone.test\nalias\tone\nalias\tuno\naddress\t10.0.0.1' -a uno
}

@test "this host's name, and the full one" {
	hosts
	# A host name of its own would need another name space: that of this machine it is.
	name=$(inside hostname)
	echo "10.9.9.9 $name.example.test $name" >>hosts
	full=$(python3 -c 'import socket; print(socket.getfqdn())')
	finds "$name"$'\n'"$full"
	sockit resolve --json
	[ "$(python3 -S "$SCHEMA" out)" = 1 ]
	grep -qF "{\"name\":\"$name\",\"addresses\":[{\"family\":\"inet\",\"address\":\"10.9.9.9\"}],\"canonical\":\"$full\"" out
	printf '127.0.0.1 localhost\n' >hosts # and where nobody knows it
	sockit resolve
	[ "$STATUS" = 3 ] && [ "$(<out)" = "$name" ] || fault 'no name for it'
	says "^sockit resolve: $name: .* \(EAI_(NONAME|AGAIN)\)$"
}

@test "errors are told apart" {
	echo 'options timeout:1 attempts:1' >resolv.conf
	echo 'nameserver 127.0.0.1' >>resolv.conf
	private <<<'127.0.0.1 localhost'
	peer nameserver zone
	fails 3 'gone.test: no such name (EAI_NONAME)' gone.test
	fails 3 'nodata.test: * (EAI_NO*)' nodata.test
	cp err err.nodata
	fails 3 'servfail.test: no answer for now (EAI_AGAIN)' servfail.test
	fails 4 'silent.test: no answer within 200 ms (-w)' -w 200ms silent.test
	# In the same words wherever a name is looked up.
	local why line
	why=$(sed 's/.*nodata.test: //' err.nodata)
	for line in 'gone.test no such name (EAI_NONAME)' 'servfail.test no answer for now (EAI_AGAIN)' \
		"nodata.test $why"; do
		sockit connect "${line%% *}" 80
		told 3 "sockit connect: host ${line/ /: }"
	done
	for line in 'connect -z NAME 80' 'listen NAME 80' 'udp-send NAME 80' 'udp-recv NAME 80' 'sockname NAME' \
		'listen --allow NAME 0'; do
		# shellcheck disable=SC2086 # words
		sockit ${line//NAME/gone.test}
		told 3 "sockit ${line%% *}: host gone.test: no such name (EAI_NONAME)" || fault "$line"
	done
	finds $'2001:db8::1\n192.0.2.1' ok.test
	finds $'ok.test\t2001:db8::1\nok.test\t192.0.2.1\nv4.test\t192.0.2.1' ok.test v4.test
	sockit resolve gone.test ok.test silent.test -w 600ms
	[ "$STATUS" = 3 ] && [ "$(wc -l <out)" = 2 ] && [ "$(wc -l <err)" = 2 ] || fault several
	sockit resolve --quiet gone.test
	nothing 3
	sockit resolve --json gone.test silent.test -w 200ms
	[ "$(python3 -S "$SCHEMA" out)" = 2 ]
	silent
}

@test "names beyond ASCII: as getent and python find them, in whatever locale" {
	echo 'options timeout:1 attempts:1' >resolv.conf
	echo 'nameserver 127.0.0.1' >>resolv.conf
	private <<-'END'
		127.0.0.1 localhost
		10.1.1.1 xn--bcher-kva.test
		10.1.1.2 xn--strae-oqa.xn--p1ai
		10.1.1.3 xn--fiq228c.test
		10.1.1.4 xn--e28h.test
		10.1.1.5 raw-ü.test
	END
	peer nameserver zone
	local word
	# In ASCII the case stays, and the look-up in hosts(5) of musl knows no other one.
	for word in bücher.test=1 BÜCHER.test=1 ｂücher。test=1 straße.рф=2 STRAßE.РФ=2 中文.test=3 😀.test=4 raw-ü.test=5; do
		finds "10.1.1.${word#*=}" "${word%=*}"
	done
	finds $'bücher.test\t10.1.1.1\n中文.test\t10.1.1.3' bücher.test 中文.test
	LC_ALL=C finds $'2001:db8::1\n192.0.2.1' ok.bücher.test
	eventually grep -qx 'udp ok.xn--bcher-kva.test A' peer.out
	[ "$(python3 -S -c 'import socket; print(socket.gethostbyname("bücher.test"))')" = 10.1.1.1 ]
	fails 3 'keine-bücher.test: no such name (EAI_NONAME)' keine-bücher.test
	fails 2 "*'$(printf 'ü%.0s' {1..128}).test'*" "$(printf 'ü%.0s' {1..128}).test"
	# All of it, in an account, and where it is connected to.
	sockit resolve --json -a bücher.test
	[ "$(python3 -S "$SCHEMA" out any name canonical)" = 'bücher.test xn--bcher-kva.test' ]
	sockit resolve --explain bücher.test
	grep -qE $'^hosts\t[^\t]*:2\tbücher.test\t10.1.1.1 xn--bcher-kva.test' out
	exits 1 "$SOCKIT" connect -d ok.bücher.test 1 </dev/null >out 2>err
	says '192\.0\.2\.1 port 1: .*(ENETUNREACH)'
}

@test "names beyond ASCII that need Unicode's tables: by libidn2, where libc finds it" {
	private <<-'END'
		127.0.0.1 localhost
		10.1.1.1 xn--bcher-kva.test
	END
	[ "$(inside env LC_ALL=C.UTF-8 getent ahosts bücher.test)" ] || skip 'libc finds no libidn2'
	[ "${MUSL-}" ] || [ "$(platform)" = portable ] && skip 'not by this libc'
	finds 10.1.1.1 "$(printf 'bu\xcc\x88cher.test')" # composed by NFC
}

### Forms.

@test "forms: as python's ipaddress has them" {
	local word
	for word in 0.0.0.0 127.0.0.1 10.1.2.3 255.255.255.255 8.8.8.8 :: ::1 2001:db8::ff00:42:8329 \
		ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::ffff:1.2.3.4 fe80::1; do
		sockit resolve --forms "$word"
		python3 - "$word" >expected <<-'END'
			import ipaddress, sys, socket
			a = ipaddress.ip_address(sys.argv[1])
			family = socket.AF_INET if a.version == 4 else socket.AF_INET6
			print('address', socket.inet_ntop(family, a.packed), sep='\t')
			print('family', 'inet' if a.version == 4 else 'inet6', sep='\t')
			print(*(('mapped', f'::ffff:{a}') if a.version == 4 else ('full', a.exploded)), sep='\t')
			print('hex', a.packed.hex(), sep='\t')
			print('integer', int(a), sep='\t')
			print('reverse', a.reverse_pointer, sep='\t')
		END
		grep -v '^scope' out | diff - expected || fault "$word"
		# Each of them is understood again.
		while IFS=$'\t' read -r key form; do
			case $key in
			hex) form=0x$form ;;
			# A small number is an IPv4 address.
			integer) [ "$word" != :: ] && [ "$word" != ::1 ] || continue ;;
			family | mapped) continue ;;
			esac
			"$SOCKIT" resolve --forms "$form" </dev/null >again
			cmp out again || fault "$word as $form"
		done <expected
	done
	for word in '127.0.0.1 loopback' '10.1.2.3 private' '172.31.0.1 private' '172.32.0.1 global' \
		'100.64.0.1 shared' '169.254.1.1 link' '224.0.0.1 multicast,_link' '240.0.0.1 reserved' \
		'::1 loopback' 'fe80::1 link' 'febf::1 link' 'fec0::1 global' 'fd00::1 private' 'ff02::1 multicast,_link' \
		'::ffff:1.2.3.4 IPv4-mapped' '2001:db8::1 documentation' '2606::1 global'; do
		sockit resolve --forms "${word% *}"
		[ "$(sed -n 's/^scope\t//p' out)" = "$(tr _ ' ' <<<"${word#* }")" ] || fault "$word"
	done
	sockit resolve --forms fe80::1%lo
	[ "$(tail -n 1 out)" = $'zone\tlo' ]
	sockit resolve --json --forms fe80::1%lo 1.2.3.4
	[ "$(python3 -S "$SCHEMA" out)" = 2 ]
	for word in localhost 1.2.3 1.2.3.256 0x123 340282366920938463463374607431768211456 256.in-addr.arpa \
		1.2.3.in-addr.arpa 01.2.3.4.in-addr.arpa 1.2.3.4.in-addr.arpa.x ::g; do
		sockit resolve --forms "$word"
		told 2 "sockit resolve: '$word' is no address: *"
	done
	printf '1.2.3.4\nx\n::1\n' | within 10 "$SOCKIT" resolve --forms - >out 2>err || [ $? = 2 ]
	[ "$(cut -f 1 out | uniq | xargs)" = '1.2.3.4 ::1' ]
	says "^sockit resolve: 'x' is no address"
}

### Many at once.

@test "stdin: a name a line, answers in that order" {
	hosts
	printf 'one.test\n\n  two.test\t\r\n10.0.0.7\nno..name\nplain' >names
	exits 3 "$SOCKIT" resolve -4 - <names >out 2>err
	[ "$(<out)" = $'one.test\t10.0.0.1\ntwo.test\t10.0.0.2\ntwo.test\t10.0.0.3\n10.0.0.7\tplain\nplain\t10.0.0.7' ]
	says "^sockit resolve: name 'no..name' has an empty label \(EAI_NONAME\)$"
	exits 3 "$SOCKIT" resolve --json -4 - <names >out 2>err
	[ "$(python3 -S "$SCHEMA" out)" = 5 ]
	silent
	# Between others, and only once.
	exits 0 "$SOCKIT" resolve -4 plain - - one < <(echo two.test) >out
	[ "$(cut -f 1 out | xargs)" = 'plain two.test two.test one' ]
	exits 0 "$SOCKIT" resolve - </dev/null >out
	silent out
	exits 0 "$SOCKIT" resolve - <&- >out
	silent out
	exits 1 "$SOCKIT" resolve - </ >out 2>err
	says '^sockit resolve: stdin: Is a directory \(EISDIR\)$'
	# What is no line of text.
	{
		head -c 100000 /dev/zero | tr '\0' x
		printf '\none.test\na\0b\n%s\n' "$(printf '\1\377\233')"
	} >names
	exits 3 "$SOCKIT" resolve -4 - <names >out 2>err
	[ "$(<out)" = $'one.test\t10.0.0.1' ]
	clean err
	[ "$(wc -l <err)" = 3 ]
}

@test "answers come while stdin is still open" {
	hosts
	mkfifo in results
	"$SOCKIT" resolve -4 - <in >results 3>&- 2>err &
	started
	exec 7>in 8<results
	echo one.test >&7
	read -rt 10 line <&8
	[ "$line" = $'one.test\t10.0.0.1' ]
	echo plain >&7
	read -rt 10 line <&8
	[ "$line" = $'plain\t10.0.0.7' ]
	printf 'two.te' >&7
	exec 7>&-
	ended 3 "$PID"
	says '^sockit resolve: two\.te: '
}

@test "a signal, a reader that leaves, a disk that is full" {
	hosts
	mkfifo in
	"$SOCKIT" resolve - <in >out 2>err 3>&- &
	started
	exec 7>in
	kill -TERM "$PID"
	ended 143 "$PID"
	yes one.test 2>/dev/null | head -n 200000 >many
	STATUS=0
	"$SOCKIT" resolve -n - < <(sed 's/.*/10.0.0.1/' many) 2>err | head -n 1 >out
	[ "${PIPESTATUS[0]}" = 141 ]
	silent
	[ "$(<out)" = $'10.0.0.1\t10.0.0.1' ]
	exits 1 "$SOCKIT" resolve one.test >/dev/full 2>err
	says '^sockit resolve: stdout: No space left on device \(ENOSPC\)$'
	exits 1 "$SOCKIT" resolve one.test >&- 2>err
	says '^sockit resolve: stdout: Bad file descriptor \(EBADF\)$'
}

@test "a reader that is slow holds up the questions, and loses nothing" {
	local i
	seq 1 30000 | sed 's/.*/10.0.0.1/' >names
	mkfifo results
	"$SOCKIT" resolve -n - <names >results 2>err 3>&- &
	started
	exec 8<results
	pause 0.1
	[ "$(wc -l <&8)" = 30000 ]
	ended 0 "$PID"
	silent
}

@test "so many look-ups at a time as --jobs says" {
	echo 'nameserver 127.0.0.1' >resolv.conf
	private <<<'127.0.0.1 localhost'
	peer nameserver zone
	local i started ended
	for ((i = 0; i < 60; i++)); do printf 'n%06d.test\n' $i; done >names
	for jobs in 1 16 64; do
		exits 0 "$SOCKIT" resolve --jobs $jobs - <names >out 2>err
		[ "$(cut -f 1 out)" = "$(<names)" ]
	done
	# Those that are left behind by -w do not gather without end.
	for ((i = 0; i < 40; i++)); do echo silent.test; done >names
	started=$(milliseconds)
	exits 4 "$SOCKIT" resolve -w 100ms --jobs 8 - <names >out 2>err
	ended=$(milliseconds)
	[ "$(wc -l <err)" = 40 ]
	[ $((ended - started)) -ge 450 ]
	[ $((ended - started)) -lt 10000 ]
}

### What is printed.

@test "columns line up on a terminal, and have tabs between them in a pipe" {
	hosts
	width=$BATS_TEST_DIRNAME/helpers/width.py
	within 10 "$PYTHON" -S "$width" 80 "$SOCKIT" resolve -4 one.test localhost plain >out
	[ "$(<out)" = 'one.test   10.0.0.1
localhost  127.0.0.1
plain      10.0.0.7' ]
	within 10 "$PYTHON" -S "$width" 80 "$SOCKIT" resolve -4a one.test >out
	grep -qx 'canonical  one.test' out
	grep -qx 'address    10.0.0.1' out
	finds $'one.test\t10.0.0.1\nplain\t10.0.0.7' one.test plain
	finds 10.0.0.1 one.test
	# Nothing in colour.
	clean out
}

@test "time, and what -v adds" {
	hosts
	sockit resolve --time one.test
	grep -qxE $'10\\.0\\.0\\.1\t[0-9]+\\.[0-9]{3} ms' out || fault time
	sockit resolve -v one.test
	[ "$(<out)" = $'one.test\t10.0.0.1' ] || fault -v
	says '^sockit resolve: one.test: asked the system, [0-9.]+ [mun]?s$'
	sockit resolve --json --time -v one.test
	[ "$(python3 -S "$SCHEMA" out)" = 1 ]
	[ "$(python3 -S "$SCHEMA" err note)" = 1 ]
}

@test "what a hosts file says never reaches a terminal raw" {
	hosts
	printf '10.0.0.30 evil\033[31m.test\n' >>hosts
	sockit resolve 10.0.0.30
	clean out err
}
