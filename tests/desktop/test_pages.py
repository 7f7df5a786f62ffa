"""Pages of Review: their length, and what is drawn on them when there is much to draw."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtGui import QImage, QPainter

from desktop.views.review import drawn
from tests.desktop.conftest import settle

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"


@pytest.fixture
def review(qtbot, window):
    window.enter("review")
    settle(qtbot, window.session)
    return window.rooms["review"]


def add(qtbot, window, path, y, fs):
    """Add a recording of samples and show it."""
    soundfile.write(path, y, fs)
    window.rooms["review"].add_recordings([str(path)])
    settle(qtbot, window.session)


def test_a_short_recording_does_not_shorten_the_pages_of_others(qtbot, window, review, tmp_path):
    review.set_length(30.0)
    add(qtbot, window, tmp_path / "short.wav", np.sin(np.arange(3700) / 5), 1000)
    assert review.length_s == pytest.approx(3.7)
    assert review.bar.page_box.placeholderText().startswith("3")
    assert review.remember()["length_s"] == 30.0
    add(qtbot, window, tmp_path / "shortest.wav", np.array([0.5, 0.4]), 1000)
    assert review.length_s < 0.1
    assert review.spectrogram.empty
    assert review.spectrogram.box.viewRange()[1] == [0.0, 500.0]
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    assert review.length_s == 30.0


def drawn_of(layer):
    """How many rectangles a layer of events draws."""
    return sum(len(rects) for rects in layer._groups.values())


def test_events_too_narrow_to_be_told_apart_are_ticks(qtbot, window, review):
    session = window.session
    n, total = len(review.model.ids), review.recording.duration
    layer, strip, over = review.traces._events, review.traces._ticks, review.spectrogram._events
    review.set_length(10.0)
    settle(qtbot, session)
    assert drawn_of(layer) == drawn_of(over) > 0
    assert drawn_of(strip) == 0
    review.set_length(total)
    settle(qtbot, session)
    assert drawn_of(layer) == drawn_of(over) == 0  # the spectrogram is not covered
    assert 10 < drawn_of(strip) <= n
    colours = {colour for colour, _ in strip._groups}
    assert len(colours) == len({*session.events.label[session.events.recording == 1].tolist()})
    session.selection.set([int(review.model.ids[40])])
    assert drawn_of(layer) == drawn_of(over) == 1  # a selected one is always seen
    session.selection.set([])


def test_what_is_drawn_is_bounded_whatever_the_number_of_events():
    rng, width, length = np.random.default_rng(0), 800.0, 1800.0
    starts = rng.uniform(0, length, 100_000)
    none = np.zeros(len(starts), bool)
    colours = np.where(np.arange(len(starts)) < 5, "#rare", "#often").tolist()
    for duration in (0.1, 60.0):  # so long that they lie over each other
        wide = drawn.boxed(np.full(len(starts), duration), none, width / length, width)
        assert not wide.any()
    ticks = drawn.ticks(starts, colours, 0.0, width / length)
    assert len(ticks) <= 2 * width / drawn.TICK_PX
    assert [tick.colour for tick in ticks[-5:]] == ["#rare"] * 5
    few = np.array([0.0, 0.1, 0.2])
    assert drawn.boxed(few, few > 1, 1.0, width).all()  # instants, far apart


def test_every_trace_is_named_in_the_gutter_and_units_are_units(qtbot, window, review):
    review.add_recordings([str(RECORDINGS / "short_psg.edf")])
    settle(qtbot, window.session)
    axis = review.traces.widget.getAxis("left")
    (ticks,) = axis._tickLevels
    assert len(ticks) == len(review.recording.channels)
    assert not any(text.endswith(" 1") for _, text in ticks)
    assert any(text.endswith("a.u.") for _, text in ticks)
    window.grab()
    painter = QPainter(image := QImage(100, 100, QImage.Format.Format_RGB32))
    _, _, texts = axis.generateDrawSpecs(painter)
    painter.end()
    assert not image.isNull()
    assert len(texts) == len(ticks)  # pyqtgraph leaves out what is wider than the gutter


def test_a_recording_that_is_chosen_lets_events_of_others_go(qtbot, window, review):
    session = window.session
    session.selection.set([int(review.model.ids[3])])
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    assert session.selection.ids == ()
    assert window.inspector.title.text() == "No event selected"
    beat = int(session.events.id[session.events.recording == 1][5])
    session.selection.set([beat])  # shows its recording
    settle(qtbot, session)
    assert review.recording_id == 1
    assert session.selection.ids == (beat,)
    window.enter("annotate")
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    assert session.selection.ids == (beat,)


def test_a_file_of_annotations_only_is_refused_by_name(qtbot, window, review):
    review.add_recordings([str(RECORDINGS / "SC4001EC-Hypnogram.edf")])
    settle(qtbot, window.session)
    assert "SC4001EC-Hypnogram.edf: it holds no signal, only 154 annotations" in window.message.text
