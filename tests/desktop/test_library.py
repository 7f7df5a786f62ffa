"""Recordings come into the study: several requests at once, and every file that could not be read."""

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QApplication, QPushButton

import resources
from desktop.widgets.parts import MessageBar
from tests.desktop.conftest import settle


@pytest.fixture
def audio(tmp_path):
    """Write short recordings, each of its own content."""

    def write(name):
        path = tmp_path / f"{name}.wav"
        noise = np.random.default_rng(len(name) + ord(name[-1])).uniform(-0.5, 0.5, 2000)
        soundfile.write(path, noise, 1000)
        return str(path)

    return write


def names(session):
    return [entry.name for entry in session.recordings]


def test_requests_that_follow_each_other_are_all_done(qtbot, window, review, audio):
    session, share = window.session, []
    review.library.reading.connect(share.append)
    before = len(session.recordings)
    first, second, third = audio("a"), audio("b"), audio("c")
    review.library.add([first, second])
    review.library.add([third])
    review.library.add([first])  # it is there by then
    settle(qtbot, session)
    assert sorted(names(session)[before:]) == ["a", "b", "c"]
    assert share[-1] is None


def test_every_file_that_was_left_out_is_named_with_its_fault(qtbot, window, review, audio, tmp_path):
    text, cut = tmp_path / "notes.md", tmp_path / "cut.wav"
    text.write_text("no signal")
    cut.write_bytes(b"RIFF")
    told = []
    window.session.failed.connect(told.append)
    review.library.add([str(text), audio("whole"), str(cut)])
    settle(qtbot, window.session)
    assert "whole" in names(window.session)
    assert len(told) == 1
    head, *lines = window.message.text.splitlines()
    assert head == "2 of 3 files were not added:"
    assert ["notes.md" in lines[0], "cut.wav" in lines[1]] == [True, True]
    assert "cannot be read" in lines[0]


def test_one_fault_is_told_in_its_own_words(qtbot, window, review, tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("no signal")
    review.library.add([str(path)])
    settle(qtbot, window.session)
    assert window.message.text.startswith(f"{path}: recordings of type .md cannot be read.")


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_whole_of_a_file_that_was_cut_off_is_read_if_wanted(
    qtbot, window, review, tmp_path, monkeypatch, wanted
):
    path = tmp_path / "cut.edf"
    path.write_bytes(resources.path("demo/S001R04.edf").read_bytes()[:200_000])
    asked = []
    monkeypatch.setattr(type(review.library), "may_read_cut", lambda self, paths: asked.append(paths) or wanted)
    review.library.add([str(path)])
    settle(qtbot, window.session)
    assert asked == [[str(path)]]
    assert ("cut" in names(window.session)) is wanted
    assert wanted or "ends after" in window.message.text


def test_after_a_fault_of_ours_the_next_request_is_done(qtbot, window, review, audio, monkeypatch):
    def faulty(study, path, **options):
        if path.endswith("a.wav"):
            raise RuntimeError("fault")
        return add(study, path, **options)

    from desktop.views.review import adding

    add = adding.add_to_study
    monkeypatch.setattr(adding, "add_to_study", faulty)
    review.library.add([audio("a")])
    review.library.add([audio("b")])
    settle(qtbot, window.session)
    assert "b" in names(window.session)
    assert "fault" in window.message.text


def test_a_long_message_leaves_room_for_the_window(qtbot):
    bar = MessageBar()
    qtbot.addWidget(bar)
    text = "\n".join(f"file {n}: it is damaged" for n in range(500))
    bar.show_notice(text)
    assert bar.sizeHint().height() < 400
    assert bar.text == text
    next(b for b in bar.findChildren(QPushButton) if b.text() == "Copy").click()
    assert QApplication.clipboard().text() == text
