#!/usr/bin/env bats
# listen --live, and unix --listen --live: what comes while nobody is there is thrown away, who is slow loses whole
# reads, and nobody waits.

load helpers/common

# lives [ARG...]: a listener whose stdin is the FIFO stream.
lives() {
	[ -p stream ] || mkfifo stream
	serve --live "$@" <>stream >out 2>err
}

# stream SCRIPT [PLACE]: plays SCRIPT, in Python: `client()`, `put()` (a record into the stream, its number) and
# `take(s)` (the number of the next record that s gets, which must be whole).
stream() {
	LISTENER=$LISTENER within 20 python3 -S - "${2-$PORT}" "${TYPE-STREAM}" 3>&- <<-END
		import array, fcntl, os, re, signal, socket, sys, termios, time
		place, kind = sys.argv[1], getattr(socket, 'SOCK_' + sys.argv[2])
		fifo, number = os.open('stream', os.O_RDWR), 0
		def client(rcvbuf=0):
		    s = socket.socket(socket.AF_INET if place.isdigit() else socket.AF_UNIX, kind)
		    if rcvbuf:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
		    s.connect(('127.0.0.1', int(place)) if place.isdigit() else place)
		    s.settimeout(10)
		    return s
		def record(size=1000):
		    global number
		    number += 1
		    return b'%07d ' % number + b'x' * (size - 9) + b'\n'
		def put(size=1000):
		    os.write(fifo, record(size))
		    return number
		def drained():
		    left = array.array('i', [1])
		    while left[0]:
		        fcntl.ioctl(fifo, termios.FIONREAD, left)
		rests = {}
		def take(s, size=1000):
		    # Its number; a timeout leaves what has come for the next time.
		    rest = rests.setdefault(s, bytearray())
		    while len(rest) < size:
		        data = s.recv(size - len(rest))
		        assert data, rest[:80]
		        rest += data
		    rests[s] = bytearray()
		    assert re.fullmatch(rb'(<\d+> )?\d{7} x*\n', rest), rest[:80]
		    return int(re.search(rb'\d{7}', rest)[0])
		def joined(s):
		    # A record that came before it is there is none for it.
		    s.settimeout(0.01)
		    while True:
		        put()
		        try:
		            first = take(s)
		            break
		        except TimeoutError:
		            pass
		    s.settimeout(10)
		    while first < number:
		        first = take(s)
		    return first
		$1
	END
}

# bats test_tags=valgrind
@test "--live: what comes while nobody is there is thrown away" {
	lives -k 127.0.0.1 0
	stream '
for _ in range(300):
    put()
drained()
s = client()
before = number
s.settimeout(0.01)
while True:
    put()
    try:
        assert take(s) > before
        break
    except TimeoutError:
        pass
'
	kill "$LISTENER"
	ended 143 "$LISTENER"
	# The client may have left something unread.
	sed -i -E '/(ECONNRESET|EPIPE)\)$/d' err
	says "$LISTENING"
}

@test "--live: a stopped reader loses whole reads, and a fast one gets each in time" {
	lives -k --sndbuf 4k --buffer 16k 127.0.0.1 0
	stream '
slow = client(4096)
joined(slow)
fast = client()
joined(fast)
for _ in range(600):
    put()
    assert take(fast) == number
fast.close()
'
	kill "$LISTENER"
	ended 143 "$LISTENER"
	head -1 err >first
	says "$LISTENING" first
	grep ': lost ' err >lost
	says '^sockit listen: 127\.0\.0\.1 port [0-9]+: lost [0-9]+ reads, [0-9]+000 bytes: it was slower than what came \(--live\)$' lost
	silent out
}

@test "--live: the slow one goes on with whole reads, and its loss is told at its end" {
	lives -k --json --sndbuf 4k --buffer 16k -o copy 127.0.0.1 0
	stream '
slow = client(4096)
joined(slow)
fast = client()
joined(fast)
first = number
def lockstep(n):
    for _ in range(n):
        put()
        assert take(fast) == number
lockstep(300)
# It wakes up, and hears again what is said now.
got = []
while not got or got[-1] < number:
    got.append(take(slow))
    if len(got) % 4 == 0:
        lockstep(1)
slow.close()
assert got == sorted(set(got))
# Who has gone shows when it is sent something.
lockstep(3)
lost = number - 3 - first - len([n for n in got if n > first])
assert lost > 100, lost
print(lost)
' >lost
	eventually grep -q '"event":"lost"' err
	kill "$LISTENER"
	ended 143 "$LISTENER"
	python3 "$BATS_TEST_DIRNAME/helpers/schema.py" err
	grep '"event":"lost"' err | grep -q "\"id\":1,.*\"count\":$(<lost),\"bytes\":$(<lost)000"
	[ "$(grep -c '"event":"lost"' err)" = 1 ]
}

@test "--live --broker: a stopped reader is in nobody's way, and what it gets are whole lines of --chat" {
	local service
	for service in --broker --chat; do
		lives $service --sndbuf 4k --buffer 16k 127.0.0.1 0
		stream '
chat = "'$service'" == "--chat"
size = 1004 if chat else 1000
slow, fast, sender = client(4096), client(), client()
sender.settimeout(0.01)
def say(s):
    sender.sendall(record())
    s.settimeout(0.02)
    while True:
        try:
            return take(s, size)
        except TimeoutError:
            sender.sendall(record())
# All are there.
for s in slow, fast:
    say(s)
sender.settimeout(10)
fast.settimeout(0.1)
try:
    while take(fast, size) < number:
        pass
except TimeoutError:
    pass
fast.settimeout(10)
for _ in range(600):
    sender.sendall(record())
    assert take(fast, size) == number
slow.settimeout(10)
got = [take(slow, size) for _ in range(8)]
assert got == sorted(set(got))
'
		kill "$LISTENER"
		ended 143 "$LISTENER"
		grep -qE ': lost [0-9]+ reads, [0-9]+ bytes: it was slower than what came \(--live\)$' err
	done
}

@test "--live --wire-frame: whole messages are lost, of stdin and of a broker, and --stats counts them" {
	local service
	for service in -k --broker; do
		lives "$service" --json --stats --wire-frame line --sndbuf 4k --buffer 16k 127.0.0.1 0
		stream '
slow = client(4096)
joined(slow)
fast = client()
joined(fast)
def lockstep(n):
    for _ in range(n):
        put()
        assert take(fast) == number
lockstep(300)
got = [take(slow) for _ in range(10)]
assert got == sorted(set(got))
os.kill(int(os.environ["LISTENER"]), signal.SIGUSR1)
while b"\"event\":\"total\"" not in open("err", "rb").read():
    time.sleep(0.01)
slow.close()
lockstep(3)
'
		eventually grep -q '"event":"closed"' err
		kill "$LISTENER"
		ended 143 "$LISTENER"
		grep '"event":"lost"' err | grep -Eq '"id":1,.*lost [0-9]+ messages, ' || return
		lost=$(sed -n 's/.*"event":"lost".*"count":\([0-9]*\),"bytes":\([0-9]*\),.*/"lost":\1,"lost_bytes":\2/p' err)
		[ "$lost" ] || return
		grep '"event":"closed"' err | grep -q "\"id\":1,.*$lost,.*, lost [0-9]* messages (" || return
		grep '"event":"total"' err | grep -q "$lost," || return
		grep '"event":"stats"' err | grep -q '"id":1,.*"lost":[0-9]' || return
		python3 "$BATS_TEST_DIRNAME/helpers/schema.py" err
	done
}

@test "unix --live: packets are lost one by one, and each is whole" {
	[ -p stream ] || mkfifo stream
	served_by "$SOCKIT" unix --listen -k --live --notify-fd 9 --type seqpacket --sndbuf 4k --buffer 8k \
		--frame size=1000 s <>stream >out 2>err
	TYPE=SEQPACKET stream '
slow = client()
joined(slow)
fast = client()
joined(fast)
for _ in range(200):
    put()
    assert take(fast) == number
got = [take(slow) for _ in range(3)]
assert got == sorted(set(got))
' s
	kill "$LISTENER"
	ended 143 "$LISTENER"
	grep -qE '^sockit unix: .*: lost [0-9]+ packets, [0-9]+000 bytes: it was slower than what came \(--live\)$' err
}

@test "--live: what it cannot do: 2" {
	local words
	while IFS='|' read -r words said; do
		# shellcheck disable=SC2086 # words
		exits 2 "$SOCKIT" listen --live $words 127.0.0.1 0 </dev/null >out 2>err
		says "^sockit listen: $said$"
	done <<-'END'
		|--live needs --keep-open, --broker or --chat
		--accept 1|--live needs --keep-open, --broker or --chat
		-k -d|--live and --recv-only exclude each other
		-k --stall 1|--live and --stall exclude each other
		--echo -k|--live and --echo exclude each other
		--forward h:1 -k|--live and --forward exclude each other
		-e cat -k|--live and --execute exclude each other
	END
	exits 2 "$SOCKIT" listen -k --live 0 -- cat </dev/null >out 2>err
	says "^sockit listen: --live is for stdin or a broker: it excludes '-- cat'$"
	exits 2 "$SOCKIT" unix --live s </dev/null >out 2>err
	says '^sockit unix: --live needs --listen$'
}
