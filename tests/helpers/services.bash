# For tests of listen's own services: load helpers/services (after helpers/common)

# serves [ARG...]: a listener, its port in $HERE.
serves() {
	serve "$@" 127.0.0.1 0 </dev/null >out 2>err
	HERE=$PORT
}

# said [REGEX]: the listener has said its port, and a line with REGEX, or nothing more; no data.
said() {
	silent out || return
	head -n 1 err >first
	tail -n +2 err >rest
	says "$LISTENING" first || return
	[ $# -gt 0 ] || {
		silent rest
		return
	}
	says "^sockit listen: $1" rest
}

# far WORD...: peer.py as what is forwarded to; its port in $FAR, its pid in $FAR_PEER, and far_ended as
# counterpart_ended of it.
far() {
	counterpart "$@"
	FAR=$PORT FAR_PEER=$PEER FAR_OUTPUT=$PEER_OUTPUT
	# The next counterpart has another file.
	eventually test -e peer.out
	mv peer.out far.out
}
far_ended() {
	local PEER=$FAR_PEER PEER_OUTPUT=$FAR_OUTPUT status=0
	ended 0 "$PEER" || return
	ended 0 "$PEER_OUTPUT" || return
	mv peer.out near.out 2>/dev/null || :
	cp far.out peer.out
	counterpart_ended "$@" || status=$?
	rm -f peer.out
	mv near.out peer.out 2>/dev/null || :
	return $status
}

# forwards [ARG...]: a listener that forwards to the far peer.
forwards() {
	serves --forward 127.0.0.1:"$FAR" "$@"
}

# traced_forward CALLS [ARG...]: the same with those system calls in the file trace. The FIFO of `serve` would
# have no end, since strace has it open too.
traced_forward() {
	rm -f ready
	ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" \
		spawn strace -f -qq -o trace -e signal=none -e trace="$1" "$SOCKIT" listen --notify-fd 9 "${@:2}" \
		--forward 127.0.0.1:"$FAR" 127.0.0.1 0 9>ready </dev/null >out 2>err
	# shellcheck disable=SC2153 # of spawn
	LISTENER=$PID
	eventually grep -q ' ' ready
	read -r _ HERE <ready
}

# How messages name a client, or what is forwarded to.
ADDRESS='127\.0\.0\.1 port [0-9]+'

# serves_pages LISTEN [DIRECTIVE]: nginx with the files of the directory pages, where it shall listen, in the
# foreground, all of it here; on the other host of two_networks, if there is one.
serves_pages() {
	needs nginx nginx-light
	mkdir -p pages nginx
	chmod 755 . pages nginx
	cat >nginx.conf <<-END
		user root;
		daemon off;
		master_process off;
		error_log $PWD/nginx/error.log;
		pid $PWD/nginx/pid;
		events { worker_connections 512; }
		http {
			access_log off;
			client_body_temp_path $PWD/nginx/body;
			proxy_temp_path $PWD/nginx/proxy;
			fastcgi_temp_path $PWD/nginx/fastcgi;
			uwsgi_temp_path $PWD/nginx/uwsgi;
			scgi_temp_path $PWD/nginx/scgi;
			keepalive_requests 100000;
			server { listen $1; root $PWD/pages; ${2-} }
		}
	END
	spawn ${THERE:+there} nginx -p "$PWD/nginx" -c "$PWD/nginx.conf" >nginx.out 2>&1
}
