"""Measuring in Review: by mouse and by keys, the numbers against NumPy and SciPy on real recordings."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication
from scipy.signal import welch

from desktop.views.review.measured import QUANTITIES, Ruled, decimals_of, measure_stretch, sum_of
from desktop.views.review.pictures.note import note_place
from desktop.widgets.parts import number
from tests.core.signals.arrays import Floats, recording
from tests.desktop import mouse
from tests.desktop.conftest import press, settle

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(qtbot, window, review):
    review.tabs.setCurrentWidget(review.measures.panel)
    settle(qtbot, window.session)
    return review.measures.panel


def drag(canvas, start_s, stop_s, modifier=SHIFT):
    """Drag over a picture from one time to another."""
    y = canvas.frame.rect.center().y()
    mouse.drag(canvas, *(QPointF(canvas.frame.x(t), y) for t in (start_s, stop_s)), modifier)


def value(panel, name):
    """The first number of a line of the panel."""
    return float(panel.values[name].text().split()[0])


def test_a_dragged_stretch_is_measured_as_numpy_does(qtbot, window, review, panel):
    assert panel.empty.isVisible()
    assert not panel.ruler.add.isEnabled()
    drag(review.traces, 2.0, 5.0)
    settle(qtbot, window.session)
    start, stop = review.pointing.stretch
    assert (start, stop) == pytest.approx((2.0, 5.0), abs=0.05)
    fs = 360
    first = round(start * fs)
    x = review.recording.read(0, first, round(stop * fs) + 1)
    assert not panel.empty.isVisible()
    assert value(panel, "Δt") == pytest.approx(stop - start, abs=1e-4)
    assert value(panel, "Rate 1/Δt") == pytest.approx(1 / (stop - start), abs=1e-3)
    for name, expected in {
        "At the left edge": x[0], "At the right edge": x[-1], "Δ amplitude": x[-1] - x[0], "Peak-to-peak": np.ptp(x),
        "RMS": np.sqrt(np.mean(x**2)), "Mean": x.mean(), "Lowest": x.min(), "Highest": x.max(), "Samples": len(x),
    }.items():  # fmt: skip
        assert value(panel, name) == pytest.approx(expected, abs=6e-4), name
        assert name == "Samples" or panel.values[name].text().split()[1] == "mV"
    lowest = float(panel.values["Lowest"].text().split(":")[-1])
    assert lowest == pytest.approx((first + x.argmin()) / fs, abs=6e-4)
    assert review.pointing.note == f"Δt {stop - start:.3f} s · p-p {np.ptp(x):.3f} mV"
    assert not panel.values["Mean Doppler shift"].isVisible()


def test_the_power_spectrum_is_that_of_scipy_with_its_peak_named(qtbot, window, review, panel):
    review.pointing.choose((10.0, 30.0))
    settle(qtbot, window.session)
    x = review.recording.read(0, 3600, 10_800)
    freqs, density = welch(x, 360, nperseg=720)
    t, y = panel.spectrum._curve.getData()
    inside = freqs <= 60
    np.testing.assert_allclose(t, freqs[inside])
    np.testing.assert_allclose(y, 10 * np.log10(density[inside]))
    assert panel.spectrum.peak.text().startswith(f"Peak at {freqs[density.argmax()]:.2f} Hz")
    panel.spectrum.scale.setCurrentText("linear")
    np.testing.assert_allclose(panel.spectrum._curve.getData()[1], density[inside])
    panel.spectrum.scale.setCurrentText("log")
    np.testing.assert_allclose(panel.spectrum._curve.getData()[1], np.log10(density[inside]))
    review.pointing.choose((10.0, 10.01))
    settle(qtbot, window.session)
    assert not panel.spectrum.plot.isVisible()
    assert "8 samples" in panel.spectrum.why.text()


def test_a_gate_has_two_sides_and_shifts_as_velocities(qtbot, window, review, panel):
    review.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    review.pointing.choose((1.0, 3.0))
    settle(qtbot, window.session)
    t, _ = panel.spectrum._curve.getData()
    assert t[0] < -2
    assert t[-1] > 2
    found = measure_stretch(review.recording, 0, 1.0, 3.0, True)
    freqs, density = found.spectrum
    mean = (freqs * density).sum() / density.sum()
    assert value(panel, "Mean Doppler shift") == pytest.approx(mean, abs=0.5)
    said = panel.values["Strongest shift"].text()
    assert said == f"{freqs[density.argmax()]:.0f} Hz"  # nobody has said what a velocity would rest on
    review.spectral.change(velocity=True)
    settle(qtbot, window.session)
    said, fastest = panel.values["Strongest shift"].text(), freqs[density.argmax()]
    assert said == f"{fastest:.0f} Hz · {fastest * 154000 / 4e6:.1f} cm/s\nat 2 MHz, 0°"
    assert review.spectrogram.frequency.title == "Velocity (cm/s) at 2 MHz, 0°"
    assert panel.spectrum._curve.getData()[0][0] == pytest.approx(freqs[0] * 154000 / 4e6)
    review.measures.copy()
    assert "Signals\tsimulated" in QApplication.clipboard().text()


def test_measuring_by_keys_alone(qtbot, window, review):
    press(qtbot, review, Qt.Key.Key_U)
    assert "Choose a stretch first" in window.message.text
    review.pointing.choose((1.0, 1.5))
    press(qtbot, review, Qt.Key.Key_U)
    settle(qtbot, window.session)
    assert window.message.text == "Sum of stretches: 0.5000 s, n = 1"
    qtbot.mouseClick(review.measures.panel.ruler.clear, Qt.MouseButton.LeftButton)
    review.pointing.choose(None)
    press(qtbot, review, Qt.Key.Key_M, SHIFT)
    assert review.tabs.currentWidget() is review.measures.panel
    assert review.pointing.stretch == pytest.approx((4.5, 5.5))
    press(qtbot, review, Qt.Key.Key_Comma)
    press(qtbot, review, Qt.Key.Key_U)  # at once, before it is measured
    settle(qtbot, window.session)
    ruler = review.measures.panel.ruler
    assert ruler.table.rowCount() == 1
    assert ruler.sum.text() == "Sum 1.1000 s"
    press(qtbot, review, Qt.Key.Key_Down)
    settle(qtbot, window.session)
    assert review.measures.measured.channel == review.channel_name == review.recording.channels[1].name
    press(qtbot, review, Qt.Key.Key_Period)
    settle(qtbot, window.session)
    press(qtbot, review, Qt.Key.Key_U)
    assert ruler.sum.text() == "Sum 2.1000 s"
    assert ruler.spread.text() == "n = 2, mean ± SD 1.0500 ± 0.0707 s"
    press(qtbot, review, Qt.Key.Key_Escape)
    assert review.measures.panel.empty.isVisible()
    assert review.pointing.note == ""
    assert ruler.table.rowCount() == 2


def test_copied_figures_are_a_table_in_full_precision(qtbot, window, review, panel):
    review.pointing.choose((2.0, 5.0))
    settle(qtbot, window.session)
    panel.copy_asked.emit()
    rows = dict(row.split("\t")[:2] for row in QApplication.clipboard().text().splitlines())
    x = review.recording.read(0, 720, 1801)
    assert float(rows["RMS"]) == pytest.approx(np.sqrt(np.mean(x**2)), rel=1e-8)
    assert (rows["Channel"], rows["Δt"]) == (review.channel_name, "3")
    assert rows["Shown as"] == review.opened.said


def test_the_ruler_is_kept_per_recording_and_becomes_marks_in_one_step(qtbot, window, review, panel):
    session, ruler = window.session, panel.ruler
    for stretch in ((1.0, 2.0), (3.0, 3.5), (6.0, 8.0)):
        review.pointing.choose(stretch)
        settle(qtbot, session)
        qtbot.mouseClick(ruler.add, Qt.MouseButton.LeftButton)
    assert ruler.sum.text() == "Sum 3.5000 s"
    review.recordings.setCurrentRow(1)
    settle(qtbot, session)
    assert ruler.table.rowCount() == 0
    review.recordings.setCurrentRow(0)
    settle(qtbot, session)
    assert ruler.table.rowCount() == 3
    ruler.table.selectRow(1)
    qtbot.mouseClick(ruler.remove, Qt.MouseButton.LeftButton)
    assert ruler.sum.text() == "Sum 3.0000 s"
    ruler.table.cellClicked.emit(1, 0)
    assert review.pointing.stretch == (6.0, 8.0)
    qtbot.mouseClick(ruler.copy, Qt.MouseButton.LeftButton)
    lines = QApplication.clipboard().text().splitlines()
    assert [line.split("\t")[:2] for line in lines[1:3]] == [["1", "1"], ["6", "2"]]
    assert lines[-3:-1] == ["Sum (s)\t3", "Mean (s)\t1.5"]
    before, n = session.undo_stack.count(), len(session.events)
    qtbot.mouseClick(ruler.marks, Qt.MouseButton.LeftButton)
    settle(qtbot, session)
    assert (session.undo_stack.count(), len(session.events)) == (before + 1, n + 2)
    made = session.events.take(session.events.row_of(session.selection.ids))
    assert sorted(zip(made.start_s.tolist(), made.duration_s.tolist(), strict=True)) == [(1.0, 1.0), (6.0, 2.0)]
    session.undo()
    settle(qtbot, session)
    assert len(session.events) == n
    qtbot.mouseClick(ruler.clear, Qt.MouseButton.LeftButton)
    assert ruler.table.rowCount() == 0
    assert ruler.clear.text() == "Bring back"
    qtbot.mouseClick(ruler.clear, Qt.MouseButton.LeftButton)
    assert ruler.sum.text() == "Sum 3.0000 s"


def test_while_a_stretch_is_drawn_only_the_newest_is_measured_next(qtbot, window, review, panel, monkeypatch):
    from desktop.views.review import measures

    asked = []

    def noted(recording, channel, start, stop, spectrum):
        asked.append((start, stop))
        return measure_stretch(recording, channel, start, stop, spectrum)

    monkeypatch.setattr(measures, "measure_stretch", noted)
    for stop in np.linspace(2.0, 5.0, 31):
        review.pointing.choose((1.0, float(stop)))
    settle(qtbot, window.session)
    assert asked == [(1.0, 2.0), (1.0, 5.0)]
    assert review.measures.measured.stop_s == 5.0


def test_the_sum_of_stretches():
    some = [Ruled("I", 0.0, d, 1.0, "mV") for d in (1.0, 2.0, 4.0)]
    found = sum_of(some)
    assert (found.n, found.total_s) == (3, 7.0)
    assert found.mean_s == pytest.approx(7 / 3)
    assert found.std_s == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert np.isnan(sum_of(some[:1]).std_s)
    assert sum_of([]).n == 0


def test_decimals_follow_the_largest_amplitude(review, window):
    found = measure_stretch(review.recording, 0, 0.0, 10.0, False).found
    assert 1 < max(-found.minimum, found.maximum) < 10
    assert decimals_of(found) == 3


def test_over_the_spectrogram_frequency_velocity_and_level_are_told(qtbot, window, review):
    def point(canvas, t, y):
        place = QPointF(canvas.frame.x(t), y)
        mouse.send(canvas, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        return review.status.text().split(" · ")

    canvas = review.spectrogram
    rect, axis = canvas.frame.rect, canvas.frequency
    assert point(canvas, 3.0, rect.top() + rect.height() * (1 - 20.5 / axis.high_hz))[-2] == "MLII 20.5 Hz"
    tile = next(tile for tile in canvas.tiles if tile.start_s <= 3.0 < tile.stop_s)
    rows, columns = tile.db.shape
    column = int((3.0 - tile.start_s) / (tile.stop_s - tile.start_s) * columns)
    row = int((20.5 - tile.low_hz) / (tile.high_hz - tile.low_hz) * rows)
    assert review.status.text().endswith(f" · {number(float(tile.db[row, column]), 1)} dB")
    assert point(canvas, 3.0, rect.top() + 1)[-2] != "MLII 20.5 Hz", "upwards at the same time"
    assert point(review.traces, 3.0, 20.0)[-1].endswith(" mV")
    review.recordings.setCurrentRow(1)
    review.spectral.change(velocity=True)
    settle(qtbot, window.session)
    assert "cm/s at 2 MHz, 0°" in point(canvas, 3.0, rect.top() + 10)[-2]
    review.pointing.move_cursor(None)


def test_a_stretch_with_a_gap_says_so():
    x = np.sin(np.arange(1000.0))
    x[300:700] = np.nan
    some = recording(Floats([x]), fs=1000.0)
    (samples,) = [quantity for quantity in QUANTITIES if quantity.name == "Samples"]
    assert samples.text(measure_stretch(some, 0, 0.2, 0.8, False)) == "201 of 601, with gaps"
    assert samples.text(measure_stretch(some, 0, 0.0, 0.2, False)) == "201"


def test_the_note_stands_beside_the_stretch_and_on_the_page(review):
    frame = review.traces.frame.at(0.0, 10.0)
    for start, stop in ((1.0, 2.0), (8.5, 9.9), (-5.0, 15.0), (0.0, 9.99)):
        place = note_place(frame, start, stop, 120, 18)
        assert frame.rect.contains(place)
    right = note_place(frame, 1.0, 2.0, 120, 18)
    assert right.left() > frame.x(2.0)
    assert note_place(frame, 8.5, 9.9, 120, 18).right() < frame.x(8.5)
    assert note_place(frame, 12.0, 13.0, 120, 18) is None
