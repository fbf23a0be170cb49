#!/usr/bin/env python3
"""How fast sockit is here, beside others that do the same and are installed.

The tools take turns: each does a job once a round, so that noise falls on all
of them; one that has had --seconds of a job has no more. All goes over
127.0.0.1. One that fails at a job, hangs, or delivers something else than was
sent gets no figure there, but the word for it, and the run goes on. Needs Linux.
`limit` is a C program that does no more than it must, with plain system calls.

  bulk     random bytes from one tool to itself, through pipes and from file to
           file: wall time, and CPU time (user and system) of both ends. socat
           has -b262144, its best.
  unix     the same to a UNIX socket, the sender alone (*)
  filters  a text sent with a hex dump, with CR LF, as telnet, with a copy to a file: CPU
           time of the sender alone, beside cat or tee, which only read and write;
           and sockit with options that ought to change nothing (*)
  latency  64 bytes written to the tool's stdin, sent to an echo server and back
           to its stdout, all on one CPU: the median.
  start    the whole life of a process that sends one short line, or tells its
           options; the instructions in user mode where perf can count them.
  frames   messages of 100 bytes from file to file, each with its length: by
           --wire-frame len32, without it (as they are, and copied), and by a
           C program with one read and one write for each (where there is cc).
  proxy-header
           what a header of the PROXY protocol costs a listener (--accept-proxy):
           CPU time for each of --clients, with and without.
  relay    short connections, one and 64 at a time, bulk and latency by way of
           the tool (*)
  proxy    short connections by SOCKS5 and CONNECT (*)
  echo     short connections to the tool (*)
  memory   with --clients idle connections, all processes together: PSS (*)
  broker   from one client to a hundred (*)
  ping     connections 1 ms after each other, but for hping3, which sends SYN
  names    2000 names from a DNS server that takes 5 ms for each; those who ask
           one by one have a tenth of them (*)
  udp-send-64, udp-send-1400, udp-recv-1400
           datagrams from a file, and at full flood to one (*)
  udp-forward-64, udp-forward-1400
           datagrams of so many bytes to an echo and back, by way of the tool:
           each by itself, and in pieces that the kernel cuts and joins, as good
           interfaces do (UDP_SEGMENT, UDP_GRO) (*)
  udp-forward-clients
           the same for ten clients and for 10,000, a datagram each at a time,
           and the memory that these take (*)

(*) needs a C compiler
"""
import argparse
import functools
import os
import platform
import re
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import datagrams
import servers
import streams
from peers import PROGRAMS, found, missing, peers
from process import NULL, STOP, Bad, Child, attempt, clean_up, finish

JOBS = streams.JOBS + servers.JOBS + datagrams.JOBS


def progress(text):
    if sys.stderr and sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def run(job, who, chosen):
    """Does the job in rounds; gives the medians of each peer, or its Bad."""
    results, taken = {peer: [] for peer in who}, dict.fromkeys(who, 0)
    for i in range(chosen.rounds):
        for peer in who:
            if isinstance(results[peer], list) and taken[peer] < chosen.seconds:
                progress(f'round {i + 1} of {chosen.rounds}: {peer.name}')
                taken[peer] -= time.perf_counter()
                try:
                    results[peer].append(attempt(lambda: job.do(peer, chosen), chosen.limit))
                except Bad as bad:
                    results[peer] = bad
                taken[peer] += time.perf_counter()
    progress('')
    return {peer: [None if None in column else statistics.median(column)
                   for column in zip(*result)]
            if isinstance(result, list) else result for peer, result in results.items()}


def cell(value, base):
    """A figure, and how it compares."""
    if value is None:
        return f'{"-":>12}{"":9}'
    places = max(0, 3 - len(str(int(value))) + (value < 1))
    ratio = f'{value / base:.2f}x' if base and value is not base else '1.00 ' if base else ''
    return f'{value:12.{places}f}{ratio:>9}'


def show(title, heads, results):
    base = next((result for peer, result in results.items()
                 if peer.name == 'sockit' and isinstance(result, list)), [None] * len(heads))
    notes = []
    print(f'\n{title}\n{"":24}' + ''.join(f'{head:>12}{"":9}' for head in heads) + '  data')
    for peer, result in results.items():
        if isinstance(result, Bad):
            cells = f'{result.args[0]:>12}'
            notes.append(f'  {peer.name}: {result.args[1]}'[:79])
        else:
            cells = ''.join(map(cell, result, base)) + '  equal'
        print(f'{peer.title():24}{cells}')
    print(*notes, sep='\n', end='\n' * bool(notes), flush=True)


def options(words):
    def number(text):
        if not re.fullmatch('[1-9][0-9]{0,5}', text):
            raise argparse.ArgumentTypeError(f'{text!r} is no number from 1')
        return int(text)

    def size(text):
        found_size = re.fullmatch('([1-9][0-9]{0,8})([kMG]?)', text)
        if not found_size:
            raise argparse.ArgumentTypeError(f'{text!r} is no size such as 64M')
        return int(found_size[1]) << {'': 0, 'k': 10, 'M': 20, 'G': 30}[found_size[2]]

    def some_of(known, text):
        for word in text.split(','):
            if word not in known:
                raise argparse.ArgumentTypeError(f'{word!r} is none of {", ".join(known)}')
        return [word for word in known if word in text.split(',')]

    parser = argparse.ArgumentParser(
        prog='bench', description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    for option, word, known in (('--only', 'JOB', [*dict.fromkeys(job.name for job in JOBS)]),
                                ('--tools', 'TOOL', [*PROGRAMS])):
        add(option, metavar=f'{word},...', type=functools.partial(some_of, known), default=known,
            help=', '.join(known))
    add('--rounds', metavar='N', type=number, default=5, help='turns that each tool has (5)')
    add('--seconds', metavar='N', type=number, default=2,
        help='no more turns for a tool that has taken so long at a job (2)')
    add('--size', metavar='SIZE', type=size, default='256M',
        help='what bulk sends, and filters an eighth of: 64k, 1G (256M)')
    add('--clients', metavar='N', type=number, default=1000,
        help='connections of jobs that have many (1000)')
    add('--limit', metavar='SECONDS', type=number, default=20, help='for one turn (20)')
    add('--dir', metavar='DIR',
        help='for the files, with room for four times SIZE (/dev/shm, else $TMPDIR or /tmp)')
    chosen = parser.parse_args(words)
    chosen.mib, chosen.text = chosen.size / (1 << 20), chosen.size / (8 << 20)
    chosen.messages = min(streams.MESSAGES_MOST, chosen.size // streams.MESSAGE + 1)
    chosen.datagrams = max(chosen.size >> 11, 64)
    chosen.share = max(chosen.size >> 6, min(chosen.size, 16 << 10))
    chosen.most = min(10000, chosen.datagrams)
    chosen.receivers, chosen.probes = min(100, chosen.clients), min(300, chosen.clients)
    return chosen


def prepare(chosen):
    """A folder of ours with the files, made our working directory."""
    size, where = chosen.size, chosen.dir

    def room(at):
        return os.access(at, os.W_OK) and shutil.disk_usage(at).free > 4 * size + (16 << 20)
    if not where:
        where = '/dev/shm' if room('/dev/shm') else tempfile.gettempdir()
    if not room(where):
        sys.exit(f'bench: {where}: cannot be written to, or has no room for four times --size')
    os.chdir(tempfile.mkdtemp(prefix='sockit-bench.', dir=where))
    with open('line', 'wb') as f:
        f.write(streams.LINE)
    with open('data', 'wb') as f:
        for left in range(size, 0, -(1 << 20)):
            f.write(os.urandom(min(left, 1 << 20)))
    with open('messages', 'wb') as f:
        rest = streams.MESSAGE - 4
        message = rest.to_bytes(4, 'big') + os.urandom(rest)
        f.write(message * chosen.messages)
    with open('text', 'wb') as f:
        for left in range(max(size // 8, 1 << 10), 0, -(1 << 20)):
            f.write((b'a line of words, as long as such lines are in most texts\n' * (1 << 15))[
                :min(left, 1 << 20)])


def bench(chosen):
    sockit = found('sockit')
    try:
        attempt(lambda: finish(Child([sockit, '--version'])), chosen.limit)
    except Bad as bad:
        sys.exit(f'bench: {sockit}: {bad.args[1]} (run make first, or set $SOCKIT)')
    prepare(chosen)
    print(f'rounds: {chosen.rounds}, fewer for who takes {chosen.seconds} s; '
          f'{os.cpu_count()} CPUs, {platform.system()} {platform.release()}'[:79])
    jobs = [(job, peers(job.table, chosen)) for job in JOBS
            if job.name in chosen.only and job.needs()]
    if missing:
        print(f'not installed: {", ".join(missing)}')
    for job, who in jobs:
        show(f'{job.name}: {job.title.format(**vars(chosen))}', job.heads, run(job, who, chosen))
    print('\nMedians; less is better: 2.00x is twice what sockit takes, 0.50x is half of it.',
          flush=True)


def main():
    chosen, home = options(sys.argv[1:]), os.getcwd()

    def stop(number, _):
        for each in STOP:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    def late(*_):
        raise Bad('timed out', f'not done after {chosen.limit} s')
    for each in STOP:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, stop)
    signal.signal(signal.SIGALRM, late)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if 0 < most < 65536 else 65536, most))
    try:
        bench(chosen)
    except BrokenPipeError:  # nobody reads the report
        os.dup2(NULL, 1)
    finally:
        clean_up()
        if os.getcwd() != home:
            shutil.rmtree(os.getcwd())


main()
