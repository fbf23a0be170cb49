# connect --heartbeat: something is sent whenever nothing else was for a while.

load helpers/common
load helpers/words

# bats test_tags=valgrind
@test "a newline after each silence" {
	mkfifo in
	counterpart read:3 say:three save:got readall report
	exec 7<>in
	"$SOCKIT" connect --heartbeat 50ms 127.0.0.1 "$PORT" <in >out 2>err 3>&- 7>&- &
	started
	eventually grep -q three peer.out
	echo word >&7
	exec 7>&-
	ended 0 "$PID"
	silent
	silent out
	counterpart_told_heartbeats
}
# All that came after the third is newlines around `word`.
counterpart_told_heartbeats() {
	ended 0 "$PEER" && tr -d '\n' <got >rest && [ "$(<rest)" = word ]
}

@test "none while something is sent" {
	counterpart readall report
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		printf x
		pause 0.05
	done | within 20 "$SOCKIT" connect --heartbeat 1s 127.0.0.1 "$PORT" >out 2>err 3>&-
	printf xxxxxxxxxx >sent
	counterpart_ended sent
	# Nor in the middle of a transfer.
	random_file data 3M
	counterpart readall report
	within 20 "$SOCKIT" connect --heartbeat 10s 127.0.0.1 "$PORT" <data >out 2>err 3>&-
	counterpart_ended data
	silent
}

@test "--rate leaves something for stdin" {
	counterpart save:got readall
	(pause 0.2 && printf end) | within 10 "$SOCKIT" connect --heartbeat 20ms,ab --rate 20 127.0.0.1 "$PORT" \
		>out 2>err 3>&-
	ended 0 "$PEER"
	silent
	[ "$(tr -d ab <got)" = end ]
}

@test "a text of one's own, CR LF with -C, 255 twice with -t" {
	printf 'PING 1,2PING 1,2PING 1,2' >three
	counterpart save:got read:24 shutdown readall report
	within 20 "$SOCKIT" connect -d --heartbeat '20ms,PING 1,2' 127.0.0.1 "$PORT" >out 2>err 3>&-
	ended 0 "$PEER"
	head -c 24 got | cmp - three
	counterpart has:'\0\\\xffx\0\\\xffx' shutdown readall
	within 20 "$SOCKIT" connect -d --heartbeat 1s,y --heartbeat '20ms,\0\\\xffx' 127.0.0.1 "$PORT" >out 2>err 3>&-
	ended 0 "$PEER"
	counterpart save:got read:6 shutdown readall report
	within 20 "$SOCKIT" connect -d -C --heartbeat $'20ms,a\n' 127.0.0.1 "$PORT" >out 2>err 3>&-
	ended 0 "$PEER"
	head -c 6 got | od -An -c | grep -qx '  *a  *\\r  *\\n  *a  *\\r  *\\n'
	counterpart save:got read:4 shutdown readall report
	within 20 "$SOCKIT" connect -d -t --heartbeat $'20ms,\xff' 127.0.0.1 "$PORT" >out 2>err 3>&-
	ended 0 "$PEER"
	[ "$(head -c 4 got | od -An -tx1)" = ' ff ff ff ff' ]
	silent
}

@test "it ends with stdin, which --no-shutdown and -d leave open" {
	# After our end nothing can be sent.
	counterpart readall say:end pause:0.3 report
	within 20 "$SOCKIT" connect --heartbeat 50ms 127.0.0.1 "$PORT" </dev/null >out 2>err 3>&-
	: >nothing
	counterpart_ended nothing
	silent
	counterpart read:3 report shutdown readall
	within 20 "$SOCKIT" connect --no-shutdown --heartbeat 50ms 127.0.0.1 "$PORT" </dev/null >out 2>err 3>&-
	ended 0 "$PEER"
	grep -q '^read 3 ' peer.out
	silent
}

@test "what is received does not count, and comes through" {
	counterpart read:1 feed:"$SOCKIT" read:2 shutdown readall
	within 20 "$SOCKIT" connect -d --heartbeat 50ms 127.0.0.1 "$PORT" >out 2>err 3>&-
	ended 0 "$PEER"
	silent
	same "$SOCKIT" out
}

@test "a peer that takes nothing is not buried in them" {
	counterpart rcvbuf:4096 pause:0.3 readall report
	head -c 8M /dev/zero >data
	within 20 "$SOCKIT" connect --heartbeat 1ms 127.0.0.1 "$PORT" <data >out 2>err 3>&-
	ended 0 "$PEER"
	silent
	local count
	read -r _ count _ < <(tail -n 1 peer.out)
	[ "$count" -ge 8388608 ] && [ "$count" -lt 8388708 ]
}

@test "with a command, and in the transcript" {
	counterpart save:got read:2 line:done readall
	within 20 "$SOCKIT" connect --heartbeat 30ms,b -o copy 127.0.0.1 "$PORT" \
		-e 'read -r line' >out 2>err 3>&-
	ended 0 "$PEER"
	[[ $(<got) == bb* ]]
	[[ $(tr -d b <copy) == 'done' ]]
	silent
}

@test "what cannot be used is refused" {
	local word
	for word in x 0 0,a -1 '1,' ',a' 1x,a 99999999999h; do
		refuses "--heartbeat: '$word' is not DURATION\[,TEXT\]: *" connect --heartbeat "$word" h 1
	done
	refuses "--heartbeat: '\\\\q' in 'a\\\\q' is no escape: *" connect --heartbeat '1s,a\q' h 1
}

@test "a message among messages" {
	local options text wire
	while read -r options text wire; do
		counterpart has:"$wire$wire" shutdown over
		# shellcheck disable=SC2086 # words
		exits 0 "$SOCKIT" connect -d --wire-frame ${options//,/ } --heartbeat "20ms,$text" 127.0.0.1 "$PORT" >out 2>err
		ended 0 "$PEER" || fault "$options $text"
	done <<-'END'
		netstring ping 4:ping,
		netstring ping\n 4:ping,
		len8 a\0b \3a\0b
		len8,-C a\nb \4a\r\nb
		line,-C x x\r\n
	END
	refuses '--heartbeat: its text is nothing that --wire-frame line can carry' \
		connect --wire-frame line --heartbeat '1s,a\nb' h 1
}

@test "-i counts only what is received: a peer that acknowledges and never answers is found out" {
	counterpart hold
	exits 4 "$SOCKIT" connect -d --heartbeat 50ms -i 300ms 127.0.0.1 "$PORT" >out 2>err
	says '^sockit connect: 127\.0\.0\.1 port [0-9]+: nothing moved for 300 ms \(--idle-timeout\)$'
	# One that answers lives.
	counterpart read:3 text:a read:3 text:b read:3 text:c shutdown readall
	exits 0 "$SOCKIT" connect -d --heartbeat 100ms -i 1s 127.0.0.1 "$PORT" >out 2>err
	[ "$(<out)" = abc ]
}

@test "listen and unix have it too" {
	serve -d --heartbeat 20ms,x 127.0.0.1 0 >out 2>err
	foreign connect:"$PORT" has:xxx shutdown readall
	ended 0 "$LISTENER"
	served_by "$SOCKIT" unix --listen --notify-fd 9 -d --heartbeat 20ms,x s >out 2>err
	foreign connect:unix:s has:xxx shutdown readall
	ended 0 "$LISTENER"
}
