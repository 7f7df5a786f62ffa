"""One sitting in Review, by mouse and by keys: open, filter, re-montage, measure, annotate, undo, redo, export, import equal."""

import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QFileDialog, QMenu, QPushButton, QRadioButton

import resources
from core.study import Study
from desktop.views.review.annotation_dialog import AnnotationDialog
from desktop.views.review.dialogs import FilterDialog
from tests.desktop.conftest import settle
from tests.desktop.mouse import at, choose_entry, choose_from_bar, choose_in, choose_tab, drag, press_button
from tests.desktop.test_exchange import contents
from tests.desktop.test_marking import ALT, CONTROL, SHIFT

CONTROL_SHIFT = CONTROL | SHIFT


@pytest.fixture
def sitting(open_window, tmp_path):
    """An empty study in the window, and a copy of a real EEG that it does not know yet."""
    path = tmp_path / "séance 1.edf"
    shutil.copyfile(resources.path("demo/S001R04.edf"), path)
    Study.create(tmp_path / "study", annotator="Ana").close()
    return open_window(tmp_path / "study", "review", (1400, 900)), path


def when_asked(kind, answer):
    """Answer the next modal widget of a kind, as soon as it is there."""

    def look():
        asked = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if isinstance(asked, kind) and asked.isVisible():
            try:
                answer(asked)
            except BaseException:
                asked.close()  # else the test waits for ever
                raise
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def press_key(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key where the focus is; without a window manager, nobody makes the window active again after a dialog."""
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and QApplication.focusWidget() is not None)
    QTest.keyClick(QApplication.focusWidget(), key, modifier)


def in_dialog(*keys):
    """Press keys, or type text, in the dialog that is open, each where the focus is then."""
    dialog = QApplication.activeModalWidget()
    dialog.activateWindow()
    while not dialog.isActiveWindow():
        QTest.qWait(5)
    for key in keys:
        focus = QApplication.focusWidget()
        assert focus.window() is dialog
        QTest.keyClicks(focus, key) if isinstance(key, str) else QTest.keyClick(focus, key)


def choose_by_mouse(title):
    """Click an entry of the menu that opens."""
    return lambda menu: choose_in(menu, title)


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


def answer_files(monkeypatch, folder, *paths):
    """Let the dialogs of the system, which no test can drive, give these files one after the other, and a folder."""
    left = iter(paths)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_a, **_k: ([str(next(left))], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(folder))


def test_by_mouse(qtbot, sitting, tmp_path, monkeypatch):
    """Only clicks, drags and turns of the wheel on what is on the screen."""
    window, path = sitting
    session, room, file = window.session, window.rooms["review"], tmp_path / "marks.edf"
    answer_files(monkeypatch, tmp_path / "fresh", path, path, file)
    choose_from_bar(window, "Review", "Add recordings…")
    settle(qtbot, session)
    check_open(room)

    def fill(dialog):
        presets = next(box for box in dialog.findChildren(QComboBox) if box.findText("EEG 0.5–40 Hz") >= 0)
        choose_entry(presets, "EEG 0.5–40 Hz")
        press_button(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok))

    when_asked(FilterDialog, fill)
    press_button(room.bar.filters)
    settle(qtbot, session)
    when_asked(QMenu, choose_by_mouse("Common average"))
    press_button(room.bar.montage)
    settle(qtbot, session)
    check_derived(room)

    choose_tab(room.tabs, "Measure")
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
    choose_from_bar(window, "Edit", window.actions_of.qt("edit.undo").text())  # it says what is undone
    settle(qtbot, session)
    assert session.events.duration_s[0] == before
    choose_from_bar(window, "Edit", window.actions_of.qt("edit.redo").text())
    settle(qtbot, session)
    assert session.events.duration_s[0] == longer

    def export(dialog):
        all_of_them = next(radio for radio in dialog.findChildren(QRadioButton) if radio.text().startswith("All"))
        press_button(all_of_them, QPoint(10, all_of_them.height() // 2))
        assert all_of_them.isChecked()
        choose_entry(dialog.format, "CSV")
        choose_entry(dialog.format, "EDF+ annotations")
        press_button(next(b for b in dialog.findChildren(QPushButton) if b.text() == "Browse…"))
        press_button(next(b for b in dialog.findChildren(QPushButton) if b.text() == "Export"))

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(file), ""))
    when_asked(AnnotationDialog, export)
    choose_from_bar(window, "Review", "Export annotations…")
    settle(qtbot, session)
    kept = told_by_a_file(session.events)

    choose_from_bar(window, "Study", "New study…")
    settle(qtbot, session)
    choose_from_bar(window, "Review", "Add recordings…")
    settle(qtbot, session)
    check_open(room)
    check_events(room, 0)
    choose_from_bar(window, "Review", "Import annotations…")
    settle(qtbot, session)
    assert told_by_a_file(session.events) == kept


def test_by_keys(qtbot, sitting, tmp_path, monkeypatch):
    """Only keys, each pressed where the focus is."""
    window, path = sitting
    session, room, file = window.session, window.rooms["review"], tmp_path / "marks.csv"
    keys = Qt.Key
    answer_files(monkeypatch, tmp_path / "fresh", path, path, file)
    press_key(qtbot, window, keys.Key_O, CONTROL)
    settle(qtbot, session)
    check_open(room)

    when_asked(FilterDialog, lambda _d: in_dialog("0.5", keys.Key_Tab, "40", keys.Key_Tab, keys.Key_Return))
    press_key(qtbot, window, keys.Key_F, ALT)
    settle(qtbot, session)
    when_asked(QMenu, choose_by_keys("Common average"))
    press_key(qtbot, window, keys.Key_M, ALT)
    settle(qtbot, session)
    check_derived(room)

    press_key(qtbot, window, keys.Key_M, SHIFT)  # what is measured is shown
    press_key(qtbot, window, keys.Key_C)
    for _ in range(3):
        press_key(qtbot, window, keys.Key_Comma)
    press_key(qtbot, window, keys.Key_Greater, SHIFT)
    settle(qtbot, session)
    check_measured(room)

    press_key(qtbot, window, keys.Key_M)
    settle(qtbot, session)
    check_events(room, 1)
    assert room.pointing.stretch is None
    press_key(qtbot, window, keys.Key_0)
    settle(qtbot, session)
    check_events(room, 1, "unsure")
    press_key(qtbot, window, keys.Key_Z, CONTROL)
    settle(qtbot, session)
    check_events(room, 1)
    press_key(qtbot, window, keys.Key_Z, CONTROL_SHIFT)
    settle(qtbot, session)
    check_events(room, 1, "unsure")

    def export(dialog):
        in_dialog(keys.Key_Tab, keys.Key_End)  # from the events to the format, the last of which is CSV
        assert dialog.format.currentText() == "CSV"
        in_dialog(keys.Key_Tab, str(file), keys.Key_Return)

    when_asked(AnnotationDialog, export)
    press_key(qtbot, window, keys.Key_E, CONTROL_SHIFT)
    settle(qtbot, session)
    assert file.exists()
    kept = told_by_a_file(session.events)

    press_key(qtbot, window, keys.Key_N, CONTROL)
    settle(qtbot, session)
    press_key(qtbot, window, keys.Key_O, CONTROL)
    settle(qtbot, session)
    check_open(room)
    check_events(room, 0)
    press_key(qtbot, window, keys.Key_I, CONTROL_SHIFT)
    settle(qtbot, session)
    assert told_by_a_file(session.events) == kept
