#!/usr/bin/env bats
# listen --proxy-server http, with foreign clients, and with one that says each byte itself.
# shellcheck disable=SC2016 # $WEB in a request: of asks and answers

load helpers/common
load helpers/files
load helpers/words
load helpers/private
load helpers/services

# site [ADDRESS]: the site of http_peer.py; its port is in $WEB.
site() {
	peer http_peer site "$@"
	WEB=$PORT SITE=$PEER
}

# proxies [ARG...]: an HTTP proxy; its port is in $HERE.
proxies() {
	serves --proxy-server http "$@"
}

# gets OPTION... URL: by curl through the proxy, into the file got.
gets() {
	needs curl curl
	rm -f got
	exits 0 curl -sS -f --noproxy '' -m 20 --proxy "127.0.0.1:$HERE" -o got "$@" 2>err.curl || {
		cat err.curl
		return 1
	}
}

# gets_page OPTION... URL: and it is the page.
gets_page() {
	gets "$@"
	[ "$(<got)" = 'the page' ]
}

# fails STATUS OPTION... URL: curl ends with STATUS, or one of several (22|56: it has changed).
fails() {
	needs curl curl
	STATUS=0
	curl -s -f --noproxy '' -m 20 --proxy "127.0.0.1:$HERE" -o got "${@:2}" 3>&- || STATUS=$?
	[[ "|$1|" == *"|$STATUS|"* ]] || status_is "$1"
}

# asks HOW... <REQUEST: the raw answer to the raw request is in the file got; $WEB in it is the site's port. The
# status of http_peer.py is in $STATUS.
asks() {
	STATUS=0
	sed "s/\$WEB/$WEB/g" >request
	within 20 python3 "$BATS_TEST_DIRNAME/helpers/http_peer.py" ask "$HERE" "$@" <request >got 3>&- || STATUS=$?
}

# crlf <TEXT: with the ends of lines that HTTP has.
crlf() {
	sed 's/$/\r/'
}

# answers <TABLE: http_peer.py's, with $WEB for the site's port.
answers() {
	sed "s/\$WEB/$WEB/g" >requests
	within 30 python3 "$BATS_TEST_DIRNAME/helpers/http_peer.py" table "$HERE" <requests 3>&-
}

# has_line LINE [FILE]: is LINE one of those of FILE (got), without its CR?
has_line() {
	tr -d '\r' <"${2-got}" | grep -qxF -e "$1" && return
	printf 'no line %s in\n' "$1"
	cat -v "${2-got}"
	return 1
}
has_not() {
	! tr -d '\r' <"${2-got}" | grep -i -e "$1"
}

# closes: the listener is told to end, and has said nothing.
closes() {
	kill "$LISTENER"
	ended 143 "$LISTENER"
	said
}

### Foreign clients.

# bats test_tags=valgrind
@test "http: curl gets, by a request and by a tunnel" {
	local how
	site
	proxies
	for how in --no-proxytunnel --proxytunnel; do
		gets_page $how "http://127.0.0.1:$WEB/"
		gets_page $how "http://localhost:$WEB/"
		gets_page $how -0 "http://127.0.0.1:$WEB/to-end"
		gets_page $how "http://127.0.0.1:$WEB/chunks"
		gets_page $how "http://127.0.0.1:$WEB/hints"
		gets_page $how "http://127.0.0.1:$WEB/lf"
		gets $how -I "http://127.0.0.1:$WEB/"
		has_line 'Content-Length: 9'
		fails 22 $how "http://127.0.0.1:$WEB/not-there"
	done
	closes
}

@test "http: curl uploads, with its length and in chunks" {
	local how sum
	site
	proxies
	read -r sum _ < <(sha256sum <"$(A)")
	for how in --no-proxytunnel --proxytunnel; do
		gets $how -H Expect: -T "$(A)" "http://127.0.0.1:$WEB/sum"
		[ "$(<got)" = "$(wc -c <"$(A)") $sum" ]
		gets $how -H Expect: -T - "http://127.0.0.1:$WEB/sum" <"$(A)"
		[ "$(<got)" = "$(wc -c <"$(A)") $sum" ]
		gets $how --data-binary @"$(A)" "http://127.0.0.1:$WEB/continue"
		[ "$(<got)" = "$(wc -c <"$(A)") $sum" ]
		gets $how --data '' "http://127.0.0.1:$WEB/sum"
		[[ $(<got) == "0 "* ]]
	done
	closes
}

@test "http: a body goes both ways at once" {
	site
	proxies
	gets --data-binary @"$(A)" -H 'Expect:' "http://127.0.0.1:$WEB/echo"
	tail -c "$(wc -c <"$(A)")" got | same /dev/stdin "$(A)"
}

@test "http: IPv6 literals" {
	needs_ipv6
	site ::1
	proxies
	gets_page "http://[::1]:$WEB/"
	gets_page --proxytunnel "http://[::1]:$WEB/"
	gets "http://[::1]:$WEB/echo"
	has_line "Host: [::1]:$WEB"
	asks <<<"GET http://[::1%25lo]:$WEB/echo HTTP/1.0"$'\n'
	has_line "Host: [::1]:$WEB"
	closes
}

@test "http: -4 and -6 hold for the way out" {
	needs_ipv6
	site ::1
	proxies -4
	fails 22 "http://[::1]:$WEB/"
	fails 22 "http://localhost:$WEB/"
}

@test "http: wget and busybox wget" {
	local n=0 client
	site
	proxies
	for client in 'wget -q -O got' 'busybox wget -q -O got'; do
		# shellcheck disable=SC2086 # words
		set -- $client
		command -v "$1" >/dev/null || continue
		rm -f got
		http_proxy=http://127.0.0.1:$HERE no_proxy='' exits 0 "$@" "http://127.0.0.1:$WEB/chunks"
		[ "$(<got)" = 'the page' ]
		n=$((n + 1))
	done
	[ $n -gt 0 ] || skip 'wget is missing: package wget'
	closes
}

# a_repository: one of git's that plain HTTP can serve; its port is in $WEB.
a_repository() {
	needs git git
	export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
		GIT_COMMITTER_EMAIL=a@b
	git init -q repo
	cp "$(A)" repo/file
	git -C repo add file
	git -C repo commit -q -m 'one file'
	git -C repo update-server-info
	spawn python3 -m http.server --bind 127.0.0.1 0 >web.out 2>web.err
	listening_port "$PID"
	WEB=$PORT
}

@test "http: git clones through it, and through SOCKS" {
	a_repository
	proxies
	no_proxy='' git -c http.proxy="http://127.0.0.1:$HERE" clone -q "http://127.0.0.1:$WEB/repo/.git" by-http 3>&-
	same by-http/file "$(A)"
	closes
	serves --proxy-server socks5
	no_proxy='' git -c http.proxy="socks5h://127.0.0.1:$HERE" clone -q "http://127.0.0.1:$WEB/repo/.git" by-socks 3>&-
	same by-socks/file "$(A)"
	closes
}

@test "http: a gigabyte, by a request and by a tunnel" {
	local how
	site
	proxies
	for how in --no-proxytunnel --proxytunnel; do
		curl -sS -f --noproxy '' -m 60 $how --proxy "127.0.0.1:$HERE" -w '%{stderr}%{size_download}' \
			"http://127.0.0.1:$WEB/zeros/1073741824" 2>size 3>&- | cmp -n 1073741824 - /dev/zero
		[ "$(<size)" = 1073741824 ]
	done
	closes
}

### Who may.

@test "http: curl, and who it is" {
	local how with url
	site
	proxies --proxy-auth me:secret --proxy-auth 'other:a:b'
	url=http://127.0.0.1:$WEB/
	for how in --no-proxytunnel --proxytunnel; do
		for with in --proxy-basic --proxy-digest --proxy-anyauth; do
			gets_page $how $with --proxy-user me:secret "$url"
			gets_page $how $with --proxy-user other:a:b "$url"
		done
		gets $how --proxy-digest --proxy-user me:secret --data-binary @"$(SMALL)" "${url}sum"
	done
	for with in --proxy-basic --proxy-digest; do
		fails 22 $with --proxy-user me:secre "$url"
		fails 22 $with --proxy-user me:a:b "$url"
		fails 22 $with --proxy-user you:secret "$url"
		fails '22|56' --proxytunnel $with --proxy-user me:wrong "$url"
	done
	fails 22 "$url"
	closes
}

# Digest as curl does it takes the first challenge: without ours for SHA-256 it would be MD5.
@test "http: Digest by MD5 and SHA-256, on the connection that was asked; a nonce that is not ours is stale" {
	site
	proxies --proxy-auth me:secret
	within 20 python3 - "$HERE" "$WEB" <<-'END'
		import hashlib, http.client, re, sys
		here, web = sys.argv[1:]
		uri = 'http://127.0.0.1:%s/' % web
		for name, algorithm in ('MD5', hashlib.md5), ('SHA-256', hashlib.sha256):
		    h = lambda text: algorithm(text.encode()).hexdigest()
		    def authorization(nonce, password='secret', target=uri):
		        answer = h('%s:%s:00000001:c:auth:%s' % (h('me:%s:%s' % (realm, password)), nonce, h('GET:' + target)))
		        return ('Digest username="me", realm="%s", nonce="%s", uri="%s", algorithm=%s, qop=auth, nc=00000001, '
		                'cnonce="c", response="%s"' % (realm, nonce, target, name, answer))
		    c = http.client.HTTPConnection('127.0.0.1', int(here), timeout=10)
		    def ask(**fields):
		        c.request('GET', uri, headers={k.replace('_', '-'): v for k, v in fields.items()})
		        r = c.getresponse()
		        return r, r.read()
		    r, body = ask()
		    assert r.status == 407 and r.getheader('Connection') is None, r.headers
		    one = [v for v in r.headers.get_all('Proxy-Authenticate') if 'algorithm=' + name in v.replace('"', '')][0]
		    realm, nonce = (re.search(w + '="([^"]*)"', one).group(1) for w in ('realm', 'nonce'))
		    sock = c.sock
		    r, body = ask(Proxy_Authorization=authorization(nonce, 'wrong'))
		    assert r.status == 407 and 'stale=true' not in str(r.headers).lower(), r.headers
		    # As behind a restart of the proxy: who knows the password is not to be asked for it.
		    for foreign in '0' * len(nonce), nonce[:-1] + 'x', 'short':
		        r, body = ask(Proxy_Authorization=authorization(foreign))
		        assert r.status == 407 and r.headers.as_string().count('stale=true') == 2, r.headers
		        r, body = ask(Proxy_Authorization=authorization(foreign, 'wrong'))
		        assert r.status == 407 and 'stale' not in r.headers.as_string(), r.headers
		    r, body = ask(Proxy_Authorization=authorization(nonce, target=uri + 'x'))
		    assert r.status == 407, r.status
		    assert c.sock is sock
		    r, body = ask(Proxy_Authorization=authorization(nonce))
		    assert r.status == 200 and body == b'the page\n', (r.status, body)
	END
	closes
}

# What nobody says at length about who it is, is not looked at once for each user.
@test "http: a long request does not take long" {
	local proxy long before short
	long=$(head -c 45000 /dev/zero | base64 -w 0)
	printf 'user%s:secret\n' {1..500} >users
	proxies --proxy-auth-file users
	proxy=$LISTENER
	before=$(cpu "$proxy")
	for ((i = 0; i < 5; i++)); do
		printf '407 GET http://127.0.0.1:1/ HTTP/1.0\\r\\nProxy-Authorization: Basic eDp5\\r\\n\\r\\n\n'
	done | answers
	short=$(($(cpu "$proxy") - before))
	{
		printf '407 GET http://127.0.0.1:1/ HTTP/1.0\\r\\nProxy-Authorization: Basic %s\\r\\n\\r\\n\n' "$long"{,,}
		printf '407 GET http://127.0.0.1:1/ HTTP/1.0\\r\\nProxy-Authorization: Digest realm="sockit", uri="http://127.0.0.1:1/", nonce="%s", username="x", response="y"\\r\\n\\r\\n\n' "$long"{,,}
	} | answers
	echo "processor time: $short, then $(($(cpu "$proxy") - before - short))"
	[ $(($(cpu "$proxy") - before - short)) -lt $((10 * short + 20)) ]
}

@test "http: who is asked with a body, or means to close, is closed" {
	site
	proxies --proxy-auth me:secret
	answers <<-'END'
		407 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n
		407 GET http://127.0.0.1:$WEB/ HTTP/1.0\r\n\r\n
		407 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc
		407 CONNECT 127.0.0.1:$WEB HTTP/1.1\r\nProxy-Connection: close\r\n\r\n
		400 nonsense\r\n\r\n
		200 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nProxy-Authorization: basic bWU6c2VjcmV0\r\n\r\n
		407 GET http://127.0.0.1:$WEB/ HTTP/1.0\r\nProxy-Authorization: Basic bWU6c2VjcmV1\r\n\r\n
		407 GET http://127.0.0.1:$WEB/ HTTP/1.0\r\nAuthorization: Basic bWU6c2VjcmV0\r\n\r\n
	END
	asks <<<"GET http://127.0.0.1:$WEB/echo HTTP/1.0"$'\nProxy-Authorization: Basic bWU6c2VjcmV0\nAuthorization: kept\n'
	has_line 'Authorization: kept'
	has_not Proxy
	closes
}

@test "http: where it may not go is 403" {
	site
	proxies --deny-dest 127.0.0.2
	answers <<-'END'
		403 GET http://127.0.0.2:$WEB/ HTTP/1.1\r\n\r\n
		403 CONNECT 127.0.0.2:$WEB HTTP/1.1\r\n\r\n
		200 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
	END
	closes
	proxies --allow-dest 127.0.0.2
	answers <<-'END'
		403 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
	END
	closes
	serves --proxy-server http --deny 127.0.0.1
	fails '52|56' "http://127.0.0.1:$WEB/"
}

@test "http: a request to itself is 403, however it comes there" {
	site
	proxies
	answers <<-END
		403 GET http://127.0.0.1:$HERE/ HTTP/1.1\r\n\r\n
		403 CONNECT 127.0.0.1:$HERE HTTP/1.1\r\n\r\n
	END
	# By its name in Via.
	asks <<<"GET http://127.0.0.1:$WEB/echo HTTP/1.0"$'\n'
	tr -d '\r' <got | sed -n 's/^Via: //p' | tail -n 1 >via
	grep -qE '^1\.0 sockit-[0-9a-f]+$' via
	answers <<-END
		403 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nVia: 1.1 other, $(<via)\r\n\r\n
		200 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nVia: 1.1 other, $(<via)0\r\n\r\n
	END
	closes
}

### What goes on, and what does not.

@test "http: hop-by-hop fields are taken out of a request, all others kept as they are" {
	site
	proxies
	crlf <<-'END' | asks
		GET http://user:pass@127.0.0.1:$WEB/echo HTTP/1.1
		Host: elsewhere.example
		X-One: 1
		Connection: X-Named, keep-alive, Content-Length
		x-one:2
		X-Named: gone
		X-Two: a
		Connection: x-two
		Keep-Alive: 5
		Proxy-Connection: keep-alive
		Proxy-Foo: gone
		TE: trailers
		Trailer: x
		Upgrade: h2c
		Folded: first
		   second
		  third
		Via: 1.0 before
		Content-Length: 3
		Cookie: b; c
		X-One: 3, 4

		abcGET http://127.0.0.1:1/ HTTP/1.1
	END
	sed '1,/^\r$/d' got | tr -d '\r' >echoed
	sed -i 's/sockit-[0-9a-f]*/sockit-NAME/' echoed
	cat >expected <<-END
		GET /echo HTTP/1.1
		Host: 127.0.0.1:$WEB
		X-One: 1
		x-one: 2
		Folded: first     second  third
		Via: 1.0 before
		Cookie: b; c
		X-One: 3, 4
		Content-Length: 3
		Via: 1.1 sockit-NAME
		Connection: close

	END
	printf abc >>expected
	sed 's/  */ /g' expected >a
	sed 's/  */ /g' echoed | diff a -
	# A second request in the same breath goes nowhere.
	kill "$SITE"
	eventually output_ended
	[ "$(<peer.out)" = "/echo b''" ]
	closes
}

@test "http: and of an answer" {
	site
	proxies
	crlf <<-'END' | asks
		GET http://127.0.0.1:$WEB/fields HTTP/1.1

	END
	tr -d '\r' <got | sed 's/sockit-[0-9a-f]*/sockit-NAME/; s/  */ /g' >shown
	diff - shown <<-'END'
		HTTP/1.1 200 OK
		Set-Cookie: a
		Set-Cookie: b
		x-kept: 2
		Spaced: yes
		Folded: a b
		Via: 1.0 other
		Content-Length: 0
		Via: 1.1 sockit-NAME
		Connection: close

	END
	closes
}

@test "http: the target becomes the site's" {
	local want target
	site
	proxies
	for target in '/echo' '/echo?a=http://b/' '?q' '' '/%41//../x?;'; do
		asks <<<"GET HTTP://127.0.0.1:$WEB$target HTTP/1.1"$'\n'
		want=$target
		[[ $want == /* ]] || want=/$want
		eventually grep -qF "$want b''" peer.out
	done
	asks <<<"OPTIONS http://127.0.0.1:$WEB HTTP/1.1"$'\n'
	eventually grep -qF "* b''" peer.out
	closes
}

@test "http: OPTIONS goes as far as Max-Forwards says" {
	site
	proxies -v
	asks < <(printf 'OPTIONS http://127.0.0.1:$WEB/echo HTTP/1.1\r\nMax-Forwards: 0\r\n\r\n')
	has_line 'HTTP/1.1 200 OK'
	has_line 'Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'
	has_not via
	forwards_of() { # METHOD VALUE
		asks < <(printf '%s http://127.0.0.1:$WEB/echo HTTP/1.1\r\nMax-Forwards: %s\r\n\r\n' "$@")
		tr -d '\r' <got | sed -n 's/^Max-Forwards: //p'
	}
	[ "$(forwards_of OPTIONS 1)" = 0 ]
	[ "$(forwards_of OPTIONS 010)" = 9 ]
	[ "$(forwards_of OPTIONS 99999999999999999999)" = 255 ]
	[ "$(forwards_of OPTIONS -1)" = -1 ]
	[ "$(forwards_of GET 0)" = 0 ]
	answers <<-'END'
		405 TRACE http://127.0.0.1:$WEB/ HTTP/1.1\r\nMax-Forwards: 0\r\n\r\n
	END
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -qE "^sockit listen: $ADDRESS: OPTIONS at 127\.0\.0\.1 port $WEB: status 200$" err
}

@test "http: a body is as long as it says, and what is behind it goes nowhere" {
	site
	proxies
	asks < <(printf 'POST http://127.0.0.1:$WEB/echo HTTP/1.1\r\nContent-Length: 5, 5\r\nContent-Length: 05\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n')
	has_line 'Content-Length: 5'
	[ "$(grep -c '^Content-Length: 5' got)" = 1 ]
	[ "$(tail -n 1 got)" = hello ]
	asks < <(printf 'PUT http://127.0.0.1:$WEB/echo HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n\r\n')
	has_line 'Transfer-Encoding: chunked'
	has_line 'X: y'
	asks < <(printf 'GET http://127.0.0.1:$WEB/echo HTTP/1.1\r\n\r\nGET http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n')
	[ "$(grep -c '^HTTP/1' got)" = 1 ]
	kill "$SITE"
	eventually output_ended
	[ "$(sort -u peer.out)" = "/echo b''" ]
	closes
}

@test "http: an answer is as long as it says" {
	site
	proxies
	answers_with() { # PATH BODY
		asks < <(printf 'GET http://127.0.0.1:$WEB%s HTTP/1.1\r\n\r\n' "$1")
		[ "$STATUS" = 0 ]
		[ "$(sed '1,/^\r$/d' got)" = "$2" ]
	}
	answers_with /behind 'the page'
	answers_with /none ''
	has_not content-length
	answers_with /same ''
	has_line 'Content-Length: 9'
	gets_page "http://127.0.0.1:$WEB/drip/hints"
	gets_page "http://127.0.0.1:$WEB/drip/chunks"
	gets_page -0 "http://127.0.0.1:$WEB/drip/to-end"
	answers_with /to-end 'the page'
	has_not content-length
	answers_with /chunks $'3;x=y\r\nthe\r\n6\r\n page\n\r\n0\r\nT: t\r\n\r'
	has_not content-length
	asks < <(printf 'HEAD http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n')
	[ "$(tail -n 1 got)" = $'\r' ]
	closes
}

@test "http: HTTP/1.0 gets no chunks and no interim answers" {
	site
	proxies
	asks < <(printf 'GET http://127.0.0.1:$WEB/echo HTTP/1.0\r\n\r\n')
	has_line 'GET /echo HTTP/1.0'
	asks < <(printf 'GET http://127.0.0.1:$WEB/hints HTTP/1.0\r\n\r\n')
	has_not early
	has_line 'HTTP/1.1 200 OK'
	answers <<-'END'
		502 GET http://127.0.0.1:$WEB/chunks HTTP/1.0\r\n\r\n
	END
	closes
}

@test "http: byte by byte, with bare LF, and with obs-fold" {
	site
	proxies
	asks step < <(printf '\r\n\nPOST http://127.0.0.1:$WEB/echo HTTP/1.1\nHost: x\nX: a\n\tb\nTransfer-Encoding:\n chunked\n\n2\r\nab\r\n0\r\n\r\n')
	has_line 'POST /echo HTTP/1.1'
	has_line 'Transfer-Encoding: chunked'
	grep -q '^X: a *.b' got
	tail -c 12 got | cmp - <(printf '2\r\nab\r\n0\r\n\r\n')
	asks step < <(printf 'CONNECT 127.0.0.1:$WEB HTTP/1.1\n\nGET / HTTP/1.1\r\n\r\n')
	has_line 'HTTP/1.1 200 Connection established'
	has_line 'the page'
	closes
}

@test "http: early bytes behind CONNECT are the tunnel's, as they are" {
	site
	proxies
	asks < <(printf 'CONNECT 127.0.0.1:$WEB HTTP/1.1\r\nHost: 127.0.0.1:$WEB\r\n\r\nGET /echo HTTP/1.1\r\nConnection: x\r\n\r\n')
	has_line 'HTTP/1.1 200 Connection established'
	has_line 'GET /echo HTTP/1.1'
	has_line 'Connection: x'
	has_not via
	closes
}

@test "http: forwarding goes on after the client's end" {
	site
	proxies
	asks shutdown < <(printf 'CONNECT 127.0.0.1:$WEB HTTP/1.1\r\n\r\nGET /zeros/1000000 HTTP/1.1\r\n\r\n')
	[ "$(tr -d '\0' <got | wc -c)" -lt 1000 ]
	[ "$(wc -c <got)" -gt 1000000 ]
	asks shutdown < <(printf 'GET http://127.0.0.1:$WEB/zeros/1000000 HTTP/1.1\r\n\r\n')
	[ "$STATUS" = 0 ]
	[ "$(wc -c <got)" -gt 1000000 ]
	asks shutdown < <(printf 'POST http://127.0.0.1:$WEB/sum HTTP/1.1\r\nContent-Length: 2\r\n\r\nab')
	has_line '2 fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603'
	closes
}

@test "http: a tunnel that breaks is no end for the other side" {
	site
	proxies --accept 1
	asks < <(printf 'CONNECT 127.0.0.1:$WEB HTTP/1.1\r\n\r\nGET /reset HTTP/1.1\r\n\r\n')
	[ "$STATUS" = 3 ]
	ended 1 "$LISTENER"
}

### What cannot be.

@test "http: what is no request is 400, and what a proxy does not do is told so" {
	site
	proxies
	{
		cat <<-'END'
			400 GET / HTTP/1.1\r\nHost: 127.0.0.1:$WEB\r\n\r\n
			400 OPTIONS * HTTP/1.1\r\n\r\n
			400 GET https://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			400 GET ftp://127.0.0.1/ HTTP/1.1\r\n\r\n
			400 GET http:///x HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:0/ HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:65536/ HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:x/ HTTP/1.1\r\n\r\n
			400 GET http://[::1/ HTTP/1.1\r\n\r\n
			400 GET http://[127.0.0.1]/ HTTP/1.1\r\n\r\n
			400 GET http://a b/ HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:$WEB/#x HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:$WEB/\r\n\r\n
			400 GET  http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			400 G(T http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			400 GET http://127.0.0.1:$WEB/ http/1.1\r\n\r\n
			400 GET http://127.0.0.1:$WEB/ HTTP/1.1 \r\n\r\n
			400 CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n
			400 CONNECT 127.0.0.1: HTTP/1.1\r\n\r\n
			400 CONNECT u@127.0.0.1:$WEB HTTP/1.1\r\n\r\n
			400 CONNECT http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			400 CONNECT 127.0.0.1:$WEB HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc
			400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n
			405 TRACE http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			411 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			411 PUT http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
			501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n
			501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n
			505 GET http://127.0.0.1:$WEB/ HTTP/2.0\r\n\r\n
			505 PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
			200 GET http://127.0.0.1:$WEB/ HTTP/1.9\r\n\r\n
			200 CONNECT 127.0.0.1:$WEB HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n
			200 BREW http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n
		END
		printf '414 GET http://127.0.0.1:$WEB/%s HTTP/1.1\\r\\n\\r\\n\n' "$(head -c 17000 /dev/zero | tr '\0' a)"
		printf '200 GET http://127.0.0.1:$WEB/?%s HTTP/1.1\\r\\n\\r\\n\n' "$(head -c 16000 /dev/zero | tr '\0' a)" |
			sed 's/^200/404/'
		printf '431 GET http://127.0.0.1:$WEB/ HTTP/1.1\\r\\nX: %s\\r\\n\\r\\n\n' "$(head -c 66000 /dev/zero | tr '\0' a)"
		printf '200 GET http://127.0.0.1:$WEB/ HTTP/1.1\\r\\nX: %s\\r\\n\\r\\n\n' "$(head -c 60000 /dev/zero | tr '\0' a)"
		printf '431 GET http://127.0.0.1:$WEB/ HTTP/1.1\\r\\n%s\\r\\n\n' "$(printf 'X: y\\r\\n%.0s' {1..300})"
		printf '431 GET http://127.0.0.1:$WEB/ HTTP/1.1\\r\\nConnection: %s\\r\\nConnection: x\\r\\n\\r\\n\n' "$(head -c 4096 /dev/zero | tr '\0' ,)"
		printf '200 GET http://127.0.0.1:$WEB/ HTTP/1.1\\r\\nConnection: %s\\r\\n\\r\\n\n' "$(head -c 4096 /dev/zero | tr '\0' ,)"
	} | grep -v '^404' | answers
	asks < <(printf 'TRACE http://127.0.0.1:$WEB/ HTTP/1.1\r\n\r\n')
	grep -q '^Allow: .*GET' got
	closes
}

@test "http: no request is hidden in another" {
	site
	proxies
	answers <<-'END'
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 3, 4\r\n\r\nabcd
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length:\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: ,\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 1\r\n 2\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\nabc
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
		501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n
		501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
		501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n
		501 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n
		400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nX: a\rY: b\r\n\r\n
		400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nX: a\x00b\r\n\r\n
		400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nX\x00: a\r\n\r\n
		400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nno colon\r\n\r\n
		400 GET http://127.0.0.1:$WEB/ HTTP/1.1\r\n: a\r\n\r\n
		400 GET http://127.0.0.1:$WEB/\r HTTP/1.1\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n
		400 POST http://127.0.0.1:$WEB/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n0\r\n\r\n
	END
	closes
}

@test "http: a site that cannot be reached is 502, one that does not answer 504" {
	local closed full
	closed=$(free_port)
	peer who full:127.0.0.1
	full=$PORT
	# It is also how long it waits for a client.
	proxies -w 2
	answers <<-END
		504 GET http://127.0.0.1:$full/ HTTP/1.1\r\n\r\n
		502 GET http://127.0.0.1:$closed/ HTTP/1.1\r\n\r\n
		502 CONNECT 127.0.0.1:$closed HTTP/1.1\r\n\r\n
		502 GET http://no-such-name.invalid/ HTTP/1.1\r\n\r\n
		502 HEAD http://127.0.0.1:$closed/ HTTP/1.1\r\n\r\n
	END
	grep -q "127.0.0.1 port $closed: Connection refused (ECONNREFUSED)" err
}

@test "http: a site that answers nothing of HTTP is 502" {
	local path
	site
	proxies
	for path in nothing cut-head garbage two-lengths coded long many switch; do
		printf '502 GET http://127.0.0.1:$WEB/%s HTTP/1.1\\r\\n\\r\\n\n' "$path"
	done | answers
	closes
}

@test "http: a site that ends within its answer is no end for the client" {
	local path
	site
	proxies
	for path in cut cut-chunks cut-last bad-chunks reset; do
		asks < <(printf 'GET http://127.0.0.1:$WEB/%s HTTP/1.1\r\n\r\n' "$path")
		[ "$STATUS" = 3 ]
		STATUS=0
		curl -s --noproxy '' -m 20 --proxy "127.0.0.1:$HERE" -o got "http://127.0.0.1:$WEB/$path" 3>&- || STATUS=$?
		[[ $STATUS == 18 || $STATUS == 56 ]]
	done
	[ "$(grep -cx "sockit listen: 127\.0\.0\.1 port $WEB: its answer is not whole (EPROTO)" err)" = 8 ]
	[ "$(grep -cx "sockit listen: 127\.0\.0\.1 port $WEB: Connection reset by peer (ECONNRESET)" err)" = 2 ]
}

@test "http: a client that ends within its request is no end for the site" {
	site
	proxies
	asks shutdown < <(printf 'POST http://127.0.0.1:$WEB/sum HTTP/1.1\r\nContent-Length: 20\r\n\r\nab')
	eventually grep -q '^/sum ConnectionResetError' peer.out
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: its request is not whole \(EPROTO\)$' <(tail -n 1 err)
}

@test "http: an answer that comes before the request is whole is delivered" {
	site
	proxies
	fails 22 -T "$(A)" "http://127.0.0.1:$WEB/early"
	asks < <(printf 'POST http://127.0.0.1:$WEB/early HTTP/1.1\r\nContent-Length: 20\r\n\r\nab')
	[ "$STATUS" = 0 ]
	has_line 'HTTP/1.1 413 Content Too Large'
	has_line no
	closes
}

@test "http: a client that says nothing, or half of it, is 408" {
	site
	proxies -i 0.2
	asks < <(printf 'GET http://127.0.0.1:$WEB/ HTTP/1.1\r\nHo')
	has_line 'HTTP/1.1 408 Request Timeout'
	closes
}

@test "http: a site that says nothing is 504, a client that stops within its request 408" {
	site
	proxies -i 0.2
	answers <<-'END'
		504 GET http://127.0.0.1:$WEB/silent HTTP/1.1\r\n\r\n
		504 POST http://127.0.0.1:$WEB/silent HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc
		408 POST http://127.0.0.1:$WEB/silent HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc
		408 POST http://127.0.0.1:$WEB/silent HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc
	END
	[ "$(grep -cE "^sockit listen: 127\.0\.0\.1 port $WEB: the site has not answered in time \(--idle-timeout\)$" err)" = 2 ]
	[ "$(grep -cE "^sockit listen: $ADDRESS: the request has not come in time \(--idle-timeout\)$" err)" = 2 ]
	# A body of which the site shall not take a part for the whole.
	eventually grep -q '^/silent ConnectionResetError' peer.out
	# What has begun cannot become another answer.
	asks < <(printf 'GET http://127.0.0.1:$WEB/stuck HTTP/1.1\r\n\r\n')
	[ "$STATUS" = 3 ]
	has_line 'HTTP/1.1 200 OK'
	has_not ' 504 \|Gateway Timeout'
	kill "$LISTENER"
	ended 143 "$LISTENER"
	proxies -i 0.2 --accept 1
	asks < <(printf 'GET http://127.0.0.1:$WEB/silent HTTP/1.1\r\n\r\n')
	has_line 'HTTP/1.1 504 Gateway Timeout'
	ended 1 "$LISTENER"
}

@test "http: many at once, and nothing stays open" {
	local before
	site
	proxies
	before=$(find "/proc/$LISTENER/fd" -mindepth 1 | wc -l)
	within 60 python3 - "$HERE" "$WEB" <<-'END'
		import http.client, sys, threading
		here, web = map(int, sys.argv[1:])
		body = bytes(range(256)) * 400
		bad = []
		def one(i):
		    c = http.client.HTTPConnection('127.0.0.1', here, timeout=30)
		    url = 'http://127.0.0.1:%d/echo' % web
		    if i % 3 == 0:
		        c.set_tunnel('127.0.0.1', web)
		        url = '/echo'
		    c.request('POST', url, body if i % 2 else iter([body, b'x']), {'X-Number': str(i)})
		    got = c.getresponse().read()
		    # Of chunks it stands in pieces.
		    if b'X-Number: %d\r\n' % i not in got or (i % 2 and body not in got):
		        bad.append((i, len(got)))
		all = [threading.Thread(target=one, args=(i,)) for i in range(60)]
		[t.start() for t in all]
		[t.join() for t in all]
		sys.exit(bool(bad) and repr(bad))
	END
	eventually few "$((before + 18))"
	closes
}
few() {
	[ "$(find "/proc/$LISTENER/fd" -mindepth 1 | wc -l)" -le "$1" ]
}

@test "http: a client that does not read does not fill the memory" {
	local before
	site
	proxies
	before=$(awk '/^VmRSS/ { print $2 }' "/proc/$LISTENER/status")
	within 20 python3 - "$HERE" "$WEB" <<-'END'
		import socket, sys, time
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		s.sendall(b'GET http://127.0.0.1:%s/zeros/1000000000 HTTP/1.1\r\n\r\n' % sys.argv[2].encode())
		time.sleep(0.5)
	END
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$LISTENER/status")" -lt $((before + 8192)) ]
}

### What is told.

@test "http: -o has what passes, with our heads, and nothing of the handshake" {
	site
	proxies --accept 1 -o copy
	gets --data-binary @"$(SMALL)" -H Expect: "http://127.0.0.1:$WEB/echo"
	ended 0 "$LISTENER"
	head -c 131072 copy | same /dev/stdin "$(SMALL)"
	tail -c 131072 copy | same /dev/stdin "$(SMALL)"
	grep -aq 'HTTP/1.1 200 OK' copy
	[ "$(grep -ac 'POST http' copy)" = 0 ]
}

@test "http: --rate and --stats" {
	site
	proxies --accept 1 --rate 2M --stats
	gets --data-binary @"$(SMALL)" -H Expect: "http://127.0.0.1:$WEB/echo"
	tail -c 131072 got | same /dev/stdin "$(SMALL)"
	ended 0 "$LISTENER"
	grep -qE 'received 131072 bytes' err
}

@test "http: -v and --json tell each request" {
	site
	proxies -v --proxy-auth me:secret
	gets_page --proxy-user me:secret "http://127.0.0.1:$WEB/"
	fails 22 "http://127.0.0.1:$WEB/"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -qE "^sockit listen: $ADDRESS: asks for GET at 127\.0\.0\.1 port $WEB as user me$" err
	grep -qE "^sockit listen: $ADDRESS: GET at 127\.0\.0\.1 port $WEB: status 200$" err
	grep -qE "^sockit listen: $ADDRESS: GET at 127\.0\.0\.1 port $WEB: status 407$" err
	proxies --json --proxy-auth me:secret
	gets_page --proxytunnel --proxy-user me:secret "http://127.0.0.1:$WEB/"
	asks < <(printf 'B\033[1m http://x/ HTTP/1.1\r\n\r\n')
	fails 22 --proxy-user me:secret "http://127.0.0.1:$(free_port)/"
	kill "$LISTENER"
	ended 143 "$LISTENER"
	local schema=$BATS_TEST_DIRNAME/helpers/schema.py
	[ "$(python3 "$schema" err answered user host method status)" = 'me 127.0.0.1 CONNECT 200
me 127.0.0.1 GET 502' ]
	[ "$(python3 "$schema" err refused status why)" = "400 a first line that is not HTTP's" ]
}

@test "a request, or an answer, that cannot be sent on ends the connection at once" {
	needs curl curl
	needs_strace
	site
	local number
	for number in 1 2; do
		traced_listener sendto,sendmsg -e inject=sendto,sendmsg:error=ENOMEM:when=$number \
			"$SOCKIT" listen --notify-fd 9 --proxy-server http 127.0.0.1 0 2>err </dev/null
		HERE=$PORT
		fails '52|56' --max-time 10 "http://127.0.0.1:$WEB/page"
		kill -s TERM "$LISTENER"
	done
}
