"""unread.py MOST PORT COMMAND... - runs COMMAND beside a DNS server at 127.0.0.1 and PORT (0: one that the
kernel chooses), whose address stands in for each word @ of it. The server reads nothing until no more
questions come, which are to be MOST at most, and then answers 10.0.0.1 to all. Ends as COMMAND.
"""

import socket
import subprocess
import sys

A = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x0a\0\0\1"


def answer(question):
    end = question.index(0, 12) + 5
    records = A if question[end - 3] == 1 else b""
    head = b"\x84\0\0\1" + (b"\0\1" if records else b"\0\0") + b"\0\0\0\0"
    return question[:2] + head + question[12:end] + records


def receive(server, patience):
    server.settimeout(patience)
    try:
        return server.recvfrom(512)
    except socket.timeout:
        return None


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[2])))
address = "127.0.0.1:%d" % server.getsockname()[1]
client = subprocess.Popen([address if word == "@" else word for word in sys.argv[3:]])
came = [receive(server, 10)]
while came[-1]:
    came.append(receive(server, 0.3))
came.pop()
if len(came) > int(sys.argv[1]):
    client.kill()
    sys.exit("%d questions are unread" % len(came))
while came or client.poll() is None:
    for question, address in came:
        server.sendto(answer(question), address)
    last = receive(server, 0.05)
    came = [last] if last else []
sys.exit(client.returncode)
