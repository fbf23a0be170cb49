#!/usr/bin/env python3
"""Runs a command with a terminal of so many columns as its stdout: width.py COLUMNS COMMAND...

What it writes comes out with the terminal's \\r taken away; its exit status is ours.
"""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=slave)
os.close(slave)
written = b''
while True:
    try:
        data = os.read(master, 65536)
    except OSError:  # EIO: the other side is closed
        break
    if not data:
        break
    written += data
# The two need not come together.
sys.stdout.buffer.write(written.replace(b'\r\n', b'\n'))
sys.stdout.flush()
sys.exit(child.wait())
