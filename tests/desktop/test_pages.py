"""Pages of Review: their length, and what is drawn on them when there is much to draw."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QImage, QPainter

from core.signals import Channel, Typical
from core.study import Study
from desktop.views.review.pictures import events as drawn
from desktop.views.review.pictures import gutter
from desktop.views.review.pictures.frame import Frame
from desktop.views.review.pictures.rows import Look, lay_rows
from tests.desktop.conftest import settle

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"


def add(qtbot, window, path, y, fs):
    """Add a recording of samples and show it."""
    soundfile.write(path, y, fs)
    window.rooms["review"].add_recordings([str(path)])
    settle(qtbot, window.session)


def test_a_short_recording_does_not_shorten_the_pages_of_others(qtbot, window, review, tmp_path):
    review.set_length(30.0)
    add(qtbot, window, tmp_path / "short.wav", np.sin(np.arange(3700) / 5), 1000)
    assert review.length_s == pytest.approx(3.7)
    assert review.bar.page_box.currentText().startswith("3")
    assert review.remember()["length_s"] == 30.0
    add(qtbot, window, tmp_path / "shortest.wav", np.array([0.5, 0.4]), 1000)
    assert review.length_s < 0.1
    assert review.spectrogram.empty
    assert (review.spectrogram.frequency.low_hz, review.spectrogram.frequency.high_hz) == (0.0, 500.0)
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    assert review.length_s == 30.0


def test_events_too_narrow_to_be_told_apart_are_ticks(qtbot, window, review):
    session = window.session
    n, total = len(review.model.ids), review.recording.duration
    review.set_length(10.0)
    settle(qtbot, session)
    assert len(review.traces.boxes) == len(review.spectrogram.boxes) > 0
    assert not review.traces.ticks
    review.set_length(total)
    settle(qtbot, session)
    assert review.traces.boxes == review.spectrogram.boxes == []  # the spectrogram is not covered
    assert 10 < len(review.traces.ticks) <= n
    colours = {tick.colour for tick in review.traces.ticks}
    assert len(colours) == len({*session.events.label[session.events.recording == 1].tolist()})
    session.selection.set([int(review.model.ids[40])])
    assert [box.selected for box in review.traces.boxes] == [True]  # a selected one is always seen
    session.selection.set([])


def test_what_is_drawn_is_bounded_whatever_the_number_of_events():
    rng, width, length = np.random.default_rng(0), 800.0, 1800.0
    starts = rng.uniform(0, length, 100_000)
    none = np.zeros(len(starts), bool)
    codes = (np.arange(len(starts)) < 5).astype(np.intp)
    for duration in (0.1, 60.0):  # so long that they lie over each other
        wide = drawn.boxed(np.full(len(starts), duration), none, width / length, width)
        assert not wide.any()
    ticks = drawn.ticks(Frame(QRectF(0, 0, width, 10), 0.0, length), starts, codes, ["#often", "#rare"])
    assert len(ticks) <= 2 * width / drawn.TICK_PX
    assert [tick.colour for tick in ticks[-5:]] == ["#rare"] * 5
    few = np.array([0.0, 0.1, 0.2])
    assert drawn.boxed(few, few > 1, 1.0, width).all()  # instants, far apart


def test_ticks_of_many_labels_are_those_of_each_label():
    rng, width, length = np.random.default_rng(0), 800.0, 60.0
    starts, codes = rng.uniform(-5, length + 5, 3000), rng.integers(0, 900, 3000)
    colours = [f"#{code % 7:06x}" for code in range(1000)]
    found = drawn.ticks(Frame(QRectF(0, 0, width, 10), 0.0, length), starts, codes, colours)
    often, places = np.bincount(codes, minlength=1000), np.floor(starts * width / length / drawn.TICK_PX)
    expected = [
        drawn.Tick(int(place) * drawn.TICK_PX, colours[code])
        for code in sorted(range(1000), key=lambda code: (-often[code], colours[code]))
        for place in np.unique(places[codes == code])
    ]
    assert found == expected
    assert drawn.ticks(Frame(QRectF(0, 0, width, 10), 0.0, length), starts[:0], codes[:0], colours) == []


@pytest.mark.parametrize("name", ["A1", "EEG Fp1-Ref"])
def test_no_scale_covers_a_name(qapp, name):
    channels = [Channel(f"{name}{n}", 256.0, "µV", 10, "eeg") for n in range(16)]
    channels.append(Channel("Status", 256.0, "Boolean", 10, "other"))
    typical = [Typical(0.0, 100.0)] * 16 + [Typical(0.0, 50_000.0)]
    rows = lay_rows(channels, typical, Look(channels=tuple(range(17))), 279.0, 4.0)
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    painter, frame = QPainter(image), Frame(QRectF(104, 2, 286, 279), 0.0, 10.0)
    font = QFont(qapp.font())
    font.setPixelSize(11)
    painter.setFont(font)
    taken = gutter._paint_names(painter, frame, rows, "")
    gutter._paint_low_bars(painter, frame, rows, "", taken)
    painter.end()
    assert len(taken) == 18, "a scale of the EEG, beside a short name or above long ones; none of the status channel"
    assert not any(a.intersects(b) for a, b in itertools.combinations(taken, 2))
    assert all(rect.left() >= 0 for rect in taken)


def test_every_trace_has_a_row_and_units_are_units(qtbot, window, review):
    review.add_recordings([str(RECORDINGS / "short_psg.edf")])
    settle(qtbot, window.session)
    rows = review.traces.rows
    assert [row.name for row in rows] == [c.name for c in review.recording.channels]
    assert not any(row.bar.endswith(" 1") for row in rows)
    assert any(row.bar.endswith("a.u.") for row in rows)
    assert all(0 < row.y < review.traces.height() for row in rows)


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


def test_a_file_of_annotations_only_is_refused_by_name_where_no_recording_is_shown(qtbot, window, review, tmp_path):
    window.session.use(Study.create(tmp_path / "empty", annotator="Ana"))
    review.add_recordings([str(RECORDINGS / "SC4001EC-Hypnogram.edf")])
    settle(qtbot, window.session)
    assert "SC4001EC-Hypnogram.edf: it holds no signal, only 154 annotations" in window.message.text
