#!/usr/bin/env bash
# A recvmsg(2) with MSG_PEEK of a UNIX stream socket hands out descriptors that do not belong to the bytes it returns:
# it has all the bytes that it was asked for, looks at the next piece in the queue nevertheless, and takes the
# descriptors of that one.
#
# Linux 6.18 (net/unix/af_unix.c: with MSG_PEEK, unix_stream_read_generic() goes on to the next piece by `goto again`,
# which passes by the loop's test of how many bytes are wanted yet). unix(7) calls ancillary data "a barrier for the
# received data" and has them come with the bytes that they were sent with; recv(2) says that "a subsequent receive
# call will return the same data" as the one that peeked. Here the call after it returns the same bytes, and no
# descriptor. A program that peeks at a header of fixed length to see what is coming has a descriptor open that the
# peer sent for the next message, and gets it once more later.
#
# Seen:	sent: "first", then "second" with a descriptor
#	MSG_PEEK of 3 bytes: "fir" and 1 descriptor
#	recvmsg of 3 bytes: "fir" and 0 descriptors
#	MSG_PEEK of 2 bytes: "st" and 1 descriptor
#	recvmsg of 2 bytes: "st" and 0 descriptors
#	recvmsg of 6 bytes: "second" and 1 descriptor
set -eu

seen=$(
	python3 - <<'END'
import array, os, socket
sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
receiver.settimeout(10)
sender.sendall(b'first')
socket.send_fds(sender, [b'second'], [sender.fileno()])
print('sent: "first", then "second" with a descriptor')
for length, flags in (3, socket.MSG_PEEK), (3, 0), (2, socket.MSG_PEEK), (2, 0), (6, 0):
    data, ancillary, _, _ = receiver.recvmsg(length, socket.CMSG_SPACE(16), flags)
    descriptors = array.array('i', b''.join(content for _, _, content in ancillary))
    print('MSG_PEEK' if flags else 'recvmsg', f'of {length} bytes: "{data.decode()}" and {len(descriptors)}',
          'descriptor' if len(descriptors) == 1 else 'descriptors')
    for d in descriptors:
        os.close(d)
END
)
echo "$seen"
diff - <(echo "$seen") <<'END'
sent: "first", then "second" with a descriptor
MSG_PEEK of 3 bytes: "fir" and 1 descriptor
recvmsg of 3 bytes: "fir" and 0 descriptors
MSG_PEEK of 2 bytes: "st" and 1 descriptor
recvmsg of 2 bytes: "st" and 0 descriptors
recvmsg of 6 bytes: "second" and 1 descriptor
END
