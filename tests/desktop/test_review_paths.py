"""One sitting in Review, by mouse and by keys: open, filter, re-montage, measure, annotate, undo, redo, export, import equal."""

import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QMenu

import resources
from core.signals import add_to_study
from core.study import Study
from desktop.main_window import MainWindow
from desktop.services.session import Session
from desktop.views.review.annotation_dialog import AnnotationDialog
from desktop.views.review.dialogs import FilterDialog
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import at, drag
from tests.desktop.test_exchange import contents
from tests.desktop.test_marking import CONTROL, SHIFT

CONTROL_SHIFT = CONTROL | SHIFT


@pytest.fixture
def sitting(qtbot, tmp_path):
    """An empty study in the window, and a copy of a real EEG that it does not know yet."""
    path = tmp_path / "séance 1.edf"
    shutil.copyfile(resources.path("demo/S001R04.edf"), path)
    Study.create(tmp_path / "study", annotator="Ana").close()
    session = Session()
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1400, 900)
    window.show()
    session.open_study(tmp_path / "study")
    settle(qtbot, session)
    window.enter("review")
    settle(qtbot, session)
    yield window, path
    window.close()


def when_asked(kind, answer):
    """Answer the next modal widget of a kind, as soon as it is there."""

    def look():
        asked = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if isinstance(asked, kind) and asked.isVisible():
            answer(asked)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def press_key(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key in Review; without a window manager, nobody makes the window active again when a dialog has closed."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    press(qtbot, window.rooms["review"], key, modifier)


def click(widget, where=None):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where if where is not None else widget.rect().center())


def choose_by_mouse(title):
    """Click an entry of the menu that opens."""

    def answer(menu):
        action = next(a for a in menu.actions() if a.text() == title)
        click(menu, menu.actionGeometry(action).center())

    return answer


def choose_by_keys(title):
    """Go down the menu that opens to an entry, and press Return."""

    def answer(menu):
        while menu.activeAction() is None or menu.activeAction().text() != title:
            QTest.keyClick(menu, Qt.Key.Key_Down)
        QTest.keyClick(menu, Qt.Key.Key_Return)

    return answer


def check_open(room):
    assert room.recording.path.name == "séance 1.edf"
    assert len(room.recording.channels) == 64


def check_derived(room):
    assert room.bar.signal.text() == "Common average · EEG 0.5–40 Hz"
    assert room.derived.montage == "average"


def check_measured(room):
    start, stop = room.pointing.stretch
    panel, fs = room.measures.panel, 160
    shown = room.recording.read(room.picture_channel, round(start * fs), round(stop * fs) + 1)
    stored = room.opened.stored.read(room.picture_channel, round(start * fs), round(stop * fs) + 1)
    told = float(panel.values["Peak-to-peak"].text().split()[0])
    assert told == pytest.approx(np.ptp(shown), rel=0.02)
    assert abs(told - np.ptp(stored)) > 1.0  # µV: what is shown is measured
    assert float(panel.values["Δt"].text().split()[0]) == pytest.approx(stop - start, abs=1e-3)


def check_events(room, n, label=""):
    events = room.session.events
    assert len(events) == n
    if n:
        assert events.maker[0] == "annotator"
        assert events.label[0] == label


def told_by_a_file(events):
    """All of the events but who labelled them: a label that came by a file is `imported`, whoever gave it."""
    return [row[:5] + row[6:] for row in contents(events)]


def check_import_is_equal(qtbot, window, path, file, before, tmp_path, ask):
    with Study.create(tmp_path / "fresh", annotator="Bo") as fresh:
        add_to_study(fresh, path)
    session = window.session
    session.open_study(tmp_path / "fresh")
    settle(qtbot, session)
    ask()
    settle(qtbot, session)
    assert told_by_a_file(session.events) == before


def test_by_mouse(qtbot, sitting, tmp_path, monkeypatch):
    window, path = sitting
    session, room = window.session, window.rooms["review"]
    do = lambda name: window.actions_of.qt(name).trigger()  # noqa: E731 - an entry of a menu
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(path)], ""))
    do("review.add")
    settle(qtbot, session)
    check_open(room)

    def fill(dialog):
        high, low, _ = dialog._boxes["eeg"]
        high.setValue(0.5)
        low.setValue(40.0)
        click(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok))

    when_asked(FilterDialog, fill)
    click(room.bar.filters)
    settle(qtbot, session)
    when_asked(QMenu, choose_by_mouse("Common average"))
    click(room.bar.montage)
    settle(qtbot, session)
    check_derived(room)

    room.tabs.setCurrentWidget(room.measures.panel)
    drag(room.traces, at(room.traces, 2.0), at(room.traces, 3.5), SHIFT)
    settle(qtbot, session)
    check_measured(room)

    drag(room.traces, at(room.traces, 5.0), at(room.traces, 6.0), CONTROL)
    settle(qtbot, session)
    check_events(room, 1)
    assert session.events.channel[0] == room.recording.channels[0].name
    edge = room.traces.frame.x(session.events.start_s[0] + session.events.duration_s[0])
    y = at(room.traces, 5.0).y()
    before = session.events.duration_s[0]
    drag(room.traces, QPointF(edge, y), QPointF(edge + 60, y))
    settle(qtbot, session)
    longer = session.events.duration_s[0]
    assert longer > before
    do("edit.undo")
    settle(qtbot, session)
    assert session.events.duration_s[0] == before
    do("edit.redo")
    settle(qtbot, session)
    assert session.events.duration_s[0] == longer

    file = tmp_path / "marks.edf"

    def export(dialog):
        dialog.choose("all")
        dialog.format.setCurrentIndex(dialog.format.findData("edf"))
        dialog.path.setText(str(file))
        click(dialog._buttons.button(QDialogButtonBox.StandardButton.Ok))

    when_asked(AnnotationDialog, export)
    do("review.export_annotations")
    settle(qtbot, session)
    kept = told_by_a_file(session.events)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file)], ""))
    check_import_is_equal(qtbot, window, path, file, kept, tmp_path, lambda: do("review.import_annotations"))


def test_by_keys(qtbot, sitting, tmp_path, monkeypatch):
    window, path = sitting
    session, room = window.session, window.rooms["review"]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(path)], ""))
    press_key(qtbot, window, Qt.Key.Key_O, CONTROL)
    settle(qtbot, session)
    check_open(room)

    def fill(dialog):
        high, low, _ = dialog._boxes["eeg"]
        for box, text in ((high, "0.5"), (low, "40")):
            box.setFocus()
            box.selectAll()
            QTest.keyClicks(box, text)
            QTest.keyClick(box, Qt.Key.Key_Tab)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    when_asked(FilterDialog, fill)
    press_key(qtbot, window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, session)
    when_asked(QMenu, choose_by_keys("Common average"))
    press_key(qtbot, window, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, session)
    check_derived(room)

    room.tabs.setCurrentWidget(room.measures.panel)
    press_key(qtbot, window, Qt.Key.Key_C)
    for _ in range(3):
        press_key(qtbot, window, Qt.Key.Key_Comma)
    press_key(qtbot, window, Qt.Key.Key_Greater, SHIFT)
    settle(qtbot, session)
    check_measured(room)

    press_key(qtbot, window, Qt.Key.Key_M)
    settle(qtbot, session)
    check_events(room, 1)
    assert room.pointing.stretch is None
    press_key(qtbot, window, Qt.Key.Key_0)
    settle(qtbot, session)
    check_events(room, 1, "unsure")
    press_key(qtbot, window, Qt.Key.Key_Z, CONTROL)
    settle(qtbot, session)
    check_events(room, 1)
    press_key(qtbot, window, Qt.Key.Key_Z, CONTROL_SHIFT)
    settle(qtbot, session)
    check_events(room, 1, "unsure")

    file = tmp_path / "marks.csv"

    def export(dialog):
        dialog.format.setFocus()
        dialog.format.setCurrentIndex(dialog.format.findData("csv"))
        dialog.path.setFocus()
        dialog.path.selectAll()
        QTest.keyClicks(dialog.path, str(file))
        QTest.keyClick(dialog.path, Qt.Key.Key_Return)

    when_asked(AnnotationDialog, export)
    press_key(qtbot, window, Qt.Key.Key_E, CONTROL_SHIFT)
    settle(qtbot, session)
    kept = told_by_a_file(session.events)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file)], ""))
    check_import_is_equal(
        qtbot, window, path, file, kept, tmp_path,
        lambda: press_key(qtbot, window, Qt.Key.Key_I, CONTROL_SHIFT),
    )  # fmt: skip
