"""Recordings made in memory for the tests of event makers."""

from pathlib import Path

import numpy as np

from core.signals import Channel, Recording


class Arrays:
    """Samples in memory; counts how many were read at most at once."""

    def __init__(self, *signals):
        self.signals, self.most = [np.asarray(s, float) for s in signals], 0

    def read(self, channel, start, stop):
        self.most = max(self.most, stop - start)
        return self.signals[channel][start:stop].copy()


def recording_of(*signals, fs=250.0, unit="mV", kind="ecg", annotations=(), format="made"):
    source = Arrays(*signals)
    channels = tuple(Channel(f"c{n}", fs, unit, len(s), kind) for n, s in enumerate(source.signals))
    return Recording(Path("made"), format, channels, source, annotations=annotations)


def ecg(seconds, fs=250.0, every_s=0.8, seed=0):
    """Return a simulated ECG in mV, QRS complexes and T waves with a little noise, and the times of its beats."""
    rng = np.random.default_rng(seed)
    beats = np.cumsum(rng.uniform(0.9, 1.1, int(seconds / every_s * 1.2)) * every_s)
    beats = beats[beats < seconds - 0.6]
    t = np.arange(int(seconds * fs)) / fs
    x = 0.01 * rng.standard_normal(len(t))
    for at in beats:
        near = slice(max(0, int((at - 0.3) * fs)), int((at + 0.6) * fs))
        x[near] += np.exp(-0.5 * ((t[near] - at) / 0.015) ** 2)
        x[near] += 0.2 * np.exp(-0.5 * ((t[near] - at - 0.28) / 0.04) ** 2)
    return x, beats
