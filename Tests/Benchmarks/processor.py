"""What a process and the rest of the machine cost in a window of time, and how many requests the server saw in it."""

import collections
import os
import time

TICK = os.sysconf("SC_CLK_TCK")

# Requests a second; processor microseconds of the generator a request; cores that neither generator nor server used.
Sample = collections.namedtuple("Sample", "rate cost others")


def sample(target, process, seconds):
    """Watches `process` sending to `target` for `seconds`; refuses what does not keep its connections."""
    before = _reading(target, process)
    time.sleep(seconds)
    after = _reading(target, process)
    connections, requests, own, server, machine, clock = (b - a for a, b in zip(before, after))
    if requests < 10:
        raise RuntimeError(f"{requests} requests in {seconds} s")
    if connections > requests / 100:
        raise RuntimeError(f"{connections} new connections for {requests} requests")
    return Sample(requests / clock, own / requests * 1e6, max(0, (machine - own - server) / clock))


def _reading(target, process):
    """Connections, requests, processor seconds of generator, server and machine, and the clock."""
    connections, requests = target.counts()
    return connections, requests, _used_by(process), _used_by(target.worker), _used_by_all(), time.monotonic()


def _used_by(process):
    """User and system time of all its threads, also of those that have ended."""
    with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _used_by_all():
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, interrupt, soft_interrupt, *_ = map(int, stat.readline().split()[1:])
    return (user + nice + system + interrupt + soft_interrupt) / TICK
