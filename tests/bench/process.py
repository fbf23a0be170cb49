"""The processes of a bench: what starts them, waits for them, and knows what they took.

Each leads a group of its own, and nothing of that group, nor what has left it, outlives its turn.
"""
import contextlib
import ctypes
import glob
import os
import re
import signal
import tempfile
import time

NULL = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
MESSAGES = tempfile.TemporaryFile()  # the stderr of all
STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
VERDICTS = {2: 'DAMAGED', 3: 'incomplete'}  # by the exit status of our own programs
PREFIX = 'bench: '  # of what those say
TICK = os.sysconf('SC_CLK_TCK')

children, fds = {}, set()
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: those whose parent ends come to us


class Bad(Exception):
    """What stands in the table where a figure would be, the reason for it, and whether a program of
    ours has said that."""


class Child:
    def __init__(self, argv, stdin=NULL, stdout=NULL, third=None, tool=True, ours=False):
        self.tool, self.ours, self.status, self.cpu = tool, ours, None, 0.0
        at = [(stdin, 0), (stdout, 1), (MESSAGES.fileno(), 2)] + ([(third, 3)] if third else [])
        signals = STOP | {signal.SIGALRM}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # none between its start and our list
        try:
            self.pid = os.posix_spawnp(
                argv[0], argv, dict(os.environ, LC_ALL='C'), setpgroup=0, setsigmask=(),
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
                file_actions=[(os.POSIX_SPAWN_DUP2, source, fd) for source, fd in at])
            children[self.pid] = self
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    def ended(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill(how, pid):
    """By os.kill or os.killpg; who is not yet waited for: the number cannot be another one's."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(pid, signal.SIGKILL)


def orphans():
    """What has left its group and lost its parent, which makes it a child of ours."""
    for path in glob.glob('/proc/self/task/*/children'):
        with contextlib.suppress(OSError), open(path) as f:
            yield from map(int, f.read().split())


def finish(*wanted):
    """Waits for all of these, and gives the time at which the last one ended."""
    now = time.perf_counter()
    while any(child.status is None for child in wanted):
        pid = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid
        now = time.perf_counter()
        kill(os.killpg, pid)
        _, status, usage = os.wait4(pid, 0)
        child = children.pop(pid, None)
        if not child:
            continue
        child.status, child.cpu = status, usage.ru_utime + usage.ru_stime
        if status and child.tool:
            if child.ours and status >> 8 in VERDICTS:
                raise Bad(VERDICTS[status >> 8], '', True)
            kind, number = ('signal', status & 127) if status & 127 else ('status', status >> 8)
            raise Bad('failed', f'{kind} {number}', child.ours)
    return now


def clean_up():
    for pid in children:
        kill(os.killpg, pid)
    with contextlib.suppress(ChildProcessError):
        for _ in range(10000):
            if not os.waitpid(-1, os.WNOHANG)[0]:
                for pid in orphans():
                    kill(os.kill, pid)
                time.sleep(0.001)
    children.clear()
    close(*fds)


def pipe():
    ends = os.pipe()
    fds.update(ends)
    return ends


def opened(path, flags=os.O_RDONLY):
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    fds.add(fd)
    return fd


def emptied(path):
    return opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


def close(*which):
    for fd in which:
        fds.discard(fd)
        os.close(fd)


def attempt(action, limit):
    """What the action gives; Bad where it fails or takes too long. Nothing of it is left."""
    MESSAGES.seek(0)  # shared by those who write to it
    MESSAGES.truncate()
    try:
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            return action()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except OSError as error:
        raise Bad('failed', error.strerror)
    except Bad as bad:
        word, reason, *ours = bad.args
        said = os.pread(MESSAGES.fileno(), 2000, 0).decode('ascii', 'replace').split('\n')
        said = [line for line in said if line.strip() and line.startswith(PREFIX) == any(ours)][-1:]
        said = [''.join(c if c.isprintable() else '?' for c in line.removeprefix(PREFIX))
                for line in said]
        raise Bad(word, ': '.join(filter(None, [reason, *said])))
    finally:
        clean_up()


def group(leader):
    """The processes of a group."""
    for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
        with contextlib.suppress(OSError):
            if os.getpgid(pid) == leader:
                yield pid


def group_cpu(leader):
    """Seconds that the processes of a group have taken, and those that they have waited for."""
    taken = 0
    for pid in group(leader):
        with contextlib.suppress(OSError), open(f'/proc/{pid}/stat') as f:
            waited_for = f.read().rpartition(')')[2].split()[13:15]
            taken += sum(map(int, waited_for)) / TICK + time.clock_gettime((~pid << 3) | 2)
    return taken


def group_memory(leader):
    """PSS in MiB of the processes of a group, and how many they are."""
    kib = []
    for pid in group(leader):
        with contextlib.suppress(OSError), open(f'/proc/{pid}/smaps_rollup') as f:
            kib += map(int, re.findall(r'^Pss: +(\d+)', f.read(), re.M))
    return [sum(kib) / 1024, float(len(kib))]


@contextlib.contextmanager
def one_cpu():
    """All that is started meanwhile runs on a single CPU."""
    affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(affinity)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, affinity)
