"""Review with a day of 32 channels, 1.4 GB, in the real window: first page, frames at every length, memory; and the peer.

    HITSCOPE_BENCH=/tmp/hitscope-bench python tests/benchmarks/bench_review.py [--hours 24] [--frames 30] [--no-peer]

The recording is generated first (`make_long_edf`). A frame goes from asking for a page to its picture with axes in a pixmap,
traces of 1,900 × 1,000 px: read, drawn and painted one after the other ("frame"), and through the window as a user gets it,
by a thread and the event loop ("shown"). Each line of JSON is one result; the last gives the ratios to mne-qt-browser,
measured in the same run. First pages are medians of `FIRST` fresh processes of each, in turn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peer_mne
from bench_window import Heart, live
from make_long_edf import long_edf
from peer_mne import as_installed, memory_mb, timed_ms

WIDTH, HEIGHT = 1900, 1000
PAGES_S = (1, 2, 5, 10, 60, 300, 600, 3600, 8 * 3600, 24 * 3600)
PEER_S = (10, 600)
FIRST = 5


def tell(bench, **found):
    print(json.dumps({"bench": bench, **found}), flush=True)


def figures(times):
    import numpy as np

    return {
        "median": round(float(np.median(times)), 1),
        "p95": round(float(np.percentile(times, 95)), 1),
        "n": len(times),
    }


class Bench:
    """A window with Review on an empty study, of a size that gives the traces theirs."""

    def __init__(self, folder):
        from PySide6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
        from core.study import Study
        from desktop.app import create_app
        from desktop.main_window import MainWindow
        from desktop.services.session import Session

        self.app = create_app()
        self.session = Session()
        self.session.failed.connect(lambda error: sys.exit(f"failed: {error}"))
        self.window = MainWindow(self.session)
        self.window.resize(2500, 1860)  # the traces are some 1,900 × 1,000 px
        self.window.show()
        self.session.use(Study.create(folder / "study"))
        self.window.enter("review")
        self.room = self.window.rooms["review"]
        live(200)

    def fit(self):
        """Give the traces 1,900 × 1,000 px."""
        for _ in range(3):
            traces, window = self.room.traces, self.window
            window.resize(window.width() + WIDTH - traces.width(), window.height() + HEIGHT - traces.height())
            live(100)

    def until(self, true, patience_s=300):
        end = time.perf_counter() + patience_s
        while not true():
            if time.perf_counter() > end:
                raise TimeoutError
            live(1)

    def painted(self):
        """Whether the page that was asked for last is there."""
        drawn, room = self.room.traces.drawn_page, self.room
        return drawn is not None and (drawn.page.start_s, drawn.page.length_s) == (room.start_s, room.length_s)

    def shown_ms(self, ask):
        """Return the time from asking for a page until it has come through the window and is in a pixmap, ms."""

        def wait():
            ask()
            self.until(self.painted)
            self.room.traces.grab()

        return timed_ms(wait)[1]

    def frame_ms(self, start_s, length_s):
        """Return the time to read, draw and paint a page without the window's threads, ms."""
        from desktop.views.review.pictures.rows import lay_rows
        from desktop.views.review.pictures.traces import draw_page, read_page, trace_colours

        room, traces = self.room, self.room.traces
        look, opened, rect = room.appearance.look, room.opened, traces.frame.rect
        size = round(rect.width()), round(rect.height())
        colours = trace_colours()

        def frame():
            rows = lay_rows(opened.recording.channels, opened.typical, look, size[1], room.px_per_mm)
            page = read_page(opened.pyramid, look.channels, start_s, length_s, size[0])
            traces.show_time(start_s, length_s)
            traces.show_page(draw_page(page, rows, *size, 1.0, colours), room.channel_name, None)
            traces.grab()

        return timed_ms(frame)[1]


def first_pages(bench, path):
    """Open a file that the study does not know, then one that it knows; wait for the pyramid meanwhile."""
    room, session = bench.room, bench.session
    first = bench.shown_ms(lambda: room.library.add([str(path)]))
    started = time.perf_counter()
    live(300)
    heart, meanwhile = Heart(), []
    duration = room.recording.duration
    while not room.opened.pyramid.complete:
        start_s = 7919.0 * len(meanwhile) % duration
        meanwhile.append(bench.shown_ms(lambda start_s=start_s: room.go_to(start_s)))
        live(20)
    built_s = time.perf_counter() - started
    silences = heart.stop()
    live(1000)
    tell(
        "first page", first_page_ms=round(first), built_s=round(built_s, 1), shown_ms_meanwhile=figures(meanwhile),
        longest_silence_ms=round(max(silences)), rss_mb=memory_mb("VmRSS"), peak_mb=memory_mb(),
    )  # fmt: skip
    bench.until(lambda: not session.tasks.busy and not session.background.busy)
    room.traces.clear()
    session._open.clear()  # as in a window that was just opened
    entry = session.recordings[0]
    again = bench.shown_ms(lambda: room._open(entry))
    tell("page of a recording that the study knows", first_page_ms=round(again))
    return first, again


def lengths(bench, frames):
    """Frames at every page length, at places all over the recording; return their medians, ms."""
    import numpy as np

    room, rng, medians = bench.room, np.random.default_rng(0), {}
    for length_s in (s for s in PAGES_S if s <= room.recording.duration):
        room.set_length(length_s)
        bench.until(bench.painted)
        bench.until(lambda: not bench.session.tasks.busy)
        starts = rng.uniform(0, room.recording.duration - length_s, frames).tolist()
        alone = [bench.frame_ms(start, length_s) for start in starts]
        heart, shown = Heart(), []
        for n, start in enumerate(starts):
            another = length_s * (1 - 1e-4 * n) if length_s == room.recording.duration else 0.0  # nowhere to go: zoom
            step = (lambda size=another: room.set_length(size)) if another else (lambda to=start: room.go_to(to))
            shown.append(bench.shown_ms(step))
            live(5)
        silences = heart.stop()
        medians[length_s] = float(np.median(alone))
        tell(
            f"page of {length_s} s", frame_ms=figures(alone), shown_ms=figures(shown), silence_ms=figures(silences),
            longest_silence_ms=round(max(silences)), peak_mb=memory_mb(),
        )  # fmt: skip
    return medians


def child(path, frames):
    with tempfile.TemporaryDirectory(dir=Path(path).parent, prefix="review-") as folder:
        bench = Bench(Path(folder))
        load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
        tell("window", rss_mb=memory_mb("VmRSS"), load=load, cores=os.cpu_count())
        first, known = first_pages(bench, path)
        bench.fit()
        tell("traces", size_px=[bench.room.traces.width(), bench.room.traces.height()])
        medians = lengths(bench, frames) if frames else {}
        tell(
            "hitscope",
            first_page_ms=round(first),
            known_first_page_ms=round(known),
            medians_ms=medians,
            peak_mb=memory_mb(),
        )
        bench.window.close()
        bench.window.deleteLater()
        live(50)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--child", metavar="FILE")
    chosen, _ = parser.parse_known_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if chosen.child:
        return child(chosen.child, chosen.frames)
    path = long_edf(chosen.hours)
    own, peer = measure(path, chosen.frames), None if chosen.no_peer else peer_mne.measure(path, PEER_S)
    if peer is None:
        return None
    print(json.dumps(peer), flush=True)
    ratios = first_page_ratios(path)
    for length_s in PEER_S:
        frame = peer[f"frame_ms_{length_s}s"]["median"]
        ratios[f"frame_{length_s}s"] = round(frame / own["medians_ms"][str(length_s)], 1)
    tell("times as fast as mne-qt-browser", **ratios)
    return None


def measure(path, frames):
    """Return what a fresh process measures; without frames first pages only."""
    command = [sys.executable, __file__, "--child", str(path), "--frames", str(frames)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=as_installed()).stdout
    if frames:
        print(said, end="", flush=True)
    return json.loads(said.splitlines()[-1])


def first_page_ratios(path):
    """Return how much sooner first pages are painted than the peer's: medians of fresh processes in turn."""
    own, peer = [], []
    for _ in range(FIRST):
        own.append(measure(path, 0))
        peer.append(peer_mne.measure(path, ())["first_page_ms"])
    names = ("first_page", "known_first_page")
    times = {name: [found[f"{name}_ms"] for found in own] for name in names}
    tell("first pages", **{f"{name}_ms": sorted(times[name]) for name in names}, peer_ms=sorted(peer))
    return {name: round(statistics.median(peer) / statistics.median(times[name]), 1) for name in names}


if __name__ == "__main__":
    main()
