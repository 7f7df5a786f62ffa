"""A day of 32 channels, 1.4 GB: opening, pages at every length, the pyramid in the background, memory; and the peer.

Pages and pyramids also of what is derived: an average reference, filters, and both.

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
import time
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
        from core.signals import envelope_of, open_pyramid, open_recording, typical_of

        return envelope_of, open_pyramid, open_recording, typical_of

    (envelope_of, open_pyramid, open_recording, typical_of), import_ms = timed_ms(load)
    recording, open_ms = timed_ms(lambda: open_recording(path))
    channels = range(len(recording.channels))
    with tempfile.TemporaryDirectory() as folder:
        _, page_ms = timed_ms(lambda: open_pyramid(recording, folder).query_page(channels, 0, 10, PIXELS))
    _, typical_ms = timed_ms(lambda: typical_of(recording, channels))
    _, overview_ms = timed_ms(lambda: envelope_of(recording, 0))
    marks, marks_ms = timed_ms(lambda: len(recording.annotations))
    found = {"import_ms": import_ms, "open_ms": open_ms, "page_ms": page_ms, "typical_ms": typical_ms}
    found |= {"overview_ms": overview_ms, "marks_ms": marks_ms}
    return {name: round(ms, 1) for name, ms in found.items()} | {"marks": marks, "cold": cold}


def derived(recording, what):
    """Return a recording as it is, or with the montage and the filters that `what` names."""
    from core.signals import Band, Derivation, Filters, Montage, apply_filters, apply_montage

    names = [channel.name for channel in recording.channels]
    average = [Derivation(f"{a}-avg", tuple((b, (a == b) - 1 / len(names)) for b in names)) for a in names]
    if "montage" in what:
        recording = apply_montage(recording, Montage("average", tuple(average)))
    if "filters" in what:
        recording = apply_filters(recording, Filters({"eeg": Band(0.5, 40.0, 50.0)}))
    return recording


def pages(path, folder, what):
    """Pages while the pyramid is built and after it, ms; and what it took."""
    import numpy as np

    from core.signals import build_pyramid, content_hash, open_pyramid, open_recording

    recording = derived(open_recording(path), what)
    pyramid = open_pyramid(recording, folder)
    channels, rng = range(len(recording.channels)), np.random.default_rng(0)

    def page(length_s, clock=time.perf_counter):
        start_s = rng.uniform(0, max(0.0, recording.duration - length_s))
        started = clock()
        pyramid.query_page(channels, start_s, start_s + length_s, PIXELS)
        return 1e3 * (clock() - started)

    built, cpu = [], []

    def build():
        started = time.thread_time()
        built.append(timed_ms(lambda: build_pyramid(recording, folder))[1])
        cpu.append(time.thread_time() - started)

    builder = threading.Thread(target=build)
    builder.start()
    meanwhile = []
    while builder.is_alive():
        meanwhile.append(page(10))
    builder.join()
    result = {
        "built_s": round(built[0] / 1e3, 2),
        "built_cpu_s": round(cpu[0], 2),
        "pages_10s_meanwhile": _median_and_p95(meanwhile),
    }
    for length_s in PAGES_S:
        if length_s <= recording.duration:
            result[f"page_ms_{length_s}s"] = _median_and_p95([page(length_s) for _ in range(PLACES)])
            cpu_ms = np.median([page(length_s, time.process_time) for _ in range(PLACES)])
            result[f"page_ms_{length_s}s"]["cpu"] = round(float(cpu_ms), 2)
    result["longest_wait_ms"] = longest_wait_ms(recording, Path(folder) / "alone")
    result["pyramid_mb"] = round(sum(file.stat().st_size for file in Path(folder, "alone").rglob("*.npy")) / 1e6)
    result["reopened_ms"] = round(timed_ms(lambda: build_pyramid(recording, folder))[1], 1)
    if what == "pages":
        result["hashed_s"] = round(timed_ms(lambda: content_hash(path))[1] / 1e3, 2)
    return result | {"peak_mb": memory_mb()}


def longest_wait_ms(recording, folder):
    """How long a thread that wakes every 5 ms, as the window's does, waits at most while a pyramid is built, ms."""
    from core.signals import build_pyramid

    builder = threading.Thread(target=lambda: build_pyramid(recording, folder))
    builder.start()
    longest, last = 0.0, time.perf_counter()
    while builder.is_alive():
        time.sleep(0.005)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return round(1e3 * longest, 1)


def _median_and_p95(times):
    import numpy as np

    return {
        "median": round(float(np.median(times)), 2),
        "p95": round(float(np.percentile(times, 95)), 2),
        "n": len(times),
    }


def child(path, part):
    """Measure one part, in this process."""
    if "pages" in part:
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
            result = pages(path, folder, part)
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
    parts = [(plain, "cold opening"), (plain, "opening"), (plus, "opening"), (plain, "pages")]
    parts += [(plain, f"pages of {what}") for what in ("montage", "filters", "montage and filters")]
    for path, part in parts:
        subprocess.run([sys.executable, __file__, "--child", str(path), part], check=True)
    if not chosen.no_peer:
        print(json.dumps(peer_mne.measure(plain)), flush=True)
    return None


if __name__ == "__main__":
    main()
