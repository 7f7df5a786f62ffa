"""Pyramid against decimating the whole array per view, on generated noise: ratios in one run."""

import tempfile
import time
from pathlib import Path

import numpy as np

from core.signals import Channel, Recording, build_pyramid


class Array:
    def __init__(self, x):
        self.x = x

    def read(self, channel, start, stop):
        return self.x[start:stop]


def median_ms(action, n=15):
    times = []
    for _ in range(n):
        started = time.perf_counter()
        action()
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times))


def main():
    n, fs = 20_000_000, 1000.0
    x = np.random.default_rng(0).standard_normal(n)
    recording = Recording(Path("generated"), "memory", (Channel("x", fs, "V", n),), Array(x))
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        pyramid = build_pyramid(recording, folder)
        print(f"built {n / 1e6:.0f} M samples in {time.perf_counter() - started:.2f} s")
        for seconds in (10, 600, n / fs):
            query = median_ms(lambda s=seconds: pyramid.query(0, 0, s, 1000))
            samples = int(seconds * fs) // 1000 * 1000
            whole = median_ms(
                lambda m=samples: (x[:m].reshape(1000, -1).min(axis=1), x[:m].reshape(1000, -1).max(axis=1))
            )
            print(
                f"{seconds:>8.0f} s: query {query:.2f} ms, whole-array min/max {whole:.2f} ms, ratio {whole / query:.1f}"
            )


if __name__ == "__main__":
    main()
