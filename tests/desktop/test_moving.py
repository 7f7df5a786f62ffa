"""Moving about in Review: pages that scroll by themselves, zooms, the order of channels, what axis and overview say."""

import re

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QElapsedTimer, QPointF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtSvg import QSvgGenerator

import resources
from core.signals import envelope_of
from desktop.services import theme
from tests.desktop.conftest import press, settle
from tests.desktop.mouse import at, drag, wheel
from tests.desktop.test_marking import CONTROL, SHIFT

ALT, CONTROL_SHIFT = Qt.KeyboardModifier.AltModifier, CONTROL | SHIFT
NAME_X = 20  # px: in the gutter


# Pages that scroll by themselves


def test_pages_scroll_as_fast_as_the_recording_ran_until_they_are_stopped(qtbot, window, review):
    clock = QElapsedTimer()
    clock.start()
    press(qtbot, review, Qt.Key.Key_Space, SHIFT)
    qtbot.waitUntil(lambda: review.start_s > 1.0)
    qtbot.waitUntil(lambda: abs(review.start_s - clock.elapsed() / 1000) < 0.2)  # a busy machine: at the next step
    press(qtbot, review, Qt.Key.Key_Space, SHIFT)
    stopped = review.start_s
    settle(qtbot, window.session)
    qtbot.wait(120)  # three steps
    assert review.start_s == review.traces.start_s == stopped


def test_pages_that_scroll_by_themselves_stop_at_the_end_and_when_review_is_left(qtbot, window, review):
    press(qtbot, review, Qt.Key.Key_Space, SHIFT)
    press(qtbot, review, Qt.Key.Key_End)
    end = review.recording.duration - review.length_s
    qtbot.waitUntil(lambda: not review.scroller.running)
    assert review.start_s == pytest.approx(end)
    press(qtbot, review, Qt.Key.Key_Home)
    press(qtbot, review, Qt.Key.Key_Space, SHIFT)
    qtbot.waitUntil(lambda: review.start_s > 0)
    window.show_start()
    qtbot.waitUntil(lambda: not review.scroller.running)


# Zooms


@pytest.mark.parametrize("picture", ["traces", "spectrogram"])
def test_the_wheel_with_ctrl_zooms_round_the_pointer(qtbot, window, review, picture):
    canvas = getattr(review, picture)
    review.go_to(60.0)
    settle(qtbot, window.session)
    where = at(canvas, 63.0)
    wheel(canvas, where, 1, CONTROL)
    settle(qtbot, window.session)
    assert (review.start_s, review.length_s) == pytest.approx((63.0 - 0.3 * 8.0, 8.0))
    assert canvas.time_at(where) == pytest.approx(63.0)  # what was under the pointer still is
    wheel(canvas, where, -1, CONTROL)
    assert (review.start_s, review.length_s) == pytest.approx((60.0, 10.0))
    settle(qtbot, window.session)
    wheel(canvas, where, -1)
    assert (review.start_s, review.length_s) == pytest.approx((61.0, 10.0))  # without Ctrl it scrolls


@pytest.mark.parametrize("picture", ["traces", "spectrogram"])
def test_a_drag_with_alt_shows_that_stretch_as_a_page(qtbot, window, review, picture):
    canvas = getattr(review, picture)
    review.go_to(60.0)
    settle(qtbot, window.session)
    drag(canvas, at(canvas, 67.0), at(canvas, 64.5), ALT)  # to the left, too
    settle(qtbot, window.session)
    assert (review.start_s, review.length_s) == pytest.approx((64.5, 2.5))
    assert (canvas.frame.start_s, canvas.frame.length_s) == pytest.approx((64.5, 2.5))
    assert review.pointing.preview is None


# Channels


def test_the_wheel_over_a_name_scales_that_channel_only(qtbot, window, review):
    traces = review.traces
    before = {row.name: row.px_per_unit for row in traces.rows}
    row = traces.rows[1]
    where = QPointF(NAME_X, traces.frame.rect.top() + row.y)
    wheel(traces, where)
    settle(qtbot, window.session)
    larger = {row.name: row.px_per_unit for row in traces.rows}
    assert larger == pytest.approx({"MLII": before["MLII"], "V1": 1.25 * before["V1"]})
    wheel(traces, where, -2)
    settle(qtbot, window.session)
    assert {row.name: row.px_per_unit for row in traces.rows} == pytest.approx({**before, "V1": before["V1"] / 1.25})
    assert review.start_s == 0.0


def test_the_chosen_channel_is_moved_and_drawn_where_it_stands_in_the_list(qtbot, window, review):
    def check(*names):
        settle(qtbot, window.session)
        items = review.left.channels
        assert [items.item(n).text().split()[0] for n in range(items.count())] == list(names)
        assert [row.name for row in review.traces.rows] == list(names)
        assert review.traces.rows[0].y < review.traces.rows[1].y
        assert [c.name for c in review.recording.channels] == ["MLII", "V1"]
        for row, line in zip(review.traces.rows, review.traces.drawn_page.page.lines, strict=True):
            stored = review.recording.read(review.recording.index(row.name), 360, 361)[0]
            assert line.value_at(1.0) == pytest.approx(stored, abs=0.02)  # each with its own samples

    assert review.channel_name == "MLII"
    check("MLII", "V1")
    press(qtbot, review, Qt.Key.Key_Up, CONTROL_SHIFT)  # it is the first
    check("MLII", "V1")
    press(qtbot, review, Qt.Key.Key_Down, CONTROL_SHIFT)
    check("V1", "MLII")
    assert review.channel_name == "MLII"
    press(qtbot, review, Qt.Key.Key_Up, CONTROL_SHIFT)
    check("MLII", "V1")


# What is written


def written(canvas):
    """Return what a picture writes, from left to right, as it paints it."""
    buffer = QBuffer()
    to = QSvgGenerator()
    to.setOutputDevice(buffer)
    to.setSize(canvas.size())
    painter = QPainter(to)
    painter.setFont(canvas.small_font())
    canvas.paint_page(painter, canvas.frame)
    painter.end()
    svg = bytes(buffer.data()).decode()
    return [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_t_writes_the_time_of_day_and_again_the_time_from_the_start(qtbot, window, review):
    review.add_recordings([str(resources.path("demo/S001R04.edf"))])
    settle(qtbot, window.session)
    assert str(review.recording.start_time).endswith("16:15:00")

    def check(page, whole, title, where):
        said = written(review.spectrogram)
        assert set(page) <= set(said)
        assert title in said
        below = written(review.overview)
        assert set(whole) <= set(below)
        assert where in below
        other = "16:15" if page[0].startswith("0:") else "0:0"
        assert not [text for text in said if text.startswith(other)]

    check(["0:00", "0:02", "0:10"], ["0:15", "1:30"], "Time (min:s)", "0:00.0 to 0:10.0 of 2:05.0")
    press(qtbot, review, Qt.Key.Key_T)
    check(["16:15:00", "16:15:10"], ["16:15:15", "16:16:30"], "Time of day", "16:15:00.0 to 16:15:10.0 of 2:05.0")
    press(qtbot, review, Qt.Key.Key_T)
    check(["0:00", "0:02", "0:10"], ["0:15", "1:30"], "Time (min:s)", "0:00.0 to 0:10.0 of 2:05.0")


# The overview


def line_of(overview):
    """Return the times of the columns of pixels right of the page's box, and how high the line is painted in each."""
    image, colour, frame = overview.grab().toImage(), QColor(theme.token("muted")).name(), overview.frame
    columns = range(round(frame.span(*overview.page).right()) + 4, round(frame.rect.right()) - 2)
    rows = range(round(frame.rect.bottom()) - 11)
    return (
        np.array([frame.t(x + 0.5) for x in columns]),
        np.array([sum(image.pixelColor(x, y).name() == colour for y in rows) for x in columns]),
    )


def test_the_overview_has_the_line_of_the_recording_that_is_shown(qtbot, window, review):
    for row in (0, 1, 0):
        where = review.recordings.visualItemRect(review.recordings.item(row)).center()
        qtbot.mouseClick(review.recordings.viewport(), Qt.MouseButton.LeftButton, pos=where)
        settle(qtbot, window.session)
        assert review.recording_id == review.session.recordings[row].id
        times, heights = line_of(review.overview)
        assert (heights > 0).all()  # from end to end
        t, low, high = envelope_of(review.opened.pyramid, 0, 600)
        tall = np.minimum(high, np.percentile(high, 99)) - np.maximum(low, np.percentile(low, 1))
        assert np.corrcoef(heights, np.interp(times, t, tall))[0, 1] > 0.8
