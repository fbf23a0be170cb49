# sockit servinfo: services and protocols by name, number and range; the files and the built-in table.

load helpers/common
load helpers/words
load helpers/private

# answers LINES ARG...: `sockit servinfo ARG...` prints just these, and says nothing.
answers() {
	sockit servinfo "${@:2}"
	[ "$STATUS" = 0 ] || fault "servinfo ${*:2}" || return
	[ ! -s err ] || fault "servinfo ${*:2}: something is said" || return
	[ "$(<out)" = "$1" ] || fault "servinfo ${*:2}: not $1"
}

# facts KEY...: checks the objects in the file out, and prints these members of each.
facts() {
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out any "$@"
}

# files: files of our own in /etc from here on, which `in_etc COMMAND...` sees; services and protocols
# only as far as they are there.
files() {
	needs unshare util-linux
	unshare -rm true 2>/dev/null || skip 'unshare -rm is not permitted'
	mkdir -p etc
	cp /etc/passwd /etc/group etc
	echo '127.0.0.1 localhost' >etc/hosts
	printf 'hosts: files\nservices: files\nprotocols: files\n' >etc/nsswitch.conf
	cat >in_etc <<-'END'
		#!/bin/sh
		exec unshare -rm sh -c 'mount --bind etc /etc && exec "$@"' sh "$@"
	END
	chmod +x in_etc
	cat >sockit.in_etc <<-END
		#!/bin/sh
		exec ./in_etc '$SOCKIT' "\$@"
	END
	chmod +x sockit.in_etc
	SOCKIT=$PWD/sockit.in_etc
}

# A file with what such files have.
services_file() {
	cat >etc/services <<-'END'
		# a comment
		http		80/tcp		www web	# WorldWideWeb
		http		80/udp
		 indented	81/tcp
		last-of-all	65535/tcp
		zero 0/tcp
		low 20/tcp
		high	25/udp	a	b
		low	21/tcp
		odd,one 83,tcp
		many 84/sctp
		#http 99/tcp
		noport
		noproto 85
		noproto 85/
		nonumber x/tcp
		toolarge 65536/tcp
		muchtoolarge 99999999999999999999/tcp
		negative -1/tcp
		cr 86/tcp alias
		hash#none 87/tcp
	END
	sed -i 's/alias$/alias\r/' etc/services
	printf 'end 88/tcp' >>etc/services
	printf 'tcp 6 TCP # t\nudp 17 UDP\nip 0 IP\nsctp 132 SCTP\nwide 300\nbad x\nbad2 5x\n' >etc/protocols
}

@test "services by name, alias, number and protocol" {
	files
	services_file
	answers $'http\t80/tcp\twww web\nhttp\t80/udp' http
	answers $'http\t80/tcp\twww web' http/tcp
	answers $'http\t80/udp' http/udp
	answers $'http\t80/tcp\twww web' web
	answers $'http\t80/tcp\twww web\nhttp\t80/udp' 80
	answers $'http\t80/udp' 80/udp
	answers $'http\t80/udp' 80/17
	answers $'http\t80/udp' http/UDP
	answers $'many\t84/sctp' 84/132
	answers $'indented\t81/tcp' indented
	answers $'odd,one\t83/tcp' 83
	answers $'zero\t0/tcp' 0
	answers $'last-of-all\t65535/tcp' 65535
	answers $'cr\t86/tcp\talias' alias
	answers $'end\t88/tcp' end
	answers $'http\t80/udp\nmany\t84/sctp\nhttp\t80/udp' http/udp many 80/udp
	# A range, in the order of the ports; a file's order where they are equal.
	answers $'low\t20/tcp\nlow\t21/tcp\nhigh\t25/udp\ta b' 20-25
	answers $'high\t25/udp\ta b' 20-25/udp
	answers $'high\t25/udp\ta b' 25-25
	answers $'http\t80/tcp\twww web\nhttp\t80/udp\nindented\t81/tcp' 26-82
	[ "$("$SOCKIT" servinfo 0-65535 | wc -l)" = 12 ]
	# The whole list, as it stands there.
	sockit servinfo
	[ "$STATUS" = 0 ]
	[ "$(cut -f 1,2 out | tr '\t\n' ' ;')" = 'http 80/tcp;http 80/udp;indented 81/tcp;last-of-all 65535/tcp;zero 0/tcp;low 20/tcp;high 25/udp;low 21/tcp;odd,one 83/tcp;many 84/sctp;cr 86/tcp;end 88/tcp;' ]
}

@test "--port and --name print just that, once" {
	files
	services_file
	answers 80 --port http
	answers 80 http --port
	answers http --name 80
	answers http --name web/tcp
	answers $'20\n21' --port low
	answers $'low\nhigh' --name 20-25
	answers 17 --port --protocol udp
	answers udp --name --protocol 17
	sockit servinfo --port
	[ "$(sort -n out | tr '\n' ' ')" = '0 20 21 25 80 81 83 84 86 88 65535 ' ]
	refuses '--port and --name exclude each other' servinfo --port --name http
	sockit servinfo --port --json http
	told 2 '*"code":"EINVAL","message":"--port and --json exclude each other"}'
	sockit servinfo --json --name http
	told 2 '*"code":"EINVAL","message":"--name and --json exclude each other"}'
}

@test "protocols by name, alias and number" {
	files
	services_file
	answers $'tcp\t6\tTCP' --protocol tcp
	answers $'tcp\t6\tTCP' --protocol=TCP
	answers $'tcp\t6\tTCP' --protocol 6
	answers $'ip\t0\tIP' --protocol 0
	answers $'wide\t300' --protocol 300
	sockit servinfo --protocol bad
	told 3 'sockit servinfo: protocol bad: no such protocol (EAI_NONAME)'
	sockit servinfo --protocol 7
	told 3 'sockit servinfo: protocol 7: no such protocol (EAI_NONAME)'
	# A list: a line each, in its order.
	answers $'udp\t17\tUDP\ntcp\t6\tTCP\nsctp\t132\tSCTP' --protocol udp,6,SCTP
	answers $'17\n6' --port --protocol udp,tcp
	answers $'udp\t17\tUDP' --protocol tcp --protocol udp
	sockit servinfo --protocol tcp,nosuch,17,7
	[ "$STATUS" = 3 ]
	[ "$(<out)" = $'tcp\t6\tTCP\nudp\t17\tUDP' ]
	[ "$(<err)" = 'sockit servinfo: protocol nosuch: no such protocol (EAI_NONAME)
sockit servinfo: protocol 7: no such protocol (EAI_NONAME)' ]
	local word
	for word in ',' 'tcp,' ',tcp' 'tcp,,udp' '' "$(printf '%0300d' 1)"; do
		refuses "--protocol: *" servinfo --protocol "$word"
	done
	refuses "--protocol: 'tcp,' is no list of names and numbers" servinfo --protocol tcp,
	refuses "--protocol: '65537' is *" servinfo --protocol 65537
	refuses "--protocol: '65537' is *" servinfo --protocol tcp,65537,udp
	refuses "--protocol: '-6' is *" servinfo --protocol=-6
	refuses "--protocol and '53' exclude each other: try '53/udp'" servinfo --protocol udp 53
	refuses "--protocol and '53' exclude each other: try '53/udp'" servinfo --protocol udp,tcp 53
}

@test "what is not found is exit status 3, and the rest is printed" {
	files
	services_file
	local word
	for word in nobody HTTP 82 noport noproto negative 85 65534 26-79 http/sctp www/udp; do
		sockit servinfo "$word"
		told 3 "sockit servinfo: service $word: no such service (EAI_SERVICE)"
	done
	sockit servinfo http/blah
	told 3 'sockit servinfo: protocol blah: no such protocol (EAI_NONAME)'
	sockit servinfo --quiet nobody
	nothing 3
	sockit servinfo nobody 81 nothing
	[ "$STATUS" = 3 ]
	[ "$(<out)" = $'indented\t81/tcp' ]
	[ "$(wc -l <err)" = 2 ]
	sockit servinfo --json nobody
	told 3 '{"event":"error",*"class":"resolve","code":"EAI_SERVICE",*nobody*}'
}

@test "words that cannot be used are exit status 2, before anything is printed" {
	local word
	for word in 65536 99999999999999999999 +1; do
		refuses "port '$word' is neither from 0 to 65535 nor a service" servinfo http "$word"
	done
	for word in 20- 25-20 0-65536 70000-80000 99999999999999999999-5; do
		refuses "'$word' is no range of ports: *" servinfo "$word"
	done
	for word in '' / /tcp http/ http/tcp/udp; do
		refuses "'$word' is not NAME\[/PROTO\] or PORT\[/PROTO\]" servinfo http "$word"
	done
	refuses '*--protocol*' servinfo --protocol
	refuses "*'--por'*" servinfo --por 5
	refuses '*' servinfo -5
}

@test "the system's own file: as getent and python have it" {
	[ -r /etc/services ] || skip 'no services file'
	needs getent libc-bin
	# Every name of it, at once.
	sed 's/#.*//' /etc/services | awk 'NF > 1 { print $1 "/" substr($2, index($2, "/") + 1) }' | sort -u >words
	xargs "$SOCKIT" servinfo --port <words | sort -n >ours
	sed 's/#.*//' /etc/services | awk 'NF > 1 { print $2 + 0 }' | sort -un >theirs
	diff <(sort -nu ours) theirs
	local name
	for name in ssh domain smtp ntp/udp www; do
		diff <(getent services "$name" | tr -s ' ') <("$SOCKIT" servinfo "$name" | head -n 1 | tr '\t' ' ')
	done
	for name in tcp udp icmp 6; do
		diff <(getent protocols "$name" | tr -s ' ') <("$SOCKIT" servinfo --protocol "$name" | tr '\t' ' ')
	done
	python3 - >python.out <<-'END'
		import socket
		for name, protocol in (('https', 'tcp'), ('domain', 'udp'), ('ssh', 'tcp')):
		    print(socket.getservbyname(name, protocol))
		print(socket.getservbyport(25, 'tcp'), socket.getprotobyname('udp'))
	END
	{
		for name in https/tcp domain/udp ssh/tcp; do
			"$SOCKIT" servinfo --port "$name"
		done
		echo "$("$SOCKIT" servinfo --name 25/tcp) $("$SOCKIT" servinfo --port --protocol udp)"
	} | diff python.out -
}

@test "without a services file there is a built-in table, and connect and listen use it too" {
	files
	answers $'http\t80/tcp\twww' http
	answers $'ssh\t22/tcp' 22/tcp
	answers $'domain\t53/tcp\ndomain\t53/udp' domain
	answers 5432 --port postgresql
	answers $'udp\t17\tUDP' --protocol udp
	sockit servinfo -v http
	[ "$STATUS" = 0 ]
	says '^sockit servinfo: this system has no /etc/services: the built-in table of usual ones is used$'
	sockit servinfo -v --protocol 6
	says '^sockit servinfo: this system has no /etc/protocols: the built-in table of usual ones is used$'
	sockit servinfo --json http
	[ "$(facts name port protocol aliases source)" = 'http 80 tcp ["www"] builtin' ]
	# Every entry of it is one: in the form, in the order of ports, none twice.
	sockit servinfo
	[ "$(wc -l <out)" -ge 100 ]
	run ! grep -vP '^[a-z][a-z0-9-]*\t[0-9]+/(tcp|udp|sctp)(\t[a-z0-9 -]+)?$' out
	cut -f 2 out | tr / ' ' | sort -s -c -n -k 1,1
	[ -z "$(cut -f 1,2 out | sort | uniq -d)" ]
	# And what has the same name here and in the system's file has the same port.
	if [ -r /etc/services ]; then
		sed 's/#.*//' /etc/services | awk 'NF > 1 { print $1, $2 }' | sort -u >theirs
		cut -f 1,2 out | tr '\t' ' ' | sort -u >ours
		join <(tr / ' ' <ours | awk '{ print $1 "/" $3, $2 }' | sort) \
			<(tr / ' ' <theirs | awk '{ print $1 "/" $3, $2 }' | sort) |
			awk '$2 != $3 { print; bad = 1 } END { exit bad }'
	fi
	# A service that nobody listens on: the number shows.
	within 10 "$SOCKIT" connect -d 127.0.0.1 tcpmux 2>err && fault connect
	says '^sockit connect: 127\.0\.0\.1 port 1: Connection refused'
	within 10 "$SOCKIT" connect -d localhost https 2>err && fault connect
	says '^sockit connect: 127\.0\.0\.1 port 443: Connection refused'
	sockit connect 127.0.0.1 nobody
	told 3 'sockit connect: port nobody: no such service (EAI_SERVICE)'
	# The name of a UDP service is none of TCP.
	sockit connect 127.0.0.1 ntp
	told 3 'sockit connect: port ntp: no such service (EAI_SERVICE)'
	# The other way round.
	sockit udp-send -z 127.0.0.1 ntp
	[ "$(<out)" = '127.0.0.1 123/udp closed ntp' ] || fault udp-send
	sockit udp-send -z --json 127.0.0.1 123
	grep -q '"service":"ntp"' out || fault udp-send
	sockit udp-send -z -n 127.0.0.1 123
	[ "$(<out)" = '127.0.0.1 123/udp closed' ] || fault -n
	# A file that has nothing is a file.
	: >etc/services
	sockit servinfo http
	told 3 'sockit servinfo: service http: no such service (EAI_SERVICE)'
	sockit connect 127.0.0.1 http
	told 3 'sockit connect: port http: no such service (EAI_SERVICE)'
	answers ''
	sockit udp-send -z 127.0.0.1 123
	[ "$(<out)" = '127.0.0.1 123/udp closed' ] || fault udp-send
}

@test "--json: an object for each answer" {
	files
	services_file
	sockit servinfo --json http high 20-21
	[ "$STATUS" = 0 ]
	[ "$(facts name port protocol aliases source)" = 'http 80 tcp ["www", "web"] file
http 80 udp [] file
high 25 udp ["a", "b"] file
low 20 tcp [] file
low 21 tcp [] file' ]
	sockit servinfo --json --protocol udp
	[ "$(facts name number aliases source)" = 'udp 17 ["UDP"] file' ]
	sockit servinfo --json --protocol 6,udp
	[ "$(facts name number aliases source)" = 'tcp 6 ["TCP"] file
udp 17 ["UDP"] file' ]
	sockit servinfo --json
	[ "$(facts name | wc -l)" = 12 ]
}

@test "a file that is no text does no harm, and nothing of it reaches a terminal raw" {
	files
	head -c 100000 /dev/urandom >etc/services
	printf '\nesc\033[2J\303\251\377 77/tcp\tal\033ias\n' >>etc/services
	sockit servinfo 77
	[ "$STATUS" = 0 ] || fault 77
	grep -qF $'esc\\x1b[2Jé\\xff\t77/tcp\tal\\x1bias' out
	sockit servinfo
	[ "$STATUS" = 0 ]
	sockit servinfo --json
	[ "$STATUS" = 0 ]
	printf 'esc\377\033 77/tcp\n' >etc/services
	sockit servinfo --json 77
	[[ $(<out) == '{"name_base64":"ZXNj/xs=",'* ]]
	# As much as anybody has.
	awk 'BEGIN { for (i = 0; i < 60000; i++) print "s" i, i "/tcp", "a" i }' >etc/services
	[ "$("$SOCKIT" servinfo --name 0-65535 | sha256sum)" = "$(awk '{ print $1 }' etc/services | sha256sum)" ]
	answers $'s59999\t59999/tcp\ta59999' a59999
}

@test "columns line up on a terminal" {
	files
	services_file
	needs script bsdutils
	within 20 script -qec "$SOCKIT servinfo http high 83" /dev/null </dev/null | tr -d '\r' >out
	[ "$(<out)" = 'http     80/tcp  www web
http     80/udp
high     25/udp  a b
odd,one  83/tcp' ]
}

@test "a stdout that fails is exit status 1" {
	[ -w /dev/full ] || skip 'no /dev/full'
	STATUS=0
	"$SOCKIT" servinfo http >/dev/full 2>err || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit servinfo: stdout: No space left on device \(ENOSPC\)$'
	STATUS=0
	"$SOCKIT" servinfo http >&- 2>err || STATUS=$?
	[ "$STATUS" = 1 ]
	says '^sockit servinfo: stdout: Bad file descriptor \(EBADF\)$'
}

# bats test_tags=valgrind
@test "servinfo leaks nothing" {
	sockit servinfo ssh 53 20-25/tcp nobody
	[ "$STATUS" = 3 ]
	sockit servinfo --json --protocol tcp
	[ "$STATUS" = 0 ]
}

@test "a services file that is none holds nothing up" {
	files
	for f in services protocols nsswitch.conf; do
		mv etc/$f kept 2>/dev/null || :
		mkfifo etc/$f
		sockit servinfo nosuchservice
		if [ $f = nsswitch.conf ]; then
			[ "$STATUS" = 3 ]
		else
			[ "$STATUS" = 1 ]
			says "^sockit servinfo: /etc/$f: not a regular file \\(ENOTSUP\\)\$"
		fi
		rm etc/$f
		mv kept etc/$f 2>/dev/null || :
	done
	ln -s /dev/zero etc/services
	sockit servinfo http
	[ "$STATUS" = 1 ]
	says '^sockit servinfo: /etc/services: File too large \(EFBIG\)$'
	rm etc/services
	mkfifo etc/services
	sockit sockname --listening nosuchservice
	[ "$STATUS" = 3 ]
}
