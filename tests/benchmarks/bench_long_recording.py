"""A day of 32 channels, 1.4 GB: opening, pages at every length, the pyramid in the background, memory; and the peer.

    HITSCOPE_BENCH=/tmp/hitscope-bench python tests/benchmarks/bench_long_recording.py [--hours 24] [--no-peer]

The recording is generated first (`make_long_edf`). Each line of JSON is one result of a fresh process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import peer_mne
from make_long_edf import long_edf
from peer_mne import memory_mb, timed_ms

PIXELS, PAGES_S, PLACES = 1900, (1, 10, 60, 300, 470, 600, 3600, 8 * 3600, 24 * 3600), 40


def forget(path):
    """Take a file out of the cache of the system, so that it comes from the disk again; return whether that is possible."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def opening(path, cold):
    """From nothing to the first page of 10 s with its scales and its overview, ms."""
    cold = cold and forget(path)

    def load():
        from core.signals import envelope_of, open_pyramid, open_recording, spread_of

        return envelope_of, open_pyramid, open_recording, spread_of

    (envelope_of, open_pyramid, open_recording, spread_of), import_ms = timed_ms(load)
    recording, open_ms = timed_ms(lambda: open_recording(path))
    channels = range(len(recording.channels))
    with tempfile.TemporaryDirectory() as folder:
        _, page_ms = timed_ms(lambda: open_pyramid(recording, folder).query_page(channels, 0, 10, PIXELS))
    _, spread_ms = timed_ms(lambda: [spread_of(recording, channel) for channel in channels])
    _, overview_ms = timed_ms(lambda: envelope_of(recording, 0))
    marks, marks_ms = timed_ms(lambda: len(recording.annotations))
    found = {"import_ms": import_ms, "open_ms": open_ms, "page_ms": page_ms, "spreads_ms": spread_ms}
    found |= {"overview_ms": overview_ms, "marks_ms": marks_ms}
    return {name: round(ms, 1) for name, ms in found.items()} | {"marks": marks, "cold": cold}


def pages(path, folder):
    """Pages while the pyramid is built and after it, ms; and what it took."""
    import numpy as np

    from core.signals import build_pyramid, content_hash, open_pyramid, open_recording

    recording = open_recording(path)
    pyramid = open_pyramid(recording, folder)
    channels, rng = range(len(recording.channels)), np.random.default_rng(0)

    def page(length_s):
        start_s = rng.uniform(0, max(0.0, recording.duration - length_s))
        return timed_ms(lambda: pyramid.query_page(channels, start_s, start_s + length_s, PIXELS))[1]

    built = []
    builder = threading.Thread(target=lambda: built.append(timed_ms(lambda: build_pyramid(recording, folder))[1]))
    builder.start()
    meanwhile = []
    while builder.is_alive():
        meanwhile.append(page(10))
    builder.join()
    result = {"built_s": round(built[0] / 1e3, 2), "pages_10s_meanwhile": _median_and_p95(meanwhile)}
    for length_s in PAGES_S:
        if length_s <= recording.duration:
            result[f"page_ms_{length_s}s"] = _median_and_p95([page(length_s) for _ in range(PLACES)])
    result["reopened_ms"] = round(timed_ms(lambda: build_pyramid(recording, folder))[1], 1)
    result["hashed_s"] = round(timed_ms(lambda: content_hash(path))[1] / 1e3, 2)
    result["pyramid_mb"] = round(sum(file.stat().st_size for file in Path(folder).rglob("*.npy")) / 1e6)
    return result | {"peak_mb": memory_mb()}


def _median_and_p95(times):
    import numpy as np

    return {
        "median": round(float(np.median(times)), 2),
        "p95": round(float(np.percentile(times, 95)), 2),
        "n": len(times),
    }


def child(path, part):
    """Measure one part, in this process."""
    if part == "pages":
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
            result = pages(path, folder)
    else:
        result = opening(path, cold=part == "cold opening")
    print(json.dumps({"bench": part, "file": Path(path).name, **result}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("FILE", "PART"))
    chosen, _ = parser.parse_known_args()
    if chosen.child:
        return child(*chosen.child)
    plain, plus = (long_edf(chosen.hours, plus=plus) for plus in (False, True))
    for path, part in [(plain, "cold opening"), (plain, "opening"), (plus, "opening"), (plain, "pages")]:
        subprocess.run([sys.executable, __file__, "--child", str(path), part], check=True)
    if not chosen.no_peer:
        print(json.dumps(peer_mne.measure(plain)), flush=True)
    return None


if __name__ == "__main__":
    main()
