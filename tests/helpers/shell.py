#!/usr/bin/env python3
"""shell.py COMMAND [ARG...]: runs an interactive shell on a terminal, with job control, and types what
comes on stdin.

Ends when the shell does, at most 20 s later; prints what was on the terminal.
"""
import os
import pty
import select
import signal
import sys

pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    for s in signal.SIGINT, signal.SIGQUIT:  # ignored in the background of a script
        signal.signal(s, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(20)
inputs = [fd, 0]
while True:
    ready = select.select(inputs, [], [])[0]
    if 0 in ready:
        keys = os.read(0, 4096)
        os.write(fd, keys)
        if not keys:
            inputs.remove(0)
    if fd not in ready:
        continue
    try:
        seen = os.read(fd, 4096)
    except OSError:
        break
    if not seen:
        break
    os.write(1, seen)
