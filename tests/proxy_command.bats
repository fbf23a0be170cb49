# connect --proxy-command: a command is the way.

load helpers/common
load helpers/words

# goes_by CMD [ARG...]: a run by that way, its output in out.
goes_by() {
	exits "$STATUS" "$SOCKIT" connect --proxy-command "$@" >out 2>err
}

# bats test_tags=valgrind
@test "what is sent, and what comes, goes by the command, whole" {
	STATUS=0
	random_file in 3M
	counterpart exchange:in report
	goes_by "'$SOCKIT' connect %h %p" 127.0.0.1 "$PORT" <in
	same in out
	counterpart_ended in
	silent
	# A percent sign, and a host that nobody looks up.
	goes_by 'printf "%%s %%s" %h %p' no-such.host.test 443 </dev/null
	[ "$(<out)" = 'no-such.host.test 443' ]
}

@test "socat, netcat and ssh's way to be one" {
	needs socat socat
	STATUS=0
	counterpart readall send:1000 shutdown
	pattern 1000 >wanted
	goes_by 'socat - TCP:%h:%p' 127.0.0.1 "$PORT" <<<hello
	same wanted out
	needs nc.openbsd netcat-openbsd
	counterpart readall send:1000 shutdown
	goes_by 'nc.openbsd -N %h %p' 127.0.0.1 "$PORT" <<<hello
	same wanted out
}

@test "TLS by openssl s_client" {
	needs openssl openssl
	openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=it -keyout key -out it \
		2>openssl.err || skip 'openssl req does not do that'
	spawn openssl s_server -accept 127.0.0.1:0 -www -cert it -key key >served 2>&1
	listening_port "$PID"
	STATUS=0
	printf 'GET / HTTP/1.0\r\n\r\n' |
		goes_by 'openssl s_client -quiet -connect %h:%p 2>/dev/null' --no-shutdown 127.0.0.1 "$PORT"
	grep -q 'HTTP/1.0 200 ok' out
}

@test "one that fails: 1, 126, 127, and its status is told" {
	STATUS=1
	goes_by 'sh -c "cat; exit 9"' h 1 </dev/null
	says '^sockit connect: h port 1: the proxy command has failed: status 9$'
	# What it had said before is there.
	goes_by 'sh -c "echo hello; exit 9"' h 1 </dev/null
	[ "$(<out)" = hello ]
	# A stdin that does not end does not keep it.
	mkfifo in
	exec 7<>in
	goes_by 'sh -c "exit 3"' h 1 <in
	exec 7>&-
	goes_by 'sh -c "kill -9 \$\$"' h 1 </dev/null
	grep -q 'status 137$' err
	STATUS=127
	goes_by 'no-such-command %h' h 1 </dev/null
	grep -q 'status 127$' err
	STATUS=126
	: >not-to-run
	goes_by ./not-to-run h 1 </dev/null
	grep -q 'status 126$' err
}

@test "it ends with the run, however that ends" {
	# shellcheck disable=SC2016 # the command's
	local long='sh -c "echo \$\$ >pid; exec sleep 60"'
	STATUS=0
	goes_by "$long" -q 100ms --linger 100ms h 1 </dev/null
	eventually is_gone
	STATUS=4
	goes_by "$long" --timeout 300ms h 1 </dev/null
	eventually is_gone
	rm pid
	spawn "$SOCKIT" connect --proxy-command "$long" h 1 </dev/null >out 2>err
	eventually test -s pid
	kill "$PID"
	ended 143 "$PID"
	eventually is_gone
	# One that does not hear is killed.
	STATUS=0
	goes_by 'sh -c "trap : HUP; echo \$\$ >pid; while :; do sleep 0.1; done"' -q 100ms --linger 100ms h 1 </dev/null
	eventually is_gone
}
is_gone() {
	! kill -0 "$(<pid)" 2>/dev/null
}

@test "data options see what goes over it; a dialogue, messages and a command of ours do too" {
	STATUS=0
	goes_by 'tr a-z A-Z' -o all --wire-frame line h 1 <<<hello
	[ "$(<out)" = HELLO ]
	grep -q hello all
	goes_by 'cat' --send 'PING\n' --expect '^PING$' h 1 <<<more
	[ "$(<out)" = $'PING\nmore' ]
	# shellcheck disable=SC2016 # the command's
	exits 7 "$SOCKIT" connect --proxy-command 'sh -c "echo hello; cat >got"' h 1 -e 'read -r a; echo "$a!"; exit 7' 2>err
	[ "$(<got)" = 'hello!' ]
	# The way may end before a command of ours has.
	mkfifo go
	spawn "$SOCKIT" connect --proxy-command 'sh -c "exit 0"' h 1 -- sh -c 'cat; : <go; exit 6' </dev/null >out 2>err
	(exec 7>go)
	ended 6 "$PID"
}

@test "what cannot be used is refused" {
	refuses "--proxy-command: '%x' in it is none of %h, %p and %%" connect --proxy-command 'a %x' h 1
	refuses "--proxy-command: '%' in it is none of *" connect --proxy-command 'a %' h 1
	local host
	# shellcheck disable=SC2016 # the shell's, which is not to have it
	for host in 'a;b' '$(id)' '`id`' "it's"; do
		refuses "--proxy-command: '*' has characters that are not for a shell" connect --proxy-command cat "$host" 1
	done
	local option
	for option in '--proxy socks5://h:1' '--retry 1s' -z --ping --trace --mtu --explain -F --fastopen '-s 127.0.0.1' \
		--nodelay '--ttl 3' -4; do
		# shellcheck disable=SC2086 # words
		refuses '*exclude*' connect --proxy-command cat $option h 1
	done
	refuses '--wait has no effect with --proxy-command: *' connect --proxy-command cat -w 1 h 1
}
