"""A study labelled from nothing in Annotate, by mouse and by keys: features, maps, lasso, labels, propagation, export."""

import csv

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

import resources
from core.events import import_annotations, make_events
from core.signals import add_to_study
from core.study import Study, define_classes
from desktop.views.annotate.export_dialog import LabelsDialog
from desktop.views.annotate.features_dialog import FeaturesDialog
from desktop.views.annotate.maps_dialog import MapsDialog
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import LEFT, NONE, press_button, send

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def room(open_window, tmp_path):
    """The Annotate room of a study of beats, two classes and no label."""
    with Study.create(tmp_path / "bare", name="Bare", annotator="Ana") as study:
        ecg = add_to_study(study, resources.path("demo/208"))
        made = make_events(study, ecg, "annotations", with_labels=False)
        study.apply(type(made)(made.title, made.changes[::16]))
        study.apply(define_classes(study, [("normal", "normal"), ("ectopic", "ectopic")]))
    return open_window(tmp_path / "bare", "annotate", (1280, 860)).rooms["annotate"]


def wait_for_jobs(qtbot, room):
    session = room.session
    assert session.jobs.running
    qtbot.waitUntil(lambda: not session.jobs.running, timeout=240_000)
    settle(qtbot, session)
    room.window().activateWindow()  # as a desktop does when a dialog has closed
    qtbot.waitUntil(lambda: QApplication.activeWindow() is room.window())
    room.canvas.setFocus()
    assert [job.status for job in session.jobs.jobs] == ["done"] * len(session.jobs.jobs)


def dialog_of(qtbot, room, kind):
    (dialog,) = (d for d in room.window().findChildren(kind) if d.isVisible())
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    return dialog


def offered_step(room):
    """The one button of the page that says what is missing."""
    (step,) = (b for b in room._empty.findChildren(QPushButton) if b.isVisible())
    return step


def corner(room, side, n=6):
    """A box of the map in pixels that holds the `n` outermost events of a side."""
    x, y = room.canvas.frame.to_pixels(room.canvas.cloud.places).T
    order = np.argsort(x if side == "left" else -x)[:n]
    return x[order].min() - 3, y[order].min() - 3, x[order].max() + 3, y[order].max() + 3


def lasso(room, side):
    left, top, right, bottom = corner(room, side)
    corners = [QPointF(*at) for at in ((left, top), (right, top), (right, bottom), (left, bottom))]
    send(room.canvas, QEvent.Type.MouseButtonPress, corners[0], LEFT, NONE)
    for at in corners[1:]:
        send(room.canvas, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, NONE)
    send(room.canvas, QEvent.Type.MouseButtonRelease, corners[-1], LEFT, NONE)


def labelled(room):
    return int((room.session.events.label != "").sum())


def row_of_class(room, key):
    strip = room.classes.list
    (row,) = (n for n in range(strip.count()) if strip.item(n).data(Qt.ItemDataRole.UserRole) == key)
    return strip.visualItemRect(strip.item(row)).center()


def exported(qtbot, room, monkeypatch, path, format, save):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    room.exporting.ask()
    dialog = dialog_of(qtbot, room, LabelsDialog)
    dialog.format.setCurrentIndex(dialog.format.findData(format))
    save(dialog)
    settle(qtbot, room.session)
    assert path.exists()
    QApplication.processEvents()
    return path


def check_files(qtbot, room, monkeypatch, tmp_path, save):
    """All labels are in a table and in files of annotations; those come back equal."""
    n = labelled(room)
    table = exported(qtbot, room, monkeypatch, tmp_path / "labels.csv", "table with shares", save)
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == n
    assert {"share_normal", "share_ectopic"} <= set(rows[0])
    expected = dict(zip(room.session.events.start_s.tolist(), room.session.events.label.tolist(), strict=True))
    for format, name in (("edf", "labels.edf"), ("wfdb", "labels.atr")):
        path = exported(qtbot, room, monkeypatch, tmp_path / name, format, save)
        with Study.create(tmp_path / f"again {format}", annotator="Ana") as other:
            ecg = add_to_study(other, resources.path("demo/208"))
            other.apply(import_annotations(other, ecg, path, format))
            back = other.events(ecg)
            assert len(back) == n
            assert [expected[start] for start in back.start_s.tolist()] == back.label.tolist()


def test_from_nothing_by_mouse(qtbot, room, monkeypatch, tmp_path):
    session, bar, classes = room.session, room.bar, room.classes.list.viewport()
    press_button(offered_step(room))
    dialog = dialog_of(qtbot, room, FeaturesDialog)
    dialog.objective.setCurrentIndex(dialog.objective.findData("pca"))
    settle(qtbot, session)
    press_button(dialog.start)
    wait_for_jobs(qtbot, room)
    press_button(offered_step(room))
    dialog = dialog_of(qtbot, room, MapsDialog)
    box = dialog.methods["tsne"]
    press_button(box, box.rect().center().__class__(8, box.height() // 2))
    assert dialog.estimate.text().startswith("1 maps") or "1 map" in dialog.estimate.text()
    press_button(dialog.start)
    wait_for_jobs(qtbot, room)
    n = len(room.maps.ids)
    assert n > 50
    press_button(room.tools.tools["lasso"])
    for side, key in (("left", "normal"), ("right", "ectopic")):
        lasso(room, side)
        assert len(session.selection.ids) >= 6
        press_button(classes, row_of_class(room, key))
        settle(qtbot, session)
    given = labelled(room)
    assert given >= 12
    bar.use(10, 0.0)
    settle(qtbot, session)
    assert "95 % interval" in bar.text.text()
    press_button(bar.preview_button)
    settle(qtbot, session)
    proposed = len(room.proposal.keys)
    assert proposed > 0
    assert labelled(room) == given  # a preview changes nothing
    press_button(bar.accept_button)
    settle(qtbot, session)
    assert labelled(room) == given + proposed
    press(qtbot, room.window(), Qt.Key.Key_Z, CONTROL)
    settle(qtbot, session)
    assert labelled(room) == given
    press(qtbot, room.window(), Qt.Key.Key_Z, CONTROL | SHIFT)
    settle(qtbot, session)
    assert labelled(room) == given + proposed
    events = session.events
    spread = int(events.id[events.label_source == "propagated"][0])
    origin = int(events.label_origin[events.row_of([spread])[0]])
    session.selection.set((spread,))
    settle(qtbot, session)
    assert room.lineage.known.path[0] == spread
    assert room.lineage.known.path[-1] == origin
    gone = set(room.lineage.known.descendants)
    press_button(room.lineage.retract_button)
    settle(qtbot, session)
    assert labelled(room) == given + proposed - len(gone)
    assert session.events.label[session.events.row_of([spread])[0]] == ""
    check_files(qtbot, room, monkeypatch, tmp_path, lambda dialog: press_button(dialog.save))


def test_from_nothing_by_keys(qtbot, room, monkeypatch, tmp_path):
    session = room.session
    step = offered_step(room)
    press(qtbot, step, Qt.Key.Key_Space)
    dialog = dialog_of(qtbot, room, FeaturesDialog)
    while dialog.objective.currentData() != "pca":
        press(qtbot, dialog.objective, Qt.Key.Key_Down)
    assert dialog.objective.currentData() == "pca"
    settle(qtbot, session)
    press(qtbot, dialog.objective, Qt.Key.Key_Return)
    wait_for_jobs(qtbot, room)
    press(qtbot, offered_step(room), Qt.Key.Key_Space)
    dialog = dialog_of(qtbot, room, MapsDialog)
    press(qtbot, dialog.methods["tsne"], Qt.Key.Key_Space)
    press(qtbot, dialog.start, Qt.Key.Key_Space)
    wait_for_jobs(qtbot, room)
    press(qtbot, room, Qt.Key.Key_E)
    table = room.table
    assert room.below.currentWidget() is table
    assert len(table.ids) == len(room.maps.ids)
    for row, key in ((0, Qt.Key.Key_1), (1, Qt.Key.Key_2), (2, Qt.Key.Key_1), (3, Qt.Key.Key_2)):
        if row:
            qtbot.keyClick(table, Qt.Key.Key_Down)
        else:
            table.selectRow(0)
        assert session.selection.ids == (table.ids[row],)
        qtbot.keyClick(table, key)
        settle(qtbot, session)
    assert labelled(room) == 4
    press(qtbot, room, Qt.Key.Key_J)
    settle(qtbot, session)
    first = room.queue.asked[0].id
    assert session.selection.ids == (first,)
    qtbot.keyClick(room.queue.list, Qt.Key.Key_1)
    settle(qtbot, session)
    assert labelled(room) == 5
    assert first not in [one.id for one in room.queue.asked]
    assert session.selection.ids == (room.queue.asked[0].id,)
    room.bar.use(10, 0.0)
    settle(qtbot, session)
    press(qtbot, room, Qt.Key.Key_Return, CONTROL)
    settle(qtbot, session)
    proposed = len(room.proposal.keys)
    press(qtbot, room, Qt.Key.Key_Return, CONTROL | SHIFT)
    settle(qtbot, session)
    assert labelled(room) == 5 + proposed > 5
    for modifier, n in ((CONTROL, 5), (CONTROL | SHIFT, 5 + proposed)):
        press(qtbot, room.window(), Qt.Key.Key_Z, modifier)
        settle(qtbot, session)
        assert labelled(room) == n
    events = session.events
    session.selection.set((int(events.id[events.label_source == "propagated"][0]),))
    settle(qtbot, session)
    gone = len(room.lineage.known.descendants)
    press(qtbot, room, Qt.Key.Key_Backspace, CONTROL)
    settle(qtbot, session)
    assert labelled(room) == 5 + proposed - gone < 5 + proposed
    check_files(qtbot, room, monkeypatch, tmp_path, lambda dialog: press(qtbot, dialog.save, Qt.Key.Key_Space))
