"""Several things at once in Review: quick keys, parallel tasks, a recording that opens while another is shown."""

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton

from core.errors import InputError
from core.signals import read_tile
from core.study import Study, edit_recording
from desktop.views.review import pages as pages_module
from desktop.views.review import tiles as tiles_module
from desktop.views.review.export_dialog import ExportDialog
from desktop.views.review.pictures.traces import read_page
from desktop.views.review.printing import view_of
from tests.desktop.conftest import settle


@pytest.fixture
def errors(window):
    found = []
    window.session.failed.connect(found.append)
    return found


def test_a_mark_keeps_to_its_own_recording_whatever_is_shown(qtbot, window, review):
    session = window.session
    long, short = session.recordings
    assert long.duration_s > short.duration_s + 100
    session.add_event(long.id, "MLII", short.duration_s + 50, 40.0)
    settle(qtbot, session)
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    (mark,) = session.selection.ids or (int(session.events.id[session.events.maker == "annotator"][0]),)
    review.marks.put(mark, short.duration_s + 60, 40.0)
    settle(qtbot, session)
    (row,) = session.study.event_rows([mark])
    assert (row["start_s"], row["duration_s"]) == (short.duration_s + 60, 40.0)


def test_two_quick_bad_marks_are_both_kept(qtbot, window, review):
    for channel in review.recording.channels[:2]:
        review.menus.mark_bad(channel.name, True)
    settle(qtbot, window.session)
    names = [channel.name for channel in review.opened.stored.channels[:2]]
    assert sorted(window.session.study.recording(review.opened.id).bad_channels) == sorted(names)


def test_what_is_built_while_a_page_is_read_is_not_taken_for_drawn(qtbot, window, review, monkeypatch):
    opened, pyramid = review.opened, review.opened.pyramid
    review.set_length(review.recording.duration)
    settle(qtbot, window.session)
    growing = SimpleNamespace(built_s=100.0)  # a pyramid that is completed while a page of it is read

    def read(_growing, *arguments):
        page = read_page(pyramid, *arguments)
        for line in page.lines:
            line.low[line.t >= growing.built_s] = line.high[line.t >= growing.built_s] = np.nan
        growing.built_s = review.recording.duration
        return page

    monkeypatch.setattr(pages_module, "read_page", read)
    object.__setattr__(opened, "pyramid", growing)
    review.pages.read()
    settle(qtbot, window.session)
    assert review.traces.unread_s == 100.0


def test_one_tile_that_fails_leaves_the_others_and_is_told_once(qtbot, window, review, errors, monkeypatch):
    def read(recording, channel, grid, index):
        if index % 2:
            raise InputError("a damaged block", subject=recording.path)
        return read_tile(recording, channel, grid, index)

    monkeypatch.setattr(tiles_module, "read_tile", read)
    review.pages.tiles.forget()
    review.set_length(review.recording.duration / 2)
    review.set_length(600.0)
    settle(qtbot, window.session)
    assert [error.what for error in errors] == ["a damaged block"]
    assert review.spectrogram.tiles
    assert review.pages.tiles.complete
    assert not review.spectrogram.dimmed


def test_a_spectrogram_that_cannot_be_computed_says_so(qtbot, window, review, errors, monkeypatch):
    def read(*_arguments):
        raise InputError("a damaged block")

    monkeypatch.setattr(tiles_module, "read_tile", read)
    review.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    assert len(errors) == 1
    assert review.spectrogram.empty  # and no picture of the recording before
    assert "could not be computed" in review.spectrogram.caption
    assert not review.spectrogram.dimmed


def test_files_that_bring_new_classes_are_imported_together(qtbot, window, review, errors, tmp_path):
    session = window.session
    known = {c.key for c in session.classes}
    for name, start in (("eins", 10), ("zwei", 20)):
        (tmp_path / f"{name}.csv").write_text(f"onset,duration,description\n{start},1,{name}\n")
    review.exchange.take_in([str(tmp_path / "eins.csv"), str(tmp_path / "zwei.csv")])
    settle(qtbot, session)
    assert errors == []
    assert {c.key for c in session.classes} - known == {"eins", "zwei"}
    assert sorted(session.events.label[np.isin(session.events.label, ["eins", "zwei"])]) == ["eins", "zwei"]
    assert session.undo_stack.count() == 1


def test_copy_and_save_paint_on_canvases_of_their_own(qtbot, window, review, tmp_path, monkeypatch):
    used, wait = [], threading.Barrier(2, timeout=5)

    def painting(plates, *arguments):
        used.append(plates)
        wait.wait()  # both are being painted at the same time
        return arguments[-1] if len(arguments) == 3 else QImage(2, 2, QImage.Format.Format_RGB32)

    monkeypatch.setattr("desktop.views.review.export_dialog.picture", painting)
    monkeypatch.setattr("desktop.views.review.export_dialog.save", painting)
    dialog = ExportDialog(window.session, view_of(review), review)
    settle(qtbot, window.session)
    dialog._copy()
    dialog.write(tmp_path / "view.png")
    settle(qtbot, window.session)
    assert len({id(plates.traces) for plates in used}) == 2


def test_previews_follow_each_other_and_the_last_is_shown(qtbot, window, review, monkeypatch):
    at_work, most, seen = [], [], []

    def previewing(plates, view, wish, width, height):
        at_work.append(1)
        most.append(len(at_work))
        threading.Event().wait(0.05)
        at_work.pop()
        seen.append(wish.height_mm)
        return QImage(width, height, QImage.Format.Format_RGB32)

    monkeypatch.setattr("desktop.views.review.export_dialog.preview", previewing)
    dialog = ExportDialog(window.session, view_of(review), review)
    for height in (100, 110, 120, 130):
        dialog.height.setValue(height)
    settle(qtbot, window.session)
    assert (max(most), seen[-1]) == (1, 130)
    dialog.reject()


@pytest.fixture
def gone(window):
    """The second recording, whose file has been moved away."""
    path = Path(window.session.recordings[1].path)
    path.rename(path.with_suffix(".gone"))
    yield path
    path.with_suffix(".gone").rename(path)


@pytest.fixture
def study_folder(study_folder, tmp_path):
    """With the second recording in a place where it can be moved away."""
    with Study.open(study_folder) as study:
        entry = study.recordings()[1]
        path = shutil.copy(entry.path, tmp_path)
        study.apply(edit_recording(study, entry.id, path=str(path)))
    return study_folder


def test_a_recording_that_cannot_be_opened_shows_nothing_of_another(qtbot, window, review, gone):
    session, first = window.session, review.opened
    review.choose_channel("V1")
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    assert (review.opened, review.entry, review.chosen.id) == (None, None, session.recordings[1].id)
    assert review.traces.drawn_page is None
    assert review.spectrogram.empty
    assert not len(review.model.ids)
    assert not review.left.channels.count()
    assert review.bar.name.text() == session.recordings[1].name
    page = review.opening.stack.currentWidget()
    said = " ".join(text.text() for text in page.findChildren(QLabel))
    assert f"{session.recordings[1].name} cannot be shown" in said
    assert "Relink it" in said
    assert [b.text() for b in page.findChildren(QPushButton)] == ["Find moved recordings…"]
    assert view_of(review) is None
    review.toggle_bad()
    settle(qtbot, session)
    assert not any(entry.bad_channels for entry in session.study.recordings())
    assert review.remember()["recording"] == session.recordings[1].id
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    assert review.opened.id == first.id
    assert review.opening.stack.currentIndex() == 0
    assert review.traces.drawn_page is not None
    assert len(review.model.ids)


def test_a_moved_recording_is_shown_when_it_is_found(qtbot, window, review, gone):
    review.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    assert review.opened is None
    path = gone.with_suffix(".gone").rename(gone)
    review.opening.start(review.chosen)
    settle(qtbot, window.session)
    assert review.opened.id == window.session.recordings[1].id
    path.rename(gone.with_suffix(".gone"))


def test_while_another_opens_all_is_said_of_what_is_shown(qtbot, window, review):
    session, (first, second) = window.session, window.session.recordings
    name = review.channel_name
    review.recordings.setCurrentRow(1)
    assert (review.opened.id, review.entry.id, review.chosen.id) == (first.id, first.id, second.id)
    assert view_of(review).name == first.name
    review.toggle_bad()
    settle(qtbot, session)
    assert [list(entry.bad_channels) for entry in session.study.recordings()] == [[name], []]
    assert review.opened.id == second.id
    assert review.appearance.look.bad == frozenset()
