"""How quickly the Annotate room answers with 15,000 and with 100,000 events on a map: the whole window, not the map alone.

    python tests/benchmarks/bench_annotate.py [--events 15000 100000] [--times 10] [--only PART] [--profile PART]

The window is real, painted offscreen; the study is made anew in a temporary folder, its points are simulated, and every edit
is committed there (`synchronous=FULL`). Each line says what was done, ms from the key or the mouse to when the map (or the
table) has been painted with what it left, and the longest time that the event loop stood still from then until nothing was
left to do: medians and 95th percentiles, with the bars. `work` is the most that the GUI thread computed in one go; what a block
is longer than that, it waited for the interpreter or for a processor. Exits with 1 where a median misses its bar.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from bench_annotations import painting_of
from bench_window import live

CLASSES = ("N", "V", "S", "F", "artefact", "noise")
WHO = ("Ana", "Bo", "Cy")
SOME = 100  # events that are labelled at once
SLIDER_MS, ANSWER_MS, BLOCK_MS = 200, 50, 50  # what is wanted
SLIDER_POINTS = 15_000  # up to which a preview must follow the slider


def make_study(folder, n):
    """Make a study of `n` simulated events in three recordings, a tenth labelled, with a map and a model's predictions."""
    from make_long_edf import long_edf

    import resources
    from core.jobs import JobSpec, NullReporter, write_json
    from core.projection import run_projection
    from core.signals import add_to_study, open_from_study
    from core.study import BY_HAND, NewEvent, Study, define_classes, label_events, new_events

    rng = np.random.default_rng(0)
    with Study.create(folder, name="simulated points", annotator=WHO[0]) as study:
        paths = (long_edf(1, channels=8), resources.path("demo/208"), resources.path("demo/tcd_simulated.wav"))
        recordings = [add_to_study(study, path, subject=f"S{row}") for row, path in enumerate(paths)]
        study.apply(define_classes(study, [(key, key) for key in CLASSES]))
        opened = [open_from_study(study, one) for one in recordings]
        events = []
        for of in np.sort(rng.choice(3, n, p=[0.8, 0.15, 0.05])).tolist():
            at = float(rng.uniform(0.5, opened[of].duration - 1))
            kind, maker = ("mark", BY_HAND) if rng.random() < 0.2 else ("candidate", "simulated points")
            channel = opened[of].channels[0].name
            events.append(NewEvent(recordings[of], channel, at, 0.1, kind, maker, {"simulated": True}))
        added = new_events(study, events, f"add {n:,} simulated points")
        study.apply(added)
        ids, group = np.array(added.event_ids), rng.integers(0, 12, n)
        known = rng.permutation(n)[: n // 10]
        for who, rows in zip(WHO, np.array_split(known, len(WHO)), strict=True):
            labels = [CLASSES[place % len(CLASSES)] for place in group[rows].tolist()]
            study.apply(label_events(study, ids[rows].tolist(), labels, annotator=who))
        _finish(study, "features", "simulated points", {}, lambda run: _features(run, ids, group, rng))
        params = {"features": study.runs("features")[0].id, "methods": ["pca"]}
        _finish(
            study, "projection", "PCA of simulated points", params,
            lambda run: run_projection(JobSpec("projection", params, out=str(run.folder), study=str(study.folder)), NullReporter()),
        )  # fmt: skip

        def predict(run):
            np.savez(run.folder / "predictions.npz", ids=ids, probabilities=np.eye(len(CLASSES))[group % len(CLASSES)])
            write_json(run.folder / "model.json", {"classes": list(CLASSES)})

        _finish(study, "training", "simulated predictions", {}, predict)


def _features(run, ids, group, rng):
    """Twelve clusters in a plane with a little noise across it, so that a map by PCA shows them."""
    from core.features import FeatureSpace

    plane = rng.normal(size=(12, 2))[group] * 8 + rng.normal(size=(len(ids), 2))
    across = 0.2 * rng.normal(size=(len(ids), 2))
    FeatureSpace(ids, np.hstack([plane, across]).astype(np.float32), {"simulated": True}).save(run.folder)


def _finish(study, kind, name, params, make):
    """Make a run as its job would leave it."""
    from core.jobs import write_json

    run = study.new_run(kind, name, params)
    write_json(run.folder / "result.json", make(run) or {})
    study.sync_runs()


class Pulse:
    """The longest time that the event loop stood still, and the most that its thread worked in one go."""

    def __init__(self):
        from PySide6.QtCore import Qt, QTimer

        self.start()
        self._timer = QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def beat(self):
        now, worked = time.perf_counter(), time.thread_time()
        self.longest, self._last = max(self.longest, 1e3 * (now - self._last)), now
        self.work, self._worked = max(self.work, 1e3 * (worked - self._worked)), worked

    def start(self):
        self.longest, self._last = 0.0, time.perf_counter()
        self.work, self._worked = 0.0, time.thread_time()


class Bench:
    """The window with the study, and what is done in it."""

    def __init__(self, folder):
        from PySide6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
        from desktop.app import create_app
        from desktop.main_window import MainWindow
        from desktop.services import theme
        from desktop.services.session import Session

        self.app = create_app()
        theme.use("light")
        self.session = Session()
        self.session.settings.setValue("annotator", WHO[0])
        self.session.failed.connect(lambda error: print("FAILED", error, file=sys.stderr))
        self.window = MainWindow(self.session)
        self.window.resize(1440, 900)
        self.window.show()
        self.window.open_study(str(folder / "study"))
        self.settle()
        self.window.enter("annotate")
        self.settle()
        self.room = self.window.rooms["annotate"]
        self.canvas, self.table = self.room.canvas, self.room.table
        self.ids = self.room.maps.ids
        self.painted = painting_of(
            self.canvas, self.table.viewport(), self.window.rooms["annotate"].classes.list.viewport()
        )
        self.canvas.changed.connect(lambda: self.painted.seen.discard(self.canvas))
        self.table.model().modelReset.connect(lambda: self.painted.seen.discard(self.table.viewport()))
        self.pulse = Pulse()
        self.settle()

    def settle(self):
        """Wait until nothing is read, computed, written or about to be."""
        resting = self.room.bar.resting if hasattr(self, "room") else None
        live(20)
        while self.session.tasks.busy or self.session.saving or (resting is not None and resting.isActive()):
            live(5)
        live(40)

    def answer(self, act, done, on=None, limit_s=120.0):
        """Do something; return ms until it is done and the map (or `on`) painted, and the longest block until all rests."""
        from PySide6.QtCore import QEventLoop

        on = on or self.canvas
        self.painted.seen.clear()
        self.pulse.start()
        started = time.perf_counter()
        act()
        while not (done() and on in self.painted.seen):
            self.pulse.beat()
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
            time.sleep(0.0002)  # the threads that read and write are not kept waiting for the interpreter
            if time.perf_counter() - started > limit_s:
                raise RuntimeError("it did not happen")
        took = 1e3 * (time.perf_counter() - started)
        self.pulse.beat()
        self.settle()
        return took, self.pulse.longest, self.pulse.work

    # What is done

    def key(self, key, modifier=None):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.window.activateWindow()
        self.room.setFocus()
        QTest.keyClick(self.room, key, modifier or Qt.KeyboardModifier.NoModifier)

    def select(self, ids):
        self.session.selection.set(ids)
        self.settle()

    def slide(self, slider, n):
        def shown():
            proposal = self.room.proposal
            return proposal is not None and proposal.source.params == self.room.bar.values

        steps = range(slider.minimum(), slider.maximum() + 1)
        value = steps[(len(steps) // 4 + 3 * n) % len(steps)]
        if value == slider.value():
            value += 1 if value < slider.maximum() else -1
        return self.answer(lambda: slider.setValue(value), shown)

    def slide_k(self, n):
        return self.slide(self.room.bar.k, n)

    def slide_tau(self, n):
        return self.slide(self.room.bar.tau, n)

    def accept(self, n):
        """Accept labels of nearly all events; afterwards it is undone."""
        self.room.bar.use(10, 0.0)
        self.settle()
        self.room.proposing.preview()
        self.settle()
        n_given = len(self.room.proposal.keys)
        source = lambda: self.session.events.label_source  # noqa: E731
        took = self.answer(self.room.proposing.accept, lambda: (source() == "propagated").sum() == n_given)
        self.undone = self.undo(lambda: not (source() == "propagated").any())
        self.room.proposing.discard()
        self.settle()
        return took

    def undo_accept(self, n):
        self.accept(n)
        return self.undone

    def lasso(self, n):
        """Let go of a lasso round a third of the map."""
        from PySide6.QtCore import QEvent, QPointF

        self.select(())
        self.canvas.set_tool("lasso")
        middle, side = np.array([self.canvas.width(), self.canvas.height()]) / 2, self.canvas.height() / 3 + n
        turn = np.linspace(0, 2 * np.pi, 200)
        path = middle + side * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        self.send(QEvent.Type.MouseButtonPress, QPointF(*path[0]))
        for at in path:
            self.send(QEvent.Type.MouseMove, QPointF(*at))
        live(20)
        return self.answer(
            lambda: self.send(QEvent.Type.MouseButtonRelease, QPointF(*path[-1])),
            lambda: len(self.canvas.picture.selected) == len(self.session.selection.ids) > 0,
        )

    def send(self, kind, at):
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QMouseEvent

        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        drawing = self.canvas.tool != "pan"
        button = left if kind != QEvent.Type.MouseMove else none
        held = left if drawing and kind != QEvent.Type.MouseButtonRelease else none
        where = self.canvas.mapToGlobal(at)
        self.app.sendEvent(self.canvas, QMouseEvent(kind, at, where, button, held, Qt.KeyboardModifier.NoModifier))

    def hover(self, n):
        from PySide6.QtCore import QEvent

        self.canvas.set_tool("pan")
        before = self.canvas.hover_row
        row = next(r for r in range(37 * n, len(self.ids)) if r != before and self.inside(r))
        at = self.canvas.frame.to_pixels(self.canvas.cloud.places[row])
        from PySide6.QtCore import QPointF

        return self.answer(
            lambda: self.send(QEvent.Type.MouseMove, QPointF(*at)), lambda: self.canvas.hover_row not in (None, before)
        )

    def inside(self, row):
        x, y = self.canvas.frame.to_pixels(self.canvas.cloud.places[row])
        return 0 < x < self.canvas.width() and 0 < y < self.canvas.height()

    def select_all(self, n):
        from PySide6.QtCore import Qt

        self.select(())
        return self.answer(
            lambda: self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier),
            lambda: len(self.canvas.picture.selected) == len(self.ids),
        )

    def step(self, n):
        from PySide6.QtCore import Qt

        if n == 0:
            self.select(self.ids[len(self.ids) // 2 :][:1].tolist())
        before = tuple(self.session.selection.ids)
        return self.answer(lambda: self.key(Qt.Key.Key_N), lambda: tuple(self.session.selection.ids) != before)

    def label(self, n, ids):
        from PySide6.QtCore import Qt

        self.select(ids)
        key, keys = CLASSES[n % 2], (Qt.Key.Key_1, Qt.Key.Key_2)
        rows = self.session.events.row_of(ids)
        return self.answer(lambda: self.key(keys[n % 2]), lambda: (self.session.events.label[rows] == key).all())

    def label_some(self, n):
        return self.label(n, np.random.default_rng(n // 2).choice(self.ids, SOME, replace=False).tolist())

    def label_all(self, n):
        """Label all events; afterwards it is undone."""
        before = self.session.events.label.copy()
        took = self.label(n, self.ids.tolist())
        self.undone = self.undo(lambda: (self.session.events.label == before).all())
        return took

    def undo_label_all(self, n):
        self.label_all(n)
        return self.undone

    def undo(self, done):
        from PySide6.QtCore import Qt

        return self.answer(lambda: self.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier), done)

    def recolour(self, by, n):
        box = self.room.strip.colour
        other = "kind" if by != "kind" else "label"
        for name in (other, by):
            box.setCurrentIndex(box.findData(name))
            if name == other:
                box.activated.emit(box.currentIndex())
                self.settle()
        return self.answer(lambda: box.activated.emit(box.currentIndex()), lambda: True)

    def open_table(self, n):
        self.room.below.setCurrentWidget(self.room.bar)
        self.settle()
        return self.answer(lambda: self.room.below.setCurrentWidget(self.table), lambda: True, self.table.viewport())

    def in_table(self, what, n):
        """Do something while the table of the events is open."""
        self.room.below.setCurrentWidget(self.table)
        self.settle()
        try:
            return what(n)
        finally:
            self.room.below.setCurrentWidget(self.room.bar)

    def sort(self, column, n):
        from PySide6.QtCore import Qt

        self.room.below.setCurrentWidget(self.table)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.settle()
        order = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)[n % 2]
        return self.answer(lambda: self.table.sortByColumn(column, order), lambda: True, self.table.viewport())

    def parts(self):
        """Return what is measured: name → what to do, and the ms that are wanted; None where only a block is."""
        from desktop.models.annotate_model import COLUMNS
        from desktop.views.annotate.colouring import COLOURS

        slider = SLIDER_MS if len(self.ids) <= SLIDER_POINTS else None
        titles = [column.title for column in COLUMNS]
        return {
            "slider k to preview": (self.slide_k, slider),
            "slider τ to preview": (self.slide_tau, slider),
            "put away": (lambda _n: self.discard(), None),
            "lasso to selection": (self.lasso, ANSWER_MS),
            "lasso, table open": (lambda n: self.in_table(self.lasso, n), ANSWER_MS),
            **{f"recolour: {by}": (lambda n, by=by: self.recolour(by, n), ANSWER_MS) for by in COLOURS},
            "pointer over an event": (self.hover, ANSWER_MS),
            "next event (N)": (self.step, ANSWER_MS),
            "select all (Ctrl+A)": (self.select_all, ANSWER_MS),
            "Events tab": (self.open_table, ANSWER_MS),
            **{
                f"sort by {title}": (lambda n, c=c: self.sort(c, n), ANSWER_MS)
                for c, title in enumerate(titles)
                if title in ("Recording", "Time", "Label", "By", "Predicted")
            },
            f"label {SOME} events": (self.label_some, None),
            f"label {SOME}, table open": (lambda n: self.in_table(self.label_some, n), None),
            "accept": (self.accept, None),
            "undo of accept": (self.undo_accept, None),
            "label all": (self.label_all, None),
            "undo of label all": (self.undo_label_all, None),
        }

    def discard(self):
        self.room.proposing.preview()
        self.settle()
        return self.answer(self.room.proposing.discard, lambda: self.room.proposal is None)


FEWER = {
    "accept": 3,
    "undo of accept": 4,
    "label all": 3,
    "undo of label all": 4,
}  # divides the repetitions of what takes seconds


def measure(bench, times, only, profile):
    """Print a line for each part; return those that miss a bar."""
    import cProfile
    import pstats

    missed, n = [], len(bench.ids)
    heads = f"{'bar':>10} {'median':>8} {'95 %':>8}   block {'median':>8} {'95 %':>8} {'work':>8}  holds"
    print(f"{f'{n:,} simulated points, ms':<32} {heads}")
    for name, (act, bar) in bench.parts().items():
        if not name.startswith(only) or not name.startswith(profile):
            continue
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        found = np.array([act(k) for k in range(max(2, times // FEWER.get(name, 1)))])
        profiler.disable()
        median, block, work = np.median(found, axis=0)
        late, blocked, _ = np.percentile(found, 95, axis=0)
        holds = block <= BLOCK_MS and (bar is None or median <= bar)
        missed += [f"{name} at {n:,}"] * (not holds)
        wanted = f"{bar or '–'}/{BLOCK_MS}"
        print(
            f"  {name:<30} {wanted:>10} {median:8.1f} {late:8.1f}         {block:8.1f} {blocked:8.1f} {work:8.1f}  "
            f"{'yes' if holds else 'MISSED'}",
            flush=True,
        )
        if profile:
            pstats.Stats(profiler).sort_stats("cumtime").print_stats(45)
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[15_000, 100_000])
    parser.add_argument("--times", type=int, default=12, help="repetitions of each figure")
    parser.add_argument("--only", default="", help="only what begins so")
    parser.add_argument("--profile", default="", help="what to profile, as its line calls it")
    parser.add_argument("--keep", type=Path, help="a folder for the studies, which are made there once")
    parser.add_argument("--picture", type=Path, help="where to leave a picture of the window")
    arguments, _ = parser.parse_known_args()
    missed = []
    with tempfile.TemporaryDirectory(prefix="hitscope-bench-") as temporary:
        for n in arguments.events:
            folder = (arguments.keep or Path(temporary)) / str(n)
            if not folder.exists():
                started = time.perf_counter()
                make_study(folder / "study", n)
                print(f"study of {n:,} simulated points made in {time.perf_counter() - started:.1f} s", flush=True)
            bench = Bench(folder)
            missed += measure(bench, arguments.times, arguments.only, arguments.profile)
            if arguments.picture:
                bench.window.grab().save(str(arguments.picture))
            bench.window.close()
            bench.window.deleteLater()
            live(20)
    print("missed: " + ", ".join(missed) if missed else "every bar holds")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
