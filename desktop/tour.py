"""The tour: drives the real window through the whole path on the demo and leaves a report with a picture of every room.

It presses the buttons a person would press and waits for what a person would wait for. The pictures of the documentation
are made by it.
"""

from __future__ import annotations

import html
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from core.cli import DEMO, create_demo_study
from core.study import RunEntry
from desktop.main_window import MainWindow
from desktop.services import theme
from desktop.services.session import Session
from desktop.tour_annotate import label_on_a_map
from desktop.tour_review import look_at_recordings
from desktop.tour_train import train_models


class Tour:
    """One walk through the window."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        self.app, self.folder = app, folder
        (folder / "images").mkdir(parents=True, exist_ok=True)
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
        self.session = Session()
        self.errors: list[str] = []
        self.session.failed.connect(lambda error: self.errors.append(str(error)))
        theme.use("light")
        self.window = MainWindow(self.session)
        self.window.resize(1560, 940)
        self.window.show()
        self._asked: QWidget | None = None
        self._watch = QTimer(interval=10_000)
        self._watch.timeout.connect(self._refuse_questions)
        self._watch.start()
        self.pictures: list[tuple[str, str]] = []
        self.figures: dict[str, str] = {}

    def run(self) -> None:
        """Walk."""
        for step in (
            self.start,
            self.make_study,
            self.review,
            self.annotate,
            self.train,
            self.compress,
            self.export,
            self.help,
        ):
            started = time.perf_counter()
            step()
            print(f"{step.__name__:<12} {time.perf_counter() - started:6.1f} s", flush=True)

    # Steps

    def start(self) -> None:
        """Look at what the window shows before there is a study."""
        self.picture("start", "Start: the demo, a new study, or one that was open before")

    def make_study(self) -> None:
        """Make the demo study and open it."""
        self.session.use(create_demo_study(self.folder / "study"))
        self.settle()

    def review(self) -> None:
        """Look at an ECG, an EEG and Doppler, real and simulated."""
        look_at_recordings(self)

    def annotate(self) -> None:
        """Learn features, make maps, propagate, accept."""
        label_on_a_map(self)

    def train(self) -> None:
        """Train both models by their recipes, look at what came of them, compare them."""
        train_models(self)

    def compress(self) -> None:
        """Compress the 2D CNN by two schemes."""
        self.window.enter("compress")
        room: Any = self.window.rooms["compress"]
        parent = next(run for run in self.study.runs("training") if run.name.startswith("cnn2d"))
        room.parent_run.setCurrentIndex(room.parent_run.findData(parent.id))
        for scheme in ("ttq", "pttq"):
            room.scheme.setCurrentIndex(room.scheme.findData(scheme))
            room._scheme_chosen()
            room.epochs.setValue(DEMO[scheme]["epochs"])
            done = self.job(room.start_button.click)
            self.figures[f"test MCC of {scheme}"] = self.mcc(done)
            self.figures[f"zeros, energy saved by {scheme}"] = (
                f"{done.summary['sparsity']:.1%}, {done.summary['account']['energy_saved']:.1%}"
            )
        self.picture("compress", "Compress: energy saved against MCC, full precision as a band")

    def export(self) -> None:
        """Write the bundle and watch its checks."""
        self.window.rooms["compress"].export.click()
        room: Any = self.window.rooms["export"]
        room.path.setText(str(self.folder / "bundle.zip"))
        done = self.job(room.start_button.click)
        checks = done.summary["checks"]
        self.figures["checks of the bundle"] = f"{sum(c['passed'] for c in checks)} of {len(checks)} passed"
        self.figures["bundle SHA-256"] = done.summary["sha256"]
        self.picture("export", "Export: the checks that really ran")
        if not done.summary["ok"]:
            self.errors.append("The bundle did not verify.")

    def help(self) -> None:
        """Show palette, keys, the history of edits and the dark theme."""
        self.window.enter("review")
        self.settle()
        for name, opener, text in (
            ("palette", self.window.open_palette, "The command palette (Ctrl+Shift+P)"),
            ("keys", self.window.show_keys, "The keys of this room, and what the mouse does in it (F1)"),
        ):
            opener()
            dialog = self.app.activeModalWidget() or self.window.findChildren(QWidget, "")[-1]
            self.picture(name, text, dialog)
            dialog.close()
        self.window.history_dock.show()
        self.picture("history", "The history of edits (F6): what, by whom, when and why")
        self.window.history_dock.hide()
        self.window.set_theme("dark")
        self.picture("dark", "The dark theme, for dim rooms")
        self.window.set_theme("light")

    # Waiting and recording

    @property
    def study(self) -> Any:
        """The open study."""
        assert self.session.study is not None
        return self.session.study

    def _refuse_questions(self) -> None:
        """Refuse what the window asks and nobody answers: it would wait for ever."""
        asked, self._asked = self._asked, self.app.activeModalWidget()
        if isinstance(self._asked, QDialog) and self._asked is asked:
            text = getattr(self._asked, "text", self._asked.windowTitle)()
            self.errors.append(f"The window asked what the tour does not answer: {text}")
            self._asked.reject()

    def wait(self, done: Callable[[], bool], seconds: float = 300.0) -> None:
        """Let the window live until a condition holds."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("the tour waited too long for the window")
            self.pause(50)

    def pause(self, milliseconds: int) -> None:
        """Let the window live for a moment."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def settle(self) -> None:
        """Wait until nothing is being read, computed or saved."""
        self.pause(60)
        self.wait(lambda: not self.session.tasks.busy and not self.session.saving)
        self.pause(120)

    def job(self, start: Callable[[], object]) -> RunEntry:
        """Start a job as a person would and wait for its end; return its run."""
        before = len(self.session.jobs.jobs)
        start()
        self.wait(lambda: len(self.session.jobs.jobs) > before, 20)
        job = self.session.jobs.jobs[-1]
        self.wait(lambda: not job.running)
        self.settle()
        if job.status != "done":
            raise RuntimeError(f"{job.run.kind} of the tour {job.status}: {job.error or job.log}")
        entry: RunEntry = self.study.run(job.run.id)
        return entry

    def picture(self, name: str, text: str, widget: QWidget | None = None) -> None:
        """Take a picture of the window."""
        self.settle()
        path = self.folder / "images" / f"{name}.png"
        (widget or self.window).grab().save(str(path))
        self.pictures.append((f"images/{name}.png", text))

    @staticmethod
    def mcc(run: RunEntry) -> str:
        """Return a run's test MCC with interval and n."""
        test = run.summary["metrics"]["test"]
        low, high = test["mcc_interval"]
        return f"{test['mcc']:.3f} [{low:.3f}, {high:.3f}], n = {test['n']}"

    def report(self, seconds: float) -> Path:
        """Write ``index.html`` and ``figures.json``."""
        self.figures["seconds"] = f"{seconds:.0f}"
        (self.folder / "figures.json").write_text(
            json.dumps(self.figures, indent=2, ensure_ascii=False), encoding="utf-8"
        )
        rows = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in self.figures.items())
        shown = "".join(
            f'<figure><img src="{src}" alt="{html.escape(text)}"><figcaption>{html.escape(text)}</figcaption></figure>'
            for src, text in self.pictures
        )
        errors = "".join(f"<p class=bad>{html.escape(error)}</p>" for error in self.errors)
        page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hitscope demo report</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2em auto;padding:0 1em;color:#1b1f24}}
img{{width:100%;border:1px solid #c9ced6;border-radius:6px}}figure{{margin:2em 0}}figcaption{{color:#565e69}}
th{{text-align:left;padding-right:2em;font-weight:600}}td{{font-variant-numeric:tabular-nums}}.bad{{color:#b3261e}}</style>
<h1>Hitscope demo</h1><p>From real recordings to a verified bundle of a compressed model, driven through the window itself.
MIT-BIH 208, EEGMMI S001R04 and the ten TCD events are real; <b>tcd_simulated is simulated</b>.
The bundle is <a href="bundle.zip">bundle.zip</a>.</p>{errors}<table>{rows}</table>{shown}</html>"""
        path = self.folder / "index.html"
        path.write_text(page, encoding="utf-8")
        return path


def run_tour(app: QApplication, folder: Path) -> int:
    """Drive the window through the demo; exit status 0 if every step worked."""
    folder = folder.resolve()
    if (folder / "study").exists():  # the tour's own, of an earlier time
        shutil.rmtree(folder / "study")
    (folder / "bundle.zip").unlink(missing_ok=True)
    started = time.perf_counter()
    tour = Tour(app, folder)
    try:
        tour.run()
    except Exception as error:
        tour.errors.append(f"{type(error).__name__}: {error}")
        tour.picture("failed", "Where the tour failed")
    path = tour.report(time.perf_counter() - started)
    tour._watch.stop()
    tour.window.close()
    tour.window.deleteLater()
    tour.pause(50)
    for error in tour.errors:
        print(error, file=sys.stderr)
    print(path)
    return 1 if tour.errors else 0
