import numpy as np
import pytest

from core.features import (
    REPRESENTATIONS,
    build_representation,
    cut_windows,
    default_representation,
    default_window,
)
from desktop.widgets import representation_preview
from tests.desktop.conftest import settle
from tests.desktop.test_registries import offered, registered


@pytest.fixture
def preview(window):
    return window.inspector.preview


def select(qtbot, session, recording_id, row=3):
    """Select an event of a recording; return its windows and their rate."""
    event = session.events.take(np.flatnonzero(session.events.recording == recording_id)[row : row + 1])
    session.selection.set(event.id.tolist())
    settle(qtbot, session)
    recording = session.recording(recording_id)
    spec = default_window(recording)
    return cut_windows(recording, event.start_s, event.duration_s, spec), spec.fs


def test_nothing_is_computed_until_somebody_looks(qtbot, window, preview, monkeypatch):
    read, really = [], representation_preview.read_seen
    monkeypatch.setattr(representation_preview, "read_seen", lambda *args: read.append(args) or really(*args))
    select(qtbot, window.session, 1)
    assert not preview.body.isVisibleTo(preview)
    assert not read
    preview.head.click()
    settle(qtbot, window.session)
    assert len(read) == 1


@pytest.mark.parametrize(("recording_id", "iq"), [(1, False), (2, True)])
def test_every_representation_is_what_training_would_compute(qtbot, window, preview, recording_id, iq):
    session = window.session
    x, fs = select(qtbot, session, recording_id)
    preview.head.click()
    assert offered(preview.choice) == registered(REPRESENTATIONS)
    for name in REPRESENTATIONS:
        preview.choice.setCurrentIndex(preview.choice.findData(name))
        settle(qtbot, session)
        expected = build_representation(default_representation(name, iq=iq))(x, fs)[0]
        got = preview.shown
        assert got.event == session.selection.ids[0]
        assert got.shape == expected.shape
        np.testing.assert_array_equal(got.values, expected[0] if expected.ndim == 3 else expected)
        assert preview.canvas.isVisibleTo(preview)
        assert not preview.why.isVisibleTo(preview)
        assert " × ".join(str(n) for n in expected.shape) in preview.about.text().replace(",", "")
        is_image = name != "raw"
        assert preview.scale.isVisibleTo(preview) == is_image
        if is_image:
            np.testing.assert_array_equal(preview._image.image, got.values)
            assert preview.canvas.getAxis("left").labelText == got.axes.row_title
            # Colours are those of the values: the ends of the scale are the least and the greatest.
            assert preview._image.levels.tolist() == pytest.approx([got.values.min(), got.values.max()])


def test_axes_say_quantity_and_unit(qtbot, window, preview):
    select(qtbot, window.session, 2)
    preview.head.click()
    settle(qtbot, window.session)
    assert preview.canvas.getAxis("left").labelText == "Frequency (Hz)"
    assert preview.scale.getAxis("bottom").labelText == "Power (dB)"
    assert "319 ms" in preview.about.text()
    assert "away from the probe below" in preview.about.text()
    named = [name for _, name in preview.canvas.getAxis("left")._tickLevels[0]]
    assert float(named[0]) == pytest.approx(-4385 / 2, abs=1)
    select(qtbot, window.session, 1)
    preview.choice.setCurrentIndex(preview.choice.findData("raw"))
    settle(qtbot, window.session)
    assert preview.canvas.getAxis("left").labelText == "Amplitude (mV)"


def test_what_is_open_and_chosen_is_remembered(qtbot, window, preview):
    select(qtbot, window.session, 1)
    preview.head.click()
    preview.choice.setCurrentIndex(preview.choice.findData("mel"))
    again = representation_preview.RepresentationPreview(window.session)
    qtbot.addWidget(again)
    assert again.head.isChecked()
    assert again.choice.currentData() == "mel"


def test_an_event_that_moved_is_computed_again(qtbot, window, preview):
    session = window.session
    select(qtbot, session, 1)
    preview.head.click()
    settle(qtbot, session)
    before = preview.shown.values.copy()
    session.add_event(1, "MLII", 33.0, 0.1)
    settle(qtbot, session)
    assert preview.shown.event == session.selection.ids[0]
    assert not np.array_equal(preview.shown.values, before)


def test_a_window_with_missing_samples_says_so_in_words(qtbot, window, preview, monkeypatch):
    monkeypatch.setattr(representation_preview, "cut_windows", lambda *_args: np.full((1, 1, 187), np.nan, np.float32))
    select(qtbot, window.session, 1)
    preview.head.click()
    settle(qtbot, window.session)
    assert "touches missing samples" in preview.why.text()
    assert preview.why.isVisibleTo(preview)
    assert not preview.canvas.isVisibleTo(preview)
    monkeypatch.undo()
    select(qtbot, window.session, 1, row=4)
    assert preview.canvas.isVisibleTo(preview)
    assert not preview.why.isVisibleTo(preview)


def test_without_an_event_there_is_none(qtbot, window, preview):
    window.session.selection.set([])
    assert preview.isHidden()
