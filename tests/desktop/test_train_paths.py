"""A model trained, looked at and mended in Train, by mouse and by keys: recipe, curves, confusion, errors, undo, comparison."""

import edfio
import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication

from core.events import make_events
from core.signals import add_to_study
from core.study import Study, define_classes, label_events
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import choose_entry, choose_tab, press_button

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FS, N = 128, 24


def make_bursts(folder, subjects=6, wrong=3):
    """A study of windows with and without a burst, of several subjects; some labels are wrong."""
    rng, folder = np.random.default_rng(0), folder / "bursts"
    with Study.create(folder, name="Bursts", annotator="Ana") as study:
        study.apply(define_classes(study, [("rest", "rest"), ("burst", "burst")]))
        for subject in range(subjects):
            y = rng.integers(2, size=N)
            shape = 30 * np.sin(2 * np.pi * 10 * np.arange(FS) / FS) * np.hanning(FS)
            signal = np.concatenate([3 * rng.standard_normal(FS) + shape * one for one in y])
            path = folder.parent / f"{subject}.edf"
            edfio.Edf([edfio.EdfSignal(signal, FS, label="Cz", physical_dimension="uV")]).write(path)
            recording = add_to_study(study, path, subject=f"P{subject}")
            study.apply(make_events(study, recording, "windows", length_s=1.0))
            ids = study.events(recording).id[:N]
            y[:wrong] = 1 - y[:wrong]
            study.apply(label_events(study, ids, np.array(["rest", "burst"])[y].tolist()))
    return folder


@pytest.fixture
def room(qtbot, open_window, tmp_path):
    window = open_window(make_bursts(tmp_path), "train", (1300, 860))
    made = window.rooms["train"]
    made.recipe.field("max_epochs").set_value(2)
    settle(qtbot, window.session)
    return made


def wait_for_runs(qtbot, room, n):
    """Wait until so many runs are done and shown."""
    session = room.session

    def done():
        runs = session.study.runs("training")
        assert not [job.error for job in session.jobs.jobs if job.status == "failed"]
        return len(runs) == n and all(run.status == "done" for run in runs) and not room.queue.busy

    qtbot.waitUntil(done, timeout=240_000)
    settle(qtbot, session)


def look_at_errors(qtbot, room):
    """Make sure that there is an error to look at, whatever the model has learnt in two epochs."""
    settle(qtbot, room.session)
    assert room.errors.ids, "a model of two epochs has learnt wrong labels"
    return room.errors.ids[0]


def label_of(session, event):
    return session.events.label[session.events.row_of(np.array([event]))][0]


def relabelled_and_taken_back(qtbot, room, event):
    """A class key relabels the event that is looked at and goes on; undo takes it back and returns to it."""
    session, errors = room.session, room.errors
    before, n = label_of(session, event), len(errors.ids)
    other = "2" if before == "rest" else "1"
    press(qtbot, errors.table, getattr(Qt.Key, f"Key_{other}"))
    settle(qtbot, session)
    assert label_of(session, event) != before
    assert len(errors.ids) == n  # what was looked at stays in the list
    assert errors.table.item(errors.ids.index(event), 5).text() == label_of(session, event)
    if n > 1:
        assert session.selection.ids == (errors.ids[errors.ids.index(event) + 1],)
    press(qtbot, room.window(), Qt.Key.Key_Z, CONTROL)
    settle(qtbot, session)
    assert label_of(session, event) == before
    assert session.selection.ids == (event,)
    assert errors.table.item(errors.ids.index(event), 5).text() == ""


def check_comparison(qtbot, room):
    settle(qtbot, room.session)
    compared = room.compare.compared
    assert room.pages.currentWidget() is room.compare
    assert len(compared.results) == 2
    scores = [one.run.summary["metrics"]["validation"]["mcc"] for one in compared.results]
    assert scores == sorted(scores, reverse=True)  # validation ranks them
    table = room.compare.table
    rows = {table.item(row, 0).text().strip(): row for row in range(table.rowCount())}
    assert {"Validation MCC", "Test MCC", "less the first"} <= set(rows)
    said = table.item(rows["less the first"], 2).text()
    assert "[" in said
    assert "n = " in said


def test_by_mouse(qtbot, room):
    session, recipe = room.session, room.recipe
    assert "6 subjects" in recipe.guard.text()
    assert "Nothing leaks" in recipe.guard_box.leaks.text()
    assert "144 labelled events of 2 classes from 6 recordings" in recipe.words.text()
    choose_entry(recipe.model, "1D CNN-Transformer on the raw signal")
    press_button(recipe.start_button)
    assert room.queue.busy
    recipe.loss.setCurrentIndex(1)
    press_button(recipe.start_button)
    assert [one.name for one in room.queue.waiting] == ["cnn_transformer (quick), gce"]
    assert room.runs.waiting.isVisible()
    qtbot.waitUntil(lambda: room.curves.n_epochs >= 1, timeout=120_000)
    wait_for_runs(qtbot, room, 2)
    assert not room.runs.waiting.isVisible()
    assert room.curves.n_epochs == 2
    assert len(room.curves._train_mcc.getData()[0]) == 2
    table, result = room.confusion, room.showing.result
    true, predicted = divmod(int(np.argmax([result.figures["test"]["confusion"]])), 2)
    rect = table.visualItemRect(table.item(true, predicted))
    press_button(table.viewport(), rect.center())
    rows = result.wrong("test", (true, predicted))
    assert set(session.selection.ids) == set(result.ids[rows].tolist())
    assert len(rows) == result.figures["test"]["confusion"][true][predicted]
    choose_tab(room.pages, "Errors")
    assert room.errors.ids == result.ids[rows].tolist()  # those of the cell
    press_button(room.errors.all_button)
    event = look_at_errors(qtbot, room)
    where = room.errors.table.visualItemRect(room.errors.table.item(0, 0)).center()
    press_button(room.errors.table.viewport(), where)
    assert session.selection.ids == (event,)
    relabelled_and_taken_back(qtbot, room, event)
    runs = room.runs.table
    for row, modifier in ((0, Qt.KeyboardModifier.NoModifier), (1, CONTROL)):
        rect = runs.visualRect(runs.model().index(row, 0))
        qtbot.mouseClick(runs.viewport(), Qt.MouseButton.LeftButton, modifier, rect.center())
    check_comparison(qtbot, room)


def test_by_keys(qtbot, room):
    session = room.session
    room.recipe.model.setFocus()
    room.recipe.model.setCurrentIndex(room.recipe.model.findData("cnn_transformer"))
    press(qtbot, room, Qt.Key.Key_Return, CONTROL)
    assert room.queue.busy
    room.recipe.field("lr").set_value(0.002)  # of the same seed: the split is the same
    settle(qtbot, session)
    press(qtbot, room, Qt.Key.Key_Return, CONTROL)
    assert len(room.queue.waiting) == 1
    wait_for_runs(qtbot, room, 2)
    assert [run.params.get("lr") for run in session.study.runs("training")] == [None, 0.002]
    room.errors.side.setCurrentIndex(room.errors.side.findData("train"))  # the wrong labels are there for sure
    press(qtbot, room, Qt.Key.Key_E)
    room.errors.show_cell(None)
    event = look_at_errors(qtbot, room)
    room.errors.begin()
    assert QApplication.focusWidget() is room.errors.table
    relabelled_and_taken_back(qtbot, room, event)
    press(qtbot, room, Qt.Key.Key_N)
    assert room.errors.table.currentRow() == min(1, len(room.errors.ids) - 1)
    press(qtbot, room, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: room.looking.shown is not None, timeout=60_000)
    assert room.looking.legend.isVisible()
    assert room.looking.shown.event == session.selection.ids[0]
    press(qtbot, room, Qt.Key.Key_L)
    assert not room.looking.over_trace.isVisible()
    press(qtbot, room, Qt.Key.Key_U)
    runs = room.runs.table
    runs.selectionModel().setCurrentIndex(runs.model().index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
    qtbot.keyClick(runs, Qt.Key.Key_Space)
    qtbot.keyClick(runs, Qt.Key.Key_Down, SHIFT)
    check_comparison(qtbot, room)
