# Others' proxies: load helpers/proxies (after helpers/common and helpers/words)

# microsocks_at [ARG...]: a foreign SOCKS proxy; its address is in $AT.
microsocks_at() {
	needs microsocks microsocks
	local port
	port=$(free_port)
	spawn microsocks -i 127.0.0.1 -p "$port" "$@" >/dev/null 2>&1
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
	AT=127.0.0.1:$port
}

# tinyproxy_at [LINE]...: a foreign HTTP proxy with LINEs in its configuration; its address is in $AT.
tinyproxy_at() {
	needs tinyproxy tinyproxy-bin
	local port
	port=$(free_port)
	printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'Timeout 60' 'MaxClients 20' "$@" >tinyproxy.conf
	spawn tinyproxy -d -c tinyproxy.conf >tinyproxy.out 2>&1
	eventually "$SOCKIT" connect -z --quiet 127.0.0.1 "$port" >/dev/null
	AT=127.0.0.1:$port
}
