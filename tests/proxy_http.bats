# connect --proxy http://: what is said to HTTP proxies, and what they answer. tests/proxy.bats has what is the same for all.

load helpers/common
load helpers/words
load helpers/proxies

# plays VERB...: helpers/proxy.py as the proxy, one for all that a test tries: to start it takes longer than the rest. So
# each try ends in `next`, but that there is none after the last. Its URL is in $PROXY, and who we are to it in the file secret.
plays() {
	[ "${*: -1}" != next ] || set -- "${@:1:$#-1}" close
	rm -f peer.out
	peer proxy port keep "$@"
	PROXY=http://127.0.0.1:$PORT
	printf 'Mufasa:Circle of Life\n' >secret
}

# Heads of a proxy: a tunnel; a 407 with FIELD..., which may have several lines, and a body.
OPEN='HTTP/1.1 200 Connection established||'
asks() {
	local field
	printf 'HTTP/1.1 407 Who?|'
	for field; do
		printf 'Proxy-Authenticate: %s|' "$field"
	done
	printf 'Content-Length: 5||who?\\n'
}
DIGEST='Digest realm="r", nonce="n"'

# through [ARG...]: connecting with ARGs through the proxy, which then says `hi`, is exit 0.
through() {
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" "$@" example.org 443 </dev/null >out 2>err || return
	silent || return
	[ "$(<out)" = hi ]
}

# refused_by REGEX [ARG...]: connecting with ARGs through the proxy is exit 1, with what follows its name in the
# message.
refused_by() {
	exits 1 "$SOCKIT" connect --proxy "$PROXY" "${@:2}" example.org 443 </dev/null >out 2>err || return
	silent out || return
	says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: example\.org port 443: $1$"
}

# all_good <TABLE: each line is how we must answer, then the fields of the challenge, each behind a `!`; so do we answer.
all_good() {
	local how fields verbs=() good=()
	while IFS='!' read -r how fields; do
		IFS='!' read -ra fields <<<"$fields"
		verbs+=(head "answer:$(asks "${fields[@]}")" head verify "answer:$OPEN" line:hi next)
		good+=("good $how")
	done
	plays "${verbs[@]}"
	for how in "${good[@]}"; do
		through --proxy-auth-file secret || return
	done
	counterpart_ended || return
	grep '^[gw]' peer.out | diff - <(printf '%s\n' "${good[@]}")
}

# heard LINE...: these are all the lines that the proxy has printed.
heard() {
	printf '%s\n' "$@" | diff - peer.out
}

FIRST='> CONNECT example.org:443 HTTP/1.1
> Host: example.org:443'

### What is asked for.

# bats test_tags=valgrind
@test "a tunnel: what we send first, and nothing of who we are" {
	random_file up 300k
	random_file down 300k
	plays head "answer:$OPEN" exchange:down report close
	exits 0 "$SOCKIT" connect --proxy "$PROXY" --proxy-auth-file secret example.org 443 <up >out 2>err
	silent
	same out down
	counterpart_ended up
	[ "$(head -n 2 peer.out)" = "$FIRST" ]
	[ "$(wc -l <peer.out)" = 3 ]
}

@test "IPv6 addresses stand in brackets" {
	plays head "answer:$OPEN" line:hi close
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" 2001:db8::1 443 </dev/null >out 2>err
	silent
	counterpart_ended
	heard '> CONNECT [2001:db8::1]:443 HTTP/1.1' '> Host: [2001:db8::1]:443'
}

@test "what stands behind the answer is not lost, in whatever pieces it comes" {
	random_file early 100k
	plays head "answer:HTTP/1.1 100 Continue||HTTP/1.0 200 OK|Content-Length: 3|Transfer-Encoding: chunked||early\\n" \
		file:early next head "slowly:HTTP/1.1 200\\n\\nearly\\n" file:early close
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" h 1 </dev/null >out 2>err
	silent
	{ echo early && cat early; } >wanted
	same out wanted
	exits 0 "$SOCKIT" connect -d --proxy "$PROXY" h 1 </dev/null >out 2>err
	silent
	same out wanted
}

### Who we are.

@test "Digest with each algorithm, with qop and without; Basic" {
	all_good <<-END
		Digest MD5!$DIGEST
		Digest MD5 qop!$DIGEST, qop="auth"
		Digest MD5 qop!$DIGEST, algorithm=MD5, qop="auth-int,auth"
		Digest MD5-sess qop!$DIGEST, algorithm=MD5-sess, qop="auth", opaque="o"
		Digest SHA-256!$DIGEST, algorithm=SHA-256
		Digest SHA-256 qop!$DIGEST, algorithm=SHA-256, qop=auth
		Digest SHA-256-sess qop!$DIGEST, algorithm="SHA-256-sess", qop="auth", charset=UTF-8
		Digest SHA-256-sess!$DIGEST, algorithm=SHA-256-sess
		Digest SHA-256 qop userhash!$DIGEST, algorithm=SHA-256, qop="auth", userhash=true
		Digest MD5 qop!Digest nonce=abc/=, realm="a \\\\"quoted\\\\" \\\\\\\\, one", qop="auth"
		Basic!Basic realm="r"
		Basic!basic
	END
	# Nothing of it is in what is sent first.
	[ "$(head -n 4 peer.out)" = "$FIRST"$'\n'"$FIRST" ]
}

@test "the strongest of several challenges, in one field or many, and none that we do not know" {
	local sha="$DIGEST, algorithm=SHA-256, qop=\"auth\""
	local md5="$DIGEST, algorithm=MD5, qop=\"auth\""
	local unknown="Digest realm=\"r\", nonce=\"x\", algorithm=SHA-512-256"
	local int="Digest realm=\"r\", nonce=\"x\", qop=\"auth-int\", algorithm=SHA-256"
	all_good <<-END
		Digest SHA-256 qop!Basic realm="r"!$md5!$sha
		Digest SHA-256 qop!$sha!$md5!Basic realm="r"
		Digest SHA-256 qop!Negotiate, Basic realm="a, b", $md5, NTLM TlRMTVNTUAAB==, $sha
		Digest SHA-256 qop!$sha, Basic realm="r",, $md5
		Digest SHA-256 qop!Digest realm="r", nonce="plain", algorithm=SHA-256!$sha
		Digest SHA-256 qop!$sha!Digest realm="r", nonce="plain", algorithm=SHA-256
		Digest MD5 qop!$unknown, $int!$md5, Basic realm="r"
		Basic!$unknown!Basic realm="r"!$int!Digest realm="r"
		Basic!Bearer error="x", Basic realm="r", Digest realm="r", realm="s", nonce="n"
		Digest MD5!Digest realm="r"!nonce="n"!Negotiate
	END
}

@test "a 407 that ends, and one that does not: the same connection, or another" {
	local head tail verbs=()
	# Each is answered on the same connection.
	for tail in 'Content-Length: 0||' 'Content-Length: 3||abc' 'Transfer-Encoding: chunked||3|abc|0||' \
		'Content-Length: 3|Connection: keep-alive||abc'; do
		verbs+=(head "answer:HTTP/1.1 407 Who?|Proxy-Authenticate: $DIGEST|$tail" head verify "answer:$OPEN" line:hi next)
	done
	verbs+=(head "answer:HTTP/1.0 407 Who?|Proxy-Authenticate: $DIGEST|Proxy-Connection: Keep-Alive|Content-Length: 1||x")
	verbs+=(head verify "answer:$OPEN" line:hi next)
	# On another: we end this one.
	for head in 'HTTP/1.0 407 Who?' 'HTTP/1.0 407 Who?|Content-Length: 3' \
		'HTTP/1.1 407 Who?|Connection: close|Content-Length: 3' 'HTTP/1.1 407 Who?' \
		'HTTP/1.1 407 Who?|Transfer-Encoding: gzip' 'HTTP/1.1 407 Who?|Content-Length: 3|Content-Length: 4' \
		'HTTP/1.1 407 Who?|Content-Length: 2' 'HTTP/1.1 407 Who?|Transfer-Encoding: chunked'; do
		verbs+=(head "answer:$head|Proxy-Authenticate: $DIGEST||xyz" readall next)
		verbs+=(head verify "answer:$OPEN" line:hi next)
	done
	# The proxy ends it, within the body or before it answers what we ask.
	verbs+=(head "answer:HTTP/1.1 407 Who?|Proxy-Authenticate: $DIGEST|Content-Length: 9||abc" next)
	verbs+=(head verify "answer:$OPEN" line:hi next)
	verbs+=(head "answer:$(asks "$DIGEST, qop=auth")" head verify next head verify "answer:$OPEN" line:hi next)
	# What is too long is not waited for.
	verbs+=(head "answer:HTTP/1.1 407 Who?|Proxy-Authenticate: $DIGEST|Content-Length: 99999999999||" talk next)
	verbs+=(head verify "answer:$OPEN" line:hi next)
	plays "${verbs[@]}"
	for tail in {1..16}; do
		through --proxy-auth-file secret
	done
	counterpart_ended
	[ "$(grep -c '^good' peer.out)" = 17 ]
}

# bats test_tags=valgrind
@test "a nonce that is too old: the new one, once" {
	local old='Digest realm="r", nonce="old", qop="auth"' new='Digest realm="r", nonce="new", qop="auth", stale=true'
	plays head "answer:$(asks "$old")" head verify "answer:$(asks "$new")" head verify "answer:$OPEN" line:hi next \
		head "answer:$(asks "$old")" head verify "answer:$(asks "$new")" head verify "answer:$(asks "$new")" close
	through --proxy-auth-file secret
	refused_by 'HTTP status 407 Who\?: it does not take this user and password \(EACCES\)' --proxy-auth-file secret
}

@test "a new connection, and a new nonce on that" {
	plays head "answer:HTTP/1.0 407 Who?|Proxy-Authenticate: $DIGEST, qop=\"auth\"||" next head verify \
		"answer:HTTP/1.0 407 Who?|Proxy-Authenticate: Digest realm=\"r\", nonce=\"m\", qop=\"auth\", stale=true||" \
		next head verify "answer:$OPEN" line:hi close
	through --proxy-auth-file secret
	counterpart_ended
}

@test "a wrong password, none, and one that cannot be told: why" {
	plays head "answer:$(asks "$DIGEST")" head "answer:$(asks "$DIGEST")" next \
		head "answer:HTTP/1.1 407|Proxy-Authenticate: $DIGEST||" next \
		head "answer:$(asks Negotiate 'Digest realm="r", nonce="n", algorithm=SHA-512-256' 'Digest realm="r"')" next \
		head "answer:$(asks 'Basic realm="r"')" next head "answer:$(asks "$DIGEST")" close
	refused_by 'HTTP status 407 Who\?: it does not take this user and password \(EACCES\)' --proxy-auth-file secret
	refused_by 'HTTP status 407 Proxy Authentication Required: it wants to know who we are \(--proxy-auth-file\) \(EACCES\)'
	refused_by '.*: it asks for neither Basic nor a Digest that we know \(EACCES\)' --proxy-auth-file secret
	PROXY=http://a%3ab:c@127.0.0.1:$PORT
	refused_by 'Basic has no form .* \(EINVAL\)'
	PROXY=http://a%0a:c@127.0.0.1:$PORT
	refused_by 'Digest has no form .* \(EINVAL\)'
}

### What goes wrong.

@test "each status in words, with what the proxy says escaped, and bounded" {
	local status why verbs=() words=()
	while IFS='!' read -r status why; do
		verbs+=(head "answer:HTTP/1.1 $status|Content-Length: 2||no" next)
		words+=("HTTP status $why")
	done <<-END
		400!400 Bad Request \(EPROTO\)
		401 Who!401 Who \(EACCES\)
		403 Not \x1b[31mYou\x9b\x07!403 Not \\\\x1b\[31mYou\\\\x9b\\\\x07 \(EACCES\)
		403!403 Forbidden \(EACCES\)
		403 $(printf '%010000d' 0)!403 0{50,150} \(EACCES\)
		404 No such host!404 No such host \(EHOSTUNREACH\)
		500!500 Internal Server Error \(EHOSTUNREACH\)
		502 !502 Bad Gateway \(EHOSTUNREACH\)
		503!503 Service Unavailable \(EHOSTUNREACH\)
		504!504 Gateway Timeout \(ETIMEDOUT\)
		302 Found|Location: /!302 Found \(EPROTO\)
		101 Switching|Upgrade: x!101 Switching \(EPROTO\)
		999!999 \(EPROTO\)
	END
	plays "${verbs[@]}"
	for why in "${words[@]}"; do
		refused_by "$why"
	done
}

@test "what is no HTTP fails at once" {
	local said why verbs=() words=()
	# Until we have gone there is no end, and no more.
	while IFS='!' read -r said why; do
		verbs+=(head "answer:$said" readall next)
		words+=("$why \(EPROTO\)")
	done <<-'END'
		SSH-2.0-x|y!its answer is not HTTP: 'SSH-2\.0-x'
		\x1b[2J!its answer is not HTTP: '\\x1b\[2J'
		\x00x!its answer is not HTTP: ''
		HTPP!its answer is not HTTP: 'HTPP'
		HTTP/2.0 200 OK||!its answer cannot be read: .*version.*
		HTTP/1.1 2000 OK||!its answer cannot be read: .*
		HTTP/1.1 200 OK|no colon||!its answer cannot be read: .*
		HTTP/1.1 200 OK|a:\x00||!its answer cannot be read: .*
	END
	plays "${verbs[@]}"
	for why in "${words[@]}"; do
		refused_by "$why" -w 15s
	done
}

@test "heads that are too long" {
	# shellcheck disable=SC2046 # words
	plays head 'answer:HTTP/1.1 200 OK|X: ' talk next \
		head "answer:HTTP/1.1 200 $(printf '%020000d' 0)" readall next \
		head "answer:HTTP/1.1 200 OK|$(printf 'a:%d|' $(seq 300))|" readall close
	refused_by 'the head of its answer is too long \(EPROTO\)' -w 15s
	refused_by 'the head of its answer is too long \(EPROTO\)' -w 15s
	refused_by 'its answer cannot be read: .* \(EPROTO\)' -w 15s
}

@test "a proxy that goes away before its answer is whole" {
	local said verbs=()
	for said in '' HTTP/1 'HTTP/1.1 200 OK|Via: x' 'HTTP/1.1 100 Continue||'; do
		verbs+=(head "answer:$said" next head "answer:$said" reset next)
	done
	# To who asks again, too.
	plays "${verbs[@]}" head "answer:$(asks "$DIGEST")" head next head close
	for said in {1..4}; do
		refused_by 'it closed the connection before its answer was whole \(ECONNRESET\)'
		refused_by 'Connection reset by peer \(ECONNRESET\)'
	done
	refused_by 'it closed the connection before its answer was whole \(ECONNRESET\)' --proxy-auth-file secret
}

@test "a proxy that falls silent: exit 4 in time, naming it" {
	local said verbs=()
	for said in '' 'HTTP/1.1 200 OK|' 'HTTP/1.1 100 Continue||' \
		"HTTP/1.1 407 Who?|Proxy-Authenticate: $DIGEST|Content-Length: 9||who?"; do
		verbs+=(head "answer:$said" readall next)
	done
	plays "${verbs[@]}"
	for said in {1..4}; do
		exits 4 "$SOCKIT" connect -w 100ms --proxy "$PROXY" --proxy-auth-file secret example.org 443 </dev/null >out 2>err
		says "^sockit connect: proxy 127\.0\.0\.1 port $PORT: example\.org port 443: no answer within 100 ms \(-w\)$"
	done
}

### Others' proxies.

@test "tinyproxy with a password: 1 MiB both ways, and its refusals" {
	tinyproxy_at 'BasicAuth Mufasa CircleOfLife'
	random_file up 1M
	random_file down 1M
	counterpart feed:down read:1048576 report shutdown close
	exits 0 "$SOCKIT" connect --no-shutdown --proxy "http://Mufasa:CircleOfLife@$AT" localhost "$PORT" <up >out 2>err
	silent
	same out down
	counterpart_ended up open
	exits 1 "$SOCKIT" connect --proxy "http://Mufasa:wrong@$AT" localhost 1 </dev/null >out 2>err
	says 'localhost port 1: HTTP status (401|407) .*\(EACCES\)$'
	exits 1 "$SOCKIT" connect --proxy "http://$AT" localhost 1 </dev/null >out 2>err
	says 'localhost port 1: HTTP status 407 .*\(--proxy-auth-file\) \(EACCES\)$'
	exits 1 "$SOCKIT" connect --proxy "http://Mufasa:CircleOfLife@$AT" localhost 1 </dev/null >out 2>err
	says 'localhost port 1: HTTP status 500 .*\(EHOSTUNREACH\)$'
}

@test "through tinyproxy to one that wants a new connection, on which both know us" {
	tinyproxy_at 'BasicAuth Mufasa CircleOfLife'
	plays head "answer:HTTP/1.0 407 Who?|Proxy-Authenticate: $DIGEST, algorithm=SHA-256, qop=\"auth\"||" \
		next head verify "answer:$OPEN" line:hi close
	exits 0 "$SOCKIT" connect -d --proxy "http://Mufasa:CircleOfLife@$AT" --proxy "http://Mufasa:Circle%20of%20Life@127.0.0.1:$PORT" \
		example.org 443 </dev/null >out 2>err
	silent
	[ "$(<out)" = hi ]
	counterpart_ended
}
