"""Writes the long recording of the benchmarks: simulated EEG as EDF or EDF+, 24 h of 32 channels at 256 Hz, 1.4 GB.

    python tests/benchmarks/make_long_edf.py [--hours 24] [--channels 32] [--fs 256] [--plus]

The noise has a 1/f spectrum, is shared by neighbouring channels, and carries an alpha rhythm that comes and goes, blinks
in front, and mains hum: what decides how fast min/max, painting and compression of real EEG are. It goes block by block
into the folder HITSCOPE_BENCH, else ``hitscope-bench`` in the temporary folder, and is used again while it lies there.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

BLOCK_S = 60  # records of a second written at a time
MICROVOLT_PER_DIGIT = 0.1
MARK_EVERY_S = 600  # of EDF+
MARK_BYTES = 64
BLINK_S = 0.4


def folder() -> Path:
    """Return where the recordings of the benchmarks are kept."""
    return Path(os.environ.get("HITSCOPE_BENCH") or Path(tempfile.gettempdir()) / "hitscope-bench")


def long_edf(hours: float = 24, channels: int = 32, fs: int = 256, *, plus: bool = False) -> Path:
    """Return the recording, written first if it is not there."""
    path = folder() / f"eeg-{hours:g}h-{channels}x{fs}{'-plus' if plus else ''}.edf"
    records = int(hours * 3600)
    header = _header(records, channels, fs, plus)
    if not path.is_file() or path.stat().st_size != len(header) + records * (
        2 * channels * fs + (MARK_BYTES if plus else 0)
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            file.write(header)
            noise = Noise(channels, fs)
            for start in range(0, records, BLOCK_S):
                seconds = min(BLOCK_S, records - start)
                file.write(_records(noise.next(seconds), start, seconds, plus))
        part.replace(path)
    return path


class Noise:
    """Simulated EEG, block after block without a seam."""

    def __init__(self, channels: int, fs: int) -> None:
        from scipy.signal import zpk2sos

        self._rng = np.random.default_rng(0)
        self._channels, self._fs, self._second = channels, fs, 0
        # Poles and zeros that take turns on a logarithmic axis fall by 10 dB a decade: 1/f.
        pole, zero = (np.exp(-2 * np.pi * np.array(f) / fs) for f in ([0.1, 1.0, 10.0], [0.3, 3.0, 30.0]))
        alpha = 0.985 * np.exp(2j * np.pi * 10 / fs)
        self._filters = [zpk2sos(zero, pole, 1.5), zpk2sos([1.0], [alpha, alpha.conj()], 0.06)]
        self._states = [np.zeros((len(sos), channels, 2)) for sos in self._filters]
        apart = np.abs(np.arange(channels)[:, None] - np.arange(channels))
        self._mixing = np.linalg.cholesky(0.8**apart)

    def next(self, seconds: int) -> np.ndarray:
        """Return the next samples, (channels, n) int16 digits."""
        from scipy.signal import sosfilt

        n, fs = seconds * self._fs, self._fs
        t = self._second + np.arange(n) / fs
        microvolt = np.zeros((self._channels, n))
        for number, sos in enumerate(self._filters):
            white = self._mixing @ self._rng.standard_normal((self._channels, n))
            shaped, self._states[number] = sosfilt(sos, white, zi=self._states[number])
            waxing = 1.0 if number == 0 else 0.5 + 0.5 * np.sin(2 * np.pi * t / 37)
            microvolt += 10 * waxing * shaped
        microvolt += np.sin(2 * np.pi * 50 * t)
        for at in self._rng.integers(0, n, seconds // 6):
            shape = 80 * np.hanning(int(BLINK_S * fs))[: n - at]
            microvolt[:2, at : at + len(shape)] += shape
        self._second += seconds
        return np.clip(np.rint(microvolt / MICROVOLT_PER_DIGIT), -32768, 32767).astype("<i2")


def _records(samples: np.ndarray, start: int, seconds: int, plus: bool) -> bytes:
    """Return data records of a second each; those of EDF+ say when they start, and some hold a mark."""
    rows = samples.reshape(len(samples), seconds, -1).swapaxes(0, 1).reshape(seconds, -1).view(np.uint8)
    if not plus:
        return rows.tobytes()
    marks = [_mark(second) for second in range(start, start + seconds)]
    return np.column_stack([rows, np.frombuffer(b"".join(marks), np.uint8).reshape(seconds, -1)]).tobytes()


def _mark(second: int) -> bytes:
    """Return the annotation signal of a record: when it starts, and now and then an event."""
    event = "" if second % MARK_EVERY_S else f"+{second}.5\x1520\x14event {second // MARK_EVERY_S}\x14\0"
    return f"+{second}\x14\x14\0{event}".encode().ljust(MARK_BYTES, b"\0")


def _header(records: int, channels: int, fs: int, plus: bool) -> bytes:
    n, low = channels + plus, -32768
    columns = [
        (16, [*(f"EEG {number + 1}" for number in range(channels)), "EDF Annotations"]),
        (80, [""] * n),
        (8, [*["uV"] * channels, ""]),
        (8, [*[f"{low * MICROVOLT_PER_DIGIT:.1f}"] * channels, "-1"]),
        (8, [*[f"{-(low + 1) * MICROVOLT_PER_DIGIT:.1f}"] * channels, "1"]),
        (8, [low] * n),
        (8, [-(low + 1)] * n),
        (80, [""] * n),
        (8, [*[fs] * channels, MARK_BYTES // 2]),
        (32, [""] * n),
    ]
    fields = [(8, "0"), (80, "X X X X"), (80, "Startdate 02-JAN-2026 X X simulated"), (8, "02.01.26"), (8, "20.00.00")]
    fields += [(8, 256 * (n + 1)), (44, "EDF+C" if plus else ""), (8, records), (8, 1), (4, n)]
    fields += [(width, value) for width, values in columns for value in values[:n]]
    return b"".join(str(value).encode().ljust(width) for width, value in fields)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--fs", type=int, default=256)
    parser.add_argument("--plus", action="store_true", help="EDF+ with an annotation signal")
    chosen = parser.parse_args()
    print(long_edf(chosen.hours, chosen.channels, chosen.fs, plus=chosen.plus))


if __name__ == "__main__":
    main()
