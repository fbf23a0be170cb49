#!/usr/bin/env bash
# Who gives up by Landlock nothing but to bind TCP ports no longer sees whose the sockets of this machine are: for
# root, too, `ss -p` has no process for any socket but those of what is closed in with it.
#
# Linux 6.18 (Landlock ABI 7), iproute2 6.1. ss finds the processes by the links in /proc/PID/fd. To read these takes
# what ptrace(2) takes to look at the process, and a process in a Landlock domain may look at none outside of it,
# whatever rights the domain is about (landlock(7) has this under ptrace restrictions, in terms of access rights that
# one process has and the other has not). ss does not say so: a list without processes is what an ordinary user gets,
# too. So a tool that closes itself in must ask who listens before, or do without Landlock.
#
# Seen:	as it is: the process is named
#	without the right to bind: no process is named
set -eu
command -v ss >/dev/null || { echo 'ss is missing: package iproute2' >&2; exit 1; }

seen=$(
	python3 - <<'END'
import ctypes, os, socket, struct, subprocess

CREATE_RULESET, RESTRICT_SELF, NO_NEW_PRIVS, BIND_TCP = 444, 446, 38, 1
libc = ctypes.CDLL(None, use_errno=True)

def give_up_bind():
    rights = struct.pack('=QQ', 0, BIND_TCP)  # struct landlock_ruleset_attr: none of files
    ruleset = libc.syscall(CREATE_RULESET, rights, len(rights), 0)
    if ruleset < 0 or libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(RESTRICT_SELF, ruleset, 0):
        os._exit(3)

listener = socket.create_server(('127.0.0.1', 0))
port = listener.getsockname()[1]
for what, before in (('as it is', None), ('without the right to bind', give_up_bind)):
    said = subprocess.run(['ss', '-Hlntp', f'sport = :{port}'], preexec_fn=before, check=True, capture_output=True, text=True)
    line = said.stdout
    assert f':{port}' in line
    print(f"{what}: {'the' if f'pid={os.getpid()},' in line else 'no'} process is named")
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
as it is: the process is named
without the right to bind: no process is named
END
