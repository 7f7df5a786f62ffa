"""How the window answers while a model trains, against the same window at rest, in one run.

Opens a real window (under Xvfb where there is no screen), makes the demo study, measures the answer of Review to keys (from
the key to the page read and painted) and the longest silence of the event loop, first at rest, then while a training job
keeps the cores busy. Prints medians, 95th percentiles and maxima.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEYS = 60


class Heart:
    """The silences of an event loop that should beat every 5 ms."""

    def __init__(self):
        from PySide6.QtCore import QTimer

        self.silences, self._last = [], time.perf_counter()
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self):
        now = time.perf_counter()
        self.silences.append(1000 * (now - self._last))
        self._last = now

    def stop(self):
        self._timer.stop()
        return self.silences


def live(milliseconds):
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def scroll(session, window):
    """Press keys of Review; return answer times (ms) and the silences of the event loop (ms)."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    keys = [Qt.Key.Key_PageDown, Qt.Key.Key_Right, Qt.Key.Key_N, Qt.Key.Key_Plus, Qt.Key.Key_PageUp, Qt.Key.Key_Minus]
    room = window.rooms["review"]
    window.activateWindow()
    room.setFocus()
    while not (room.hasFocus() and window.isActiveWindow()):  # shortcuts work in the active window only
        live(10)
    live(200)
    session.selection.set(())
    room.go_to(0)
    while session.tasks.busy:
        live(10)
    heart, answers = Heart(), []
    for n in range(KEYS):
        started = time.perf_counter()
        QTest.keyClick(room, keys[n % len(keys)])
        while session.tasks.busy:
            live(1)
        room.repaint()
        answers.append(1000 * (time.perf_counter() - started))
        live(30)
    if not session.selection.ids:
        raise RuntimeError("the keys did not reach Review")
    return answers, heart.stop()


def told(name, answers, silences):
    import numpy as np

    shown = [f"{np.median(a):6.1f} {np.percentile(a, 95):6.1f} {max(a):6.1f}" for a in (answers, silences)]
    print(
        f"{name:<22} answer to a key {shown[0]}   event loop silent {shown[1]}   (median, 95 %, longest; ms)",
        flush=True,
    )
    return float(np.median(answers))


def main():
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        xvfb = shutil.which("xvfb-run")
        if xvfb is None:
            print("bench_window.py: needs a screen or xvfb, left out", file=sys.stderr)
            return
        environment = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
        command = [xvfb, "-a", "-s", "-screen 0 1600x1000x24", sys.executable, __file__]
        subprocess.run(command, env=environment, check=True)
        return
    from PySide6.QtCore import QSettings

    folder = Path(tempfile.mkdtemp(prefix="hitscope-bench-"))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    from core.cli import create_demo_study
    from desktop.app import create_app
    from desktop.main_window import MainWindow
    from desktop.services import theme
    from desktop.services.session import Session

    started = time.perf_counter()
    app = create_app()
    theme.use("light")
    session = Session()
    window = MainWindow(session)
    window.show()
    live(1)
    print(f"window shown after {time.perf_counter() - started:.2f} s on {app.platformName()}")
    session.use(create_demo_study(folder / "study"))
    while session.tasks.busy:
        live(20)
    live(300)
    rest = told("at rest", *scroll(session, window))
    window.enter("train")
    room = window.rooms["train"]
    room.recipe.epochs.setValue(500)
    room.recipe.patience.setValue(100)
    room.recipe.start_button.click()
    job = session.jobs.jobs[-1]
    while not job.history and job.running:  # until epochs are coming in
        live(50)
    window.enter("review")
    live(300)
    epochs = len(job.history)
    busy = told("while a model trains", *scroll(session, window))
    print(f"{len(job.history) - epochs} epochs were finished meanwhile; ratio of the medians {busy / rest:.2f}")
    window.grab().save(str(folder / "window.png"))
    print(folder / "window.png")
    job.cancel()
    while job.running:
        live(50)
    window.close()
    window.deleteLater()
    live(20)


if __name__ == "__main__":
    main()
