# --forward to several places, and through proxies; a proxy behind a proxy.

load helpers/common
load helpers/words
load helpers/private
load helpers/services
load helpers/proxies
load helpers/files

setup_file() { random_files 262144; }

SCHEMA=$BATS_TEST_DIRNAME/helpers/schema.py

# answers WORD: a server that says WORD to each client; its port is in $ANSWERING.
answers() {
	serve --quiet -k 127.0.0.1 0 -- echo "$1" </dev/null
	# shellcheck disable=SC2153 # of serve
	ANSWERING=$PORT
}

# gets WORD: a client of the listener at $HERE is told WORD.
gets() {
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$HERE" </dev/null >got 2>got.err
	[ "$(<got)" = "$1" ]
}

# preloaded_serves [ARG...]: serves, with what was preloaded.
preloaded_serves() {
	served_by "${PRELOADED[@]}" "$SOCKIT" listen --notify-fd 9 "$@" 127.0.0.1 0 </dev/null >out 2>err
	HERE=$PORT
}

# ---- several places ----

@test "--forward again: the next one where the first cannot be reached, which is passed over" {
	local first second
	first=$(free_port)
	answers second
	second=$ANSWERING
	# A clock that we put forward.
	preload later
	export LATER=$PWD/now
	preloaded_serves -k -v --forward "127.0.0.1:$first" --forward "127.0.0.1:$second"
	gets second
	gets second
	# Passed over: only the first of them has tried it.
	[ "$(grep -c "on to 127\.0\.0\.1:$second\$" err)" = 1 ]
	grep -Eq "^sockit listen: $ADDRESS: 127\.0\.0\.1 port $first: Connection refused \(ECONNREFUSED\): on to " err
	serve --quiet -k 127.0.0.1 "$first" -- echo first </dev/null
	gets second
	# Later it is tried again.
	: >now
	gets first
	gets first
	[ "$(grep -c "on to 127\.0\.0\.1:$second\$" err)" = 1 ]
}

@test "--forward again: one that is passed over is tried where no other is left" {
	local one two
	read -r -d '' one two < <(free_port 2) || :
	serves -k --json --forward "127.0.0.1:$one" --forward "127.0.0.1:$two"
	exits 1 "$SOCKIT" connect -d 127.0.0.1 "$HERE" </dev/null >out 2>client.err
	eventually grep -q '"closed"' err
	python3 "$SCHEMA" err >facts.out || {
		cat facts.out err
		return 1
	}
	grep -q "\"passed_over\".*\"id\":1,.*\"host\":\"127.0.0.1\",\"port\":\"$one\"" err
	grep -q "\"error\".*ECONNREFUSED.*\"127.0.0.1 port $one: Connection refused (ECONNREFUSED); 127.0.0.1 port $two: Connection refused (ECONNREFUSED)\"" err
	serve --quiet -k 127.0.0.1 "$two" -- echo two </dev/null
	gets two
}

@test "--forward again: a silence, a name that is none, a UNIX socket that is not there" {
	local full
	private </dev/null
	peer nameserver
	peer who full:127.0.0.1
	full=$PORT
	answers last
	serves -k -v -w 300ms --forward "127.0.0.1:$full" --forward nosuch.invalid:80 --forward unix:none --forward "127.0.0.1:$ANSWERING"
	gets last
	gets last
	# Each of them once.
	grep -o 'port [0-9]*: .*: on to .*' err | sed 's/^port [0-9]*: //' >passed
	printf '%s\n' "127.0.0.1 port $full: no answer within 300 ms (-w): on to nosuch.invalid:80" \
		'host nosuch.invalid: no such name (EAI_NONAME): on to unix:none' \
		"unix:none: No such file or directory (ENOENT): on to 127.0.0.1:$ANSWERING" | diff - passed
}

@test "--forward again: what a connection is joined to" {
	answers second
	local closed far
	closed=$(free_port)
	serve -d -k --output got.far 127.0.0.1 0 >far.out
	far=$PORT
	exits 0 "$SOCKIT" connect --forward "127.0.0.1:$closed" --forward "127.0.0.1:$far" 127.0.0.1 "$ANSWERING" </dev/null >out 2>err
	silent
	[ "$(<got.far)" = second ]
}

@test "--forward again: a word that is no service is known before, of any of them" {
	[ -e /etc/services ] || skip 'no /etc/services'
	sockit listen -k --forward 127.0.0.1:80 --forward 127.0.0.1:nosuchservice 127.0.0.1 0
	told 3 'sockit listen: port nosuchservice: no such service (EAI_SERVICE)'
	sockit connect --forward 127.0.0.1:http --forward 127.0.0.1:nosuchservice 127.0.0.1 1
	told 3 'sockit connect: port nosuchservice: no such service (EAI_SERVICE)'
}

@test "--forward again: each of them is an endpoint, and not too many" {
	refuses "--forward: 'nothing' is no endpoint: *" listen --forward 127.0.0.1:80 --forward nothing 127.0.0.1 0
	local words=()
	for _ in {0..64}; do words+=(--forward 127.0.0.1:1); done
	refuses '--forward: more than 64 places' listen "${words[@]}" 127.0.0.1 0
}

@test "--forward to where it listens is no way round and round: 1, and said" {
	local port
	port=$(free_port)
	for host in 127.0.0.1 0.0.0.0 localhost; do
		serve -k --quiet --forward "$host:$port" 127.0.0.1 "$port" </dev/null 2>err
		exits 1 "$SOCKIT" connect -d 127.0.0.1 "$port" </dev/null >out 2>client.err
		kill "$LISTENER"
		ended 143 "$LISTENER"
	done
	serve -k --forward "127.0.0.1:$port" 127.0.0.1 "$port" </dev/null 2>err
	exits 1 "$SOCKIT" connect -d 127.0.0.1 "$port" </dev/null >out 2>client.err
	says "^sockit listen: 127\.0\.0\.1 port $port: loop: Permission denied \(EACCES\): that is where we listen ourselves$"
	mkdir there
	served_by "$SOCKIT" unix -l --notify-fd 9 -k --forward unix:there/../s s </dev/null 2>err
	within 10 "$SOCKIT" unix -d s </dev/null >out 2>client.err
	says '^sockit unix: unix:there/\.\./s: loop: .* that is where we listen ourselves$'
}

# ---- through proxies ----

# relayed_through [ARG...]: 256 KiB each way at once, by a listener with ARGs that forwards to the far peer.
relayed_through() {
	far exchange:"$(B)" report
	serves "$@" --forward "127.0.0.1:$FAR"
	counterpart connect:"$HERE" exchange:"$(A)" report
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(B)"
	far_ended "$(A)"
}

# our_proxy PROTOCOL [ARG...]: a proxy of ours, its address in $AT.
our_proxy() {
	serve --quiet --proxy-server "$@" 127.0.0.1 0 </dev/null
	AT=127.0.0.1:$PORT
}

@test "--forward --proxy: every byte both ways, each kind, and a chain" {
	local url http socks
	our_proxy http --proxy-auth u:p
	http=http://u:p@$AT
	our_proxy socks5
	socks=$AT
	for url in "$http" "socks5h://$socks"; do
		relayed_through --proxy "$url"
	done
	relayed_through --proxy "$http" --proxy "socks5://$socks"
}

@test "--forward --proxy: foreign proxies" {
	microsocks_at -u one -P 1
	# Its clients' end is the end of all.
	far "feed:$(B)" read:262144 report has:over
	serves --proxy "socks5h://one:1@$AT" --forward "127.0.0.1:$FAR"
	counterpart connect:"$HERE" "feed:$(A)" read:262144 report text:over readall
	ended 0 "$LISTENER"
	said
	counterpart_ended "$(B)" open
	far_ended "$(A)" open
}

@test "--forward --proxy: what is told, and no password is" {
	our_proxy socks5 --proxy-auth u:secret
	answers hello
	printf 'u:secret\n' >file
	serves -k --json -v -v --proxy "socks5h://$AT" --proxy-auth-file file --forward "localhost:$ANSWERING"
	gets hello
	eventually grep -q '"closed"' err
	python3 "$SCHEMA" err >facts.out || {
		cat facts.out err
		return 1
	}
	grep -q "\"connected\".*\"proxies\":\[\"socks5h://$AT\"\]" err
	[ "$(grep -c secret err)" = 0 ]
	[ "$(tr '\0' ' ' <"/proc/$LISTENER/cmdline" | grep -c secret)" = 0 ]
}

@test "--forward --proxy: who has failed, and a proxy that has is passed over with its place" {
	local closed
	closed=$(free_port)
	our_proxy socks5
	serves --proxy "socks5h://$AT" --forward "127.0.0.1:$closed"
	exits 1 "$SOCKIT" connect -d 127.0.0.1 "$HERE" </dev/null >out 2>client.err
	ended 1 "$LISTENER"
	said "proxy 127\.0\.0\.1 port ${AT#*:}: 127\.0\.0\.1 port $closed: .*\(ECONNREFUSED\)$"
	serves --proxy "socks5h://127.0.0.1:$closed" --forward 127.0.0.1:80
	exits 1 "$SOCKIT" connect -d 127.0.0.1 "$HERE" </dev/null >out 2>client.err
	ended 1 "$LISTENER"
	said "proxy 127\.0\.0\.1 port $closed: Connection refused \(ECONNREFUSED\)$"
	answers second
	serves --proxy "socks5h://$AT" --forward "127.0.0.1:$closed" --forward "127.0.0.1:$ANSWERING"
	gets second
}

@test "unix --forward --proxy: from a UNIX socket, either way round" {
	our_proxy http
	answers hello
	served_by "$SOCKIT" unix -l --notify-fd 9 --quiet --proxy "http://$AT" --forward "127.0.0.1:$ANSWERING" s </dev/null
	exits 0 "$SOCKIT" unix -d s </dev/null >out 2>err
	[ "$(<out)" = hello ]
}

@test "--proxy-server --proxy: a proxy behind a proxy" {
	local kind far near
	needs curl curl
	answers 'HTTP/1.0 200 OK

the page'
	for kind in http socks5; do
		our_proxy "$kind" --proxy-auth u:p
		far=${kind}://u:p@$AT
		our_proxy socks5 --proxy "$far"
		near=$AT
		exits 0 curl -sS -m 10 -x "socks5h://$near" "http://localhost:$ANSWERING/" >out 2>err
		[ "$(<out)" = 'the page' ]
		our_proxy http --proxy "$far"
		for url in "http://localhost:$ANSWERING/" "http://127.0.0.1:$ANSWERING/"; do
			exits 0 curl -sS -m 10 -x "http://$AT" "$url" >out 2>err
			[ "$(<out)" = 'the page' ]
			exits 0 curl -sS -m 10 -p -x "http://$AT" "$url" >out 2>err
			[ "$(<out)" = 'the page' ]
		done
	done
}

@test "--proxy-server --proxy: --deny-dest and --allow-dest are about where to, not about the way" {
	local far words status
	needs curl curl
	answers 'HTTP/1.0 200 OK

the page'
	our_proxy socks5
	far=$AT
	while read -r status words; do
		# shellcheck disable=SC2086 # several words
		our_proxy socks5 --proxy "socks5h://$far" ${words% *}
		exits "$status" curl -sS -m 10 -o out -x "socks5h://$AT" "http://${words##* }:$ANSWERING/" 2>err ||
			fault "$words"
	done <<-'END'
		0 --allow-dest 127.0.0.0/8 127.0.0.1
		0 --allow-dest 127.0.0.0/8 localhost
		0 --allow-dest localhost localhost
		97 --allow-dest 192.0.2.1 localhost
		97 --deny-dest 127.0.0.0/8,::1 localhost
		97 --deny-dest 127.0.0.0/8 127.0.0.1
		97 --deny-dest 127.0.0.0/8 0.0.0.0
		0 --deny-dest 192.0.2.1 127.0.0.1
	END
}

@test "--proxy: what it does not go with: 2" {
	refuses '--proxy needs --forward or --proxy-server' listen --proxy socks5://h:1 127.0.0.1 0
	refuses '--proxy needs --forward or --proxy-server' unix -l --proxy socks5://h:1 s
	refuses "--proxy: '*" listen --forward h:1 --proxy ftp://h:1 127.0.0.1 0
	refuses "'unix:s': a proxy reaches HOST and PORT only" listen --proxy socks5://h:1 --forward h:1 --forward unix:s 127.0.0.1 0
	refuses "host '\[fe80::1%lo\]': a zone means nothing to a proxy" listen --proxy socks5://h:1 --forward '[fe80::1%lo]:1' 127.0.0.1 0
	refuses "host 'h' is a name, which --numeric does not look up" listen -n --proxy socks5://h:1 --forward 127.0.0.1:1 127.0.0.1 0
}
