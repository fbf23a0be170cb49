#!/usr/bin/env bash
# socat takes a connection's reset for its end: it exits with 0, without a word, and, as a relay, ends the connection
# behind it in good order, so that the next one in the line takes the half that came for the whole.
#
# socat 1.7.4.4 (Debian 12, package socat 1.7.4.4-2). Its manual says that "on exit, socat gives status 0 if it
# terminated due to EOF or inactivity timeout, with a positive value on error". With -d it warns ("read(...):
# Connection reset by peer", then "is at EOF"); a warning is not shown by default and does not count for the status.
# A write(2) to the connection that was reset ("Broken pipe") is an error to socat: status 1.
#
# The peer sends 1000 bytes and resets.
#
# Seen:	to a file: 1000 bytes, exit status 0, says ""
#	to another connection: 1000 bytes, then the end; exit status 0, says ""
#	with -d: exit status 0, says "Connection reset by peer"
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download socat=1.7.4.4-2
dpkg -x socat_*.deb root

python3 - >seen <<'END'
import errno, fcntl, os, socket, struct, subprocess, termios, time
server = socket.create_server(('127.0.0.1', 0))
behind = socket.create_server(('127.0.0.1', 0))
server.settimeout(20)
behind.settimeout(20)
SOURCE = 'TCP:127.0.0.1:%d' % server.getsockname()[1]
NEXT = 'TCP:127.0.0.1:%d' % behind.getsockname()[1]

def socat(*words):
    return subprocess.Popen(['root/usr/bin/socat', *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True)

def send_and_reset(received):
    c = server.accept()[0]
    c.sendall(bytes(1000))
    received()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()

def in_file():
    while not os.path.exists('file') or os.path.getsize('file') < 1000:
        time.sleep(0.01)

tool = socat('-u', SOURCE, 'CREATE:file')
send_and_reset(in_file)
said = tool.communicate(timeout=20)[1]
print(f'to a file: {os.path.getsize("file")} bytes, exit status {tool.returncode}, says "{said}"')

tool = socat('-u', SOURCE, NEXT)
n = 0
def in_next():
    global n, c
    c = behind.accept()[0]
    while n < 1000:
        n += len(c.recv(1000))
send_and_reset(in_next)
try:
    end = 'then the end' if c.recv(1000) == b'' else 'then more'
except OSError as e:
    end = 'then ' + errno.errorcode[e.errno]
said = tool.communicate(timeout=20)[1]
print(f'to another connection: {n} bytes, {end}; exit status {tool.returncode}, says "{said}"')

os.unlink('file')
tool = socat('-d', '-u', SOURCE, 'CREATE:file')
send_and_reset(in_file)
said = tool.communicate(timeout=20)[1].strip().split(': ')[-1]
print(f'with -d: exit status {tool.returncode}, says "{said}"')
END
cat seen
diff - seen <<'END'
to a file: 1000 bytes, exit status 0, says ""
to another connection: 1000 bytes, then the end; exit status 0, says ""
with -d: exit status 0, says "Connection reset by peer"
END
