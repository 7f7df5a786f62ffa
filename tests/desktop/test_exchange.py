"""Annotation files in the window: exported, imported into a fresh study, equal."""

import json

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from core.signals import ANNOTATION_FORMATS, add_to_study
from core.study import Study
from desktop.views.review.annotation_dialog import AnnotationDialog, Choice
from tests.desktop.conftest import press, settle

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def told(window):
    said = []
    window.session.told.connect(said.append)
    window.session.failed.connect(lambda error: said.append(str(error)))
    return said


def contents(events, recording=1):
    """What must survive a file: everything but ids, in order."""
    rows = []
    for n in range(len(events)):
        if events.recording[n] == recording:
            said = {k: v for k, v in json.loads(events.attributes_json[n]).items() if k not in ("maker",)}
            rows.append(
                (events.start_s[n], events.duration_s[n], events.channel[n], events.kind[n], events.label[n],
                 events.label_source[n], sorted(said.items()))
            )  # fmt: skip
    return sorted(rows)


def answer_export(which, format_, path):
    """Fill in the export dialog that is about to open, and press Export."""

    def fill():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, AnnotationDialog)
        dialog.choose(which)
        dialog.format.setCurrentIndex(dialog.format.findData(format_))
        dialog.path.setText(str(path))
        dialog.accept()

    QTimer.singleShot(0, fill)


@pytest.mark.parametrize("format_", ["csv", "bids"])
def test_what_is_exported_comes_back_equal_in_a_fresh_study(
    qtbot, window, review, told, tmp_path, monkeypatch, format_
):
    session = window.session
    review.marks.add(3.25, 1.5)
    settle(qtbot, session)
    before = contents(session.events)
    path = tmp_path / f"out{ANNOTATION_FORMATS[format_].extensions[0]}"
    answer_export("all", format_, path)
    press(qtbot, review, Qt.Key.Key_E, CONTROL_SHIFT)
    settle(qtbot, session)
    assert told[-1] == f"{len(before)} events written to {path}."
    source = session.recordings[0].path
    with Study.create(tmp_path / "fresh", annotator="Bo") as fresh:
        add_to_study(fresh, source)
    session.open_study(tmp_path / "fresh")
    settle(qtbot, session)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(path)], ""))
    window.actions_of.qt("review.import_annotations").trigger()
    settle(qtbot, session)
    assert contents(session.events) == before
    assert told[-1].startswith(f"Imported {len(before)} events from {path.name}")
    assert session.undo_stack.count() == 1
    window.actions_of.qt("review.import_annotations").trigger()
    settle(qtbot, session)
    assert told[-1].startswith("Nothing new")
    assert session.undo_stack.count() == 1
    session.undo()
    settle(qtbot, session)
    assert not len(session.events)


def test_the_shown_and_the_selected_events_are_exported(qtbot, window, review, told, tmp_path):
    session = window.session
    review.filter.setText("label:V")
    session.selection.set(review.model.ids[:3].tolist())
    n = review.model.rowCount()
    for which, count in (("shown", n), ("selected", 3)):
        path = tmp_path / f"{which}.csv"
        answer_export(which, "csv", path)
        review.exchange.ask()
        settle(qtbot, session)
        assert told[-1] == f"{count} events written to {path}."
        assert len(path.read_text().splitlines()) == count + 1


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(qtbot, window, review, told, tmp_path, monkeypatch):
    session, answers, asked = window.session, [], []
    (tmp_path / "a_events.json").write_text("{}")  # what BIDS writes beside the table counts as well
    choice = Choice(tuple(review.model.ids[:2].tolist()), "bids", tmp_path / "a_events.tsv")

    def question(parent, title, text, *rest):
        asked.append(text)
        return answers.pop()

    monkeypatch.setattr(QMessageBox, "question", question)
    answers.append(QMessageBox.StandardButton.No)
    review.exchange.write(choice)
    settle(qtbot, session)
    assert "a_events.json" in asked[0]
    assert (tmp_path / "a_events.json").read_text() == "{}"
    assert not choice.path.exists()
    answers.append(QMessageBox.StandardButton.Yes)
    review.exchange.write(choice)
    settle(qtbot, session)
    assert told[-1] == f"2 events written to {choice.path}."


def test_a_recording_is_never_replaced(qtbot, window, review, told, tmp_path, monkeypatch):
    monkeypatch.setattr(QMessageBox, "question", lambda *a: QMessageBox.StandardButton.Yes)
    path = tmp_path / "link.atr"
    path.symlink_to(window.session.recordings[0].path)
    before = path.read_bytes()
    review.exchange.write(Choice((1,), "wfdb", path))
    settle(qtbot, window.session)
    assert "is the recording 208 itself" in told[-1]
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_read_changes_nothing(qtbot, window, review, told, tmp_path):
    n = len(window.session.events)
    bad = tmp_path / "bad.csv"
    bad.write_text("these,are,no\nannotations,at,all\n")
    review.exchange.take_in([str(bad)])
    settle(qtbot, window.session)
    assert "bad.csv" in told[-1]
    assert len(window.session.events) == n


def test_the_file_gets_the_extension_of_its_format(qtbot, tmp_path):
    dialog = AnnotationDialog("208", {"all": [1, 2], "shown": [1], "selected": []}, tmp_path, None)
    qtbot.addWidget(dialog)
    for n in range(dialog.format.count()):
        dialog.format.setCurrentIndex(n)
        extension = ANNOTATION_FORMATS[dialog.format.currentData()].extensions[0]
        assert dialog.choice().path == tmp_path / f"208_annotations{extension}"
    assert dialog.choice().ids == (1, 2)
    dialog.choose("selected")  # there is none: it cannot be chosen
    assert not next(b for b in dialog._which.buttons() if b.objectName() == "selected").isEnabled()


def test_what_only_hitscope_reads_is_said_and_can_be_left_out(qtbot, window, review, told, tmp_path):
    dialog = AnnotationDialog("208", {"all": [1, 2], "shown": [], "selected": []}, tmp_path, None)
    qtbot.addWidget(dialog)
    assert "only Hitscope reads are written as further texts" in dialog._note.text()
    assert not dialog.choice().plain
    dialog.format.setCurrentIndex(dialog.format.findData("csv"))
    assert "further column" in dialog._note.text()
    dialog.plain.setChecked(True)
    assert "left out" in dialog._note.text()
    assert dialog.choice().plain
    for plain in (False, True):
        path = tmp_path / f"{plain}.edf"
        review.exchange.write(Choice(tuple(review.model.ids[:2].tolist()), "edf", path, plain))
        settle(qtbot, window.session)
        assert told[-1] == f"2 events written to {path}."
        assert (b"hitscope" in path.read_bytes()) != plain
