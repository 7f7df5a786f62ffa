"""Speed and memory of the HITS detector, batch and stream, on one core: python tests/benchmarks/bench_hits.py

Speed is against real time, by processor time. Memory is what a process needs beyond what it has before: of one hour and of
four, read piece by piece.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import subprocess
import sys
import time

import numpy as np

from core.events import HitStream
from core.events.hits import Tally, find_hits
from core.signals import simulate

FS = 4385.0
MINUTES = 10


def looped(iq, hours):
    """A recording of so many hours that is the same ten minutes again and again, read in pieces."""
    n = round(hours * 3600 * FS)
    return n, lambda start, stop: iq[:, np.arange(start, min(stop, n)) % iq.shape[1]]


def status(name):
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def memory(hours):
    iq, _ = simulate.tcd(1, 60.0 * MINUTES, gates=2, emboli_per_minute=1, artefacts_per_minute=1)
    iq = iq.astype(np.complex64)
    list(find_hits(lambda a, b: iq[:, a:b], iq.shape[1], FS, tally=Tally()))  # libraries are there now
    with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    before = status("VmRSS")
    n, read = looped(iq, hours)
    hits = sum(1 for _ in find_hits(read, n, FS, tally=Tally()))
    print(f"{hours} h of two gates: {hits} candidates, {status('VmHWM') - before:.0f} MB more")


def speed():
    for gates in (1, 2):
        iq = np.atleast_2d(simulate.tcd(1, 60.0 * MINUTES, gates=gates, emboli_per_minute=1, artefacts_per_minute=1)[0])
        iq = iq.astype(np.complex64)
        n = iq.shape[1]
        list(find_hits(lambda a, b, iq=iq: iq[:, a:b], n // 5, FS, tally=Tally()))
        began = time.process_time()
        list(find_hits(lambda a, b, iq=iq: iq[:, a:b], n, FS, tally=Tally()))
        batch = time.process_time() - began
        stream, began = HitStream(FS), time.process_time()
        for start in range(0, n, 439):  # a tenth of a second at a time
            stream.feed(iq[:, start : start + 439])
        stream.end()
        took = time.process_time() - began
        print(
            f"{gates} gate(s): batch {60 * MINUTES / batch:.0f} times real time, stream {60 * MINUTES / took:.0f} times"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        memory(float(sys.argv[1]))
    else:
        speed()
        for hours in ("1", "4"):
            subprocess.run([sys.executable, __file__, hours], check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
