# The grammar of the command line, what is refused, and the help.

load helpers/common
load helpers/words
load helpers/private

# waited TEXT: the last run was a listen on port 0 that had no client within TEXT.
waited() {
	[ "$STATUS" = 4 ] || fault 'status 4 was expected' || return
	[ ! -s out ] || fault 'there is output' || return
	[ "$(tail -n 1 err | sed 's/port [1-9][0-9]*:/port:/')" = "sockit listen: port: no client within $1 (-w)" ] ||
		fault "not $1"
}

# bats test_tags=valgrind
@test "options stand before, between and after operands" {
	local words
	sockit listen 127.0.0.1 0 --timeout 5s -v -w 10ms
	waited '10 ms'
	for words in '-w 10ms --quiet 127.0.0.1 0' '127.0.0.1 -w 10ms --quiet 0' \
		'127.0.0.1 0 -w 10ms --quiet' '-w 10ms 127.0.0.1 --quiet 0' \
		'--quiet 127.0.0.1 0 -w 10ms' '-w 10ms 127.0.0.1:0 --quiet'; do
		# shellcheck disable=SC2086 # words
		sockit listen $words
		[ "$STATUS" = 4 ] && [ ! -s err ] && [ ! -s out ] || fault "$words"
	done
}

@test "an option's argument is the next word, or stands after = or the letter" {
	local words
	for words in '--wait 10ms' '--wait=10ms' '-w 10ms' -w10ms '-4w 10ms' -4w10ms -4nw10ms \
		'-4n --wait=10ms' '-w10ms -4 -n'; do
		# shellcheck disable=SC2086 # words
		sockit listen 127.0.0.1 0 $words
		waited '10 ms' || fault "$words"
	done
	# An argument is an argument, whatever it looks like.
	refuses "-w, --wait: '-4' is not a duration*" listen 127.0.0.1 0 -w -4
	refuses "-w, --wait: '--' is not a duration*" listen 127.0.0.1 0 -w --
	refuses "-w, --wait: '=10ms' is not a duration*" listen 127.0.0.1 0 -w=10ms
	refuses "-w, --wait: '=10ms' is not a duration*" listen 127.0.0.1 0 --wait==10ms
}

# bats test_tags=valgrind
@test "flags may be repeated, and count" {
	sockit listen -4 -4 --ipv4 -nn -w 10ms 127.0.0.1 0
	waited '10 ms'
	sockit connect -vv 127.0.0.1 1
	[ "$STATUS" = 1 ] && grep -q 'connecting to 127.0.0.1 port 1' err || fault -vv
	cp err twice
	sockit connect -v --verbose 127.0.0.1 1
	[ "$(wc -l <err)" = "$(wc -l <twice)" ] || fault '-v --verbose'
	sockit connect -v 127.0.0.1 1
	told 1 'sockit connect: 127.0.0.1 port 1: *'
}

@test "--sockopt may be repeated" {
	sockit listen -w 10ms --sockopt TCP_NODELAY --sockopt=SO_KEEPALIVE=1 \
		--sockopt SO_LINGER=1 127.0.0.1 0
	waited '10 ms'
}

@test "an unknown option" {
	refuses "unknown option '--xyzzy'" connect --xyzzy h 1
	refuses "unknown option '--xyzzy'" connect h 1 --xyzzy=3
	refuses "unknown option '-Z'" connect -Z h 1
	refuses "unknown option '-Z' in '-vZ4'" connect -vZ4 h 1
	refuses "unknown option '-?'" connect '-?' h 1
	refuses "unknown option '--'" connect --=1 h 1
	refuses "unknown option '---'" connect --- h 1
	refuses "unknown option '--xyzzy'" listen --xyzzy 1
	refuses "unknown option '-Z'" listen 1 -Z
}

@test "what is unknown and has control characters is said escaped" {
	refuses "unknown option '--a\\\\x1b\[1mb'" connect --a$'\e[1m'b h 1
	refuses "unknown option '-\\\\x1b' in '-\\\\x1b\[1m'" connect -$'\e[1m' h 1
	refuses "unknown option '--a\\\\nb'" connect $'--a\nb' h 1
	refuses "-w, --wait: '1\\\\r2' is not a duration*" connect -w $'1\r2' h 1
	refuses "extra operand 'c\\\\x07'" connect a b c$'\a'
	sockit $'conn\e[7mect'
	told 2 "sockit: 'conn\\\\x1b\[7mect' is no subcommand: see sockit help"
	# No character of UTF-8 begins so: without its highest bits it would be U+18924.
	refuses "unknown option '--\\\\xf8\\\\x98\\\\xa4\\\\xa4'" connect $'--\xf8\x98\xa4\xa4' h 1
	refuses "unknown option '--\\\\xfe\\\\x98\\\\xa4\\\\xa4'" connect $'--\xfe\x98\xa4\xa4' h 1
}

@test "did you mean" {
	refuses "unknown option '--wiat': did you mean '--wait'[?]" connect --wiat 1 h 1
	refuses "unknown option '--retyr': did you mean '--retry'[?]" connect --retyr=1 h 1
	refuses "unknown option '--recv_only': did you mean '--recv-only'[?]" connect --recv_only h 1
	refuses "unknown option '--WAIT': did you mean '--wait'[?]" connect --WAIT 1 h 1
	refuses "unknown option '--hlep': did you mean '--help'[?]" listen --hlep
	refuses "unknown option '--reuse-port': did you mean '--reuseport'[?]" listen --reuse-port 0
	refuses "--tos: 'eff' is unknown: did you mean 'ef'[?]" connect --tos eff h 1
	refuses "--transport: 'mtpcp' is unknown: did you mean 'mptcp'[?]" \
		connect --transport mtpcp h 1
	sockit conect localhost 80
	told 2 "sockit: 'conect' is no subcommand: did you mean 'connect'[?]"
	sockit lisent -v 80
	told 2 "sockit: 'lisent' is no subcommand: did you mean 'listen'[?]"
	sockit hepl
	told 2 "sockit: 'hepl' is no subcommand: did you mean 'help'[?]"
	# Where a word is that short, any two letters are near.
	refuses "unknown shell 'sh': it is none of bash|zsh|fish" completion sh
	refuses "unknown shell 'bsh': did you mean 'bash'[?]" completion bsh
	refuses "--transport: 'tc' is unknown" connect --transport tc h 1
	sockit xyzzy
	told 2 "sockit: 'xyzzy' is no subcommand: see sockit help"
	sockit ''
	told 2 "sockit: '' is no subcommand: see sockit help"
}

@test "long names are not abbreviated" {
	local name
	for name in wai verb num rec ipv t ; do
		refuses "unknown option '--$name'*" connect "--$name" h 1
		refuses "unknown option '--$name'*" connect "--$name=1" h 1
	done
	refuses "unknown option '--hel'*" connect --hel
	sockit conn localhost 80
	told 2 "sockit: 'conn' is no *"
}

@test "of an option that is given again the last one counts" {
	local options words
	for words in '-w 1h -w 10ms' '--wait=1h -w10ms' '-4w 1h --timeout 1m --wait 10ms --timeout 2m' \
		'-w 0 -w 1ms -w 10ms'; do
		# shellcheck disable=SC2086 # words
		sockit listen 127.0.0.1 0 $words
		waited '10 ms' || fault "$words"
	done
	serve -k -d 127.0.0.1 0 2>/dev/null
	sockit connect -s 203.0.113.9 -s 127.0.0.1 -e 'exit 4' 127.0.0.1 "$PORT" -e 'exit 5'
	nothing 5
	# What the first one had beside is gone too.
	options='--ttl 5 --tos ef --keepalive=20,30,40 --keepalive=50 --tos=32 --tos 8 --ttl=9'
	# shellcheck disable=SC2016,SC2086 # for the command; words
	exits 0 "$SOCKIT" connect $options 127.0.0.1 "$PORT" -e 'exec "$SOCKIT" sockname --fd 0 --options >out' \
		</dev/null 2>err
	[ "$(sed -nE 's/^(IP_TTL|IP_TOS|SO_KEEPALIVE|TCP_KEEPIDLE)[ \t]+/\1 /p' out | sort | paste -sd' ')" = \
		'IP_TOS 8 IP_TTL 9 SO_KEEPALIVE 1 TCP_KEEPIDLE 50' ] || fault options
	! grep -E '^TCP_KEEP(INTVL|CNT)[ \t]+[34]0$' out || fault keepalive
	# What is wrong is refused, though another one follows.
	refuses "-w, --wait: '1x' is not *" connect -w 1x -w 1 h 1
	refuses "-w, --wait: '' is empty" connect -w '' -w 1 h 1
	refuses "--interval needs --retry or --ping" connect --interval 1 --interval 2 h 1
}

@test "those that add up: each one counts" {
	serve -k -d 127.0.0.1 0 2>/dev/null
	# shellcheck disable=SC2016 # for the command
	exits 0 "$SOCKIT" connect --sockopt TCP_NODELAY --sockopt IP_TTL=7 --sockopt=SO_KEEPALIVE \
		127.0.0.1 "$PORT" -e 'exec "$SOCKIT" sockname --fd 0 --options >out' </dev/null 2>err
	[ "$(sed -nE 's/^(IP_TTL|TCP_NODELAY|SO_KEEPALIVE)[ \t]+/\1 /p' out | sort | paste -sd' ')" = \
		'IP_TTL 7 SO_KEEPALIVE 1 TCP_NODELAY 1' ] || fault options
	refuses "--allow: 'y/' is no *" listen --allow 127.0.0.1 --allow 'x y/' --allow ::1 1
}

@test "--owner again: the group of the first is gone" {
	[ "$(id -u)" = 0 ] || skip 'as root only'
	spawn "$SOCKIT" unix -l --owner 1:2 --mode 0 --owner 3 --mode 640 s </dev/null >out 2>err
	eventually test -S s
	eventually is_owned '3:0 640'
}
is_owned() {
	[ "$(stat -c '%u:%g %a' s)" = "$1" ]
}

@test "an argument is missing" {
	refuses '*-w*: DURATION is missing' connect h 1 -w
	refuses '*-w*: DURATION is missing' connect h 1 -4w
	refuses '*--wait*: DURATION is missing' connect h 1 --wait
	refuses '*--sockopt*: NAME\[=VALUE\] is missing' connect h 1 --sockopt
	local option
	for option in wait retry linger read-bytes buffer source ttl tos; do
		refuses "*--$option: '' *" connect h 1 "--$option="
		refuses "*--$option: '' *" connect h 1 "--$option" ''
	done
	refuses "*--sockopt: ''*" connect h 1 --sockopt=
	refuses "*--keepalive: ''*" connect h 1 --keepalive=
}

@test "a flag takes no argument" {
	refuses "--nodelay takes no argument: '--nodelay=1'" connect --nodelay=1 h 1
	refuses "--verbose takes no argument: '--verbose='" connect --verbose= h 1
	refuses "--ipv6-only takes no argument: '--ipv6-only=yes'" listen --ipv6-only=yes 1
	refuses "*'--help=1'*" connect --help=1
}

@test "numbers: out of range, overflow, nonsense" {
	local word
	for word in 0 256 300 4294967297 18446744073709551617 99999999999999999999; do
		refuses "--ttl: '$word' is out of range (1 to 255)" connect --ttl "$word" h 1
	done
	for word in 1x -1 +1 ' 1' '1 ' 1. 1.5 .5 1e2 0x10 x 99999999999999999999x; do
		refuses "--ttl: $(quoted "'$word'") is not a number" connect --ttl "$word" h 1
	done
	for word in 2147483648 99999999999999999999; do
		refuses "--backlog: '$word' is out of range (0 to 2147483647)" \
			listen --backlog "$word" 1
	done
	# The standard ones have other things to do.
	for word in 0 1 2 2147483648 99999999999999999999; do
		refuses "--notify-fd: '$word' is out of range (3 to 2147483647)" \
			listen --notify-fd "$word" 1
	done
	refuses "--notify-fd: '-1' is not a number" listen --notify-fd -1 1
	for word in 256 -1 99999999999999999999 0x100 eff ''; do
		refuses "--tos: '$word' is *" connect --tos "$word" h 1
	done
}

@test "durations: nonsense, overflow" {
	local word option
	for option in wait idle-timeout timeout linger quit-after-eof; do
		for word in 1x -1 1. .5 ' 1' '1 ' 1e3 0x10 +1 1,5 s ms 1d '1 s' 1S 1ms1 1.5.5 .; do
			refuses "*--$option: $(quoted "'$word'") is not a duration*" \
				connect h 1 "--$option=$word"
		done
	done
	for word in 99999999999999999999 99999999999999999999ms 9223372036854775807 \
		99999999999h 9223372037s; do
		refuses "*--wait: '$word' is too long" connect -w "$word" h 1
		refuses "*--wait: '$word' is too long" listen -w "$word" 1
	done
}

@test "durations in every unit" {
	local word
	for word in 1 0.5 250ms 3s 1m 2h 9000000000s 1.5m; do
		sockit listen --timeout "$word" --linger "$word" -i "$word" -w 10ms 127.0.0.1 0
		waited '10 ms' || fault "$word"
	done
	sockit listen -w 0.02 127.0.0.1 0
	waited '20 ms'
	sockit listen -w 0.0005m 127.0.0.1 0
	waited '30 ms'
	sockit listen -w 0.00001h 127.0.0.1 0
	waited '36 ms'
	sockit listen -w 0.040s 127.0.0.1 0
	waited '40 ms'
	sockit listen -w 0 127.0.0.1 0
	[ "$STATUS" = 4 ]
}

@test "sizes: nonsense, overflow, out of range" {
	local word option
	for option in buffer rcvbuf sndbuf read-bytes; do
		for word in 1x -1 1. .5 ' 1' '1 ' 1e3 0x10 +1 1.5 k 1kk 1T 1,5 1.k .5k 1.5.5k 1,5k B \
			kB iB 1B 1iB 1kb 1ki 1kiBB 1MBs 1k.5 -1.5k; do
			refuses "--$option: $(quoted "'$word'") is not a size*" \
				connect h 1 "--$option=$word"
		done
		for word in 0 0k 0G 99999999999999999999 99999999999999999999k 9999999999999G \
			8589934592G 17179869185G 0.0001k 0.0000009MB 99999999999999999999MB \
			9223372036.854775808GB; do
			refuses "--$option: '$word' is out of range (1 to *)" connect h 1 "--$option=$word"
		done
	done
	refuses "--buffer: '2G' is out of range (1 to 1073741824)" connect h 1 --buffer=2G
}

@test "sizes in every unit" {
	local word
	for word in 512 64k 64K 1m 1M 1g 1G 0001; do
		sockit listen --buffer "$word" --read-bytes "$word" -w 10ms 127.0.0.1 0
		waited '10 ms' || fault "$word"
	done
}

@test "sizes: what each of them is, to the byte" {
	local word bytes
	serve -k 127.0.0.1 0 -e 'exec head -c 70000 /dev/zero' 2>/dev/null
	while read -r word bytes; do
		exits 0 "$SOCKIT" connect -d --read-bytes "$word" 127.0.0.1 "$PORT" >out 2>err
		[ "$(wc -c <out)" -eq "$bytes" ] || fault "$word"
	done <<-'END'
		1k 1024
		0.5k 512
		1.5K 1536
		0.0625M 65536
		0.0009765625m 1024
		0.00001G 10737
		0.0000009313225746154785156250001G 1000
		64KiB 65536
		1kiB 1024
		1.0009765625KiB 1025
		0.01MiB 10485
		0.00001GiB 10737
		64kB 64000
		1KB 1000
		1.0019KB 1001
		0.0655MB 65500
		0.000001GB 1000
	END
	exits 4 "$SOCKIT" listen --buffer 0.5M --rcvbuf 10kB --rate 1.5MB -w 1ms 127.0.0.1 0 </dev/null >out 2>err
	refuses "--rate: '0.5' is not a size*" listen --rate 0.5 1
}

@test "durations, to the nanosecond" {
	refuses "-w, --wait: '9223372036.854775808' is too long" connect -w 9223372036.854775808 h 1
	sockit connect -n -w 9223372036.854775807 h 1
	told 2 "*host 'h' is a name*"
	sockit connect -n -w 2562047.78801521550194444444h h 1
	told 2 "*host 'h' is a name*"
}

@test "each option with a number, a time, a size or a choice: what is none" {
	local command option word n=0
	for command in $(subcommands); do
		while read -r option; do
			n=$((n + 1))
			# What else each kind does not take: above.
			for word in x -1 ''; do
				STATUS=0
				"$SOCKIT" "$command" "$option=$word" >out 2>err || STATUS=$?
				[ "$STATUS" = 2 ] && [[ $(<err) == "sockit $command: "*"$option: "* ]] ||
					fault "$option=$word"
			done
		done < <("$SOCKIT" "$command" --help |
			sed -nE 's/^ .*(--[a-z-]+) (DURATION|N|SIZE|RATE|ACTION|PROTOCOL|CLASS|MODE|WHO|TYPE|OCTAL)( .*)?$/\1/p')
	done
	[ $n -ge 114 ]
}

@test "--keepalive: what cannot be" {
	local word
	for word in x ',' '1,' ',1' 1,2,3,4 0 1,0 1,1,0 1,1,128 32768 1,32768 -1 1,1,x 1,1,1.5 1e3 \
		99999999999999999999 10h; do
		refuses "--keepalive: $(quoted "'$word'") is not IDLE*" connect "--keepalive=$word" h 1
	done
	# Its argument stands after = only.
	refuses "extra operand '1'" connect --keepalive 5 h 1
}

# bats test_tags=valgrind
@test "options that exclude each other" {
	refuses "unknown option '-4'" unix -4 path
	refuses "unknown option '-6'" servinfo -6 http
	refuses '*--ipv4*--ipv6*' connect -4 -6 h 1
	refuses '*--ipv6*--ipv4*' connect -64 h 1 || refuses '*--ipv4*--ipv6*' connect -64 h 1
	refuses '*--recv-only*--send-only*' connect -d --send-only h 1
	refuses '*--send-only*--read-bytes*' connect --read-bytes 1 --send-only h 1
	refuses '*--ipv6-only*--ipv4*' listen --ipv6-only -4 1
	sockit connect -v --quiet h 1
	[ "$STATUS" = 2 ]
	[ ! -s out ]
}

@test "an option that needs another" {
	refuses '--interval needs --retry or --ping' connect --interval 1s h 1
	refuses '--append needs --output or --hex-dump or --text-dump' connect --append h 1
	refuses '--append needs --output or --hex-dump or --text-dump' listen 0 --append
}

# bats test_tags=valgrind
@test "operands: missing, extra" {
	refuses '*an operand is missing*HOST PORT*' connect
	refuses '*an operand is missing*HOST PORT*' connect -4
	refuses "*port is missing after 'localhost'" connect localhost
	refuses "*port is missing after '127.0.0.1'" connect 127.0.0.1
	refuses "*port is missing after '::1'" connect ::1
	refuses "*port is missing after '::1:80': *" connect ::1:80
	refuses "extra operand 'x'" connect localhost 80 x
	refuses "extra operand '-'" connect localhost 80 -
	refuses "extra operand ''" connect localhost 80 ''
	refuses '*an operand is missing*PORT*' listen
	refuses "extra operand 'x'" listen localhost 80 x
	refuses "*'unix:'*path is empty*" connect unix:
	refuses "*'unix:@'*name is empty*" listen unix:@
	refuses "extra operand 'x'" unix x x
	refuses '*an operand is missing*PATH*' unix
}

@test "a command after --, or -e, not both" {
	refuses "'--': a command is missing after it" connect localhost 80 --
	refuses "'--': a command is missing after it" listen 80 --
	refuses "'--': a command is missing after it" listen 80 -- ''
	refuses '*an operand is missing*HOST PORT*' connect -- localhost 80
	refuses "*port is missing after 'localhost'" connect localhost -- cat
	refuses "extra operand 'x'" listen localhost 80 x -- cat
	refuses "--execute and '-- cat' exclude each other" connect -e cat localhost 80 -- cat -v
	refuses "--execute and '-- cat' exclude each other" listen 80 --execute=cat -- cat
	refuses "--execute and '-- a\\\\nb' exclude each other" listen 80 -e cat -- $'a\nb'
	refuses '*-e*' listen 80 -e
	refuses '--kill-after needs a command: -e CMD or -- CMD' listen 80 --kill-after 1s
	refuses '--kill-after needs a command: -e CMD or -- CMD' connect h 80 --kill-after 1s
	refuses "*'1x'*" listen 80 --kill-after 1x -e cat
	# What follows is the command's.
	refuses "unknown option '--xyzzy'" listen 80 --xyzzy -- cat
	sockit listen -w 10ms 127.0.0.1 "$(free_port)" -- cat --xyzzy -- -e
	told 4 '*no client*'
}

@test "hosts that are none" {
	local host long
	refuses "*host ''*" connect '' 80
	refuses "*host ''*" listen '' 80
	for host in 'a b' ' ' a/b '[::1' '::1]' '[]' '[' '[a]' '[127.0.0.1]' ::g \
		fe80::1% 127.0.0.1% a%b a@b a,b 1:2:3:4:5:6:7:8:9 12345::; do
		refuses "*host $(quoted "'$host'")*" connect "$host" 80
		refuses "*host $(quoted "'$host'")*" listen "$host" 80
	done
	long=$(printf '%0300d' 0)
	refuses "*host '0000*" connect "$long" 80
}

@test "hosts with control characters are refused, and escaped" {
	refuses "*host 'a\\\\x1b\[31mb'*" connect a$'\e[31m'b 80
	refuses "*host 'a\\\\x1b\[31mb'*" listen a$'\e[31m'b 80
	refuses "*host '\\\\n'*" connect $'\n' 80
	refuses "*host 'a\\\\tb'*" connect $'a\tb' 80
	refuses "*host 'a\\\\x7f'*" connect a$'\x7f' 80
	refuses "*port '8\\\\x1b\[m'*" connect localhost 8$'\e[m'
	refuses "*port 'a\\\\rb'*" listen $'a\rb'
	refuses "*host 'a\\\\x1bb'*" connect $'a\eb:80'
}

@test "ports that are none" {
	local port word
	for port in 65536 65617 -1 -80 '' +1 +80 99999999999 4294967376 18446744073709551696 \
		99999999999999999999 ' 80' '80 ' '8 0'; do
		word=$(quoted "'$port'")
		refuses "*port $word*" connect localhost "$port"
		refuses "*port $word*" connect "localhost:$port"
		refuses "*port $word*" connect "[::1]:$port"
		refuses "*port $word*" listen "127.0.0.1:$port"
		refuses "*port $word*" listen 127.0.0.1 "$port"
		refuses "*port $word*" listen "$port"
	done
}

@test "what is pasted or typed in place of HOST, PORT and ENDPOINT: what was meant" {
	local words meant
	while IFS='|' read -r words meant; do
		# shellcheck disable=SC2086 # words
		refuses "$(quoted "$meant")" $words || fault "$words"
	done <<-'END'
		connect http://h/|'http://h/' is a URL: its host and port are written h 80
		connect https://h/p?q#f|'https://h/p?q#f' is a URL: its host and port are written h 443 (sockit speaks no TLS)
		connect http://u:p@h.test:8080/x@y:1|'http://***@y:1' is a URL: its host and port are written h.test 8080
		connect http://u:p@q@h/|'http://***@h/' is a URL: its host and port are written h 80
		connect http://u:p/q@h/|'http://***@h/' is a URL: its host and port are written u PORT
		connect http://u@h/|'http://u@h/' is a URL: its host and port are written h 80
		connect http://[::1]:8080/|'http://[::1]:8080/' is a URL: its host and port are written [::1] 8080
		connect http://[::1]/|'http://[::1]/' is a URL: its host and port are written [::1] 80
		connect tcp://h:80|'tcp://h:80' is a URL: its host and port are written h 80
		connect tcp://h|'tcp://h' is a URL: its host and port are written h PORT
		connect http://h 80|'http://h' is a URL: its host and port are written h 80
		connect h http://h|'http://h' is a URL: its host and port are written h 80
		connect -z http://h/ 80|'http://h/' is a URL: its host and port are written h 80
		udp-send udp://h:53|'udp://h:53' is a URL: its host and port are written h 53
		listen tcp://127.0.0.1:80|'tcp://127.0.0.1:80' is a URL: its host and port are written 127.0.0.1 80
		listen --forward http://h/ 80|--forward: 'http://h/' is a URL: its host and port are written h 80
		connect /x.sock|'/x.sock' is a path: a UNIX socket is written unix:/x.sock
		connect ./x.sock|'./x.sock' is a path: a UNIX socket is written unix:./x.sock
		connect ~/x|'~/x' is a path: a UNIX socket is written unix:~/x
		connect -z ../x.sock|'../x.sock' is a path: a UNIX socket is written unix:../x.sock
		listen /x.sock|'/x.sock' is a path: a UNIX socket is written unix:/x.sock
		listen --forward /x.sock 80|--forward: '/x.sock' is a path: a UNIX socket is written unix:/x.sock
		connect 80|a host is missing before port '80'
		connect -z 80|a host is missing before port '80'
		connect --ping 80|a host is missing before port '80'
		udp-send 80|a host is missing before port '80'
		connect :80|a host is missing before ':80'
		connect localhost|a port is missing after 'localhost'
		connect ::1|a port is missing after '::1'
		connect ::1:80|a port is missing after '::1:80': or is it in there, [::1]:80?
		connect fe80::5:8080|a port is missing after 'fe80::5:8080': or is it in there, [fe80::5]:8080?
		connect 2001:db8::80|a port is missing after '2001:db8::80'
		listen ::1:80|a port is missing after '::1:80': or is it in there, [::1]:80?
		listen 127.0.0.1|a port is missing after '127.0.0.1'
		listen :9000|':9000': a port alone is written 9000
		udp-recv :9000|':9000': a port alone is written 9000
		connect 80 localhost|'80' is a port, which stands behind the host: localhost 80
		listen 80 127.0.0.1|'80' is a port, which stands behind the host: 127.0.0.1 80
		udp-send 53 ::1|'53' is a port, which stands behind the host: ::1 53
		connect 80 443|host '80' is a port, which stands behind a host
		connect 80:443|host '80' is a port, which stands behind a host
		connect -s 80 h 1|host '80' is a port, which stands behind a host
		unix unix:/x.sock|'unix:/x.sock': here the path alone is written: /x.sock
		unix -l unix:@x|'unix:@x': here the path alone is written: @x
		unix --type dgram -s unix:s x|'unix:s': here the path alone is written: s
		udp-send unix:x|'unix:x': only HOST and PORT are known here: see sockit unix --type dgram
		sockname 9000|'9000' is a port alone: sockit sockname --listening 9000
		listen --forward 8088 80|--forward: '8088' is a port alone: localhost:8088
		listen --forward localhost 80|--forward: 'localhost' is no endpoint: HOST:PORT, unix:PATH or vsock:CID:PORT
	END
}

@test "a password of a word of the command line is not repeated" {
	local words n=0
	while read -r words; do
		# shellcheck disable=SC2086 # words
		sockit $words
		[ "$STATUS" = 2 ] && [ ! -s out ] && [ -s err ] || fault "$words"
		! grep -q geheim err || fault "$words"
		grep -q 'h\.test' err || fault "$words"
		n=$((n + 1))
	done <<-'END'
		https://u:geheim@h.test/
		https://u:geheim@h.test/ 80
		help https://u:geheim@h.test/
		--https://u:geheim@h.test/
		curl https://u:geheim@h.test/
		socat - TCP:u:geheim@h.test:80
		connect --json https://u:geheim@h.test/
		connect h https://u:geheim@h.test/
		connect h 1 https://u:geheim@h.test/
		connect u:geheim@h.test
		connect u:geheim@h.test 80
		connect u:geheim@h.test:80
		connect -z u:geheim@h.test
		connect -w https://u:geheim@h.test/ h 1
		connect --sockopt u:geheim@h.test h 1
		connect --https://u:geheim@h.test/
		connect --proxy ftp://u:geheim@h.test h 1
		listen --allow u:geheim@h.test 0
		listen --forward u:geheim@h.test:80 0
		sockname https://u:geheim@h.test/
	END
	[ "$n" = 20 ]
	# Which is no password.
	refuses "'/a:b@c' is a path: a UNIX socket is written unix:/a:b@c" connect /a:b@c
	sockit connect unix:a:b@c
	told 1 'sockit connect: unix:a:b@c: No such file or directory (ENOENT)'
}

@test "hosts that are numbers, and paths that look like more" {
	# As every tool has it: 0 is 0.0.0.0, and an address may be one number.
	serve -d 127.0.0.1 0 2>/dev/null
	exits 0 "$SOCKIT" connect 2130706433 "$PORT" </dev/null >out 2>err
	ended 0 "$LISTENER"
	serve -d 0 0 2>/dev/null
	exits 0 "$SOCKIT" connect 0 "$PORT" </dev/null >out 2>err
	ended 0 "$LISTENER"
	exits 0 "$SOCKIT" resolve 9000 >out
	[ "$(cat out)" = 0.0.35.40 ]
	exits 4 "$SOCKIT" unix -l -w 1ms ./unix:s </dev/null >out 2>err
	exits 4 "$SOCKIT" listen -w 1ms unix:/"${PWD#/}/s" </dev/null >out 2>err
}

@test "source ports that are none" {
	local port
	for port in 65536 65617 -1 -80 +1 99999999999 18446744073709551696 ' 80' '80 '; do
		refuses "*$(quoted "'$port'")*" connect -p "$port" 127.0.0.1 1
	done
	refuses "-p, --source-port: ''*" connect -p '' 127.0.0.1 1
}

@test "source addresses that are none" {
	local host
	for host in 'a b' '[::1' '::1]' ::g $'a\tb'; do
		host=${host//$'\t'/\\t}
		refuses "*$(quoted "'$host'")*" connect -s "${host//\\t/$'\t'}" 127.0.0.1 1
	done
	refuses "-s, --source: ''*" connect -s '' 127.0.0.1 1
}

@test "a service that does not exist" {
	local port
	for port in nosuchservice 0x50 80x 1:2; do
		sockit connect 127.0.0.1 "$port"
		told 3 "sockit connect: port $port: * (EAI_SERVICE)" || fault "$port"
		sockit listen 127.0.0.1 "$port"
		told 3 "sockit listen: port $port: * (EAI_SERVICE)" || fault "$port"
	done
	sockit listen nosuchservice
	told 3 'sockit listen: port nosuchservice: * (EAI_SERVICE)'
	sockit connect -p nosuchservice 127.0.0.1 1
	told 3 'sockit connect: -p nosuchservice: * (EAI_SERVICE)'
	sockit connect 127.0.0.1 $'h\xc2\x9bm'
	told 3 'sockit connect: port h\\xc2\\x9bm: * (EAI_SERVICE)'
}

@test "--numeric looks nothing up" {
	refuses "*host 'localhost' is a name*" connect -n localhost 80
	refuses "*port 'http' is a name*" connect -n 127.0.0.1 http
	refuses "*host 'localhost' is a name*" listen --numeric localhost 80
	refuses "*port 'http' is a name*" listen -n http
	refuses "*host 'localhost' is a name*" connect -n localhost:80
}

@test "--quiet: not even errors" {
	local words
	for words in 'h 65536' 'h' 'h 1 x' '-w 1x h 1' '-4 -6 h 1' '--xyzzy h 1' 'h 1 --' '-u h 1'; do
		# shellcheck disable=SC2086 # words
		sockit connect --quiet $words
		nothing 2 || fault "$words"
	done
	sockit connect --quiet 127.0.0.1 1
	nothing 1
	sockit connect --quiet 127.0.0.1 nosuchservice
	nothing 3
	sockit listen --quiet -w 10ms 0
	nothing 4
}

# Opens descriptor 6 as the write end of a pipe that nobody reads.
broken_pipe() {
	rm -f gone both
	mkfifo gone
	ln gone both # for shellcheck, which thinks that it is a pipeline
	exec 5<>gone 6>both 5>&-
}

@test "a stderr that is full or gone changes nothing" {
	local status words full closed gone
	broken_pipe
	for words in 'connect h 65536' 'connect 127.0.0.1 nosuchservice' 'listen -w 10ms 127.0.0.1 0'; do
		full=0 closed=0 gone=0
		# shellcheck disable=SC2086 # words
		{
			sockit $words
			within 10 "$SOCKIT" $words </dev/null 2>/dev/full || full=$?
			within 10 "$SOCKIT" $words </dev/null 2>&- || closed=$?
			within 10 "$SOCKIT" $words </dev/null 2>&6 || gone=$?
		}
		[ "$STATUS" -ge 2 ] && [ "$full $closed $gone" = "$STATUS $STATUS $STATUS" ] ||
			fault "$words: full $full, closed $closed, gone $gone"
	done
	exec 6>&-
}

# Help.

@test "help of each subcommand: from the table, to stdout" {
	local command n=0
	for command in $(subcommands); do
		n=$((n + 1))
		sockit "$command" --help
		[ "$STATUS" = 0 ] && [ ! -s err ] || fault "$command --help"
		[[ $(head -n 1 out) == "usage: sockit $command "* ]] || fault usage
		grep -qE '^  -h, --help +' out || fault --help
		grep -qE '^  -v, --verbose +' out || fault --verbose
		[ "$(grep -cE '^[A-Z][A-Za-z ]*:$' out)" -ge 3 ] || fault groups
		# Each option stands in a group, and no group is empty.
		awk '
			/^[A-Z].*:$/ { if (open && !rows) exit 1; open = 1; rows = 0; next }
			/^ +(-[^ ], )?--/ { if (!open) exit 1; rows++ }
			/^$/ { if (open && !rows) exit 1; open = 0 }
		' out || fault grouping
		cp out help
		sockit help "$command"
		[ "$STATUS" = 0 ] && [ ! -s err ] && cmp out help || fault 'sockit help'
		sockit "$command" -h --help too many words here
		[ "$STATUS" = 0 ] && [ ! -s err ] && cmp out help || fault '-h --help'
	done
	[ $n -ge 2 ]
}

@test "each letter in the help is known, and no other is" {
	local command letter help said
	for command in $(subcommands); do
		sockit "$command" --help
		help=$(<out)
		for letter in {a..z} {A..Z} {0..9}; do
			sockit "$command" "-$letter"
			said=$(<err)
			if [[ $help == *$'\n'"  -$letter, "* ]]; then
				[[ $said != *"unknown option"* && $said != *"port '-"* ]]
			elif [[ $letter == [0-35789] && $command == unix ]]; then
				[[ $said == *"unix:-$letter: No such file"* ]]
			elif [[ $letter == [0-35789] ]]; then
				# It looks like a negative number, which is an operand.
				[[ $said =~ (after|port|host|name)\ \'-$letter\' ]]
			else
				[[ $said == *"unknown option '-$letter'"* ]]
			fi || fault "$command -$letter"
		done
	done
}

# A line of -h that is an example.
EXAMPLE='^  ([a-z].*)?sockit [a-z]'

@test "-h is one screen: the forms, ten options, three examples, how arguments are written" {
	local command word
	for command in '' $(subcommands); do
		# shellcheck disable=SC2086 # it may be none
		python3 "$BATS_TEST_DIRNAME/helpers/width.py" 80 "$SOCKIT" $command -h >out
		[ "$(wc -l <out)" -le 24 ] && [ "$(awk '{ print length }' out | sort -n | tail -n 1)" -le 79 ] ||
			fault "$command: no screen"
		[[ $(head -n 1 out) == "usage: sockit ${command:-SUBCOMMAND} "* ]] || fault usage
		# Examples, and what they are made of.
		[ "$(grep -cE "$EXAMPLE" out)" = 3 ] || fault 'examples'
		for word in 250ms 1.5M 10MB '\[V6\]:PORT' unix:@NAME vsock: ; do
			grep -q -- "$word" out || fault "$word"
		done
		[ "$command" ] || continue
		cp out screen
		sockit "$command" -vh too many words here
		[ "$STATUS" = 0 ] && [ ! -s err ] && cmp out screen || fault -vh
		sockit -h "$command"
		[ "$STATUS" = 0 ] && [ ! -s err ] && cmp out screen || fault "sockit -h $command"
		# Each option is one of --help, with its first words.
		sockit "$command" --help
		tr -s ' \n' '  ' <out >words
		sed -nE 's/^ +(-[-a-zA-Z0-9].*)/\1/p' screen | tr -s ' ' >options
		[ "$(wc -l <options)" = "$([ "$command" = servinfo ] && echo 5 || echo 10)" ] || fault options
		while read -r word; do
			grep -qF -- "${word%.}" words || fault "$command: $word"
		done <options
	done
}

@test "the examples of -h pass the parser" {
	private </dev/null
	local command line n=0 pids=()
	mkdir bin
	cat >bin/sockit <<-END
		#!/bin/sh
		timeout 0.7 '$SOCKIT' "\$@"
		status=\$?
		printf '%s %s\n' \$status "\$*" >>'$PWD/statuses'
		exit \$status
	END
	chmod +x bin/sockit
	: >file
	echo >magic-packet
	for command in '' $(subcommands); do
		# shellcheck disable=SC2086 # it may be none
		"$SOCKIT" $command -h | sed -nE "/$EXAMPLE/s/^  //p" >"examples.$n"
		while read -r line; do
			n=$((n + 1))
			PATH=$PWD/bin:$PATH inside bash -c "$line" </dev/null >"out.$n" 2>"err.$n" 3>&- &
			pids+=("$!")
		done <"examples.$n"
	done
	wait "${pids[@]}" || :
	[ $n = 30 ] && [ "$(wc -l <statuses)" = 30 ]
	# Nobody is there; some wait for him.
	! grep -vE '^([0134]|124|12[67]) ' statuses || return 1
}

@test "help fits the terminal" {
	local columns command line
	for columns in 60 100; do
		for command in $(subcommands); do
			python3 "$BATS_TEST_DIRNAME/helpers/width.py" $columns "$SOCKIT" "$command" --help >out
			[ "$(wc -l <out)" -gt 15 ]
			while IFS= read -r line; do
				[ ${#line} -le $columns ] || {
					echo "$columns columns: $line"
					return 1
				}
			done <out
		done
	done
	# The room that there is is used, and a pipe has 80 columns.
	python3 "$BATS_TEST_DIRNAME/helpers/width.py" 60 "$SOCKIT" connect --help >narrow
	python3 "$BATS_TEST_DIRNAME/helpers/width.py" 100 "$SOCKIT" connect --help >wide
	python3 "$BATS_TEST_DIRNAME/helpers/width.py" 80 "$SOCKIT" connect --help >usual
	[ "$(wc -l <narrow)" -gt "$(wc -l <usual)" ]
	[ "$(wc -l <usual)" -gt "$(wc -l <wide)" ]
	sockit connect --help
	cmp out usual
	# The words are the same.
	cmp <(tr -s ' \n' '\n' <narrow) <(tr -s ' \n' '\n' <wide)
	# A terminal that does not know how wide it is.
	python3 "$BATS_TEST_DIRNAME/helpers/width.py" 0 "$SOCKIT" connect --help >none
	cmp none usual
}

@test "the overview fits the terminal" {
	local columns
	for columns in 60 100; do
		python3 "$BATS_TEST_DIRNAME/helpers/width.py" $columns "$SOCKIT" help >out
		[ "$(wc -l <out)" -gt 8 ]
		awk -v columns=$columns 'length > columns { print columns ": " $0; long = 1 }
			END { exit long }' out
	done
}

@test "help into a full disk: exit 1" {
	local words
	for words in 'connect --help' 'listen -h' help 'help connect' --version --help; do
		STATUS=0
		# shellcheck disable=SC2086 # words
		within 10 "$SOCKIT" $words >/dev/full 2>err || STATUS=$?
		: >out
		told 1 'sockit*: stdout: * (ENOSPC)' || fault "$words"
		STATUS=0
		# shellcheck disable=SC2086
		within 10 "$SOCKIT" $words >&- 2>err || STATUS=$?
		told 1 'sockit*: stdout: * (EBADF)' || fault "$words"
	done
}

@test "help into a pipe that nobody reads: SIGPIPE" {
	local words
	broken_pipe
	for words in 'connect --help' help --version; do
		STATUS=0
		# shellcheck disable=SC2086 # words
		within 10 env --default-signal=PIPE "$SOCKIT" $words >&6 2>err || STATUS=$?
		[ "$STATUS" = 141 ] && [ ! -s err ] || fault "$words"
		STATUS=0
		# shellcheck disable=SC2086
		within 10 env --ignore-signal=PIPE "$SOCKIT" $words >&6 2>err || STATUS=$?
		told 1 'sockit*: stdout: * (EPIPE)' || fault "ignored: $words"
	done
	exec 6>&-
}

@test "sockit help, --version, and sockit alone" {
	local command
	sockit help
	[ "$STATUS" = 0 ]
	[ ! -s err ]
	grep -q '^usage: sockit SUBCOMMAND' out
	for command in $(subcommands); do
		grep -q "^  $command " out
	done
	cp out help
	sockit --help
	[ "$STATUS" = 0 ]
	cmp out help
	sockit -h
	[ "$STATUS" = 0 ]
	[ ! -s err ]
	for command in $(subcommands); do
		grep -q "^  $command " out
	done
	sockit help nosuch
	told 2 "sockit: 'nosuch' is no subcommand: *"
	sockit help conect
	told 2 "sockit: 'conect' is no subcommand: did you mean 'connect'[?]"
	sockit help connect listen
	told 2 "sockit: help: extra operand 'listen'"
	sockit --version
	[ "$STATUS" = 0 ]
	[ ! -s err ]
	[[ $(head -n 1 out) =~ ^sockit\ [0-9]+\.[0-9]+\.[0-9]+\ \((linux|portable)\)$ ]]
	sed -n 2p out | grep -qE '^libc (glibc [0-9.]+|musl|macOS|the one of the system)(, static)?$'
	case $(<out) in
	*'(linux)'*) grep -qE '^features .*\bsplice\b.*\bmptcp\b' out ;;
	*) grep -qx 'features those of POSIX' out ;;
	esac
	[ "$(wc -l <out)" = 3 ]
	sockit --version x
	told 2 "sockit: --version: extra operand 'x'"
	# What they are themselves.
	local words
	for words in 'help --help' 'help -h' 'help help' 'help --help connect' 'help connect --help'; do
		# shellcheck disable=SC2086 # words
		sockit $words
		[ "$STATUS" = 0 ] && [ ! -s err ] && [ "$(head -n 1 out)" = 'usage: sockit help [SUBCOMMAND]' ] ||
			fault "$words"
	done
	for words in '--version --help' '--version -h' 'help --version'; do
		# shellcheck disable=SC2086 # words
		sockit $words
		[ "$STATUS" = 0 ] && [ ! -s err ] && [[ $(head -n 1 out) == 'usage: sockit --version'* ]] || fault "$words"
	done
	sockit completion --help
	[ "$STATUS" = 0 ] && [ ! -s err ] && [ "$(head -n 1 out)" = 'usage: sockit completion bash|zsh|fish' ]
	sockit help --nosuch
	told 2 "sockit: '--nosuch' is no subcommand: *"
	sockit
	told 2 'sockit: a subcommand is missing: *'
	sockit --verbose connect localhost 80
	told 2 "sockit: '--verbose' *"
	sockit --nosuch
	told 2 "sockit: '--nosuch' *"
	sockit --
	told 2 "sockit: '--' *"
}

# What users of nc type.

@test "nc's habits: the sockit line that means it" {
	local typed meant
	while IFS='|' read -r typed meant; do
		# shellcheck disable=SC2086 # words
		sockit $typed
		told 2 "sockit*: what nc does so is: sockit $meant" || fault "sockit $typed"
	done <<-'END'
		example.org 80|connect --no-shutdown example.org 80
		127.0.0.1 22|connect --no-shutdown 127.0.0.1 22
		-v example.org 80|connect -v --no-shutdown example.org 80
		-w 3 example.org 80|connect -w 3 -i 3 --no-shutdown example.org 80
		-l 8080|listen 8080
		-l 127.0.0.1 8080|listen 127.0.0.1 8080
		-lk 8080|listen -k 8080
		-lvnp 8080|listen -v -n 8080
		-l -p 8080|listen 8080
		-lp 8080|listen 8080
		-lp8080|listen 8080
		-p 99 example.org 80|connect -p 99 --no-shutdown example.org 80
		-u example.org 53|udp-send example.org 53
		-u -w 1 example.org 53|udp-send -w 1 example.org 53
		-q 1 -u example.org 53|udp-send -w 1 example.org 53
		-dtu -i 1 example.org 53|udp-send example.org 53
		-luk 53|udp-recv 53
		-lu -e cat 53|udp-recv -e cat 53
		-zvu example.org 53|udp-send -z -v example.org 53
		-lu 53|udp-recv --reply latest 53
		-ul -p 53|udp-recv --reply latest 53
		-klu 53|udp-recv 53
		-k -l -u 53|udp-recv 53
		-u -q 1 host 53|udp-send -w 1 host 53
		-U /tmp/s|unix --no-shutdown /tmp/s
		-lU /tmp/s|unix --listen /tmp/s
		-N example.org 80|connect example.org 80
		-zv example.org 80|connect -z -v example.org 80
		-x proxy.test:1080 example.org 80|connect --proxy socks5://proxy.test:1080 --no-shutdown example.org 80
		-X 4 -x proxy.test example.org 80|connect --proxy socks4://proxy.test --no-shutdown example.org 80
		-vX connect -x proxy.test example.org 80|connect -v --proxy http://proxy.test:3128 --no-shutdown example.org 80
		-X connect -P me -xproxy.test:8080 example.org 80|connect --proxy http://me@proxy.test:8080 --no-shutdown example.org 80
		-u|udp-send HOST PORT
		-l|listen PORT
		-U|unix --no-shutdown PATH
		connect -u example.org 53|udp-send example.org 53
		connect -N example.org 80|connect example.org 80
		connect -vN example.org 80|connect -v example.org 80
		connect example.org 80 -N|connect example.org 80
		connect -l 8080|listen 8080
		connect -U /tmp/s|unix /tmp/s
		listen -u 53|udp-recv --reply latest 53
		udp-recv -l 53|udp-recv --reply latest 53
		listen -l 8080|listen 8080
		listen -p 8080|listen 8080
		listen -kp 8080|listen -k 8080
	END
	# As a shell takes it for the same words.
	sockit -l 8080 -e "cat 'a b'"
	told 2 "sockit: *: what nc does so is: sockit listen -e 'cat '\\\\''a b'\\\\''' 8080"
	sockit 'a b' 80
	told 2 "sockit: *: what nc does so is: sockit connect --no-shutdown 'a b' 80"
}

@test "nc's habits: the word is named, and bytes from outside are escaped" {
	sockit -l 8080
	told 2 "sockit: '-l' is no subcommand: *"
	sockit example.org 80
	told 2 "sockit: 'example.org' is no subcommand: *"
	refuses "unknown option '-u': *" connect -u h 1
	refuses "unknown option '-N': *" connect h 1 -vN
	# Where the option is one of ours too it may have meant a proxy.
	refuses "FILE '-v' looks like an option: - is stderr, and a file of that name ./-v" connect -x -v h 1
	refuses "FILE '--stats' looks like an option: *" listen -o --stats 0
	refuses "FILE '-v' looks like an option: *" udp-recv -X-v 0
	refuses "--text-dump '5': what nc's -X does is --proxy URL; *" connect -X 5 -x proxy.test:1 h 1
	sockit -l $'80\e[m'
	told 2 "*sockit listen '80\\\\x1b\\[m'"
	sockit -u "$(printf '%0600d' 0)" 1
	told 2 "sockit: '-u' is no subcommand: *"
	# What nc does not have either is no habit.
	sockit -lZ 80
	told 2 "sockit: '-lZ' is no subcommand: see sockit help"
}

@test "options before the subcommand: the line with it first" {
	sockit -v -w 2 connect example.org 80
	told 2 "sockit: '-v' is no subcommand, which comes first: sockit connect -v -w 2 example.org 80"
	sockit --json listen 80 -e 'a b'
	[ "$STATUS" = 2 ]
	[[ $(<err) == *"which comes first: sockit listen --json 80 -e 'a b'"* ]]
	sockit --quiet connect h 1
	nothing 2
}

# The tables.

# Makes $CHECK, once for all tests.
check_options() {
	local cc=${CC:-cc}
	CHECK=$BATS_FILE_TMPDIR/check_options
	[ ! -x "$CHECK" ] || return 0
	command -v "${cc%% *}" >/dev/null || skip "no compiler $cc"
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'the same whatever sockit runs under'
	local src=$BATS_TEST_DIRNAME/../src
	# The portable twins alone, so that it compiles everywhere.
	# shellcheck disable=SC2046,SC2086 # lists of files, of words
	$cc -std=c11 -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 -pthread -I"$src" -o "$CHECK" \
		"$BATS_TEST_DIRNAME"/helpers/{check_options,options_check}.c "$src"/{commands,services}.c \
		$(printf '%s\n' "$src"/*/*.c | grep -v '_linux\.c$')
}

@test "the option tables check themselves" {
	check_options
	"$CHECK"
}

@test "a broken option table is found out" {
	check_options
	"$CHECK" --broken >out || {
		grep 'NOT FOUND' out
		return 1
	}
	[ "$(grep -c ': found: ' out)" -ge 20 ]
}

@test "each service that a file defines stands in the table" {
	check_options
	"$CHECK" --services >listed
	cat "$BATS_TEST_DIRNAME"/../src/*/*.c >sources
	[ "$(grep -c '^SERVICE([a-z_]*) = ' sources)" = "$(grep -c '' listed)" ]
	for option in execute echo discard forward broker chat proxy-server; do
		grep -Fx -e "$option" listed
	done
}

@test "a row without a name is found out" {
	check_options
	"$CHECK" --nameless
}
