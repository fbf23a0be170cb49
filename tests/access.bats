# Who may connect (--allow, --deny), as whom we serve (--user), and sockets from a service manager.

load helpers/common
load helpers/words
load helpers/private

setup_file() { find_python; }

# in_there COMMAND...: runs it where the listener is, see helpers/private.
in_there() {
	if [ "${PRIVATE-}" ]; then
		inside "$@"
	else
		"$@"
	fi
}

# may HOST VERDICT...: of clients that come to HOST, each VERDICT is +ADDRESS for one that is let in from
# there, -ADDRESS for one that is not. The listener greets with `in`.
may() {
	# Of what was not read, only the end is known of the others.
	in_there "$PYTHON" -I -S - "$PORT" "$@" <<-'END' 2>may.err || {
		import socket, sys
		port, host = int(sys.argv[1]), sys.argv[2]
		for word in sys.argv[3:]:
		    s = socket.create_connection((host, port), 10, (word[1:], 0))
		    got = b''
		    try:
		        s.shutdown(socket.SHUT_WR)
		        while data := s.recv(100):
		            got += data
		    except ConnectionResetError:
		        pass
		    except OSError as error:
		        got += str(error).encode()
		    if got != (b'in\n' if word[0] == '+' else b''):
		        sys.exit(f'{word}: {got}')
	END
		cat may.err err
		return 1
	}
}

# guarded ARG...: a listener with ARGs whose clients are greeted.
guarded() {
	printf 'in\n' >greeting
	serve -k --quiet "$@" </dev/null -- cat greeting >out 2>err
}

# done_with STATUS: it is stopped, and has said nothing.
done_with() {
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
	silent out
}

### Lists

# bats test_tags=valgrind
@test "--allow: only these" {
	guarded --allow 127.0.0.1 127.0.0.1 0
	may 127.0.0.1 +127.0.0.1 -127.0.0.2 +127.0.0.1
	done_with
}

@test "--deny: all but these" {
	guarded --deny 127.0.0.2 127.0.0.1 0
	may 127.0.0.1 +127.0.0.1 -127.0.0.2 +127.0.0.3
	done_with
}

@test "--deny wins, in whatever order" {
	guarded --allow 127.0.0.0/8 --deny 127.0.0.2 127.0.0.1 0
	may 127.0.0.1 +127.0.0.1 -127.0.0.2 +127.1.2.3
	done_with
	guarded --deny 127.0.0.0/24 --allow 127.0.0.2,127.0.1.2 127.0.0.1 0
	may 127.0.0.1 -127.0.0.2 +127.0.1.2 -127.0.2.2
	done_with
}

@test "lists: any separator, any number of options" {
	guarded --allow ' 127.0.0.2, 127.0.0.3,,127.0.0.4	127.0.0.5 ' --allow=$'127.0.0.6\n127.0.0.7' \
		--allow 127.0.0.8 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 +127.0.0.{2,3,4,5,6,7,8} -127.0.0.9
	done_with
}

@test "networks of any size" {
	local bits
	guarded --allow 127.1.128.0/17,127.2.0.0/31,127.3.3.3/32 127.0.0.1 0
	may 127.0.0.1 -127.1.127.255 +127.1.128.0 +127.1.255.255 -127.2.255.255 +127.2.0.0 +127.2.0.1 \
		-127.2.0.2 +127.3.3.3 -127.3.3.2
	done_with
	# What stands behind the bits does not count; no bits are everybody.
	guarded --allow 127.77.88.99/10 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 +127.64.0.0 +127.127.255.255 -127.128.0.0
	done_with
	guarded --deny 1.2.3.4/0 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 -127.255.255.254
	done_with
	for bits in 1 7 8; do
		guarded --allow 127.0.0.0/$bits 127.0.0.1 0
		may 127.0.0.1 +127.0.0.1 +127.255.255.254
		done_with
	done
	guarded --allow 128.0.0.0/1 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1
	done_with
}

@test "IPv6, and each family for itself" {
	needs_ipv6
	guarded --allow ::1 0
	may ::1 +::1
	may 127.0.0.1 -127.0.0.1
	done_with
	guarded --allow '[::1]' --deny 127.0.0.0/8 0
	may ::1 +::1
	may 127.0.0.1 -127.0.0.1
	done_with
	guarded --allow 127.0.0.1 0
	may ::1 -::1
	may 127.0.0.1 +127.0.0.1
	done_with
	# All of one family is not all of the other.
	guarded --allow ::/0 0
	may ::1 +::1
	may 127.0.0.1 -127.0.0.1
	done_with
	guarded --deny 0.0.0.0/0 0
	may ::1 +::1
	may 127.0.0.1 -127.0.0.1
	done_with
}

@test "IPv6 networks" {
	private </dev/null
	add_ipv6 fd00:0:0:ab80::1/64 2>/dev/null || skip 'no IPv6 address can be added'
	add_ipv6 fd00:0:0:abc0::1/64
	guarded --allow fd00:0:0:ab80::/58 :: 0
	may ::1 -::1
	may fd00:0:0:ab80::1 +fd00:0:0:ab80::1 -fd00:0:0:abc0::1 -::1
	done_with
	guarded --deny fd00:0:0:ab80::/57 :: 0
	may ::1 +::1
	may fd00:0:0:ab80::1 -fd00:0:0:ab80::1 -fd00:0:0:abc0::1
	done_with
}

@test "an IPv4-mapped address is one of IPv4, in lists and of clients" {
	needs_ipv6
	# Of the client: it comes to an IPv6 socket.
	guarded --allow 127.0.0.2 :: 0
	may 127.0.0.1 +127.0.0.2 -127.0.0.1
	may ::1 -::1
	done_with
	# In the list.
	guarded --allow ::ffff:127.0.0.2 :: 0
	may 127.0.0.1 +127.0.0.2 -127.0.0.1
	done_with
	guarded --deny ::ffff:127.0.0.0/120 0
	may 127.0.0.1 -127.0.0.2 +127.0.1.1
	may ::1 +::1
	done_with
	# By whatever socket.
	guarded --deny ::ffff:7f00:2 127.0.0.1 0
	may 127.0.0.1 -127.0.0.2 +127.0.0.1
	done_with
}

@test "names: every address of each, looked up once" {
	private <<-'END'
		127.0.0.1 localhost
		127.0.0.2 two
		127.0.0.3 two
		::1 two
		127.0.0.4 four
		::ffff:127.0.0.6 mapped
		::ffff:127.0.0.7 mapped2
	END
	guarded --allow two,127.0.0.5,127.0.0.6,mapped2 --deny four,127.0.0.3,mapped 0
	may 127.0.0.1 -127.0.0.1 +127.0.0.2 -127.0.0.3 -127.0.0.4 +127.0.0.5 -127.0.0.6 +127.0.0.7
	may ::1 +::1
	echo 127.0.0.9 two >hosts
	may 127.0.0.1 +127.0.0.2 -127.0.0.9
	done_with
	# Each of them, where several are looked up.
	awk 'BEGIN { for (i = 2; i < 30; i++) print "127.0.0." i, "host" i }' </dev/null >hosts
	guarded --allow "$(echo host{2..20})" --deny "$(echo host{15..29})" 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 +127.0.0.2 +127.0.0.14 -127.0.0.15 -127.0.0.20 -127.0.0.21 -127.0.0.29
	done_with
}

@test "a name that cannot be looked up: 3, and nobody is served" {
	private </dev/null
	sockit listen --allow nobody.test 127.0.0.1 0
	told 3 'sockit listen: host nobody.test: * \(EAI_*\)'
	sockit listen --deny 127.0.0.1,nobody.test 127.0.0.1 0
	told 3 'sockit listen: host nobody.test: * \(EAI_*\)'
	sockit listen --json --deny nobody.test 127.0.0.1 0
	told 3 '*"class":"resolve","code":"EAI_*","host":"nobody.test",*'
	"$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error
}

@test "no look-up can be begun: 3" {
	local n
	for n in 4 5 6 7; do
		STATUS=0
		(
			ulimit -n $n
			within 10 "$SOCKIT" listen --timeout 100ms --allow localhost 127.0.0.1 0 3>&-
		) </dev/null >out 2>err || STATUS=$?
		[ "$STATUS" = 3 ] || [ "$STATUS" = 1 ] || [ "$STATUS" = 4 ]
		[ "$(wc -l <err)" -le 2 ]
		seen+=" $STATUS"
	done
	[[ $seen == *3* ]]
}

@test "a name with -n: 2" {
	refuses "'localhost' is a name*--numeric*" listen -n --allow 127.0.0.1,localhost 0
	refuses "'localhost' is a name*--numeric*" listen --deny localhost -n 0
	echo localhost >list
	refuses "'localhost' is a name*--numeric*" listen -n --deny-file list 0
	guarded -n --allow 127.0.0.1 127.0.0.1 0
	may 127.0.0.1 +127.0.0.1 -127.0.0.2
	done_with
}

@test "what is no entry: 2, and it is quoted" {
	local word
	for word in 127.0.0.1/33 ::1/129 127.0.0.1/ 127.0.0.1/x 127.0.0.1/-1 127.0.0.1/8/8 /8 localhost/8 \
		127.0.0.1:80 '[127.0.0.1]' '[::1' ::1%nosuchif :: ::: unix:/x a@b 'x]' 127.1 0x7f.0.0.1 2130706433 \
		$'a\tb/c'; do
		[ "$word" != :: ] || continue
		refuses "--allow: '*' is no address, NET/BITS or name" listen --allow "$word" 0
		refuses "--deny: '*' is no address, NET/BITS or name" listen --deny "$word" 0
	done
	refuses "--allow: '127.0.0.1/33' is *" listen --allow "127.0.0.1 127.0.0.1/33" 0
	refuses "--deny: 'a\\\\x1b\\[31m/b' is *" listen --deny $'a\e[31m/b' 0
	refuses "--allow: '' is empty" listen --allow '' 0
	refuses "--allow: ' , ' is an empty list" listen --allow ' , ' 0
	refuses "--deny: '*' is no address, NET/BITS or name" listen --deny "$(repeat_a 400)" 0
}

repeat_a() {
	printf "%0$1d" 0 | tr 0 a
}

@test "files: blanks, comments, several entries in a line" {
	printf '%s\n' '# who may' '' '127.0.0.2	127.0.0.3,127.0.0.4 # three' '  127.1.0.0/16#and these' '#127.0.0.5' \
		$'127.0.0.6\r' >list
	printf 127.1.1.1 >others
	guarded --allow-file list --deny-file others --allow 127.0.0.7 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 +127.0.0.{2,3,4} -127.0.0.5 +127.0.0.{6,7} +127.1.0.1 -127.1.1.1
	done_with
	# It is read once, from whatever can be read.
	mkfifo fifo
	cat list >fifo 3>&- &
	guarded --allow-file fifo 127.0.0.1 0
	may 127.0.0.1 +127.0.0.2 -127.0.0.1
	done_with
}

@test "files: an empty list of who may is nobody, one of who may not is everybody" {
	echo '# nobody' >list
	guarded --allow-file list 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 -127.0.0.2
	done_with
	guarded --allow-file /dev/null --allow 127.0.0.2 127.0.0.1 0
	may 127.0.0.1 -127.0.0.1 +127.0.0.2
	done_with
	guarded --deny-file list 127.0.0.1 0
	may 127.0.0.1 +127.0.0.1
	done_with
}

@test "files: a wrong entry is named with file and line" {
	printf '127.0.0.1\n# 1/2/3\n\n127.0.0.2 127.0.0.0/40 # x\n' >list
	refuses "list, line 4: '127.0.0.0/40' is no address, NET/BITS or name" listen --allow-file list 0
	refuses "list, line 4: '127.0.0.0/40' is *" listen --deny-file list 0
	printf '127.0.0.1\n127.0.0.2\0 127.0.0.3\n' >list
	refuses 'list, line 2: a NUL byte' listen --deny-file list 0
	# A file of a name.
	private </dev/null
	printf '127.0.0.1\nnobody.test\n' >list
	sockit listen --allow-file list 127.0.0.1 0
	told 3 'sockit listen: host nobody.test: *'
}

@test "files: one that cannot be read: 2" {
	refuses 'nosuch: No such file or directory (ENOENT)' listen --allow-file nosuch 0
	refuses '.: Is a directory (EISDIR)' listen --deny-file . 0
	[ "$(id -u)" != 0 ] || return 0
	: >list
	chmod 0 list
	refuses 'list: Permission denied (EACCES)' listen --deny-file list 0
}

### Who is refused

@test "no process is started for one who is refused, and nothing is read" {
	cat >service <<-'END'
		echo started >>started
		cat >>got
	END
	serve --quiet -k --deny 127.0.0.2 -o copy 127.0.0.1 0 </dev/null -- sh service >out 2>err
	in_there "$PYTHON" -I -S - "$PORT" <<-'END'
		import socket, sys
		for i in range(20):
		    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10, ('127.0.0.2', 0))
		    try:
		        s.sendall(b'denied')
		        s.recv(1)
		    except OSError:
		        pass
	END
	echo allowed | "$SOCKIT" connect -s 127.0.0.1 127.0.0.1 "$PORT"
	[ "$(<started)" = started ]
	[ "$(<got)" = allowed ]
	[ "$(<copy)" = allowed ]
	done_with
}

@test "one who is refused is not the one that is served, nor counted by --accept" {
	local got
	serve --quiet --deny 127.0.0.2 127.0.0.1 0 </dev/null >out 2>err
	may 127.0.0.1 -127.0.0.2 -127.0.0.2
	runs "$LISTENER"
	echo hello | "$SOCKIT" connect -s 127.0.0.1 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(<out)" = hello ]
	serve --quiet --accept 2 --deny 127.0.0.2 127.0.0.1 0 </dev/null >out 2>err
	for got in one two; do
		may 127.0.0.1 -127.0.0.2
		echo $got | "$SOCKIT" connect -s 127.0.0.1 127.0.0.1 "$PORT"
	done
	ended 0 "$LISTENER"
	[ "$(<out)" = "$(printf 'one\ntwo')" ]
	silent
	# Nor does it end the wait of -w.
	serve --quiet -w 700ms --deny 127.0.0.1 127.0.0.1 0 </dev/null >out 2>err
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	run read -rt 10 _ <&7
	[ "$status" = 1 ] # the end
	exec 7>&-
	ended 4 "$LISTENER"
}

@test "one who is refused takes nobody's place" {
	serve --quiet -k -m 1 --when-full close --deny 127.0.0.2 127.0.0.1 0 </dev/null -- cat >out 2>err
	"$PYTHON" -I -S - "$PORT" <<-'END'
		import socket, sys
		def client(source):
		    return socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10, (source, 0))
		first = client('127.0.0.1')
		first.sendall(b'x')
		assert first.recv(1) == b'x'
		for i in range(10):
		    assert client('127.0.0.2').recv(1) == b''
		    first.sendall(b'y')
		    assert first.recv(1) == b'y'
		first.close()
	END
	may_echo 127.0.0.1
	done_with
}

may_echo() {
	[ "$(echo hello | "$SOCKIT" connect --retry 5s -s "$1" 127.0.0.1 "$PORT")" = hello ]
}

@test "one who is refused is told with -v, with both addresses" {
	serve -v --deny 127.0.0.2 127.0.0.1 0 </dev/null >out 2>err
	may 127.0.0.1 -127.0.0.2
	eventually grep -qE "^sockit listen: refused 127\.0\.0\.2 port [0-9]+ on 127\.0\.0\.1 port $PORT: denied\$" err
	run ! grep -q accepted err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	serve --json -k --allow 127.0.0.1 127.0.0.1 0 </dev/null >out 2>err
	may 127.0.0.1 -127.0.0.2
	eventually grep -q refused err
	echo | "$SOCKIT" connect 127.0.0.1 "$PORT"
	eventually grep -q '"closed"' err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err refused peer.address local.port id why)" = \
		"127.0.0.2 $PORT - not allowed" ]
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err closed id)" = 1 ]
}

@test "without -v it is not told, and many of them cost nothing" {
	serve -k --deny 127.0.0.2 127.0.0.1 0 </dev/null >out 2>err
	"$PYTHON" -I -S - "$PORT" <<-'END'
		import socket, sys
		for i in range(2000):
		    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10, ('127.0.0.2', 0))
		    assert s.recv(1) == b''
		    s.close()
	END
	local open=("/proc/$LISTENER"/fd/*)
	[ ${#open[@]} -lt 20 ]
	says "$LISTENING"
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "lists hold for every service" {
	local service all
	mapfile -t all < <(services | grep -v ' ')
	[ ${#all[@]} -ge 4 ]
	for service in "${all[@]}"; do
		serve --quiet -k "$service" --deny 127.0.0.2 127.0.0.1 0 </dev/null >out 2>err
		may 127.0.0.1 -127.0.0.2
		runs "$LISTENER"
		kill "$LISTENER"
		ended 143 "$LISTENER"
		silent
	done
}

### SIGHUP

# reloads: the listener has read its lists again, for the Nth time.
reloads() {
	kill -HUP "$LISTENER"
	eventually reloaded "$1"
}
reloaded() {
	[ "$(grep -c '^sockit listen: SIGHUP: the lists of who may connect are read again$' err)" = "$1" ]
}

@test "SIGHUP: files are read again, in their order with what else was given, and nobody is dropped" {
	printf '127.0.0.1\n' >file
	: >denied
	serve -v --echo -k --deny 127.0.0.5 --allow-file file --deny-file denied 127.0.0.1 0 </dev/null >out 2>err
	exec 7<>"/dev/tcp/127.0.0.1/$PORT"
	echo before >&7
	read -r -t 10 line <&7
	[ "$line" = before ]
	in_lists +127.0.0.1 -127.0.0.2 -127.0.0.5
	printf '127.0.0.2 127.0.0.5 # these\n127.0.0.3\n' >file
	echo 127.0.0.3 >denied
	in_lists +127.0.0.1 -127.0.0.2
	reloads 1
	in_lists -127.0.0.1 +127.0.0.2 -127.0.0.3 -127.0.0.5
	echo after >&7
	read -r -t 10 line <&7
	[ "$line" = after ]
	: >denied
	reloads 2
	in_lists +127.0.0.3
}

# in_lists VERDICT...: of clients, each VERDICT is +ADDRESS for one whom --echo serves, -ADDRESS for one who is refused.
in_lists() {
	in_there "$PYTHON" -I -S - "$PORT" "$@" <<-'END'
		import socket, sys
		for word in sys.argv[2:]:
		    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10, (word[1:], 0))
		    try:
		        s.sendall(b'x')
		        got = s.recv(1)
		    except OSError:
		        got = b''
		    if got != (b'x' if word[0] == '+' else b''):
		        sys.exit(f'{word}: {got}')
	END
}

# lines_said N: so many stand in the file err.
lines_said() {
	[ "$(wc -l <err)" = "$1" ]
}

@test "SIGHUP: a file that cannot be used is said, and the list stays" {
	local how why number=1
	mkfifo pipe
	printf '127.0.0.1\n' >file
	ln -s file link
	serve --echo -k --allow-file link 127.0.0.1 0 </dev/null >out 2>err
	while read -r how why; do
		case $how in
		gone) rm link ;;
		wrong) echo 127.0.0.1/33 >other && ln -sf other link ;;
		pipe) ln -sf pipe link ;;
		esac
		kill -HUP "$LISTENER"
		number=$((number + 1))
		eventually lines_said "$number"
		[[ $(tail -n 1 err) == "sockit listen: $why: who may connect stays as it was" ]] || {
			cat err
			return 1
		}
		in_lists +127.0.0.1 -127.0.0.2
	done <<-'END'
		gone link: No such file or directory (ENOENT)
		wrong link, line 1: '127.0.0.1/33' is no address, NET/BITS or name
		pipe link: no regular file, which is read once
	END
	ln -sf file link
	echo 127.0.0.2 >file
	kill -HUP "$LISTENER"
	eventually in_lists +127.0.0.2
	[ "$(wc -l <err)" = "$number" ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
}

@test "SIGHUP: names are looked up again, and one that is none leaves the list" {
	private <<<'127.0.0.2 friend'
	peer nameserver
	echo friend >file
	serve -v --echo -k --allow-file file 127.0.0.1 0 </dev/null >out 2>err
	local inner
	inner=$(inside pgrep -f -x -n '.*sockit listen .*--allow-file file.*')
	in_lists +127.0.0.2 -127.0.0.3
	echo '127.0.0.3 friend' >hosts
	inside kill -HUP "$inner"
	eventually reloaded 1
	in_lists -127.0.0.2 +127.0.0.3
	echo 'nosuch.invalid 127.0.0.2' >file
	inside kill -HUP "$inner"
	eventually grep -q '^sockit listen: host nosuch\.invalid: no such name (EAI_NONAME): who may connect stays as it was$' err
	in_lists -127.0.0.2 +127.0.0.3
}

@test "SIGHUP: without a file it is the end" {
	serve -k --echo --allow 127.0.0.1 127.0.0.1 0 </dev/null >out 2>err
	kill -HUP "$LISTENER"
	ended 129 "$LISTENER"
}

@test "SIGHUP: nobody is let down by it, of a thousand in a second" {
	seq -f '127.0.1.%.0f' 1 200 >denied
	serve --echo -k --deny-file denied 127.0.0.1 0 </dev/null >out 2>err
	"$PYTHON" -I -S - "$PORT" "$LISTENER" <<-'END'
		import os, signal, socket, sys
		port, pid = int(sys.argv[1]), int(sys.argv[2])
		for i in range(1000):
		    if i % 20 == 0:
		        os.kill(pid, signal.SIGHUP)
		    s = socket.create_connection(('127.0.0.1', port), 10)
		    s.sendall(b'%d' % i)
		    s.shutdown(socket.SHUT_WR)
		    got = b''
		    while data := s.recv(100):
		        got += data
		    assert got == b'%d' % i, (i, got)
		    s.close()
	END
	kill "$LISTENER"
	ended 143 "$LISTENER"
	says "$LISTENING"
}

### --max-per-source

# come HOST WORD...: clients of HOST, of which each stays: +ADDRESS is served from there by --echo, -ADDRESS is closed at
# once, !ADDRESS leaves, the oldest from there.
come() {
	in_there "$PYTHON" -I -S - "$PORT" "$@" <<-'END'
		import socket, sys, time
		there = {}
		def ask(host, address):
		    s = socket.create_connection((host, int(sys.argv[1])), 10, (address, 0))
		    try:
		        s.sendall(b'x')
		        return s.recv(1) == b'x', s
		    except OSError:
		        return False, s
		for word in sys.argv[3:]:
		    verb, address = word[0], word[1:]
		    if verb == '!':
		        s = there[address].pop(0)
		        s.shutdown(socket.SHUT_WR)
		        assert s.recv(1) == b''
		        s.close()
		        continue
		    served, s = ask(sys.argv[2], address)
		    # One that has left is counted until the listener has seen that.
		    for i in range(100):
		        if served or verb != '+':
		            break
		        time.sleep(.02)
		        served, s = ask(sys.argv[2], address)
		    if served != (verb == '+'):
		        sys.exit(f'{word}: {served}')
		    if served:
		        there.setdefault(address, []).append(s)
	END
}

@test "--max-per-source: so many of one address, and more are closed and said once" {
	serve -k --echo --max-per-source 2 127.0.0.1 0 </dev/null >out 2>err
	come 127.0.0.1 +127.0.0.1 +127.0.0.1 -127.0.0.1 -127.0.0.1 +127.0.0.2 '!127.0.0.1' +127.0.0.1
	[ "$(grep -Ec '^sockit listen: 127\.0\.0\.1 port [0-9]+: refused, and what comes next: 2 connections from there already \(--max-per-source\)$' err)" = 1 ]
	[ "$(wc -l <err)" = 2 ]
	kill "$LISTENER"
	ended 143 "$LISTENER"
	serve -k --json --echo --max-per-source 1 127.0.0.1 0 </dev/null >out 2>err
	come 127.0.0.1 +127.0.0.1 -127.0.0.1
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err crowded peer.address count)" = '127.0.0.1 1' ]
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err refused why)" = 'too many from there' ]
}

@test "--max-per-source: networks, and each family with its own" {
	private </dev/null
	local address
	for address in 2001:db8::1 2001:db8::2 2001:db8:0:1::1 2001:db8:0:100::1; do
		add_ipv6 "$address/128" || skip 'no IPv6 here'
	done
	serve -k --quiet --echo --max-per-source 1 :: 0 </dev/null
	come 2001:db8::1 +2001:db8::1 -2001:db8::2 +2001:db8:0:1::1
	come 127.0.0.1 +127.0.0.1 -127.0.0.1 +127.0.0.2
	serve -k --quiet --echo --max-per-source 1/128 :: 0 </dev/null
	come 2001:db8::1 +2001:db8::1 +2001:db8::2 -2001:db8::2
	come 127.0.0.1 +127.0.0.1 -127.0.0.1 +127.0.0.2
	serve -k --quiet --echo --max-per-source 1/56 :: 0 </dev/null
	come 2001:db8::1 +2001:db8::1 -2001:db8:0:1::1 +2001:db8:0:100::1
	serve -k --quiet --echo --max-per-source 1/31 :: 0 </dev/null
	come 127.0.0.1 +127.0.0.2 -127.0.0.3 +127.0.0.1
	come 2001:db8::1 +2001:db8::1 -2001:db8::2
}

@test "--max-per-source: of every service, of UNIX sockets by user, and one whose client has ended gives way" {
	serve -k --quiet -d --max-per-source 1 127.0.0.1 0 </dev/null >out
	local place=$PORT
	exec 7<>"/dev/tcp/127.0.0.1/$place"
	exits 0 "$SOCKIT" connect -d 127.0.0.1 "$place" </dev/null >got 2>got.err
	silent got
	serve -k --quiet --proxy-server socks5 --max-per-source 1 127.0.0.1 0 </dev/null
	exec 8<>"/dev/tcp/127.0.0.1/$PORT"
	exits 1 "$SOCKIT" connect -d --proxy "socks5h://127.0.0.1:$PORT" 127.0.0.1 "$place" </dev/null >got 2>got.err
	served_by "$SOCKIT" unix -l --notify-fd 9 -k --echo --max-per-source 1 s </dev/null 2>err
	if [ "$(platform)" = linux ]; then
		"$PYTHON" -I -S - <<-'END'
			import socket
			def client():
			    s = socket.socket(socket.AF_UNIX)
			    s.settimeout(10)
			    s.connect('s')
			    return s
			one = client()
			one.sendall(b'x')
			assert one.recv(1) == b'x'
			assert client().recv(1) == b''
		END
		says '^sockit unix: .*: refused, and what comes next: 1 connection from there already \(--max-per-source\)$'
	fi
	# Who has only to be sent what comes makes place.
	mkfifo input
	exec 9<>input
	serve -k --quiet --max-per-source 1 127.0.0.1 0 <input >out
	"$PYTHON" -I -S - "$PORT" <<-'END'
		import socket, sys
		one = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
		one.sendall(b'one\n')
		one.shutdown(socket.SHUT_WR)
		for i in range(100):
		    two = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
		    two.sendall(b'two\n')
		    two.settimeout(.1)
		    try:
		        if two.recv(1) == b'':
		            continue
		    except TimeoutError:
		        break
		else:
		    sys.exit('no place')
	END
	eventually grep -q two out
}

@test "--max-per-source: what is no number: 2" {
	local word
	for word in 0 -1 x '' 1/ 1/0 1/129 1/x /8 1//8 99999999999 ' 1'; do
		exits 2 "$SOCKIT" listen -k --max-per-source "$word" 127.0.0.1 0 </dev/null >out 2>err
		says '^sockit listen: --max-per-source: ' || return
	done
	exits 2 "$SOCKIT" unix -l -k --max-per-source 1/8 s </dev/null >out 2>err
	exits 2 "$SOCKIT" unix --max-per-source 1 s </dev/null >out 2>err
}

### --user

# needs_root: skips the test for anybody else.
needs_root() {
	[ "$(id -u)" = 0 ] || skip 'only root can become another user'
	setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null || skip 'root is not allowed to here'
	[ -n "$(getent passwd nobody)" ] || skip 'there is no user nobody'
	# The program and its command must be within his reach.
	setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$SOCKIT" --version >/dev/null 2>&1 ||
		skip "nobody cannot run $SOCKIT"
}

# ids PID: of a process, all user ids, group ids and supplementary groups.
ids() {
	awk '/^(Uid|Gid|Groups):/ { $1 = $1; print }' "/proc/$1/status" | sed 's/ *$//'
}

@test "--user: user, group and groups, for good" {
	needs_root
	local u g
	u=$(id -u nobody) g=$(id -g nobody)
	serve --quiet -k --user nobody 127.0.0.1 0 </dev/null -- sh -c 'id; cat /proc/self/status' >out 2>err
	"$SOCKIT" connect -d 127.0.0.1 "$PORT" >got
	[ "$(head -n 1 got)" = "$(id nobody)" ]
	grep -qE "^Uid:\s$u\s$u\s$u\s$u$" got
	grep -qE "^Gid:\s$g\s$g\s$g\s$g$" got
	grep -qE '^CapEff:\s0+$' got
	grep -qE '^CapPrm:\s0+$' got
	# So are we ourselves.
	ids "$LISTENER" >of-listener
	[ "$(head -n 2 of-listener)" = "$(printf 'Uid: %d %d %d %d\nGid: %d %d %d %d' "$u" "$u" "$u" "$u" "$g" "$g" "$g" "$g")" ]
	[ "$(sed -n '3s/Groups:* *//p' of-listener | tr ' ' '\n' | sort -n | tr '\n' ' ')" = \
		"$(id -G nobody | tr ' ' '\n' | sort -n | tr '\n' ' ')" ]
	grep -qE '^Cap(Eff|Prm):\s0+$' "/proc/$LISTENER/status"
	run ! grep -qE '^Cap(Eff|Prm):\s.*[1-9a-f]' "/proc/$LISTENER/status"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	silent
}

@test "--user: supplementary groups, and a number" {
	needs_root
	unshare -m mount --bind /etc/group /etc/group 2>/dev/null || skip 'no name files of our own'
	local u name
	u=$(id -u nobody)
	{
		grep -v '^extra[12]:' /etc/group
		printf 'extra1:x:54321:nobody\nextra2:x:54322:root,nobody\n'
	} >group
	chmod 644 group
	for name in nobody "$u"; do
		# shellcheck disable=SC2016
		served_by unshare -m sh -c 'mount --bind group /etc/group && exec "$@"' sh \
			"$SOCKIT" listen --notify-fd 9 --quiet --user "$name" 127.0.0.1 0 </dev/null -- id >out 2>err
		"$SOCKIT" connect -d 127.0.0.1 "$PORT" >got
		[[ $(<got) == *'54321(extra1),54322(extra2)' ]]
		[ "$(<got)" = "$(unshare -m sh -c "mount --bind group /etc/group && id nobody")" ]
		ended 0 "$LISTENER"
		silent
	done
}

@test "--user: the port and the files of options are opened before" {
	needs_root
	local port
	mkdir -m 700 secret
	echo 127.0.0.1 >secret/list
	chmod 600 secret/list
	serve --quiet --user nobody -o secret/copy -x secret/dump --allow-file secret/list 127.0.0.1 0 \
		</dev/null >secret/out 2>err
	echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(<secret/copy)" = hello ]
	[ "$(<secret/out)" = hello ]
	grep -q hello secret/dump
	[ "$(stat -c %U secret/copy)" = "$(id -un)" ]
	silent
	# A port that only root may have.
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)" -ge 1023 ] || return 0
	port=$("$PYTHON" -c 'import random; print(random.randrange(600, 1000))')
	served_by "$SOCKIT" listen --notify-fd 9 --quiet --user nobody 127.0.0.1 "$port" </dev/null >out 2>err
	[ "$PORT" = "$port" ] || skip 'that port is somebody else'\''s'
	echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(<out)" = hello ]
}

@test "--user: what a command may do is what that user may" {
	needs_root
	mkdir -m 700 secret
	echo hidden >secret/file
	serve --quiet --user nobody 127.0.0.1 0 </dev/null -e 'cat secret/file; echo tried' >out 2>err
	[ "$("$SOCKIT" connect -d 127.0.0.1 "$PORT")" = tried ]
	ended 0 "$LISTENER"
}

@test "--user: names are still looked up after it, and several clients served" {
	needs_root
	# shellcheck disable=SC2016
	serve --quiet --accept 3 --user nobody 127.0.0.1 0 </dev/null -e 'echo $TCPREMOTEIP; cat' >out 2>err
	local i
	for i in 1 2 3; do
		[ "$(echo $i | "$SOCKIT" connect 127.0.0.1 "$PORT")" = "$(printf '127.0.0.1\n%d' $i)" ]
	done
	ended 0 "$LISTENER"
	silent
}

@test "--user: one who is not: 2" {
	refuses "--user: there is no user 'nobody-of-that-name'" listen --user nobody-of-that-name 0
	refuses "--user: there is no user '4294967295'" listen --user 4294967295 0
	refuses "--user: there is no user '-1'" listen --user=-1 0
	refuses "--user: there is no user '3999999999'" listen --user 3999999999 0
	refuses "--user: '' is empty" listen --user '' 0
}

@test "--user: not permitted: 1, and nobody is served" {
	local as=()
	if [ "$(id -u)" = 0 ]; then
		needs setpriv util-linux
		setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCKIT" --version >/dev/null 2>&1 ||
			skip 'nobody else can run it'
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	exits 1 "${as[@]}" "$SOCKIT" listen -v --user root 127.0.0.1 0 </dev/null >out 2>err
	says '^sockit listen: --user root: Operation not permitted \(EPERM\)$'
	silent out
	exits 1 "${as[@]}" "$SOCKIT" listen --json --user root 127.0.0.1 0 </dev/null >out 2>err
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error code step)" = 'EPERM --user' ]
	# The user that one is already cannot be made sure of either.
	exits 1 "${as[@]}" "$SOCKIT" listen --user "$("${as[@]}" id -u)" 127.0.0.1 0 </dev/null >out 2>err
}

### Sockets from a service manager

# launched WORD... -- ARG...: activate.py with WORDs starts `sockit listen ARG...`, which is ready then:
# what it wrote to --notify-fd is in $NOTIFIED, its pid is $CHILD; $LISTENER ends as it does.
launched() {
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	rm -f child ports
	served_by "$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/activate.py" "${words[@]}" -- \
		"$SOCKIT" listen --notify-fd 9 "${@:2}"
	eventually [ -s child ]
	CHILD=$(<child)
	mapfile -t PORTS <ports
}

# activate STATUS WORD...: the same where it ends by itself, with STATUS.
activate() {
	rm -f child
	exits "$1" "$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/activate.py" "${@:2}" </dev/null >out 2>err
}

# by_unix PATH: sends stdin there, and prints what comes.
by_unix() {
	"$PYTHON" -I -S -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
path = sys.argv[1]
s.connect("\0" + path[1:] if path[0] == "@" else path)
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
while data := s.recv(65536):
    sys.stdout.buffer.write(data)' "$1"
}

# bats test_tags=valgrind
@test "activation: one TCP socket" {
	random_file sent 200000
	random_file back 200000
	launched tcp -- --quiet <back >out 2>err
	[ "$NOTIFIED" = "127.0.0.1 ${PORTS[0]}" ]
	within 10 "$SOCKIT" connect 127.0.0.1 "${PORTS[0]}" <sent >got
	ended 0 "$LISTENER"
	same sent out
	same back got
	silent
}

@test "activation: a UNIX socket, by path and abstract" {
	local path
	for path in "$PWD/socket" "@sockit-$$-$BATS_TEST_NUMBER"; do
		random_file sent 200000
		launched unix:"$path" -- --quiet </dev/null >out 2>err
		[ "$NOTIFIED" = "unix $path" ]
		by_unix "$path" <sent >got
		ended 0 "$LISTENER"
		same sent out
		silent got
		silent
	done
	# It is not ours to remove.
	[ -S socket ]
}

@test "activation: several sockets at once, of several families" {
	local words=(tcp tcp unix:"$PWD/s") want
	"$PYTHON" -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null && words+=(tcp6)
	launched "${words[@]}" -- --quiet --echo -k </dev/null >out 2>err
	want="127.0.0.1 ${PORTS[0]}
127.0.0.1 ${PORTS[1]}
unix $PWD/s"
	[ ${#words[@]} = 3 ] || want+="
::1 ${PORTS[2]}"
	[ "$NOTIFIED" = "$want" ]
	[ "$(echo one | "$SOCKIT" connect 127.0.0.1 "${PORTS[0]}")" = one ]
	[ "$(echo two | "$SOCKIT" connect 127.0.0.1 "${PORTS[1]}")" = two ]
	[ "$(echo three | by_unix "$PWD/s")" = three ]
	[ ${#words[@]} = 3 ] || [ "$(echo four | "$SOCKIT" connect ::1 "${PORTS[2]}")" = four ]
	kill "$CHILD"
	ended 143 "$LISTENER"
	silent
}

@test "activation: the sockets' flags stay as they are" {
	local word
	for word in '' nonblock; do
		launched tcp unix:"$PWD/s$word" $word -- --quiet --accept 2 </dev/null >out 2>err
		echo one | "$SOCKIT" connect 127.0.0.1 "${PORTS[0]}"
		echo two | by_unix "$PWD/s$word"
		# Else it would be 99.
		ended 0 "$LISTENER"
		[ "$(sort out)" = "$(printf 'one\ntwo')" ]
		silent
	done
}

@test "activation: -v and --json name the sockets" {
	launched tcp unix:"$PWD/s" -- -v </dev/null >out 2>err
	echo | by_unix "$PWD/s"
	ended 0 "$LISTENER"
	[ "$(head -n 2 err)" = "sockit listen: listening on 127.0.0.1 port ${PORTS[0]}
sockit listen: listening on unix:$PWD/s" ]
	grep -qxE "sockit listen: accepted unix:( \(pid [0-9]+, uid $(id -u), gid $(id -g)\))? on unix:$PWD/s" err
	rm s
	launched unix:"$PWD/s" -- --json --accept 1 </dev/null >out 2>err
	echo | by_unix "$PWD/s"
	ended 0 "$LISTENER"
	schema="$BATS_TEST_DIRNAME/helpers/schema.py"
	[ "$("$PYTHON" -I -S "$schema" err listening local.family local.address local.port)" = "unix $PWD/s -" ]
	[ "$("$PYTHON" -I -S "$schema" err closed local.address peer.family received)" = "$PWD/s unix 1" ]
}

@test "activation: not where a port is given" {
	launched tcp -- --quiet 127.0.0.1 0 </dev/null >out 2>err
	[ "$PORT" != "${PORTS[0]}" ]
	echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(<out)" = hello ]
}

@test "activation: variables that are not for us: 2, an operand is missing" {
	local word
	for word in pid:1 pid: pid:0 pid:x fds:0 fds: fds:-1 fds:x fds:99999999999; do
		activate 2 tcp $word -- "$SOCKIT" listen
		says '^sockit listen: an operand is missing: '
	done
	LISTEN_FDS=1 activate 2 pid: -- env -u LISTEN_PID "$SOCKIT" listen
	says '^sockit listen: an operand is missing: '
	refuses 'an operand is missing: *' listen
}

@test "activation: a descriptor that does not listen: 1" {
	activate 1 deaf -- "$SOCKIT" listen
	says '^sockit listen: LISTEN_FDS descriptor 3: Invalid argument \(EINVAL\)$'
	activate 1 tcp udp -- "$SOCKIT" listen
	says '^sockit listen: LISTEN_FDS descriptor 4: .*\((EINVAL|EOPNOTSUPP)\)$'
	activate 1 tcp null -- "$SOCKIT" listen
	says '^sockit listen: LISTEN_FDS descriptor 4: .*\(ENOTSOCK\)$'
	activate 1 gone -- "$SOCKIT" listen
	says '^sockit listen: LISTEN_FDS descriptor 3: .*\(EBADF\)$'
	activate 1 tcp fds:2 -- "$SOCKIT" listen --json
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error class)" = socket ]
	silent out
}

# shut_down LINES: whoever shares the sockets shuts them down; that ends LISTENER, which has said LINES.
shut_down() {
	kill -USR1 "$LISTENER"
	ended 1 "$LISTENER" || return
	[ "$(<err)" = "$1" ] || diff <(cat <<<"$1") err
}

@test "activation: a socket that somebody shuts down ends the run: 1" {
	local word over='accept: Invalid argument (EINVAL): it listens no more'
	for word in '' -k; do
		launched tcp -- -n $word </dev/null >out 2>err
		shut_down "sockit listen: 127.0.0.1 port ${PORTS[0]}: $over"
	done
	launched unix:"$PWD/s" -- -k </dev/null >out 2>err
	shut_down "sockit listen: unix:$PWD/s: $over"
	# Whoever is there is served to the end.
	launched tcp unix:"$PWD/t" -- -k --echo </dev/null >out 2>err
	mkfifo go
	"$SOCKIT" connect 127.0.0.1 "${PORTS[0]}" <go >got 3>&- &
	started
	exec 5>go
	echo one >&5
	eventually [ -s got ]
	kill -USR1 "$LISTENER"
	eventually [ -s err ]
	runs "$LISTENER"
	echo two >&5
	exec 5>&-
	ended 0 "$PID"
	[ "$(<got)" = "$(printf 'one\ntwo')" ]
	ended 1 "$LISTENER"
	says ': accept: Invalid argument \(EINVAL\): it listens no more$'
	launched tcp -- -k --json </dev/null >out 2>err
	kill -USR1 "$LISTENER"
	ended 1 "$LISTENER"
	[ "$("$PYTHON" -I -S "$BATS_TEST_DIRNAME/helpers/schema.py" err error class code local.port)" = \
		"socket EINVAL ${PORTS[0]}" ]
}

@test "activation: a command sees nothing of it" {
	launched tcp notify:"$PWD/n" -- --quiet </dev/null -- env >out 2>err
	"$SOCKIT" connect -d 127.0.0.1 "${PORTS[0]}" >got
	ended 0 "$LISTENER"
	grep -q '^TCPLOCALPORT=' got
	run ! grep -E '^(LISTEN_|NOTIFY_SOCKET)' got
	# Where a port is given too.
	launched tcp set:LISTEN_PIDFDID=1 notify:"$PWD/n2" -- --quiet 127.0.0.1 0 </dev/null -- env >out 2>err
	"$SOCKIT" connect -d 127.0.0.1 "$PORT" >got
	ended 0 "$LISTENER"
	grep -q '^TCPLOCALPORT=' got
	run ! grep -E '^(LISTEN_|NOTIFY_SOCKET)' got
	# And it has no socket but its own.
	launched tcp tcp unix:"$PWD/s" -- --quiet </dev/null -- sh -c 'ls -l /proc/self/fd' >out 2>err
	"$SOCKIT" connect -d 127.0.0.1 "${PORTS[0]}" >got
	ended 0 "$LISTENER"
	[ "$(grep -o 'socket:\[[0-9]*\]' got | sort -u | wc -l)" = 1 ]
	silent
}

@test "activation: the environment of a command for a UNIX socket" {
	# shellcheck disable=SC2016
	launched unix:"$PWD/s" -- --quiet </dev/null -e 'env; exec 2>&1; echo pid $PPID' >out 2>err
	by_unix "$PWD/s" </dev/null >got
	ended 0 "$LISTENER"
	grep -qx PROTO=UNIX got
	grep -qx "UNIXLOCALPATH=$PWD/s" got
	run ! grep -E '^TCP' got
	[ "$(platform)" = linux ] || return 0
	grep -qx "UNIXREMOTEEUID=$(id -u)" got
	grep -qx "UNIXREMOTEEGID=$(id -g)" got
	grep -qE '^UNIXREMOTEPID=[1-9][0-9]*$' got
}

@test "activation: access lists, --user and limits hold" {
	launched tcp -- --quiet -k --deny 127.0.0.2 --echo </dev/null >out 2>err
	PORT=${PORTS[0]}
	may 127.0.0.1 -127.0.0.2
	may_echo 127.0.0.1
	kill "$CHILD"
	ended 143 "$LISTENER"
	# A UNIX socket has no address, and its clients may come.
	launched unix:"$PWD/s" -- --quiet --allow 127.0.0.1 --echo </dev/null >out 2>err
	[ "$(echo hello | by_unix "$PWD/s")" = hello ]
	ended 0 "$LISTENER"
	activate 4 tcp -- "$SOCKIT" listen --quiet -w 100ms
	silent
	needs_root
	launched tcp -- --quiet --user nobody </dev/null -- id >out 2>err
	[ "$("$SOCKIT" connect -d 127.0.0.1 "${PORTS[0]}")" = "$(id nobody)" ]
	ended 0 "$LISTENER"
}

### READY=1

@test "READY=1 is said once clients can connect, by path and abstract" {
	local path
	for path in "$PWD/n" "@sockit-n-$$-$BATS_TEST_NUMBER"; do
		rm -f notified
		launched notify:"$path" -- --quiet 127.0.0.1 0 </dev/null >out 2>err
		eventually [ -s notified ]
		[ "$(<notified)" = READY=1 ]
		echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
		ended 0 "$LISTENER"
		[ "$(<notified)" = READY=1 ]
		silent
	done
	rm -f notified
	launched tcp notify:"$PWD/n2" -- --quiet </dev/null >out 2>err
	eventually [ -s notified ]
	[ "$(<notified)" = READY=1 ]
	echo hello | "$SOCKIT" connect 127.0.0.1 "${PORTS[0]}"
	ended 0 "$LISTENER"
}

@test "READY=1 is not said where nobody can" {
	activate 1 deaf notify:"$PWD/n" -- "$SOCKIT" listen --quiet
	[ ! -e notified ]
	peer who 127.0.0.1
	activate 1 notify:"$PWD/n2" -- "$SOCKIT" listen --quiet 127.0.0.1 "$PORT"
	[ ! -e notified ]
}

@test "a bad NOTIFY_SOCKET is said, and no failure" {
	local bad
	for bad in "$PWD/nobody" "$PWD" "/$(repeat_a 200)" @ x; do
		: >err
		NOTIFY_SOCKET=$bad serve 127.0.0.1 0 </dev/null >out 2>err
		echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
		ended 0 "$LISTENER"
		[ "$(<out)" = hello ]
		grep -v ': listening on ' err >said
		says "^sockit listen: NOTIFY_SOCKET=$bad: .*\(E[A-Z]+\)$" said
	done
	# One that nobody empties does not hold us up.
	"$PYTHON" -I -S -c '
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("full")
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.setblocking(False)
try:
    while True:
        c.sendto(b"x", "full")
except BlockingIOError:
    pass
print(1, flush=True)
time.sleep(60)' >full.out 3>&- &
	started
	eventually [ -s full.out ]
	NOTIFY_SOCKET=$PWD/full serve 127.0.0.1 0 </dev/null >out 2>err
	echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	# Empty is as good as none.
	NOTIFY_SOCKET='' serve --quiet 127.0.0.1 0 </dev/null >out 2>err
	echo hello | "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	silent
}
