"""Local quality against its bars: 3,000, 15,000 and 70,000 points, duplicates, memory. Exits 1 where one is missed.

    python tests/benchmarks/bench_local_quality.py [--repeat 3]

The bars are of two processors. Times are the least of some runs, since other programs may be at work; libraries are loaded before.
"""

import argparse
import resource
import sys
import time

import numpy as np

from core.projection import local_quality

REFERENCE_S = 54.0  # ranks and local quality of 3,000 points in the published code
BARS = {3_000: REFERENCE_S / 300, 15_000: 2.0, 70_000: 20.0}
MOST_MB = 1_000


def all_pairs(high, low, ks=10, kt=10):
    """Return local quality by the formula, from the ranks of all pairs."""
    n = len(high)
    ranks = []
    for x in (high, low):
        order = np.argsort(((x[:, None] - x) ** 2).sum(axis=-1), axis=1, kind="stable")
        rank = np.empty((n, n), np.int32)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(n, dtype=np.int32), (n, n)), axis=1)
        ranks.append(rank)
    w = ((ranks[0] <= ks) | (ranks[1] <= ks)) & (np.abs(ranks[0] - ranks[1]) <= kt)
    return (w.sum(axis=0) + w.sum(axis=1)) / (2 * ks * n)


def cases(n, rng):
    """Yield names and points: all different, half of them twice, and (where it is not slow anyway) few different ones."""
    high = rng.standard_normal((n, 32))
    low = high[:, :2] + 0.1 * rng.standard_normal((n, 2))
    yield "all different", high, low
    twice = np.arange(n) // 2
    yield "each twice", high[twice], low[twice]
    few = rng.integers(0, 100, n)
    yield "100 different", high[few], low[few]
    yield "all equal", high[:1].repeat(n, axis=0), low[:1].repeat(n, axis=0)
    yield "offset 1e8", high + 1e8, low + 1e8


def memory_mb():
    """Return the most memory that this process ever held, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main():
    """Measure, print and judge."""
    options = argparse.ArgumentParser()
    options.add_argument("--repeat", type=int, default=3)
    repeat = options.parse_args().repeat
    rng = np.random.default_rng(0)
    missed = []
    local_quality(*next(cases(500, rng))[1:])
    for n, bar in BARS.items():
        for name, high, low in cases(n, rng):
            seconds = busy = np.inf
            for _ in range(repeat if n < 50_000 else 1):
                started, worked = time.perf_counter(), time.process_time()
                local_quality(high, low)
                seconds = min(seconds, time.perf_counter() - started)
                busy = min(busy, time.process_time() - worked)
            verdict = "" if seconds <= bar else f"  MISSED, bar {bar:g} s"
            missed += [f"{n} {name}"] if verdict else []
            print(
                f"N = {n:>6}, {name:<14} {seconds:7.3f} s ({busy:7.3f} s of processors), {memory_mb():4.0f} MB{verdict}",
                flush=True,
            )
    if memory_mb() > MOST_MB:
        missed.append(f"{memory_mb():.0f} MB")
    small = next(cases(1_500, rng))
    print(
        f"largest difference from all pairs, N = 1500: {np.abs(local_quality(*small[1:]) - all_pairs(*small[1:])).max():.1e}"
    )
    print("missed: " + ", ".join(missed) if missed else "every bar holds")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
