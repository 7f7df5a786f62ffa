"""Heart-beat detectors on the MIT-BIH records: sensitivity and PPV within 150 ms of the cardiologists' beats.

HITSCOPE_DATA=/path/to/data python tests/benchmarks/bench_beats.py
"""

import os
import time
import warnings
from pathlib import Path

import numpy as np

from core.events import BEAT_SYMBOLS
from core.signals import open_recording

warnings.filterwarnings("ignore")


# sleepecg is no dependency of Hitscope: `pip install sleepecg` to compare.
def sleepecg(x, fs):
    import sleepecg

    return sleepecg.detect_heartbeats(x, fs)


def xqrs(x, fs):
    from wfdb.processing import xqrs_detect

    return xqrs_detect(x, fs=int(fs), verbose=False)


def gqrs(x, fs):
    from wfdb.processing import gqrs_detect

    return gqrs_detect(x, fs=fs)


def score(found, truth, tolerance):
    """Match one to one in order of time; return hits, misses and false alarms."""
    hits = i = j = 0
    while i < len(found) and j < len(truth):
        difference = found[i] - truth[j]
        if abs(difference) <= tolerance:
            hits, i, j = hits + 1, i + 1, j + 1
        elif difference < 0:
            i += 1
        else:
            j += 1
    return hits, len(truth) - hits, len(found) - hits


def main():
    folder = Path(os.environ["HITSCOPE_DATA"]) / "mitbih"
    totals = {}
    print(
        "| record | " + " | ".join(f"{d.__name__} Se / PPV %" for d in (sleepecg, xqrs, gqrs)) + " |\n|---|---|---|---|"
    )
    for path in sorted(folder.glob("*.hea")):
        recording = open_recording(path)
        fs = recording.fs[0]
        x = recording.read(0, 0, recording.channels[0].n_samples)
        truth = np.array([a.onset_s * fs for a in recording.annotations if a.text in BEAT_SYMBOLS])
        row = []
        for detector in (sleepecg, xqrs, gqrs):
            started = time.perf_counter()
            result = np.array(score(np.sort(detector(x, fs)), truth, 0.15 * fs))
            seconds = time.perf_counter() - started
            totals[detector.__name__] = totals.get(detector.__name__, 0) + np.append(result, seconds)
            hit, miss, false = result
            row.append(f"{100 * hit / (hit + miss):.2f} / {100 * hit / (hit + false):.2f}")
        print(f"| {path.stem} | " + " | ".join(row) + " |", flush=True)
    row = [f"{100 * h / (h + m):.2f} / {100 * h / (h + f):.2f} ({s:.1f} s)" for h, m, f, s in totals.values()]
    print("| all | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
