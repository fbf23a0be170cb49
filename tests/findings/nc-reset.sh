#!/usr/bin/env bash
# nc throws away bytes that have come, and exits with 0 and without a word, if the peer resets the connection behind
# them: a file that was cut off passes for a whole one.
#
# nc of OpenBSD 1.219 (Debian 12, package netcat-openbsd 1.219-1). RFC 9293 says in 3.10.7.4 that a reset is to be
# told to the user ("connection reset"), and the kernel does: read(2) gives all that had come before, then ECONNRESET.
# nc sees POLLIN|POLLERR|POLLHUP, gives its descriptor up for the POLLERR and then reads for the POLLIN, from
# descriptor -1 (strace: `read(-1, ..., 16384) = -1 EBADF`), and takes that for the end. Its manual speaks neither of a
# reset nor of an exit status. ncat 7.93 (package ncat 7.93+dfsg1-1) beside it does both right.
#
# The peer sends 120000 bytes, waits until the other side's kernel has them all, and resets; only then somebody begins
# to read what the tool writes to its standard output, a pipe.
#
# Seen:	read(2): all bytes, then ECONNRESET
#	ncat: all bytes, exit status 1, says "Ncat: Connection reset by peer."
#	nc: less than all bytes, exit status 0, says ""
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download netcat-openbsd=1.219-1 ncat=7.93+dfsg1-1
for package in *.deb; do dpkg -x "$package" root; done

cat >driver.py <<'END'
import errno, fcntl, socket, struct, subprocess, termios, time
ALL = 120000
server = socket.create_server(('127.0.0.1', 0))
port = server.getsockname()[1]

def send_and_reset():
    c = server.accept()[0]
    c.sendall(bytes(ALL))
    while struct.unpack('i', fcntl.ioctl(c, termios.TIOCOUTQ, bytes(4)))[0]:
        time.sleep(0.01)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    c.close()

def told(n):
    return 'all bytes' if n == ALL else 'less than all bytes'

c = socket.create_connection(('127.0.0.1', port))
c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * ALL)
send_and_reset()
n = 0
try:
    while piece := c.recv(16384):
        n += len(piece)
    print('read(2):', told(n) + ', then the end')
except OSError as e:
    print('read(2):', told(n) + ', then', errno.errorcode[e.errno])

for name, program in ('ncat', 'root/usr/bin/ncat'), ('nc', 'root/bin/nc.openbsd'):
    tool = subprocess.Popen([program, '127.0.0.1', str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    send_and_reset()
    n = len(tool.stdout.read())
    print(f'{name}: {told(n)}, exit status {tool.wait(20)}, says "{tool.stderr.read().decode().strip()}"')
    tool.stdin.close()
END
python3 driver.py >seen
cat seen
diff - seen <<'END'
read(2): all bytes, then ECONNRESET
ncat: all bytes, exit status 1, says "Ncat: Connection reset by peer."
nc: less than all bytes, exit status 0, says ""
END
