# The manual's recipes for web servers and for Redis, against the servers that take a half-close for a client that is
# gone: each gives the whole answer, 20 times of 20.

load helpers/common
load helpers/private
load helpers/networks
load helpers/services
load helpers/manual

# What -v says of an end without an answer.
GONE='some servers take that for a client that is gone (--no-shutdown)'

# A page of a size that does not fit into the buffers of a connection.
PAGE=1M

# asks RECIPE WORD=VALUE...: 20 clients at once play the recipe's only command, each its answer in answer.N.
asks() {
	local n
	recipe "$@"
	CLIENTS=()
	for n in {1..20}; do
		bash -c "$(<command.1)" >"answer.$n" 2>"err.$n" 3>&- &
		CLIENTS+=("$!")
	done
}

# answered FILE: each client ended with status 0 and no word, and FILE stands at the end of its answer.
answered() {
	local n=0 pid size
	size=$(wc -c <"$1")
	for pid in "${CLIENTS[@]}"; do
		ended 0 "$pid" || return
		silent "err.$((++n))" || return
		tail -c "$size" "answer.$n" | cmp - "$1" || return
	done
	[ $n = 20 ]
}

# asks_a_page PORT: asks for / at that port of 127.0.0.1.
asks_a_page() {
	asks http www.example.com=127.0.0.1 80="$1"
}

# a_page: the file pages/index.html.
a_page() {
	mkdir pages
	chmod 755 . pages
	random_file pages/index.html $PAGE
}

# slow_server: a web server at the UNIX socket slow.socket, whose answer (the file slow) is behind the client's end.
slow_server() {
	peer protocols http "$PWD/slow.socket" 0.05
	chmod 666 slow.socket
	echo '/ is here' >slow
}

@test "nginx before a slow server" {
	local port
	port=$(free_port)
	slow_server
	serves_pages "127.0.0.1:$port" "location / { proxy_pass http://unix:$PWD/slow.socket:/; }"
	eventually bound tcp "$port"
	asks_a_page "$port"
	answered slow
}

@test "nginx before a slow server: without --no-shutdown there is no answer" {
	local port
	port=$(free_port)
	slow_server
	serves_pages "127.0.0.1:$port" "location / { proxy_pass http://unix:$PWD/slow.socket:/; }"
	eventually bound tcp "$port"
	printf 'GET / HTTP/1.0\n\n' | exits 0 "$SOCKIT" connect -C 127.0.0.1 "$port" >out 2>err
	silent out
	silent
	# With -v it is told why.
	printf 'GET / HTTP/1.0\n\n' | exits 0 "$SOCKIT" connect -v -C 127.0.0.1 "$port" >out 2>err
	silent out
	grep -qxF "sockit connect: 127.0.0.1 port $port ended after stdin's end without a byte: $GONE" err
}

@test "a large page of nginx over a link" {
	needs nginx nginx-light
	two_networks
	a_page
	serves_pages 10.1.0.2:80
	eventually there sh -c 'ss -Hltn | grep -qF 10.1.0.2:80'
	asks http www.example.com=10.1.0.2
	answered pages/index.html
}

@test "haproxy before a slow server" {
	needs haproxy haproxy
	local port
	port=$(free_port)
	slow_server
	cat >haproxy.conf <<-END
		defaults
		    mode http
		    timeout connect 10s
		    timeout client 10s
		    timeout server 10s
		listen here
		    bind 127.0.0.1:$port
		    server slow unix@$PWD/slow.socket
	END
	spawn haproxy -db -q -f haproxy.conf >haproxy.out 2>&1
	eventually bound tcp "$port"
	asks_a_page "$port"
	answered slow
}

@test "a large page of Apache" {
	needs apache2 apache2-bin
	local port nobody=()
	port=$(free_port)
	a_page
	# It is never root, but is to read what we may.
	[ "$(id -u)" != 0 ] || nobody=(unshare -U --map-user=33 --map-group=33)
	cat >apache.conf <<-END
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
		ServerName localhost
		ServerRoot $PWD
		DefaultRuntimeDir $PWD
		PidFile $PWD/apache.pid
		ErrorLog $PWD/apache.log
		DocumentRoot $PWD/pages
		DirectoryIndex index.html
		Listen 127.0.0.1:$port
	END
	# One process, which goes with the test.
	spawn "${nobody[@]}" apache2 -X -f "$PWD/apache.conf" >apache.out 2>&1
	eventually bound tcp "$port"
	asks_a_page "$port"
	answered pages/index.html
}

@test "a large page of lighttpd" {
	needs lighttpd lighttpd
	local port
	port=$(free_port)
	a_page
	cat >lighttpd.conf <<-END
		server.document-root = "$PWD/pages"
		server.bind = "127.0.0.1"
		server.port = $port
		index-file.names = ("index.html")
	END
	spawn lighttpd -D -f lighttpd.conf >lighttpd.out 2>&1
	eventually bound tcp "$port"
	asks_a_page "$port"
	answered pages/index.html
}

@test "a daemon behind a UNIX socket that stands before a slow server" {
	slow_server
	serves_pages "unix:$PWD/docker.sock" "location / { proxy_pass http://unix:$PWD/slow.socket:/; }"
	eventually test -S docker.sock
	asks docker /var/run/docker.sock=docker.sock
	echo '/version is here' >slow
	answered slow
}

@test "Redis, and a command that waits" {
	needs redis-server redis-server
	needs redis-cli redis-tools
	local port n
	port=$(free_port)
	spawn redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$PWD" >redis.out 2>&1
	eventually bound tcp "$port"
	asks redis localhost=127.0.0.1 6379="$port" PING='BLPOP queue 20'
	blocked() { redis-cli -p "$port" info clients | grep -q '^blocked_clients:20'; }
	eventually blocked
	for n in {1..20}; do
		echo 'RPUSH queue thing'
	done | redis-cli -p "$port" >/dev/null
	# shellcheck disable=SC2016 # lengths
	printf '*2\r\n$5\r\nqueue\r\n$5\r\nthing\r\n+OK\r\n' >answer
	answered answer
}
