#!/usr/bin/env bats
# Where memory, descriptors or a file give out: what was not done is said, and is no success.

load helpers/common
load helpers/words
load helpers/private

setup_file() {
	# It cannot look for leaks in what strace traces.
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
}

@test "a command has the connection's descriptors, or does not run" {
	preload malloc_fail
	local n=0 total
	serve -k -e 'echo honest; cat >>got' 127.0.0.1 0 2>/dev/null
	echo secret >input
	MALLOC_COUNT=count "${PRELOADED[@]}" "$SOCKIT" connect -n -e 'head -n 1' 127.0.0.1 "$PORT" <input 3>&-
	total=$(<count)
	# The last ones are for the command.
	for ((n = total - 25; n <= total; n++)); do
		MALLOC_FAIL=$n within 20 "${PRELOADED[@]}" "$SOCKIT" connect -n -e 'head -n 1' 127.0.0.1 "$PORT" \
			<input 2>>err 3>&- || :
	done
	eventually [ -s got ]
	kill -INT "$LISTENER"
	ended 130 "$LISTENER"
	[ "$(sort -u got)" = honest ]
	grep -q 'ENOMEM' err
}

@test "each errno has its name" {
	needs_injection
	local error name text twin
	twin=$(platform)
	# Those that connect(2) does not end with wait for more.
	python3 -S -c 'import errno
for number, name in {**errno.errorcode, errno.ENOTSUP: "ENOTSUP", errno.EDEADLK: "EDEADLK"}.items():
	if name not in ("EINPROGRESS", "EINTR", "EALREADY", "EISCONN"):
		print(number, name)
print(600, "E600")' >errors
	while read -r error name; do
		strace -f -qq -o /dev/null -e trace=connect -e inject=connect:error="$error":when=1 \
			"$SOCKIT" connect -n --json 127.0.0.1 9 </dev/null 2>err 3>&- || :
		text=$(<err)
		# The portable twin knows those of POSIX; of others it tells the number.
		[ "$twin" = linux ] || [[ $text == *"($name)"* ]] || name=E$error
		[[ $text == *"\"code\":\"$name\""*"($name)"* ]] || { echo "$error $name: $text" && return 1; }
	done <errors
}

# failing SYSCALL FILE ERROR: "${FAILING[@]}" COMMAND... runs COMMAND, whose SYSCALLs on FILE fail with ERROR.
failing() {
	FAILING=(strace -f -qq -o /dev/null -P "$2" -e trace="$1" -e inject="$1:error=$3")
}

# Each of these has a list whose second line is refused.
lists() {
	printf '10.0.0.0/8\n10.0.0.0/99\n' >list
	printf 'user:password\nnothing\n' >pairs
	LISTS=('listen -n --deny-file list 0' 'listen -n --allow-file list 0'
		'listen -n --proxy-server http --proxy-auth-file pairs 0'
		'connect -n --proxy socks5h://127.0.0.1:9 --proxy-auth-file pairs 127.0.0.1 9')
}

@test "a list that cannot be read to its end is none" {
	needs_injection
	lists
	local words file
	for words in "${LISTS[@]}"; do
		[[ $words == *pairs* ]] && file=$PWD/pairs || file=$PWD/list
		failing read "$file" EIO
		# shellcheck disable=SC2086 # words
		exits 1 "${FAILING[@]}" "$SOCKIT" $words </dev/null 2>err
		says '(Input/output|I/O) error \(EIO\)$' err
	done
}

@test "a list for which memory does not suffice is none" {
	preload malloc_fail
	lists
	local words n total said
	for words in "${LISTS[@]}"; do
		rm -f count
		# shellcheck disable=SC2086 # words
		MALLOC_COUNT=count exits 2 "${PRELOADED[@]}" "$SOCKIT" $words </dev/null 2>err
		said=$(<err)
		total=$(<count)
		[[ $said == *'line 2: '* ]]
		for ((n = 1; n <= total; n++)); do
			STATUS=0
			# shellcheck disable=SC2086 # words
			MALLOC_FAIL=$n within 20 "${PRELOADED[@]}" "$SOCKIT" $words </dev/null 2>err 3>&- || STATUS=$?
			[ $STATUS = 1 ] && says 'Cannot allocate memory \(ENOMEM\)$' && continue
			[ $STATUS = 2 ] && [ "$(<err)" = "$said" ]
		done
	done
}

@test "a user who cannot be looked up is not said to be none" {
	needs_injection
	local error row words
	for error in EMFILE ENFILE EIO ENOMEM; do
		for row in '/etc/passwd listen -n --user daemon 127.0.0.1 0' \
			'/etc/passwd unix -l --owner daemon sock' '/etc/group unix -l --owner :daemon sock' \
			'/etc/passwd unix -l --allow-uid daemon sock' \
			'/etc/passwd sockname --listening --uid daemon'; do
			# Elsewhere nobody tells who connects.
			[[ $row != *allow-uid* ]] || [ "$(platform)" = linux ] || continue
			read -ra words <<<"$row"
			failing openat,?open "${words[0]}" "$error"
			exits 1 "${FAILING[@]}" "$SOCKIT" "${words[@]:1}" </dev/null 2>err
			says "'daemon': .* \\($error\\)$"
		done
	done
	exits 2 "$SOCKIT" listen -n --user no-such-user 127.0.0.1 0 2>err
	says "there is no user 'no-such-user'$"
}

@test "what stdout's file says at its end counts: reports" {
	needs_injection
	local words
	failing close "$PWD/out" EDQUOT
	while read -ra words; do
		[ "${words[0]}" ] || continue
		exits 1 "${FAILING[@]}" "$SOCKIT" "${words[@]}" </dev/null >out 2>err
		[ -s out ]
		says 'stdout: .* \(EDQUOT\)'
	done <<-'END'
		resolve localhost
		resolve --json 127.0.0.1
		resolve --forms 127.0.0.1
		servinfo
		servinfo --json
		sockname --options
		sockname --interfaces --json
		sockname 127.0.0.1
		help
		listen --help
		completion bash
		--version
	END
	# Once: no other call closes it.
	strace -f -qq -o trace -P "$PWD/out" -e trace=close,dup2,dup3 "$SOCKIT" resolve localhost >out 3>&-
	[ "$(grep -c 'close(1)' trace)" = 1 ]
}

@test "what stdout's file says at its end counts: data" {
	needs_injection
	local words send
	failing close "$PWD/out" EDQUOT
	# What receives, and who sends.
	while IFS=: read -r words send; do
		[ "$words" ] || continue
		rm -f out sock ready
		# Not by a FIFO, which strace would have open too.
		# shellcheck disable=SC2086 # words
		spawn "${FAILING[@]}" "$SOCKIT" $words --notify-fd 9 </dev/null >out 2>err 9>ready
		eventually [ -s ready ]
		[[ $words == unix* ]] && PORT= || read -r _ PORT <ready
		# shellcheck disable=SC2086 # words
		printf data | exits 0 "$SOCKIT" $send $PORT
		ended 1 "$PID"
		[ "$(<out)" = data ]
		grep -q ': stdout: .* (EDQUOT)' err
	done <<-'END'
		listen -n -d 127.0.0.1 0:connect -n 127.0.0.1
		listen -n -d -k --accept 1 127.0.0.1 0:connect -n 127.0.0.1
		udp-recv -n -c 1 127.0.0.1 0:udp-send -n 127.0.0.1
		unix -l -d sock:unix sock
		unix -l -d --type seqpacket sock:unix --type seqpacket sock
		unix -l -c 1 --type dgram sock:unix --type dgram sock
	END
	serve -k -e 'printf data' 127.0.0.1 0 2>/dev/null
	exits 1 "${FAILING[@]}" "$SOCKIT" connect -n 127.0.0.1 "$PORT" </dev/null >out 2>err
	[ "$(<out)" = data ]
	says '^sockit connect: stdout: .* \(EDQUOT\)$'
	exits 1 "${FAILING[@]}" "$SOCKIT" connect -n -z 127.0.0.1 "$PORT" </dev/null >out 2>err
	says '^sockit connect: stdout: .* \(EDQUOT\)$'
}

# without_null COMMAND...: COMMAND with descriptors closed as $CLOSED says, where /dev/null cannot be opened.
without_null() {
	within 10 strace -f -qq -o trace -P /dev/null -e trace=openat,?open -e inject=openat,?open:error=EACCES \
		"$BASH" -c "exec \"\$@\" $CLOSED" - "$@"
}

@test "closed descriptors where /dev/null cannot be opened: no socket takes their place" {
	needs_injection
	serve -k -e 'cat >>got; printf theirs' 127.0.0.1 0 2>/dev/null
	: >got
	# stdin is at its end.
	STATUS=0
	CLOSED='<&-' without_null "$SOCKIT" connect -n 127.0.0.1 "$PORT" >out 2>err 3>&- || STATUS=$?
	status_is 0
	[ "$(<out)" = theirs ]
	silent
	# stdout is one that cannot be written to.
	CLOSED='>&-' without_null "$SOCKIT" connect -n 127.0.0.1 "$PORT" </dev/null 2>err 3>&- || STATUS=$?
	status_is 1
	says 'stdout: .* \(EBADF\)$'
	CLOSED='<&- >&-' without_null "$SOCKIT" connect -n 127.0.0.1 "$PORT" 2>err 3>&- || STATUS=$?
	status_is 1
	says 'stdout: .* \(EBADF\)$'
	CLOSED='>&-' without_null "$SOCKIT" resolve localhost 2>err 3>&- || STATUS=$?
	status_is 1
	says 'stdout: .* \(EBADF\)$'
	STATUS=0
	CLOSED='<&- 2>&-' without_null "$SOCKIT" connect -n 127.0.0.1 "$PORT" >out 3>&- || STATUS=$?
	status_is 0
	[ "$(<out)" = theirs ]
	silent got
}

@test "closed descriptors where nothing can take their place: that is said" {
	needs_injection
	[ -z "${SOCKIT_FLAVOUR-}" ] || skip 'this build needs descriptors of its own'
	cat >limited.py <<-'END'
		import os, resource, sys
		os.close(0)
		resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
		os.execv(sys.argv[1], sys.argv[1:])
	END
	# A pipe takes two.
	exits 1 strace -f -qq -o trace -P /dev/null -e trace=openat,?open -e inject=openat,?open:error=EACCES \
		python3 -S limited.py "$SOCKIT" --version >out 2>err
	says '/dev/null: .* \(EACCES\)$'
	silent out
}
