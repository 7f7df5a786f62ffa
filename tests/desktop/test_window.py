"""The frame: start, palette, keys, jobs, closing, recovery."""

import subprocess
import sys
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget

from core.errors import InputError
from core.study import Study, define_classes
from desktop.main_window import ROOMS, MainWindow
from desktop.services import theme
from desktop.services.session import Session
from desktop.widgets.palette import CommandPalette, KeyHelp, matches
from tests.desktop.conftest import press, settle

START = """
import sys, time
started = time.perf_counter()
from PySide6.QtCore import QSettings
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[2])
from desktop.app import create_app
from desktop.main_window import MainWindow
from desktop.services.session import Session
app = create_app()
session = Session()
window = MainWindow(session)
window.show()
session.open_study(sys.argv[1])
app.processEvents()
heavy = [name for name in ("torch", "sklearn", "onnx", "onnxruntime", "openTSNE") if name in sys.modules]
print(time.perf_counter() - started, heavy)
window.close()
"""


def test_opens_without_the_heavy_libraries(study_folder, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", START, str(study_folder), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().endswith("[]"), run.stdout


def test_first_start_offers_the_three_ways(qtbot):
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    shown = {b.text() for b in window.start.findChildren(QPushButton)}
    assert {"Try the demo", "New study…", "Open study…"} <= shown
    window.close()


def test_every_room_is_reachable_and_says_what_it_needs(qtbot, window):
    for number, (id_, *_) in enumerate(ROOMS, 1):
        press(qtbot, window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        settle(qtbot, window.session)
        assert window.room.id == id_
        texts = [w.text() for w in window.room.findChildren(QLabel) if w.isVisible() and w.text()]
        assert texts
    unnamed = [
        c
        for c in window.findChildren(QWidget)
        if type(c).__name__ in ("PlotWidget", "MapCanvas") and not c.accessibleName()
    ]
    assert not unnamed


def test_palette_finds_and_runs(qtbot, window):
    window.open_palette()
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.search, "go train")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.room.id == "train"
    assert matches("ctw", "Close the window")
    assert not matches("wtc", "Close the window")


def test_help_lists_the_keys_and_gestures_of_this_room_only(window):
    window.show_keys()
    help_ = window.findChild(KeyHelp)
    from PySide6.QtWidgets import QTableWidget

    table = help_.findChild(QTableWidget)
    keys = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert keys["PgUp"] == "Page left"
    assert keys["Ctrl+S"] == "Is everything saved?"
    assert keys["Ctrl+drag"] == "Add a mark"
    assert not any("lasso" in what.lower() for what in keys.values())  # it belongs to Annotate
    help_.close()


def test_menu_palette_and_help_say_which_key_is_which_class(qtbot, window):
    session = window.session

    def offered():
        menus = [menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "Edit"]
        texts = {action.text() for action in menus[-1].actions()}
        listed = {a.shortcut: a.title for a in window._actions_now() if a.id.startswith("label.")}
        assert set(listed.values()) <= texts
        return listed

    titles = {str(c.position): f"Label as {c.title}" for c in session.classes}
    assert offered() == titles | {"0": "Label as unsure"}
    session.edit(lambda study: define_classes(study, [("artefact", "Artefact")]))
    settle(qtbot, session)
    new = str(max(c.position for c in session.classes))
    assert offered()[new] == "Label as Artefact"
    session.undo_stack.undo()
    settle(qtbot, session)
    assert new not in offered()
    session.selection.set(session.events.id[:1].tolist())
    press(qtbot, window, Qt.Key.Key_9)
    assert "no class 9" in window.message.text  # its key still answers


def test_no_two_actions_of_a_room_share_a_key(qtbot, window):
    for id_, *_ in ROOMS:
        window.enter(id_)
        settle(qtbot, window.session)
        keys = [a.shortcut for a in window._actions_now() if a.shortcut]
        assert len(keys) == len(set(keys)), id_


def test_label_undo_redo_by_keys_and_saved_is_shown(qtbot, window):
    session = window.session
    ids = session.events.id[session.events.label == ""][:3].tolist()
    session.selection.set(ids)
    with qtbot.waitSignal(session.saved):
        press(qtbot, window, Qt.Key.Key_2)
    settle(qtbot, session)
    key = next(c.key for c in session.classes if c.position == 2)
    label = lambda: session.events.label[session.events.row_of(ids)].tolist()  # noqa: E731
    assert label() == [key] * 3
    assert window.saved.text().startswith("Saved ")
    assert f"label 3 events as {key}" in window.actions_of.qt("edit.undo").text()
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, session)
    assert label() == [""] * 3
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, session)
    assert label() == [key] * 3


def test_a_failed_edit_is_told_and_leaves_no_undo(qtbot, window, monkeypatch):
    session = window.session

    def full(changeset, reason=None):
        raise InputError("the disk is full", remedy="Free some space")

    monkeypatch.setattr(session.study, "apply", full)
    before = session.events.label.copy()
    session.label(session.events.id[:2].tolist(), "N")
    qtbot.waitUntil(window.message.isVisible)
    settle(qtbot, session)
    assert "the disk is full. Free some space." in window.message.text
    assert (session.events.label == before).all()


def test_job_progress_cancel_and_resume(qtbot, window, monkeypatch):
    session = window.session
    run = session.study.new_run("training", "count", {})
    monkeypatch.setattr(type(run), "job", lambda self: _selftest(self))
    job = session.jobs.start(run)
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=20_000)
    assert "count (training)" in window.job_line.text()
    with qtbot.waitSignal(job.finished, timeout=30_000):
        job.cancel()
    assert job.status == "cancelled"
    assert session.study.run(run.id).status == "cancelled"
    again = session.resume(run.id)
    qtbot.waitUntil(lambda: again.fraction > 0, timeout=20_000)
    with qtbot.waitSignal(again.finished, timeout=30_000):
        again.cancel()


def _selftest(run):
    from core.jobs import JobSpec

    return JobSpec("selftest", {"steps": 5000, "pause_s": 0.01}, out=str(run.folder))


@pytest.mark.parametrize("close", [False, True])
def test_closing_during_a_job_asks_and_loses_nothing(qtbot, window, monkeypatch, close):
    session = window.session
    run = session.study.new_run("training", "count", {})
    monkeypatch.setattr(type(run), "job", lambda self: _selftest(self))
    job = session.jobs.start(run)
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=20_000)
    asked = []
    monkeypatch.setattr(MainWindow, "ask_about_jobs", lambda self: asked.append(1) or close)
    folder = session.study.folder
    assert not window.close()
    assert asked == [1]
    if not close:
        qtbot.wait(50)
        assert window.isVisible()
        assert job.running
        monkeypatch.setattr(MainWindow, "ask_about_jobs", lambda self: True)
        window.close()
    # The window lives on, saying so, until the job has written its checkpoint.
    assert "Stopping" in window.message.text
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    with Study.open(folder) as study:
        assert study.recovery is None
        assert study.run(run.id).status == "cancelled"


def test_recovery_is_told_on_the_next_start(qtbot, study_folder):
    writer = (
        "import os, sys\nfrom core.study import Study, label_events\ns = Study.open(sys.argv[1], annotator='Ana')\n"
        "s.apply(label_events(s, s.events().id[:2].tolist(), 'N'))\nos._exit(9)"
    )
    subprocess.run([sys.executable, "-c", writer, str(study_folder)], check=False)
    session = Session()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    session.open_study(study_folder)
    settle(qtbot, session)
    assert window.message.isVisible()
    assert "label 2 events as N" in window.message.text
    assert "are kept" in window.message.text
    window.close()


def test_a_locked_study_opens_read_only_with_a_badge(qtbot, study_folder):
    with Study.open(study_folder, annotator="Ben"):
        session = Session()
        window = MainWindow(session)
        qtbot.addWidget(window)
        window.show()
        session.open_study(study_folder)
        settle(qtbot, session)
        assert window.readonly.isVisible()
        session.label(session.events.id[:1].tolist(), "N")
        qtbot.waitUntil(window.message.isVisible)
        assert "read-only" in window.message.text
        settle(qtbot, session)
        window.close()


def contrast(a, b):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", sorted(theme.TOKENS))
def test_contrast(name):
    tokens = theme.TOKENS[name]
    for text in ("text", "muted", "good", "warn", "bad", "accent"):
        for ground in ("background", "surface", "raised"):
            assert contrast(tokens[text], tokens[ground]) >= 4.5, (text, ground)
    assert contrast(tokens["on-accent"], tokens["accent"]) >= 4.5
    assert contrast(tokens["on-chosen"], tokens["chosen"]) >= 4.5
    for colour in (*theme.CLASS_COLOURS, tokens["trace"], tokens["unlabelled"]):
        assert contrast(colour, tokens["plot"]) >= 3 or name != "light", colour


def test_a_newer_request_supersedes_an_older_one(qtbot, window):
    got = []
    for n in range(5):
        window.session.tasks.submit("same", lambda n=n: (time.sleep(0.01), n)[1], done=got.append)
    settle(qtbot, window.session)
    assert got == [4]
