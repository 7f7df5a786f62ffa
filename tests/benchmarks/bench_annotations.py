"""10,000 annotations on an hour of 8 channels: how soon table and page are there, and from a key or the mouse to repaint.

    python tests/benchmarks/bench_annotations.py [--events 10000] [--profile PART]

The window is real, painted offscreen, in a process of its own; the study is on the disk and every edit is committed there
(`synchronous=FULL`). Each line of JSON is one result: what was done, ms from the key to when table and traces have been
painted with what it left (median, 95th percentile, longest, n). `target_ms` is what is wanted.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_window import live
from peer_mne import as_installed

TIMES = 15
OPENED = 5  # fresh processes
OPEN_MS, EDIT_MS = 500, 50  # what is wanted


def painting_of(*widgets):
    """Return what knows which widgets have been painted since its `seen` was cleared."""
    from PySide6.QtCore import QEvent, QObject

    class Painted(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                self.seen.add(watched)
            return False

    painted = Painted()
    painted.seen = set()
    for widget in widgets:
        widget.installEventFilter(painted)
    return painted


def make_study(folder, n):
    """Make a study of the recording with `n` events: found beats of two channels, marks of two annotators, some labelled."""
    import numpy as np
    from make_long_edf import long_edf

    from core.signals import add_to_study, open_from_study
    from core.study import BY_HAND, NewEvent, Study, define_classes, label_events, new_events

    rng = np.random.default_rng(0)
    with Study.create(folder, annotator="Ana") as study:
        recording = add_to_study(study, long_edf(1, channels=8))
        channels = [c.name for c in open_from_study(study, recording).channels]
        study.apply(define_classes(study, [(key, key) for key in ("N", "V", "S", "artefact")]))
        events = []
        for start in np.sort(rng.uniform(0, 3590, n)):
            drawn = rng.random() < 0.4
            said = {"by": ("Ana", "Bo")[rng.integers(2)]} if drawn else {"hbr_db": round(float(rng.uniform(3, 20)), 2)}
            if rng.random() < 0.1:
                said["comment"] = f"look again {rng.integers(100)}"
            kind, maker = ("mark", BY_HAND) if drawn else ("hits", "hits")
            length = float(rng.choice([0.05, 0.2, 0.5, 2.0]))
            events.append(NewEvent(recording, channels[rng.integers(8)], float(start), length, kind, maker, said))
        added = new_events(study, events)
        study.apply(added)
        ids = rng.permutation(added.event_ids)[: n * 2 // 3]
        study.apply(label_events(study, ids.tolist(), rng.choice(["N", "V", "S", "artefact"], len(ids)).tolist()))


class Bench:
    """The window with the study, and what is measured in it."""

    def __init__(self, folder):
        from PySide6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(Path(folder) / "settings"))
        from desktop.app import create_app
        from desktop.main_window import MainWindow
        from desktop.services import theme
        from desktop.services.session import Session

        self.folder = folder
        self.app = create_app()
        theme.use("light")
        self.session = Session()
        self.session.failed.connect(lambda error: print("FAILED", error, file=sys.stderr))
        self.window = MainWindow(self.session)
        self.window.resize(1600, 1000)
        self.window.show()
        live(1000)  # on the start page, where the rooms are imported in the background

    def settle(self):
        live(20)
        while self.session.tasks.busy or self.session.saving:
            live(5)
        live(60)

    def until(self, done, limit_s=20.0):
        """Let events be processed until something is so; return ms."""
        from PySide6.QtCore import QEventLoop

        started = time.perf_counter()
        while not done():
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
            time.sleep(0.0002)  # the threads that read and write are not kept waiting for the interpreter
            if time.perf_counter() - started > limit_s:
                raise RuntimeError("it did not happen")
        return 1e3 * (time.perf_counter() - started)

    @property
    def room(self):
        return self.window.rooms["review"]

    def open(self, n):
        """From opening the study to table filled and page painted, ms; the first time with making the room."""
        room = self.window.rooms.get("review")
        before = None if room is None else (room.opened, room.traces.drawn_page)
        self.session.open_study(self.folder / "study")

        def there():
            room = self.window.rooms.get("review")
            if room is None or room.model.rowCount() != n or room.traces.drawn_page is None or room.traces.dimmed:
                return False
            if before is not None and (room.opened is before[0] or room.traces.drawn_page is before[1]):
                return False
            if self.painted is None:
                self.painted = painting_of(room.table.viewport(), room.traces)
                room.table.viewport().update()
                room.traces.update()
            return len(self.painted.seen) == 2

        self.painted, worked = None, time.thread_time()
        return self.until(there), 1e3 * (time.thread_time() - worked)

    def listen(self):
        """Know what has been painted since the window heard of a change last."""
        room, session = self.room, self.session
        self.painted = painting_of(room.table.viewport(), room.traces)
        for signal in (
            session.events_changed, session.labels_changed, session.selection.changed, room.layers.changed,
            room.model.modelReset,
        ):  # fmt: skip
            signal.connect(lambda *_: self.painted.seen.clear())

    def answer(self, act, done, n_painted=2):
        """From an act to when table and traces have been painted with what it left, ms, of which the GUI thread worked."""
        self.painted.seen.clear()
        started, worked = time.perf_counter(), time.thread_time()
        act()
        self.until(lambda: done() and len(self.painted.seen) >= n_painted)
        return 1e3 * (time.perf_counter() - started), 1e3 * (time.thread_time() - worked)

    # What is measured

    def key(self, key, modifier=None):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.keyClick(self.room, key, modifier or Qt.KeyboardModifier.NoModifier)

    def mark_ids(self):
        events = self.session.events
        return events.id[(events.maker == "annotator") & (events.start_s > 60)].tolist()

    def relabel(self, n, ids):
        from PySide6.QtCore import Qt

        self.session.selection.set(ids)
        self.settle()
        keys = {Qt.Key.Key_1: "N", Qt.Key.Key_2: "V"}
        key = list(keys)[n % 2]
        rows = self.session.events.row_of(ids)
        return self.answer(lambda: self.key(key), lambda: (self.session.events.label[rows] == keys[key]).all())

    def relabel_one(self, n):
        return self.relabel(n, self.mark_ids()[100 + n // 2 : 101 + n // 2])

    def relabel_thousand(self, n):
        return self.relabel(n, self.session.events.id[:1000].tolist())

    def move_by_key(self, n):
        from PySide6.QtCore import Qt

        event = self.mark_ids()[200 + n]
        self.session.selection.set([event])
        self.settle()
        row = self.session.events.row_of([event])[0]
        before = self.session.events.start_s[row]
        shift = Qt.KeyboardModifier.ShiftModifier
        return self.answer(
            lambda: self.key(Qt.Key.Key_Right, shift), lambda: self.session.events.start_s[row] != before
        )

    def move_by_mouse(self, n):
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtTest import QTest

        room = self.room
        events = self.session.events
        event = [i for i in self.mark_ids() if events.duration_s[events.row_of([i])[0]] == 2.0][50 + n]
        self.session.selection.set([event])
        self.settle()
        row = self.session.events.row_of([event])[0]
        before, length = self.session.events.start_s[row], self.session.events.duration_s[row]
        room.go_to(before - 4)
        self.settle()
        frame = room.traces.frame
        at = QPointF(frame.x(before + length / 2), frame.rect.center().y()).toPoint()
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(room.traces, left, none, at)
        for x in range(5, 41, 5):
            _move(room.traces, at.x() + x, at.y())
        live(30)
        at.setX(at.x() + 40)
        return self.answer(
            lambda: QTest.mouseRelease(room.traces, left, none, at),
            lambda: self.session.events.start_s[row] != before,
        )

    def next_event(self, n):
        from PySide6.QtCore import Qt

        if n == 0:
            self.session.selection.set([int(self.room.model.ids[500])])
            self.settle()
        before = self.session.selection.ids
        return self.answer(lambda: self.key(Qt.Key.Key_N), lambda: self.session.selection.ids != before)

    def type_filter(self, n):
        from PySide6.QtTest import QTest

        text = "label:V agai"[n % 12]
        if n % 12 == 0:
            self.room.filter.clear()
            self.settle()
        wanted = self.room.filter.text() + text
        return self.answer(
            lambda: QTest.keyClicks(self.room.filter, text), lambda: self.room.filter.text() == wanted, n_painted=1
        )

    def select_all(self, n):
        self.room.filter.clear()
        self.session.selection.set(())
        self.settle()
        total = self.room.model.rowCount()
        return self.answer(self.room.table.selectAll, lambda: len(self.session.selection.ids) == total)

    def hide_layer(self, n):
        layers = self.room.layers
        self.session.selection.set(())
        self.settle()
        on = "hits" in layers.hidden
        return self.answer(lambda: layers.show("hits", on), lambda: ("hits" not in layers.hidden) == on)

    def undo(self, n):
        """The undo of the relabelling of a thousand."""
        from PySide6.QtCore import Qt

        ids = self.session.events.id[:1000].tolist()
        self.session.label(ids, "V")
        self.settle()
        self.session.label(ids, "S")
        self.settle()
        before = self.session.events
        control = Qt.KeyboardModifier.ControlModifier
        return self.answer(lambda: self.key(Qt.Key.Key_Z, control), lambda: self.session.events is not before)


PARTS = {
    "relabel one by key": "relabel_one",
    "move by key": "move_by_key",
    "move by mouse": "move_by_mouse",
    "next event (N)": "next_event",
    "hide or show a layer": "hide_layer",
    "a letter in the filter": "type_filter",
    "select all": "select_all",
    "relabel 1,000 by key": "relabel_thousand",
    "undo of relabelling 1,000": "undo",
}


def _move(canvas, x, y):
    """Move the mouse with its left button down; QTest's own moves say that no button is."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    at, left = QPointF(x, y), Qt.MouseButton.LeftButton
    move = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), left, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, move)


def said(what, measured, target):
    import numpy as np

    times, worked = zip(*measured, strict=True)
    found = {"median": np.median(times), "p95": np.percentile(times, 95), "longest": max(times)}
    found["median_gui_thread"] = np.median(worked)
    shown = {name: round(float(ms), 1) for name, ms in found.items()}
    print(json.dumps({"bench": "annotations", "what": what, **shown, "n": len(times), "target_ms": target}), flush=True)


def child(folder, n, profile):
    import cProfile
    import pstats

    bench = Bench(Path(folder))
    profiler = cProfile.Profile()

    def measured(what, function, target):
        if profile not in ("", what):
            return
        if profile:
            profiler.enable()
        said(what, function(), target)
        profiler.disable()
        if profile:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(40)

    bench.open(n)
    bench.settle()

    def again():
        bench.settle()
        return bench.open(n)

    measured("open again", lambda: [again() for _ in range(5)], OPEN_MS)
    bench.settle()
    bench.window.activateWindow()
    bench.room.setFocus()
    bench.listen()
    live(50)
    bench.room.go_to(600)
    bench.settle()
    for what, name in PARTS.items():
        measured(what, lambda name=name: [getattr(bench, name)(k) for k in range(TIMES)], EDIT_MS)
    bench.window.grab().save(str(Path(folder) / "window.png"))
    bench.window.close()
    bench.window.deleteLater()
    live(20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--profile", default="", help="what to profile, as its line calls it")
    parser.add_argument("--child", metavar="FOLDER")
    parser.add_argument("--opened", metavar="FOLDER", help="measure how soon it is open, in this process")
    chosen, _ = parser.parse_known_args()
    if chosen.child:
        child(chosen.child, chosen.events, chosen.profile)
        return
    if chosen.opened:
        print(json.dumps(Bench(Path(chosen.opened)).open(chosen.events)))
        return
    with tempfile.TemporaryDirectory(prefix="hitscope-bench-") as folder:
        make_study(Path(folder) / "study", chosen.events)
        common = ["--events", str(chosen.events), "--profile", chosen.profile]
        if not chosen.profile:
            opened = [json.loads(run("--opened", folder, *common).splitlines()[-1]) for _ in range(OPENED)]
            said("open, with making the room", opened, OPEN_MS)
        print(run("--child", folder, *common), end="")


def run(*arguments):
    """Return what a fresh process prints."""
    env = {**as_installed(), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, __file__, *arguments], check=True, env=env, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    main()
