"""Recordings on their way into a study, and ones that are being opened, while something else is chosen meanwhile."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

import resources
from core.signals import add_to_study
from core.study import Study
from desktop.views.review import adding, opening, pages
from desktop.views.review.pictures.events import Box
from tests.desktop.conftest import settle


@pytest.fixture
def gates(monkeypatch):
    """Events that the adding of files waits for, by the names of the files."""
    found, add = {}, adding.add_to_study

    def slowly(study, path, *, report=None, **options):
        gate = found.get(Path(path).stem)
        while gate is not None and not gate.wait(0.01):
            report.check()
        return add(study, path, report=report, **options)

    monkeypatch.setattr(adding, "add_to_study", slowly)
    yield found
    for gate in found.values():
        gate.set()


@pytest.fixture
def opens(monkeypatch):
    """What the opening of recordings waits for once it is cleared."""
    gate, real = threading.Event(), opening.open_recording

    def slowly(*arguments):
        while not gate.wait(0.01):
            arguments[-1].check()
        return real(*arguments)

    monkeypatch.setattr(opening, "open_recording", slowly)
    gate.set()
    yield gate
    gate.set()


@pytest.fixture
def errors(window):
    found = []
    window.session.failed.connect(found.append)
    return found


def wav(folder, name, seed=0):
    path = folder / f"{name}.wav"
    soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, 20_000), 1000)
    return str(path)


def add(qtbot, review, gates, path):
    """Add a file whose hashing lasts; wait until it is shown."""
    gates[Path(path).stem] = threading.Event()
    review.library.add([path])
    qtbot.waitUntil(lambda: review.opened is not None and review.opened.id == 0, timeout=10_000)
    qtbot.waitUntil(lambda: bool(review.library._requests), timeout=10_000)


def names(review):
    return [review.recordings.item(n).text() for n in range(review.recordings.count())]


def test_another_study_does_not_list_what_was_on_its_way_into_the_one_before(
    qtbot, window, review, told, tmp_path, gates
):
    add(qtbot, review, gates, wav(tmp_path, "big"))
    with Study.create(tmp_path / "other") as other:
        add_to_study(other, resources.path("demo/208"))
    window.open_study(str(tmp_path / "other"))
    settle(qtbot, window.session)
    assert names(review) == ["208"]
    assert not review.library.coming.shown
    assert any("has not got big.wav yet" in said for said in told)


def test_what_is_on_its_way_arrives_though_the_annotator_changes(qtbot, window, review, tmp_path, gates):
    add(qtbot, review, gates, wav(tmp_path, "big"))
    window.session.change_annotator("Ben")
    gates["big"].set()
    settle(qtbot, window.session)
    settle(qtbot, window.session)
    assert [entry.name for entry in window.session.recordings][-1] == "big"
    assert review.entry.name == "big"


def test_the_end_of_one_request_leaves_the_recording_of_the_next(qtbot, window, review, tmp_path, gates):
    known = wav(tmp_path, "known")
    review.library.add([known])
    settle(qtbot, window.session)
    gates["known"] = threading.Event()
    review.library.add([known])
    gates["second"] = threading.Event()
    review.library.add([wav(tmp_path, "second", 1)])
    qtbot.waitUntil(lambda: review.opened.id == 0 and len(review.library._requests) == 2, timeout=10_000)
    gates["known"].set()
    qtbot.waitUntil(lambda: len(review.library._requests) == 1, timeout=10_000)
    assert (review.bar.name.text(), names(review)[-1]) == ("second", "second")
    gates["second"].set()
    settle(qtbot, window.session)
    assert review.entry.name == "second"


def test_a_pyramid_that_is_left_is_no_error(qtbot, window, review, errors, tmp_path, monkeypatch):
    left = threading.Event()

    def build(recording, folder, report, arrays=None):
        while True:
            left.wait(0.005)
            report.check()

    monkeypatch.setattr(pages, "build_pyramid", build)
    review.library.add([wav(tmp_path, "fresh")])
    qtbot.waitUntil(lambda: review.pages._builder is not None, timeout=10_000)
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    qtbot.waitUntil(lambda: review.pages._builder is not None or not window.session.background.busy, timeout=10_000)
    qtbot.wait(50)
    assert errors == []


def test_what_waits_for_a_recording_of_another_study_does_not_wait_for_ever(
    qtbot, window, review, errors, opens, tmp_path
):
    opens.clear()
    review.recordings.setCurrentRow(1)
    window.session.use(Study.create(tmp_path / "empty"))
    opens.set()
    (tmp_path / "notes.md").write_text("x")
    review.library.add([str(tmp_path / "notes.md")])
    settle(qtbot, window.session)
    assert [error.what[:10] for error in errors] == ["recordings"]


def test_a_page_of_the_recording_before_stays_dimmed_while_another_is_opened(qtbot, window, review, opens):
    opens.clear()
    review.recordings.setCurrentRow(1)
    qtbot.waitUntil(lambda: review.traces.dimmed and review.spectrogram.dimmed)
    review.go_to(review.start_s + 5)
    qtbot.wait(300)
    assert review.traces.dimmed
    assert review.spectrogram.dimmed
    opens.set()
    settle(qtbot, window.session)
    qtbot.waitUntil(lambda: not (review.traces.dimmed or review.spectrogram.dimmed))


def test_a_montage_chosen_while_the_study_takes_a_recording_up_is_used(qtbot, window, review, opens, tmp_path, gates):
    add(qtbot, review, gates, str(shutil.copy(resources.path("demo/S001R04.edf"), tmp_path / "eeg.edf")))
    opens.clear()
    review.derived.use_montage("average")
    gates["eeg"].set()
    qtbot.waitUntil(lambda: review.opened.id != 0, timeout=10_000)
    opens.set()
    settle(qtbot, window.session)
    assert review.opened.said.startswith("Common average")
    assert review.recording.derivation


def test_the_look_of_a_recording_stays_its_own(qtbot, window, review, tmp_path, gates):
    add(qtbot, review, gates, wav(tmp_path, "first"))
    review.amplify(8.0)
    review.recordings.setCurrentRow(0)
    gates["first"].set()
    settle(qtbot, window.session)
    review.recordings.setCurrentRow(names(review).index("first"))
    settle(qtbot, window.session)
    assert review.appearance.look.gain == 8.0
    add(qtbot, review, gates, wav(tmp_path, "second", 1))
    assert review.appearance.look.gain == 1.0
    gates["second"].set()
    settle(qtbot, window.session)
    assert "0" not in review.remember()["looks"]


def test_what_was_dragged_and_pointed_at_is_not_shown_in_another_study(qtbot, window, review, tmp_path):
    review.pointing.show_preview(Box(0, 1.0, 1.0, "MLII", "#ff0000"))
    review.pointing.move_cursor(1.0)
    window.session.use(Study.create(tmp_path / "empty"))
    assert review.pointing.preview is None
    assert review.pointing.cursor_s is None


def test_a_bad_channel_that_a_reference_leaves_out_is_named(qtbot, window, review):
    review.library.add([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, window.session)
    review.derived.use_montage("average")
    settle(qtbot, window.session)
    assert "without" not in review.opened.said
    review.choose_channel(review.recording.channels[3].name)
    review.toggle_bad()
    settle(qtbot, window.session)
    settle(qtbot, window.session)
    assert "Common average without" in review.bar.signal.text()
