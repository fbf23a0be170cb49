#!/usr/bin/env bash
# nginx as a proxy gives no answer at all to a client that has ended its sending, and ends the connection in good
# order, so that the client cannot tell it from an empty answer.
#
# nginx 1.22.1 (Debian 12, package nginx 1.22.1-9+deb12u11), defaults but for proxy_pass. RFC 9112 says in 9.6 that a
# client may half-close; nginx takes it for a client that is gone (`proxy_ignore_client_abort off`, status 499 in its
# log, which the client never sees), if the answer of the server behind it is not there yet.
#
# Seen:	the client keeps its side open: HTTP/1.1 200 OK
#	the client has ended its sending: 0 bytes, then the end
set -eu
VERSION=1.22.1-9+deb12u11

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
chmod 755 .
apt-get -qq download "nginx=$VERSION"
dpkg -x nginx_*.deb nginx
mkdir state
cat >conf <<-END
	daemon off;
	master_process off;
	pid $dir/state/pid;
	error_log $dir/state/error.log;
	events { }
	http {
		access_log $dir/state/access.log;
		client_body_temp_path $dir/state/body;
		proxy_temp_path $dir/state/proxy;
		fastcgi_temp_path $dir/state/fastcgi;
		uwsgi_temp_path $dir/state/uwsgi;
		scgi_temp_path $dir/state/scgi;
		server {
			listen unix:$dir/front;
			location / { proxy_pass http://unix:$dir/behind:/; }
		}
	}
END

# A server that takes its time.
cat >behind.py <<-'END'
	import socket, threading, time
	def serve(c):
	    c.recv(65536)
	    time.sleep(0.3)
	    c.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello')
	    c.close()
	s = socket.socket(socket.AF_UNIX)
	s.bind('behind')
	s.listen()
	while True:
	    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
END
python3 behind.py &
until [ -S behind ]; do sleep 0.1; done
nginx/usr/sbin/nginx -p "$dir/state" -c "$dir/conf" 2>/dev/null &
until [ -S front ]; do sleep 0.1; done

python3 - >seen <<-'END'
	import socket
	for ends in False, True:
	    c = socket.socket(socket.AF_UNIX)
	    c.connect('front')
	    c.sendall(b'GET / HTTP/1.0\r\nHost: here\r\n\r\n')
	    if ends:
	        c.shutdown(socket.SHUT_WR)
	    c.settimeout(10)
	    answer = b''
	    while piece := c.recv(65536):
	        answer += piece
	    print('the client has ended its sending:' if ends else 'the client keeps its side open:',
	          answer.split(b'\r\n')[0].decode() if answer else '0 bytes, then the end')
END
cat seen
awk '{ print "in the log:", $9 }' state/access.log
diff - seen <<-'END'
	the client keeps its side open: HTTP/1.1 200 OK
	the client has ended its sending: 0 bytes, then the end
END
