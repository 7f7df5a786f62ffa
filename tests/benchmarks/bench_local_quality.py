"""Local quality from neighbour lists against all pairs, in one run."""

import time

import numpy as np

from core.projection import local_quality


def all_pairs(high, low, ks=10, kt=10):
    n = len(high)
    ranks = []
    for x in (high, low):
        order = np.argsort(((x[:, None] - x) ** 2).sum(axis=-1), axis=1, kind="stable")
        rank = np.empty((n, n), np.int32)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(n, dtype=np.int32), (n, n)), axis=1)
        ranks.append(rank)
    w = ((ranks[0] <= ks) | (ranks[1] <= ks)) & (np.abs(ranks[0] - ranks[1]) <= kt)
    return (w.sum(axis=0) + w.sum(axis=1)) / (2 * ks * n)


def main():
    rng = np.random.default_rng(0)
    high = rng.standard_normal((3000, 32))
    low = high[:, :2] + 0.1 * rng.standard_normal((3000, 2))
    local_quality(high, low)
    started = time.perf_counter()
    lists = local_quality(high, low)
    middle = time.perf_counter()
    pairs = all_pairs(high, low)
    ended = time.perf_counter()
    ratio = (ended - middle) / (middle - started)
    print(f"N = 3000: lists {middle - started:.3f} s, all pairs {ended - middle:.2f} s, ratio {ratio:.0f}")
    print(f"largest difference {np.abs(lists - pairs).max():.1e}")
    for n in (15_000,):
        high = rng.standard_normal((n, 32))
        started = time.perf_counter()
        local_quality(high, high[:, :2])
        print(f"N = {n}: lists {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
