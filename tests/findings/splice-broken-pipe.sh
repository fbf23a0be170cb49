#!/usr/bin/env bash
# splice(2) to a pipe that nobody reads any more ends the program with SIGPIPE (or gives EPIPE) although its source is
# at its end and there is nothing to write.
#
# Linux 6.18 (fs/splice.c looks for the pipe's readers and for room before it looks at the source). splice(2) says that
# "a return value of 0 means end of input", and names neither EPIPE nor SIGPIPE. So a relay that has passed on the
# whole of a stream, whose reader (`head -c`, say) has left, content, after the last byte, fails at the call that was
# to find the end; the same relay by read(2) and write(2) ends well, since it has nothing to write.
#
# Seen:	a socket at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
#	a pipe at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
#	an empty file at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
set -eu

seen=$(
	python3 - <<'END'
import errno, os, signal, socket

def a_socket():
    ours, peers = socket.socketpair(socket.AF_UNIX)
    peers.close()
    return ours.detach()

def a_pipe():
    r, w = os.pipe()
    os.close(w)
    return r

def an_empty_file():
    return os.memfd_create('empty')

def outcome(what):
    try:
        return what()
    except OSError as e:
        return errno.errorcode[e.errno]

def signal_of(what):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        outcome(what)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return 'killed by ' + signal.Signals(status).name if os.WIFSIGNALED(status) else 'not killed'

reader, pipe = os.pipe()
left, broken = os.pipe()
os.close(left)
for source in a_socket, a_pipe, an_empty_file:
    s = source()
    print(source.__name__.replace('_', ' '), 'at its end: read and write',
          str(outcome(lambda: os.write(broken, os.read(s, 4096)))) + '; splice',
          str(outcome(lambda: os.splice(s, broken, 4096))) + ', or',
          signal_of(lambda: os.splice(s, broken, 4096)) + '; with a reader',
          outcome(lambda: os.splice(s, pipe, 4096)))
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
a socket at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
a pipe at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
an empty file at its end: read and write 0; splice EPIPE, or killed by SIGPIPE; with a reader 0
END
