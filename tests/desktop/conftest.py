"""Fixtures of the window's tests. A test that leaves a thread, a pool job, a timer, a child process or a window fails."""

import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QSettings, QStandardPaths, Qt, QThreadPool, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import resources
from core.events import make_events
from core.features import FeatureSpace, default_window, gather_windows
from core.jobs import write_json
from core.projection import local_quality
from core.signals import add_to_study
from core.study import Study, label_events
from desktop.main_window import MainWindow
from desktop.services import theme
from desktop.services.session import Session

QtBot.waitUntil.__kwdefaults__["timeout"] = 30_000  # ms; a busy machine has stood still for longer than the default 5 s


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Settings and data folders of this test alone."""
    QStandardPaths.setTestModeEnabled(True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    QSettings("Hitscope", "Hitscope").clear()  # Qt may keep those of an earlier test in memory


def _threads_since(before):
    """Names of threads that live on, but for those that Python itself keeps for next time."""
    names = (thread.name for thread in set(threading.enumerate()) - before)
    return [name for name in names if not name.startswith(("Dummy", "ThreadPoolExecutor"))]


@pytest.fixture(autouse=True)
def nothing_left_behind(request, qapp):
    """Fail a test that leaves something alive."""
    threads = set(threading.enumerate())
    timers = {id(t) for t in qapp.findChildren(QTimer)}
    if QGuiApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyClick(QWidget(), Qt.Key.Key_Shift)  # else Qt takes a key that the test before pressed as still held
    yield
    for widget in QApplication.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    end = time.monotonic() + 20
    while (left := _threads_since(threads)) and time.monotonic() < end:
        qapp.processEvents()
        time.sleep(0.01)
    assert not left, f"threads left: {left}"
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    running = [t for t in qapp.findChildren(QTimer) if id(t) not in timers and t.isActive()]
    assert not running, f"timers left: {running}"


@pytest.fixture
def study_folder(made_study, tmp_path):
    """A copy of that study, for one test."""
    return Path(shutil.copytree(made_study, tmp_path / "study"))


@pytest.fixture(scope="session")
def made_study(tmp_path_factory):
    """A study of every eighth expert beat of MIT-BIH 208 (some labelled) and the simulated TCD recording."""
    folder = tmp_path_factory.mktemp("made") / "study"
    with Study.create(folder, name="Étude", annotator="Ana") as study:
        ecg = add_to_study(study, resources.path("demo/208"), subject="MIT-BIH 208")
        made = make_events(study, ecg, "annotations", with_labels=False)
        study.apply(type(made)(made.title, made.changes[::8]))
        tcd = add_to_study(study, resources.path("demo/tcd_simulated.wav"))
        study.apply(make_events(study, tcd, "hits"))
        events = study.events(ecg)
        symbols = [a["symbol"] for a in events.attributes]
        some = [(i, s) for i, s in zip(events.id.tolist(), symbols, strict=True) if s in "NVF"][::2]
        ids, labels = zip(*some, strict=True)
        study.apply(label_events(study, ids, labels, source="imported", annotator="cardiologists"))
    return folder


@pytest.fixture
def open_window(qtbot):
    """Opens a study in a window, in a room and of a size if they are given, settled."""
    opened = []

    def open_study(folder, room="", size=None):
        theme.use("light")
        session = Session()
        made = MainWindow(session)
        opened.append(made)
        qtbot.addWidget(made)
        if size is not None:
            made.resize(*size)
        made.show()
        session.open_study(folder)
        settle(qtbot, session)
        if room:
            made.enter(room)
            settle(qtbot, session)
        return made

    yield open_study
    for made in opened:
        made.close()


@pytest.fixture
def window(open_window, study_folder):
    """The window with that study open, settled."""
    return open_window(study_folder)


@pytest.fixture
def review(qtbot, window):
    """The Review room, settled."""
    window.enter("review")
    settle(qtbot, window.session)
    return window.rooms["review"]


@pytest.fixture
def told(window):
    """What the window has told its user since."""
    said = []
    window.session.told.connect(said.append)
    return said


@pytest.fixture
def annotate(qtbot, window):
    """The Annotate room with a map made from the first two principal components of real beats."""
    session = window.session
    make_map(session, "map")
    window.enter("annotate")
    settle(qtbot, session)
    return window.rooms["annotate"]


def make_map(session, name):
    """Make features and a map of the beats, as the jobs leave them; return the run."""
    study = session.study
    events = study.events(1)
    x = gather_windows(study, events.id, default_window(session.recording(1))).x.reshape(len(events), -1)
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    features = study.new_run("features", "principal components", {})
    FeatureSpace(events.id, (u * s)[:, :8].astype(np.float32), {}).save(features.folder)
    write_json(features.folder / "result.json", {"n": len(events), "dim": 8})
    points = (u * s)[:, :2].astype(float)
    run = study.new_run("projection", name, {}, parent=features.id)
    np.save(run.folder / "ids.npy", events.id)
    np.savez(run.folder / "map_00.npz", points=points, quality=local_quality((u * s)[:, :8], points, normalize="max"))
    maps = [{"params": {"method": "PCA"}, "silhouette": 0.3, "mean_quality": 0.5}]
    write_json(run.folder / "result.json", {"maps": maps, "best": 0, "middle": 0, "worst": 0})
    session.take_up_runs()
    return run


def settle(qtbot, session):
    """Wait until nothing is read, computed or saved."""
    qtbot.waitUntil(lambda: not session.tasks.busy and not session.saving, timeout=20_000)
    qtbot.wait(30)
    qtbot.waitUntil(lambda: not session.tasks.busy and not session.saving, timeout=20_000)


def press(qtbot, widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key in a widget that has the focus."""
    widget.setFocus()
    qtbot.keyClick(widget, key, modifier)
