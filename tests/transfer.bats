# Real data, byte for byte: from and to pipes, files and devices, of every size.

load helpers/common
load helpers/words
load helpers/private

# Two files of 64 MiB, and one of an odd size.
setup_file() {
	head -c 64M /dev/urandom >"$BATS_FILE_TMPDIR/a"
	head -c 64M /dev/urandom >"$BATS_FILE_TMPDIR/b"
	head -c 5000007 "$BATS_FILE_TMPDIR/a" >"$BATS_FILE_TMPDIR/odd"
}

# in_pipes NAME IN OUT COMMAND...: runs COMMAND in the background with the contents of IN coming from
# a pipe and its stdout going through a pipe to OUT; its exit status is in the file NAME at last.
in_pipes() {
	{
		dd if="$2" bs=64k 2>/dev/null 9>&- | {
			local status=0
			"${@:4}" || status=$?
			echo $status >"$1"
		} | cat >"$3" 9>&-
	} 3>&- &
	started
}

# piped_listener IN OUT [ARG...]: the same for sockit listen; $PORT, the status in listen.status.
piped_listener() {
	local fifo="$BATS_TEST_TMPDIR/ready.$((++NOTIFIERS))"
	mkfifo "$fifo"
	in_pipes listen.status "$1" "$2" with_notify_fd_in "$fifo" \
		"$SOCKIT" listen --notify-fd 9 "${@:3}" 127.0.0.1 0
	LISTENER=$PID
	read -r _ PORT <"$fifo"
}
with_notify_fd_in() {
	"${@:2}" 9>"$1"
}

# done_in_pipes PID NAME: that background job has ended well.
done_in_pipes() {
	ended 0 "$1"
	[ "$(<"$2")" = 0 ]
}

# sends IN OUT [ARG...]: IN goes in a file through sockit connect ARG... to a listener's file OUT.
sends() {
	serve 127.0.0.1 0 </dev/null >"$2" 2>err.listen
	within 30 "$SOCKIT" connect "${@:3}" 127.0.0.1 "$PORT" <"$1" >out 2>err
	ended 0 "$LISTENER"
	[ ! -s out ]
	[ ! -s err ]
	cmp "$1" "$2"
}

@test "64 MiB each way at once, through pipes" {
	piped_listener "$BATS_FILE_TMPDIR/a" from-connect 2>err.listen
	in_pipes connect.status "$BATS_FILE_TMPDIR/b" from-listen \
		"$SOCKIT" connect 127.0.0.1 "$PORT" 2>err.connect
	done_in_pipes "$PID" connect.status
	done_in_pipes "$LISTENER" listen.status
	cmp "$BATS_FILE_TMPDIR/a" from-listen
	cmp "$BATS_FILE_TMPDIR/b" from-connect
	[ ! -s err.connect ]
	[ "$(wc -l <err.listen)" = 1 ]
}

@test "64 MiB each way at once, files" {
	serve 127.0.0.1 0 <"$BATS_FILE_TMPDIR/a" >from-connect 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$BATS_FILE_TMPDIR/b" >from-listen 2>err
	ended 0 "$LISTENER"
	cmp "$BATS_FILE_TMPDIR/a" from-listen
	cmp "$BATS_FILE_TMPDIR/b" from-connect
	[ ! -s err ]
}

@test "over IPv6" {
	needs_ipv6
	serve ::1 0 <"$BATS_FILE_TMPDIR/odd" >from-connect 2>err.listen
	exits 0 "$SOCKIT" connect ::1 "$PORT" <"$BATS_FILE_TMPDIR/a" >from-listen 2>err
	ended 0 "$LISTENER"
	cmp "$BATS_FILE_TMPDIR/odd" from-listen
	cmp "$BATS_FILE_TMPDIR/a" from-connect
}

@test "with nc.openbsd, ncat and socat on the other side" {
	local n=0 tool
	for tool in nc.openbsd ncat socat; do
		command -v $tool >/dev/null || continue
		n=$((n + 1))
		serve 127.0.0.1 0 <"$BATS_FILE_TMPDIR/odd" >from-$tool 2>err.listen
		case $tool in
		nc.openbsd) within 20 nc.openbsd -N 127.0.0.1 "$PORT" ;;
		ncat) within 20 ncat 127.0.0.1 "$PORT" ;;
		socat) within 20 socat -t 20 - "TCP:127.0.0.1:$PORT" ;;
		esac <"$BATS_FILE_TMPDIR/a" >to-$tool
		ended 0 "$LISTENER"
		cmp "$BATS_FILE_TMPDIR/a" from-$tool
		cmp "$BATS_FILE_TMPDIR/odd" to-$tool
	done
	[ $n -gt 0 ] || skip 'none of them is here'
}

@test "every kind of stdin with every kind of stdout" {
	local from to file=$BATS_FILE_TMPDIR/odd
	for from in file pipe; do
		for to in file append pipe; do
			: >received
			case $to in
			file) serve 127.0.0.1 0 </dev/null >received 2>err.listen ;;
			append)
				echo before >received
				serve 127.0.0.1 0 </dev/null >>received 2>err.listen
				;;
			pipe) piped_listener /dev/null received 2>err.listen ;;
			esac
			case $from in
			file) exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <"$file" >out 2>err ;;
			pipe)
				in_pipes connect.status "$file" out \
					"$SOCKIT" connect 127.0.0.1 "$PORT" 2>err
				done_in_pipes "$PID" connect.status
				;;
			esac
			ended 0 "$LISTENER"
			[ ! -s err ]
			[ ! -s out ]
			[ $to != append ] || {
				[ "$(head -n 1 received)" = before ]
				tail -c +8 received >rest
				mv rest received
			}
			cmp "$file" received || {
				echo "$from to $to"
				return 1
			}
		done
	done
}

@test "a pipe to /dev/null, and a file" {
	serve --stats 127.0.0.1 0 </dev/null >/dev/null 2>err.listen
	in_pipes connect.status "$BATS_FILE_TMPDIR/a" out "$SOCKIT" connect 127.0.0.1 "$PORT"
	done_in_pipes "$PID" connect.status
	ended 0 "$LISTENER"
	grep -q '^sockit listen: sent 0 bytes, received 67108864 bytes in ' err.listen
	serve --stats 127.0.0.1 0 </dev/null >/dev/null 2>err.listen
	exits 0 "$SOCKIT" connect --stats 127.0.0.1 "$PORT" <"$BATS_FILE_TMPDIR/a" 2>err
	ended 0 "$LISTENER"
	grep -q '^sockit listen: sent 0 bytes, received 67108864 bytes in ' err.listen
	grep -q '^sockit connect: sent 67108864 bytes, received 0 bytes in ' err
}

@test "256 MiB of zeros" {
	truncate -s 256M zeros
	serve --stats 127.0.0.1 0 </dev/null > >(cmp - zeros 3>&- && echo equal >verdict) 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <zeros 2>err
	ended 0 "$LISTENER"
	grep -q 'received 268435456 bytes' err.listen
	eventually test -s verdict
}

@test "a file with holes" {
	local at
	for at in 0 5000000 5000001 9999999 20000000; do
		echo "at $at" | dd of=holes bs=1 seek=$at conv=notrunc 2>/dev/null
	done
	truncate -s 30000001 holes
	sends holes received
}

@test "a file is read, and written, from where it is open" {
	printf 'skipped\nsent\n' >in
	printf 'kept\n' >received
	exec 5<in 6<>received
	read -r line <&5
	read -r line2 <&6
	[ "$line $line2" = 'skipped kept' ]
	# bash has put both offsets back to the line's end.
	serve 127.0.0.1 0 </dev/null >&6 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <&5 2>err
	ended 0 "$LISTENER"
	exec 5<&- 6>&-
	[ "$(<received)" = $'kept\nsent' ]
}

@test "--buffer of every size" {
	local size
	head -c 300001 "$BATS_FILE_TMPDIR/a" >a
	head -c 250003 "$BATS_FILE_TMPDIR/b" >b
	for size in 100 4095 64k 1M 1G; do
		piped_listener a from-connect --buffer "$size" 2>err.listen
		in_pipes connect.status b from-listen \
			"$SOCKIT" connect --buffer "$size" 127.0.0.1 "$PORT" 2>err
		done_in_pipes "$PID" connect.status
		done_in_pipes "$LISTENER" listen.status
		cmp a from-listen
		cmp b from-connect
		serve --buffer "$size" 127.0.0.1 0 <a >from-connect 2>err.listen
		exits 0 "$SOCKIT" connect --buffer "$size" 127.0.0.1 "$PORT" <b >from-listen 2>err
		ended 0 "$LISTENER"
		cmp a from-listen
		cmp b from-connect
	done
	head -c 2001 a >few
	sends few received --buffer 1
	piped_listener few from-connect --buffer 1 2>err.listen
	in_pipes connect.status few from-listen "$SOCKIT" connect --buffer 1 127.0.0.1 "$PORT" 2>err
	done_in_pipes "$PID" connect.status
	done_in_pipes "$LISTENER" listen.status
	cmp few from-listen
	cmp few from-connect
}

# bats test_tags=valgrind
@test "small socket buffers" {
	head -c 1000003 "$BATS_FILE_TMPDIR/a" >a
	head -c 900001 "$BATS_FILE_TMPDIR/b" >b
	serve --rcvbuf 16k --sndbuf 16k 127.0.0.1 0 <a >from-connect 2>err.listen
	in_pipes connect.status b from-listen \
		"$SOCKIT" connect --rcvbuf 16k --sndbuf 16k 127.0.0.1 "$PORT" 2>err
	done_in_pipes "$PID" connect.status
	ended 0 "$LISTENER"
	cmp a from-listen
	cmp b from-connect
	# The smallest that there are: a few packets a second.
	head -c 30001 a >few
	serve --rcvbuf 1 --sndbuf 1 127.0.0.1 0 <few >from-connect 2>err.listen
	exits 0 "$SOCKIT" connect --rcvbuf 1 --sndbuf 1 127.0.0.1 "$PORT" <few >from-listen 2>err
	ended 0 "$LISTENER"
	cmp few from-listen
	cmp few from-connect
}

@test "nothing, one byte, and around the usual sizes" {
	local size
	: >in
	sends in received
	for size in 1 2 4095 4096 4097 65535 65536 65537 131072 262145 1048575 1048576 1048577; do
		head -c $size "$BATS_FILE_TMPDIR/a" >in
		sends in received
	done
	for size in 0 1 65536 65537 1048577; do
		head -c $size "$BATS_FILE_TMPDIR/b" >in
		piped_listener in from-connect 2>err.listen
		in_pipes connect.status in from-listen "$SOCKIT" connect 127.0.0.1 "$PORT" 2>err
		done_in_pipes "$PID" connect.status
		done_in_pipes "$LISTENER" listen.status
		cmp in from-listen
		cmp in from-connect
	done
}

@test "many small writes" {
	seq 20000 >expected
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	# Each line is a write of its own.
	python3 -uc 'for i in range(1, 20001): print(i)' |
		within 30 "$SOCKIT" connect 127.0.0.1 "$PORT" 2>err
	ended 0 "$LISTENER"
	cmp expected received
}

@test "what comes is passed on at once" {
	mkfifo in1 in2
	exec 6<>in1 7<>in2
	serve 127.0.0.1 0 <&6 >received1 2>err.listen
	spawn "$SOCKIT" connect 127.0.0.1 "$PORT" <&7 >received2 2>err
	local i
	for i in 1 2 3; do
		echo "to $i" >&7
		eventually grep -qsx "to $i" received1
		echo "back $i" >&6
		eventually grep -qsx "back $i" received2
	done
	exec 6>&- 7>&-
}

@test "files of /proc as stdin" {
	local file n=0
	for file in /proc/filesystems /proc/version /proc/kallsyms; do
		[ -r $file ] || continue
		cat $file >expected
		[ -s expected ] || continue
		n=$((n + 1))
		serve 127.0.0.1 0 </dev/null >received 2>err.listen
		exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" <$file 2>err
		ended 0 "$LISTENER"
		cmp expected received
		[ ! -s err ]
	done
	[ $n -gt 0 ] || skip 'no /proc here'
	# One that grows while it is read has an end all the same.
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	exits 0 "$SOCKIT" connect 127.0.0.1 "$PORT" </proc/cpuinfo 2>err
	ended 0 "$LISTENER"
	[ -s received ]
}

@test "/dev/zero, up to what the other side wants" {
	# A reader that has enough.
	mkfifo pipe
	head -c 3000001 pipe >received &
	started
	local reader=$PID
	"$SOCKIT" listen --notify-fd 9 127.0.0.1 0 </dev/null >pipe 2>err.listen 9>ready 3>&- &
	started
	LISTENER=$PID
	eventually grep -q ' ' ready
	read -r _ PORT <ready
	STATUS=0
	within 20 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/zero >out 2>err || STATUS=$?
	[ "$STATUS" = 1 ] # not all of it was taken
	ended 0 "$reader"
	ended 141 "$LISTENER"
	cmp -n 3000001 received /dev/zero
	[ "$(wc -c <received)" = 3000001 ]
	# So many bytes and no more.
	serve --read-bytes 3M 127.0.0.1 0 </dev/null >received 2>err.listen
	STATUS=0
	within 20 "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/zero >out 2>err || STATUS=$?
	[ "$STATUS" = 1 ]
	ended 0 "$LISTENER"
	[ "$(wc -c <received)" = 3145728 ]
	# And an end of our own.
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	head -c 3000001 /dev/zero | within 20 "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	[ "$(wc -c <received)" = 3000001 ]
}

# How it is moved.

# spliced: how many bytes went by splice or sendfile in the file trace, and how many by copying.
spliced() {
	awk '
		/= -1/ || !/ = [0-9]+/ { next }
		{ n = $0; sub(/.* = /, "", n); sub(/ .*/, "", n) }
		/splice\(|sendfile(64)?\(/ { fast += n; next }
		{ slow += n }
		END { print fast + 0, slow + 0 }' trace
}

moves=splice,/^sendfile,read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg

@test "a file of more bytes than 32 bits can count" {
	truncate -s $(((1 << 32) + 1000)) big 2>/dev/null || skip 'no such file'
	serve -d --read-bytes 2000000 127.0.0.1 0 </dev/null >received 2>err.listen
	# It does not get rid of the rest.
	exits 1 "$SOCKIT" connect 127.0.0.1 "$PORT" <big >out 2>err
	ended 0 "$LISTENER"
	[ "$(($(wc -c <received)))" = 2000000 ]
}

@test "on Linux: splice and sendfile" {
	[ "$(platform)" = linux ] || skip 'portable'
	needs_strace
	local fast slow
	head -c 8M "$BATS_FILE_TMPDIR/a" >in
	# A file to a socket.
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	traced $moves "$SOCKIT" connect 127.0.0.1 "$PORT" <in
	ended 0 "$LISTENER"
	cmp in received
	read -r fast slow <<<"$(spliced)"
	echo "file to socket: $fast by splice and sendfile, $slow by copying"
	[ "$fast" -ge 7000000 ]
	[ "$slow" -le 1000000 ]
	# A pipe to a socket.
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	dd if=in bs=64k 2>/dev/null | traced $moves "$SOCKIT" connect 127.0.0.1 "$PORT"
	ended 0 "$LISTENER"
	cmp in received
	read -r fast slow <<<"$(spliced)"
	echo "pipe to socket: $fast by splice and sendfile, $slow by copying"
	[ "$fast" -ge 7000000 ]
	[ "$slow" -le 1000000 ]
	# A socket to a pipe.
	serve 127.0.0.1 0 <in >out 2>err.listen
	traced $moves "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null 3>&- | cat >received
	ended 0 "$LISTENER"
	cmp in received
	read -r fast slow <<<"$(spliced)"
	echo "socket to pipe: $fast by splice and sendfile, $slow by copying"
	[ "$fast" -ge 7000000 ]
	[ "$slow" -le 1000000 ]
}

@test "on Linux: what goes to /dev/null is not copied" {
	[ "$(platform)" = linux ] || skip 'portable'
	needs_strace
	head -c 8M "$BATS_FILE_TMPDIR/a" >in
	serve 127.0.0.1 0 <in >out 2>err.listen
	traced $moves "$SOCKIT" connect 127.0.0.1 "$PORT" </dev/null >/dev/null
	ended 0 "$LISTENER"
	grep -q 'MSG_TRUNC' trace
	run ! grep 'write(1,' trace
}

@test "on Linux: bulk that goes through a UNIX socket gets it a larger send buffer" {
	[ "$(platform)" = linux ] || skip 'portable'
	needs_strace
	local times size how
	# How often, what for, and with which options.
	while read -r times size how; do
		head -c "$size" "$BATS_FILE_TMPDIR/a" >in
		served_by "$SOCKIT" unix --listen --notify-fd 9 s </dev/null >received 2>err.listen
		# shellcheck disable=SC2086 # words
		traced getsockopt,setsockopt "$SOCKIT" unix $how s <in
		ended 0 "$LISTENER"
		cmp in received
		grep -q ENOPROTOOPT trace && skip 'this kernel does not tell who has set a buffer'
		[ "$(grep -c 'SO_SNDBUF, \[524288\]' trace)" = "$times" ]
	done <<-'END'
		1 8M
		0 3M
		0 8M --sndbuf 200k
		0 8M --buffer 64k
	END
}

@test "the portable build has no splice and no sendfile" {
	[ "$(platform)" = portable ] || skip 'linux'
	needs_strace
	serve 127.0.0.1 0 </dev/null >received 2>err.listen
	traced splice,/^sendfile,tee,vmsplice "$SOCKIT" connect 127.0.0.1 "$PORT" <"$BATS_FILE_TMPDIR/odd"
	ended 0 "$LISTENER"
	cmp "$BATS_FILE_TMPDIR/odd" received
	[ ! -s trace ]
}

@test "nothing but libc is linked" {
	needs ldd libc-bin
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'of this build more is'
	ldd "$SOCKIT" >libraries 2>&1 || skip 'it is static'
	grep -q 'not a dynamic\|statically linked' libraries && skip 'it is static'
	cat libraries
	[ "$(grep -vc 'linux-vdso\|linux-gate\|/ld-\|^[[:space:]]*libc\.\|libpthread\.' libraries)" = 0 ]
}
