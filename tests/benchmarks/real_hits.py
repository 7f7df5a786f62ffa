"""The ten events that a DWL MultiDop took for HITS, as the detector sees them: a table for docs/results/real_tcd.md.

HITSCOPE_DATA=/path/to/data python tests/benchmarks/real_hits.py
"""

import os
from pathlib import Path

import numpy as np

from core.events import detect_hits

WINDOW_S = 0.346  # that the device marks


def table(path):
    data = np.load(path, allow_pickle=False)
    fs = float(data["prf"])
    rows, outside, inside, alarms, seconds = [], 0, 0, 0, 0.0
    for n in range(len(data["iq"])):
        length = int(data["n_samples"][n])
        gates = [
            data["iq"][n, g, 0, :length] + 1j * data["iq"][n, g, 1, :length]
            for g in range(2)
            if data["channel_ok"][n, g]
        ]
        hits = detect_hits(np.array(gates).astype(complex), fs, emission_hz=float(data["transmit_hz"]))
        start = float(data["hit_window_start"][n, 0]) / fs
        within = [h for h in hits if h.start_s < start + WINDOW_S and start < h.start_s + h.duration_s]
        inside, outside = inside + len(within), outside + len(hits) - len(within)
        alarms += sum(h.kind == "embolus" for h in hits)
        seconds += length / fs
        rows += [row(n + 1, start, h) for h in within or [None]]
    return rows, inside, outside, alarms, seconds


def row(number, start, h):
    if h is None:
        return f"| {number} | {start:.3f} | nothing found | | | | | | | |"
    cycle = "–" if h.time_in_cycle_s is None else f"{1000 * h.time_in_cycle_s:.0f}"
    return (
        f"| {number} | {start:.3f} | {h.start_s:.3f} | {1000 * h.duration_s:.0f} | {h.hbr_db:.1f} | {h.direction:+.2f} | "
        f"{h.peak_hz:+.0f} | {h.bandwidth_hz:.0f} | {cycle} | {h.kind}: {h.reason} |"
    )


if __name__ == "__main__":
    rows, inside, outside, alarms, seconds = table(Path(os.environ["HITSCOPE_DATA"]) / "doppler" / "dwl_tcd_hits.npz")
    print(
        "| event | window from (s) | at (s) | lasts (ms) | HBR (dB) | direction | peak (Hz) | width (Hz) | in cycle (ms) | judged |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    print(
        f"\n{inside} candidates in the ten windows, {outside} in the {seconds:.1f} s around them, {alarms} called emboli."
    )
