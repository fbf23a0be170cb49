"""What may fail, and how: for each system call the errnos that the kernel could return there by its man page. And what
the checker tolerates, each with the reason."""
import errno
import re

# A send on TCP that says ECONNRESET, EPIPE or ETIMEDOUT has broken the connection, which strace cannot.
STREAM_SEND = 'EAGAIN ENOBUFS ENOMEM EPERM'
STREAM_RECEIVE = 'EAGAIN ECONNRESET ENOMEM ETIMEDOUT EHOSTUNREACH'
DATAGRAM_SEND = 'EAGAIN ENOBUFS ENOMEM EPERM ECONNREFUSED ENETUNREACH EHOSTUNREACH EMSGSIZE'
DATAGRAM_RECEIVE = 'EAGAIN ECONNREFUSED ENOMEM EHOSTUNREACH'
UNIX_SEND = 'EAGAIN EPIPE ENOBUFS ENOMEM EPERM'
UNIX_RECEIVE = 'EAGAIN ECONNRESET ENOMEM'
OPEN = 'EMFILE ENFILE EACCES ENOENT EIO ENOMEM EINTR'
COPY = 'EINVAL ENOMEM EIO'

# Call, what its first argument is (see kind(); '' is any), a pattern of the whole call, errnos. The first row that fits
# counts. A call that is in no row does not fail, or strace cannot tell of a failure without changing what has happened.
CALLS = [(re.compile(rf'({c})\Z'), re.compile(k), re.compile(p), e.split()) for c, k, p, e in (
    # Descriptors, sockets and their names. getsockname(2) of one's own socket does not fail, nor does close(2) leave
    # anything open; shutdown(2) says ENOTCONN only where the peer has gone, and this one has not.
    ('socket|socketpair', '', '', 'EMFILE ENFILE ENOBUFS ENOMEM EACCES EAFNOSUPPORT'),
    ('pipe|pipe2|eventfd2|timerfd_create|epoll_create1|signalfd4|inotify_init1|memfd_create', '', '', 'EMFILE ENFILE ENOMEM'),
    ('dup|dup2|dup3', '', '', 'EMFILE EBUSY EINTR'),
    ('fcntl', '', 'F_DUPFD', 'EMFILE'),
    ('bind', 'unix', '', 'EADDRINUSE EACCES ENOENT ENOSPC EROFS ENOMEM'),
    ('bind', '', '', 'EADDRINUSE EACCES EADDRNOTAVAIL ENOMEM EPERM'),
    ('listen', '', '', 'EADDRINUSE'),
    ('accept|accept4', '', '', 'EAGAIN EINTR ECONNABORTED EMFILE ENFILE ENOBUFS ENOMEM EPERM EPROTO'),
    ('connect', 'unix', '', 'EAGAIN EACCES ECONNREFUSED ENOENT EPROTOTYPE'),
    ('connect', 'udp', '', 'EAGAIN EACCES EADDRNOTAVAIL ENETUNREACH EHOSTUNREACH EPERM'),
    ('connect', 'tcp', '', 'EADDRNOTAVAIL ECONNREFUSED ENETUNREACH EHOSTUNREACH ETIMEDOUT EPERM EACCES ENOBUFS'),
    ('getpeername', '', '', 'ENOTCONN'),
    ('getsockopt', '', 'SO_(ERROR|TYPE|DOMAIN|PROTOCOL|ACCEPTCONN|PEERCRED)\\b', ''),
    ('getsockopt', '', '', 'ENOPROTOOPT'),
    ('setsockopt', '', 'SO_REUSEADDR', ''),
    ('setsockopt', '', '', 'ENOPROTOOPT ENOBUFS'),
    # Data.
    ('read|readv|recvfrom|recvmsg', 'tcp', '', STREAM_RECEIVE),
    ('write|writev|sendto|sendmsg', 'tcp', '', STREAM_SEND),
    ('recvfrom|recvmsg|recvmmsg|read', 'udp', '', DATAGRAM_RECEIVE),
    ('sendto|sendmsg|sendmmsg|write', 'udp', '', DATAGRAM_SEND),
    ('read|readv|recvfrom|recvmsg|recvmmsg', 'unix', '', UNIX_RECEIVE),
    ('sendmsg', 'unix', 'SCM_RIGHTS', UNIX_SEND + ' ETOOMANYREFS'),
    ('write|writev|sendto|sendmsg|sendmmsg', 'unix', '', UNIX_SEND),
    ('sendto|sendmsg', 'netlink', '', 'ENOBUFS ENOMEM EPERM'),
    ('recvfrom|recvmsg', 'netlink', '', 'ENOBUFS ENOMEM EINTR'),
    ('read|readv', 'pipe|tty', '', 'EINTR'),
    ('read|readv|pread64', 'file', '', 'EIO'),
    ('write|writev', 'pipe', '', 'EPIPE EINTR'),
    ('write|writev|pwrite64', 'file', '', 'ENOSPC EIO EDQUOT EFBIG'),
    ('write', 'tty', '', 'EIO EINTR'),
    ('splice|sendfile|sendfile64', '', '', COPY),
    ('tee', '', '', 'EINVAL ENOMEM'),
    ('ppoll|poll|select|pselect6|epoll_pwait|epoll_wait', '', '', 'EINTR ENOMEM'),
    # Files.
    ('open|openat', '', 'O_CREAT|O_WRONLY', OPEN + ' ENOSPC EROFS'),
    ('open|openat', '', '', OPEN),
    ('newfstatat|fstatat64|stat|lstat|statx', '', 'AT_EMPTY_PATH', ''),
    ('newfstatat|fstatat64|stat|lstat|statx', '', '', 'EACCES ENOENT ENOMEM'),
    ('access|faccessat|faccessat2', '', '', 'EACCES ENOENT'),
    ('unlink|unlinkat|rmdir', '', '', 'EACCES EBUSY EROFS'),
    ('rename|renameat|renameat2|link|linkat|symlink|symlinkat|mkdir|mkdirat|mknod', '', '', 'EACCES ENOSPC EROFS'),
    ('readlink|readlinkat', '', '', 'EACCES ENOENT ENOMEM'),
    ('chmod|fchmod|fchmodat|chown|fchown|fchownat|lchown', '', '', 'EPERM EROFS EIO'),
    ('getdents64', '', '', 'ENOENT'),
    ('ftruncate|fsync', '', '', 'EIO'),
    ('chdir|fchdir', '', '', 'EACCES EIO'),
    # Processes and users.
    ('clone|clone3|fork|vfork', '', '', 'EAGAIN ENOMEM'),
    ('setgroups|setresgid|setgid|setresuid|setuid', '', '', 'EPERM'),
    ('setresuid|setuid', '', '', 'EAGAIN'),
    ('pidfd_open|pidfd_getfd', '', '', 'EMFILE EPERM ESRCH ENOSYS'),
    # Else.
    ('ioctl', '', 'SIOCG', 'ENODEV'),
    ('getrandom', '', '', 'ENOSYS EINTR EAGAIN'),
)]

# Calls that a kernel or a sandbox may not have at all: each time ENOSYS.
MISSING = {'clone3', 'splice', 'sendfile', 'recvmmsg', 'sendmmsg', 'getrandom', 'statx', 'close_range', 'pidfd_open'}

KINDS = (('tcp', r'<(TCP|TCPv6)\b'), ('udp', r'<(UDP|UDPv6)\b'), ('unix', r'<UNIX'), ('netlink', r'<NETLINK'),
         ('pipe', r'<pipe:'), ('tty', r'<(/dev/(pts/|ptmx|tty)|char 136)'), ('other', r'<(/dev/|anon_inode)'),
         ('file', r'</'))


def kind(call):
    """What the first argument of CALL, a line of strace -yy, is."""
    first = call.split('(', 1)[1]
    word = re.match(r'\d+(<[^,)]*)', first)
    return next((name for name, begin in KINDS if word and re.match(begin, word[1])), '')


def errnos(name, call):
    what = kind(call)
    return next((e for n, k, p, e in CALLS if n.match(name) and k.search(what) and p.search(call)), [])



def words(error):
    """What a message may have that tells of ERROR; '' is none."""
    also = {'ENOMEM': ('EAI_MEMORY', 'Cannot allocate memory', 'out of memory')}
    number = getattr(errno, error, 0) if error else 0  # of an errno that has no name there
    return (error, f'(E{number})', *also.get(error, ())) if error else ()


# Lines that ask the system's look-up, which says EAI_NONAME for what ails it, or ends the program where memory lacks.
SYSTEM_LOOKUP = re.compile('(resolve|connect|udp_send)_(own|name|server_name|all|bulk|confirm|address)|'
                           'proxyd_socks5|listen_user|unix_listen_owner')

# What is no fault: lines, faults and problems by pattern, and why.
TOLERATED = [(re.compile(l), re.compile(f), re.compile(p), why) for l, f, p, why in (
    ('.*', 'write:error=EPIPE', '(silent|server|untrue): status -13', 'a stdout without a reader ends it by SIGPIPE'),
    ('.*', 'p?poll:error=ENOMEM', 'server: .*poll', 'what cannot wait cannot serve, and says so'),
    ('.*_exec|.*_relay', 'write:error=EPIPE', '', 'a command need not read what it is given'),
    ('.*', '(unlink|newfstatat):', 'left: files: (s|\\.?sockit.*)$', 'a socket file that cannot be unlinked stays'),
    ('unix(_seqpacket|_send_fd|_send_proxy)?|connect_proxy_command', 'send(to|msg):error=EPIPE', 'hang', 'who shuts its reading down waits for no more, as the peer does'),
    ('unix_dgram_(echo|exec)', 'sendmm?sg:error=EPERM', 'lost', 'whoever asked does not want it: told with -v'),
    ('listen_(command|exec|relay)', '(clone3?|vfork|dup2|pipe2|malloc):', 'promise: client',
     'a command that cannot be started ends without a word, as one that says nothing'),
    ('connect_z', 'malloc', 'words: status 1', 'a member of the object for which there was no memory'),
    ('connect_ping', '', 'lost: .* 1 lost', 'a try that fails is what the report tells of'),
    ('.*_relay', '', 'class: status 141', 'the status of a command whose reader has gone'),
    ('.*', 'clone3?:', 'untrue: .*EAGAIN', 'pthread_create(3) says so of all that ails it'),
    ('connect_json|listen_(echo_accept|messages)', 'getsockopt', 'words: .*"closed"', 'figures that are not to be had are left out'),
    ('sockname_interfaces', 'ioctl:error=ENODEV', 'lost', 'an interface that has gone meanwhile'),
    ('sockname_unix', '(socket|recvfrom|sendto|bind)', 'lost', 'without netlink there is /proc/net/unix, with less in it'),
    ('proxyd_.*', '(recvfrom|sendto):', 'lost: status -15', 'a client of a proxy that breaks is told of with -v only'),
    ('proxyd_get', '', 'lost: status -15.*502', 'the client is told by 502'),
    ('.*_(file|allow|deny)', 'openat|newfstatat|read', 'class: status 2', 'a file of an option that cannot be read is exit 2'),
    (SYSTEM_LOOKUP.pattern, '(openat|read|newfstatat|socket|connect|sendto|poll)', 'untrue.*(EAI_|there is no user|--user nobody)',
     'getaddrinfo(3) or getpwnam(3) says so'),
    ('resolve_server.*', '(recv|send|connect|socket|poll)', 'untrue.*EAI_AGAIN', 'a server that cannot be asked is EAI_AGAIN'),
    ('sockname_(sockets|listening|unix)', '(openat|readlinkat|getdents64|newfstatat|read):', 'lost',
     'whose a socket is is told where it can be seen'),
    ('sockname_fd_all', '(getpeername|getsockopt|newfstatat)', 'lost', 'a line that is not to be had is left out'),
    ('sockname_host', '(ioctl|socket|bind|sendto|recvfrom|recvmsg)', 'lost', 'interface and source are told where they can be seen'),
    ('sockname_options', 'getsockopt|socket:error=E(AFNOSUPPORT|ACCES)', 'lost', 'an option that this kernel has not is left out'),
    ('servinfo.*', 'access:', 'lost', 'where there is no services file there is a table of our own'),
    ('udp_send_probe', '', 'silent: status 1.*(closed|prohibited)', 'that is what the report tells'),
    ('udp_recv_json', 'setsockopt', 'words: .*this kernel has no', 'told in words'),
    ('udp_recv_.*', '((recvmm?sg|recvfrom):error=ENOMEM|malloc)', 'server: ', 'a receiver that cannot receive ends, and says so'),
    ('listen_both_families', '(socket|bind):', 'hang|lost', 'where there is one family it says so, and serves that one'),
)]


def tolerated(line, fault, problem):
    return next((why for l, f, p, why in TOLERATED
                 if l.fullmatch(line) and f.match(fault) and p.search(problem)), None)
