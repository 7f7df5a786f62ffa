"""Where I/Q and velocity envelope of DWL examinations agree in time: `.venv/bin/python docs/examples/dwl_clock.py NLA168.TX4 …`.

For each stretch of I/Q: the lag within a second either way at which its log power (or mean absolute frequency) in windows of
10 ms follows the envelope best, and the same search at every place of the examination where the stretch does not belong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.signals import Recording, open_recording

Floats = npt.NDArray[np.float64]
REACH, APART, EVERY = (
    100,
    300,
    25,
)  # samples of the envelope: the widest lag, how far wrong places are, and their distance
LEAST = 100  # samples of a stretch


def features(recording: Recording, gate: int, fs: float) -> dict[str, Floats]:
    """Return log power and mean absolute frequency of the I/Q of a gate, as many in a second as the envelope has."""
    channel = recording.channels[2 * gate]
    iq = recording.read_iq(gate, 0, channel.n_samples)
    size = round(channel.fs / fs)
    windows = iq[: len(iq) // size * size].reshape(-1, size)
    frequency = np.angle((windows[:, 1:] * windows[:, :-1].conj()).sum(axis=1))
    return {"power": np.log10((np.abs(windows) ** 2).mean(axis=1) + 1), "frequency": np.abs(frequency)}


def best(piece: Floats, envelope: Floats, at: int) -> tuple[float, int]:
    """Return the highest correlation of a piece with the envelope about a place, and its lag, samples."""
    first = max(at - REACH, 0)
    others = np.lib.stride_tricks.sliding_window_view(envelope[first : at + len(piece) + REACH], len(piece))
    spread = others.std(axis=1) * piece.std()
    r = np.where(spread > 0, (others @ (piece - piece.mean())) / len(piece) / np.maximum(spread, 1e-12), -1)
    return float(r.max()), first + int(r.argmax()) - at


def report(path: Path) -> list[float]:
    """Print what is found in one examination, and return the lags of gates with their own envelope by power, s."""
    recording = open_recording(path)
    velocity = [n for n, c in enumerate(recording.channels) if c.name.startswith("velocity")]
    lags = []
    for gate in range(len([c for c in recording.channels if c.kind == "doppler_i"])):
        fs = recording.channels[velocity[gate]].fs
        envelope = recording.read(velocity[gate], 0, recording.channels[velocity[gate]].n_samples)
        for name, values in features(recording, gate, fs).items():
            edges = np.flatnonzero(np.diff(np.r_[0, np.isfinite(values), 0])).reshape(-1, 2)
            for start, stop in edges[np.diff(edges)[:, 0] >= LEAST].tolist():
                piece = values[start:stop]
                r, lag = best(piece, envelope, start)
                places = range(REACH, len(envelope) - len(piece) - REACH, EVERY)
                wrong = [best(piece, envelope, at)[0] for at in places if abs(at - start) > APART]
                print(
                    f"{path.name} gate {gate + 1} {name:9} {start / fs:6.2f}-{stop / fs:5.2f} s: lag {lag / fs:+.2f} s, "
                    f"r {r:.2f}; {len(wrong)} wrong places: median {np.median(wrong):.2f}, "
                    f"95 % {np.quantile(wrong, 0.95):.2f}, most {max(wrong):.2f}"
                )
                lags += [lag / fs] * (name == "power")
    for hit in recording.annotations:
        if "logged_s" in hit.attributes:
            late = hit.attributes["logged_s"] - hit.onset_s
            print(
                f"{path.name} HIT at {hit.onset_s:.2f} s, logged {late:+.3f} s later, {late - hit.duration_s:+.3f} s after its end"
            )
    return lags


def main() -> None:
    """Report every examination that is named, and how far the lags of all agree."""
    lags = [lag for name in sys.argv[1:] for lag in report(Path(name))]
    if lags:
        print(
            f"{len(lags)} stretches: median lag {np.median(lags):+.3f} s, from {min(lags):+.2f} to {max(lags):+.2f} s"
        )


if __name__ == "__main__":
    main()
