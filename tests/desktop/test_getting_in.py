"""Recordings get into the study: previewed while they are hashed, from folders, by drops, after one question."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton

import resources
from core.study import Study
from desktop.dropping import sort_by_content, sort_by_name
from desktop.views.review import adding
from desktop.views.review.import_dialog import ImportDialog
from desktop.views.review.import_table import NAME, SESSION, SUBJECT
from desktop.views.review.mapping_dialog import MappingDialog
from tests.desktop.conftest import settle

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"


@pytest.fixture
def held(monkeypatch):
    """Adding waits, as it does for a large file, until the event is set."""
    go = threading.Event()
    add = adding.add_to_study

    def slowly(*arguments, **options):
        assert go.wait(10)
        return add(*arguments, **options)

    monkeypatch.setattr(adding, "add_to_study", slowly)
    yield go
    go.set()


@pytest.fixture
def edf(tmp_path):
    """A recording with a name that is not ASCII."""
    return Path(shutil.copy(resources.path("demo/S001R04.edf"), tmp_path / "Müller Größe.edf"))


def mime(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag(window, *paths):
    data = mime(*paths)
    event = QDragEnterEvent(
        QPoint(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(qtbot, window, *paths):
    data = mime(*paths)
    assert drag(window, *paths)
    event = QDropEvent(
        QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)
    assert event.isAccepted()
    settle(qtbot, window.session)
    settle(qtbot, window.session)


# Shown before it is hashed


def test_the_first_page_is_there_before_the_content_is_hashed(qtbot, window, review, edf, held):
    session, n = window.session, len(window.session.recordings)
    review.library.add([str(edf)])
    qtbot.waitUntil(lambda: review.opened is not None and review.opened.id == 0, timeout=10_000)
    qtbot.waitUntil(lambda: review.traces.drawn_page is not None and len(review.traces.rows) > 10, timeout=10_000)
    assert review.bar.name.text() == "Müller Größe"
    assert review.recordings.count() == n + 1
    assert len(session.recordings) == n
    events = len(session.events)
    review.mark(1.0, 0.5)
    review.toggle_bad()
    review.find("hits")
    assert "still being added" in window.message.text
    assert not session.saving
    seen = review.opened
    held.set()
    settle(qtbot, session)
    entry = session.recordings[-1]
    assert (review.opened.id, review.entry) == (entry.id, entry)
    assert review.opened.recording is seen.recording  # nothing was opened or drawn anew
    assert review.recordings.currentRow() == n
    review.mark(1.0, 0.5)
    settle(qtbot, session)
    assert len(session.events) == events + 1
    assert session.events.recording[-1] == entry.id


def test_nothing_is_hashed_before_the_first_page_is_there(qtbot, window, review, edf, monkeypatch):
    add, drawn = adding.add_to_study, []

    def watched(*arguments, **options):
        drawn.append((review.opened.id, review.traces.drawn_page.page))
        return add(*arguments, **options)

    monkeypatch.setattr(adding, "add_to_study", watched)
    before = review.traces.drawn_page.page
    review.library.add([str(edf)])
    settle(qtbot, window.session)
    ((shown, page),) = drawn
    assert shown == 0
    assert page is not before
    assert len(page.lines) == len(review.channels)


def test_a_page_that_is_read_while_the_study_takes_the_recording_up_is_shown(qtbot, window, review):
    review.go_to(30.0)
    review.take_up(review.entry, replace(review.opened))
    settle(qtbot, window.session)
    assert review.traces.drawn_page.page.start_s == review.start_s == 30.0
    assert not review.traces.dimmed


def test_what_waits_to_be_added_is_not_added_to_another_study(qtbot, window, review, edf, tmp_path):
    session = window.session
    review.library.add([str(edf)])
    qtbot.waitUntil(lambda: review.recordings.count() > len(session.recordings), timeout=10_000)
    session.use(Study.create(tmp_path / "another"))
    settle(qtbot, session)
    assert session.recordings == []


def test_a_record_named_without_its_header_is_shown_first_and_known_then(qtbot, window, review, tmp_path, held):
    for path in resources.path("demo").glob("208.*"):
        data = path.read_bytes()  # the samples are turned round, to be of a content of their own
        (tmp_path / path.name).write_bytes(data[::-1] if path.suffix == ".dat" else data)
    review.library.add([str(tmp_path / "208")])
    qtbot.waitUntil(lambda: review.opened.id == 0, timeout=10_000)
    held.set()
    settle(qtbot, window.session)
    assert review.opened.id == window.session.recordings[-1].id == review.entry.id
    assert review.recordings.count() == len(window.session.recordings)


def test_who_looks_at_another_recording_meanwhile_is_left_there(qtbot, window, review, edf, held):
    review.library.add([str(edf)])
    qtbot.waitUntil(lambda: review.opened.id == 0, timeout=10_000)
    review.recordings.setCurrentRow(1)
    held.set()
    settle(qtbot, window.session)
    assert review.opened.id == window.session.recordings[1].id
    assert "Müller Größe" in [review.recordings.item(n).text() for n in range(review.recordings.count())]


def test_a_recording_that_is_refused_leaves_the_list(qtbot, window, review, edf, monkeypatch):
    from core.errors import InputError

    def refuse(*_arguments, **_options):
        raise InputError("the disk is gone", subject=edf)

    monkeypatch.setattr(adding, "add_to_study", refuse)
    before = [entry.name for entry in window.session.recordings]
    review.library.add([str(edf)])
    settle(qtbot, window.session)
    assert [review.recordings.item(n).text() for n in range(review.recordings.count())] == before
    assert "the disk is gone" in window.message.text
    assert review.opened.id in [entry.id for entry in window.session.recordings]


def test_a_recording_that_is_there_is_said_to_be(qtbot, window, review, edf, tmp_path):
    again, whole = tmp_path / "nochmal.edf", tmp_path / "a.wav"
    shutil.copy(edf, again)
    soundfile.write(whole, np.sin(np.arange(3000)), 1000)
    soundfile.write(tmp_path / "b.wav", np.cos(np.arange(3000)), 1000)
    review.library.add([str(edf)])
    settle(qtbot, window.session)
    n = len(window.session.recordings)
    review.library.add([str(again)])
    settle(qtbot, window.session)
    assert window.message.text == "nochmal.edf is in the study already."
    assert len(window.session.recordings) == n
    review.library.add([str(again), str(whole), str(tmp_path / "b.wav")])
    settle(qtbot, window.session)
    assert window.message.text == "2 recordings added. nochmal.edf is in the study already."


# Folders


@pytest.fixture
def folder(tmp_path):
    """Two recordings with BIDS names and events, one by a pattern, one damaged, one that says nothing of itself."""
    root = tmp_path / "Größe"
    for number, rate in (("01", 1000), ("02", 1200)):
        place = root / f"sub-{number}" / "eeg"
        place.mkdir(parents=True)
        soundfile.write(place / f"sub-{number}_task-ruhe_eeg.wav", np.sin(np.arange(4000) / 9) * 0.5, rate)
        text = "onset\tduration\ttrial_type\n0.5\t0.1\tgut\n1.5\t0.1\tböse\n"
        (place / f"sub-{number}_task-ruhe_events.tsv").write_text(text, encoding="utf-8")
    soundfile.write(root / "pat7_v2_x.wav", np.cos(np.arange(4000) / 9) * 0.5, 1000)
    (root / "kaputt.edf").write_bytes(b"0       " + b"x" * 300)
    shutil.copy(RECORDINGS / "E10_1.txt", root / "E10_1.txt")
    return root


@pytest.fixture
def dialog(qtbot, window, review, folder):
    review.library.add_folders([str(folder)])
    settle(qtbot, window.session)
    return window.findChild(ImportDialog)


def row_of(dialog, name):
    return next(n for n, one in enumerate(dialog.model.found) if one.path.name.startswith(name))


def test_a_folder_is_shown_with_subjects_and_what_cannot_be_read_stops_nothing(qtbot, window, dialog):
    assert dialog.add.text() == "Add 4 recordings"
    assert "1 cannot be read" in dialog.summary.text()
    bad = dialog.model.index(row_of(dialog, "kaputt"), NAME)
    assert dialog.model.data(bad, Qt.ItemDataRole.CheckStateRole) is None
    dialog.model.tick([row_of(dialog, "E10_1")], False)
    assert dialog.events.isVisible()
    qtbot.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    settle(qtbot, window.session)
    settle(qtbot, window.session)
    added = {entry.name: entry for entry in window.session.recordings[2:]}
    assert {name: entry.subject for name, entry in added.items()} == {
        "sub-01_task-ruhe_eeg": "01", "sub-02_task-ruhe_eeg": "02", "pat7_v2_x": None,
    }  # fmt: skip
    ids = [entry.id for name, entry in added.items() if name.startswith("sub")]
    events = window.session.events
    mine = np.isin(events.recording, ids)
    assert sorted(events.label[mine]) == ["böse", "böse", "gut", "gut"]
    assert "3 recordings added." in window.message.text
    n = len(events)
    window.session.undo()  # the events of both files are one step
    settle(qtbot, window.session)
    assert len(window.session.events) == n - 4


def test_a_pattern_names_again_while_it_is_typed_and_corrections_stay(qtbot, window, dialog):
    row = row_of(dialog, "E10_1")
    dialog.model.setData(dialog.model.index(row, SUBJECT), "Ünal")
    dialog.pattern.setFocus()
    qtbot.keyClicks(dialog.pattern, "{subject}_{session}_*")
    qtbot.waitUntil(lambda: dialog.model.found[row_of(dialog, "pat7")].subject == "pat7")
    assert dialog.model.found[row_of(dialog, "pat7")].session == "v2"
    assert dialog.model.found[row_of(dialog, "sub-01")].subject == "01"
    assert dialog.model.found[row_of(dialog, "E10_1")].subject == "Ünal"
    assert "fits 1 of 5 names" in dialog.problem.text()
    dialog.pattern.setText("{who}")
    qtbot.waitUntil(lambda: "does not say where" in dialog.problem.text())
    assert dialog.add.isEnabled()


def test_rows_are_filled_down_and_ticked_by_keys(qtbot, window, dialog):
    first, last = row_of(dialog, "pat7"), row_of(dialog, "sub-02")
    dialog.model.setData(dialog.model.index(first, SESSION), "Tag 1")
    table = dialog.table
    table.setFocus()
    table.setCurrentIndex(dialog.model.index(first, SESSION))
    for _ in range(last - first):
        qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    table.selectionModel().setCurrentIndex(
        dialog.model.index(last, SESSION), table.selectionModel().SelectionFlag.NoUpdate
    )
    qtbot.keyClick(table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert {dialog.model.found[n].session for n in range(first, last + 1)} == {"Tag 1"}
    qtbot.keyClick(table, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert dialog.add.text() == "Add 1 recording"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settle(qtbot, window.session)
    assert len(window.session.recordings) == 2


def test_a_thousand_files_are_listed_and_renamed_in_one_go_each(qtbot, window, review, tmp_path):
    from core.signals import Found
    from desktop.views.review.import_table import FoundModel, Held

    found = tuple(Found(tmp_path / f"p{n}_v1_x.edf", "edf", duration_s=9.0) for n in range(1000))
    model, held = FoundModel(), Held(((str(tmp_path), found),), frozenset())
    told = []
    for signal in (model.modelReset, model.dataChanged, model.changed):
        signal.connect(lambda *_: told.append(1))
    model.show(held)
    assert len(told) == 2  # a table that is told of each row by itself takes seconds
    model.tick(range(1000), False)
    assert len(told) == 4
    assert model.ticked == []
    named = held.named("{subject}_{session}_*")
    assert named.found[999].subject == "p999"


# What arrays mean


def answer(monkeypatch, act):
    """Answer mapping dialogs as `act(dialog)` does, without a modal loop; return those that asked."""
    asked = []

    def run(dialog):
        asked.append(dialog)
        dialog.show()
        return act(dialog)

    monkeypatch.setattr(MappingDialog, "exec", run)
    return asked


def test_arrays_are_asked_for_once_for_all_files_of_a_shape(qtbot, window, review, tmp_path, monkeypatch):
    paths = [tmp_path / f"Messung {n}.npy" for n in range(3)]
    for n, path in enumerate(paths):
        np.save(path, np.random.default_rng(n).normal(size=(1000 + n, 2)))

    def act(dialog):
        ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
        qtbot.waitUntil(lambda: dialog.problem("fs").isVisible())
        assert not ok.isEnabled()
        assert dialog.same.isChecked()
        dialog.rate.setValue(250.0)
        qtbot.waitUntil(ok.isEnabled)
        assert dialog.preview.drawn is not None
        assert "250 Hz" in dialog.summary.text()
        dialog.names.setText("Fp1, Fp2, Cz")  # three for two channels
        qtbot.waitUntil(lambda: dialog.problem("names").isVisible())
        assert not ok.isEnabled()
        dialog.names.setText("Fp1, Fp2")
        dialog.unit.setCurrentText("µV")
        qtbot.waitUntil(ok.isEnabled)
        qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
        return dialog.result()

    asked = answer(monkeypatch, act)
    review.library.add([str(path) for path in paths])
    settle(qtbot, window.session)
    assert len(asked) == 1
    entries = window.session.recordings[2:]
    assert [entry.name for entry in entries] == ["Messung 0", "Messung 1", "Messung 2"]
    assert all(entry.options == {"fs": 250.0, "unit": "µV", "names": ["Fp1", "Fp2"]} for entry in entries)
    channels = window.session.recording(entries[0].id).channels
    assert [(c.name, c.fs, c.unit, c.kind) for c in channels] == [("Fp1", 250, "µV", "eeg"), ("Fp2", 250, "µV", "eeg")]


def test_the_rate_can_be_a_number_in_the_file_and_the_question_put_away(qtbot, window, review, tmp_path, monkeypatch):
    path, other = tmp_path / "a.npz", tmp_path / "whole.wav"
    np.savez(path, x=np.random.default_rng(0).normal(size=(2000, 1)), takt=np.array(125.0), y=np.zeros((2000, 1)))
    soundfile.write(other, np.sin(np.arange(2000)), 1000)

    def use_scalar(dialog):
        ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert dialog.array.count() == 2
        qtbot.waitUntil(lambda: dialog.rate_from.count() > 1)
        found = [dialog.rate_from.itemText(n) for n in range(dialog.rate_from.count())]
        dialog.rate_from.setCurrentIndex(next(n for n, text in enumerate(found) if "takt" in text))
        qtbot.waitUntil(ok.isEnabled)
        assert "125 Hz" in dialog.summary.text()
        dialog.reject()
        return dialog.result()

    answer(monkeypatch, use_scalar)
    review.library.add([str(path), str(other)])
    settle(qtbot, window.session)
    assert [entry.name for entry in window.session.recordings[2:]] == ["whole"]


# Drops


def test_a_drag_says_what_will_happen_and_leaves_no_trace(qtbot, window, review, edf, tmp_path):
    (tmp_path / "Ordner").mkdir()
    assert drag(window, edf, tmp_path / "a.hea", tmp_path / "a.dat", tmp_path / "a.atr", tmp_path / "Ordner")
    assert window.dropping.sign.isVisible()
    assert window.dropping.sign.text() == "Add 2 recordings and the recordings of Ordner to “Étude”"
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.dropping.sign.isVisible()
    drag(window, tmp_path / "b.atr")
    assert window.dropping.sign.text() == f"Import 1 annotation file into “{review.entry.name}”"


def test_dropped_recordings_are_added_and_folders_shown(qtbot, window, review, edf, folder):
    drop(qtbot, window, edf, folder)
    assert window.session.recordings[-1].name == "Müller Größe"
    dialog = window.findChild(ImportDialog)
    assert dialog.isVisible()
    assert len(dialog.model.found) == 5
    dialog.reject()
    assert not window.dropping.sign.isVisible()


@pytest.mark.parametrize("wanted", [True, False])
def test_dropped_annotations_are_imported_into_what_is_shown_after_one_question(
    qtbot, window, review, tmp_path, monkeypatch, wanted
):
    path, bad = tmp_path / "Ereignisse.csv", tmp_path / "kaputt.atr"
    path.write_text("onset,duration,text\n1,0.5,böse\n2,0.5,gut\n", encoding="utf-8")
    bad.write_bytes(b"")
    asked = []
    monkeypatch.setattr(
        type(window.dropping), "may_import", lambda self, name, paths: asked.append((name, len(paths))) or wanted
    )
    before = len(window.session.events)
    drop(qtbot, window, path, bad)
    assert asked == [(review.entry.name, 2)]
    assert len(window.session.events) == before + 2 * wanted
    if wanted:
        assert "1 of 2 annotation files" in window.message.text or "kaputt.atr" in window.message.text
        window.session.undo()
        settle(qtbot, window.session)
        assert len(window.session.events) == before


def test_a_dropped_study_is_opened(qtbot, window, review, tmp_path):
    Study.create(tmp_path / "zweite", annotator="Ana").close()
    drag(window, tmp_path / "zweite")
    assert window.dropping.sign.text() == "Open the study “zweite”"
    drop(qtbot, window, tmp_path / "zweite")
    assert window.session.study.folder == tmp_path / "zweite"


def test_without_a_study_the_start_page_offers_to_make_one(qtbot, window, edf, tmp_path, monkeypatch):
    window.session.close_study()
    window.session.study_changed.emit()
    drop(qtbot, window, edf)
    assert window.start._offer.isVisible()
    new = tmp_path / "neue"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getExistingDirectory", lambda *_a, **_k: str(new))
    (made,) = window.start._offer.findChildren(QPushButton)
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton)
    settle(qtbot, window.session)
    settle(qtbot, window.session)
    assert window.session.study.folder == new
    assert [entry.name for entry in window.session.recordings] == ["Müller Größe"]


def test_text_that_is_dragged_is_left_alone(window):
    data = QMimeData()
    data.setText("no file")
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)
    assert not event.isAccepted()


def test_dropped_files_are_told_apart_by_their_content(tmp_path):
    table, samples = tmp_path / "marks.csv", tmp_path / "samples.csv"
    table.write_text("onset,duration,text\n1,0.5,x\n")
    samples.write_text("time,ecg\n" + "".join(f"{n / 100},{n % 7}\n" for n in range(300)))
    edf_marks = RECORDINGS / "test_edfann.edf"
    sorted_ = sort_by_content(sort_by_name([str(table), str(samples), str(edf_marks)]))
    assert sorted_.recordings == (str(samples),)
    assert set(sorted_.annotations) == {str(table), str(edf_marks)}
