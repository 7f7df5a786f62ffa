"""Sound in Review: by keys and mouse, with the line and the page that follow, and as a file."""

import threading

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from core.signals import doppler_sound
from desktop.services.speaker import Silent
from desktop.views.review import sound
from desktop.views.review.sound import what_to_play
from tests.desktop.conftest import press, settle

PAGE, DAY = (10.0, 20.0), 100.0


class Clock:
    """A time that passes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def review(qtbot, window, clock):
    window.enter("review")
    settle(qtbot, window.session)
    room = window.rooms["review"]
    room.recordings.setCurrentRow(1)
    settle(qtbot, window.session)
    assert room.recording.simulated
    room.sound.player.open_output = lambda: Silent("no device", clock)
    return room


def pass_until(qtbot, clock, good, step=0.1):
    """Let the time of the sound pass until something is so."""

    def on():
        clock.now += step
        return good()

    qtbot.waitUntil(on, timeout=20_000)


@pytest.mark.parametrize(
    ("stretch", "event", "cursor", "loop", "expected"),
    [
        ((12.0, 13.0), (14.0, 14.1), 15.0, False, (12.0, 13.0)),
        ((12.0, 12.0), None, None, False, (10.0, DAY)),  # two edges at one place are no stretch
        (None, (14.0, 14.1), 15.0, False, (13.75, DAY)),
        (None, (14.0, 14.1), None, True, (13.5, 14.6)),
        (None, (0.1, 0.2), None, False, (0.0, DAY)),
        (None, None, 15.0, False, (15.0, DAY)),
        (None, None, None, False, (10.0, DAY)),
        (None, None, 15.0, True, PAGE),
    ],
)
def test_what_space_plays(stretch, event, cursor, loop, expected):
    assert what_to_play(DAY, PAGE, stretch, event, cursor, loop) == pytest.approx(expected)


def test_space_plays_the_line_moves_and_the_page_follows(qtbot, window, review, clock):
    press(qtbot, review, Qt.Key.Key_PageDown)
    settle(qtbot, window.session)
    press(qtbot, review, Qt.Key.Key_Space)
    assert review.sound.player.playing
    assert review.pointing.playing_s == pytest.approx(10.0)
    assert review.sound.bar.play.text() == "■"
    pass_until(qtbot, clock, lambda: review.pointing.playing_s > 12.0)
    assert review.start_s == pytest.approx(10.0)
    pass_until(qtbot, clock, lambda: review.pointing.playing_s > 21.0, 0.3)
    assert 19.9 < review.start_s <= review.pointing.playing_s < review.start_s + 10.0
    review.go_to(100.0)  # who scrolls away is not fetched back
    pass_until(qtbot, clock, lambda: review.pointing.playing_s > 23.0)
    assert review.start_s == 100.0
    press(qtbot, review, Qt.Key.Key_Space)
    assert not review.sound.player.playing
    assert review.pointing.playing_s is None
    assert review.sound.bar.play.text() == "▶"


def test_the_stretch_is_played_and_escape_stops_before_it_lets_go(qtbot, window, review, clock):
    review.pointing.choose((3.0, 4.0))
    qtbot.mouseClick(review.sound.bar.play, Qt.MouseButton.LeftButton, pos=review.sound.bar.play.rect().center())
    assert review.sound.player.playing
    press(qtbot, review, Qt.Key.Key_Escape)
    assert not review.sound.player.playing
    assert review.pointing.stretch == (3.0, 4.0)
    press(qtbot, review, Qt.Key.Key_Escape)
    assert review.pointing.stretch is None
    review.pointing.choose((3.0, 4.0))
    press(qtbot, review, Qt.Key.Key_Space)
    pass_until(qtbot, clock, lambda: not review.sound.player.playing)
    assert review.pointing.playing_s is None
    press(qtbot, review, Qt.Key.Key_L)
    assert review.sound.bar.loop.isChecked()
    press(qtbot, review, Qt.Key.Key_Space)
    pass_until(qtbot, clock, lambda: clock.now > 6.0)
    assert review.sound.player.playing
    assert 3.0 <= review.pointing.playing_s <= 4.01


def test_what_is_chosen_meanwhile_goes_on_from_where_the_sound_is(qtbot, window, review, clock):
    review.pointing.choose((3.0, 9.0))
    press(qtbot, review, Qt.Key.Key_Space)
    pass_until(qtbot, clock, lambda: review.pointing.playing_s > 4.0)
    first = review.sound.player._playing
    press(qtbot, review, Qt.Key.Key_S)
    assert (review.sound.speed, review.sound.bar.speed.currentText()) == (0.5, "½×")
    pass_until(qtbot, clock, lambda: review.sound.player._playing is not first, 0.01)
    assert 4.0 < review.sound.player.at_s < 5.5
    qtbot.waitUntil(lambda: review.sound.player._playing._output is not None)
    at, now = review.sound.player.at_s, clock.now
    pass_until(qtbot, clock, lambda: clock.now > now + 1.0)
    qtbot.waitUntil(lambda: review.sound.player.at_s > at + 0.4)
    assert review.sound.player.at_s < at + 0.6
    second = review.sound.player._playing
    press(qtbot, review, Qt.Key.Key_Down)  # Q: the same gate, but another channel
    pass_until(qtbot, clock, lambda: review.sound.player._playing is not second, 0.01)
    review.recordings.setCurrentRow(0)
    settle(qtbot, window.session)
    qtbot.waitUntil(lambda: not review.sound.player.playing)


def test_speed_loop_and_volume_by_mouse(qtbot, window, review):
    bar, listening = review.sound.bar, review.sound
    bar.speed.activated.emit(bar.speed.findText("¼×"))
    assert listening.speed == 0.25
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    assert listening.loop
    press(qtbot, review, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert (listening.player.volume, bar.volume.value()) == (pytest.approx(0.9), 90)
    bar.volume.setValue(40)
    assert listening.player.volume == pytest.approx(0.4)


def test_space_presses_the_button_or_tick_that_has_the_focus(qtbot, window, review):
    asked = []
    review.bar.filters.clicked.disconnect()
    review.bar.filters.clicked.connect(lambda: asked.append(1))
    press(qtbot, review.bar.filters, Qt.Key.Key_Space)
    assert asked == [1]
    shown = review.channels
    review.left.channels.setCurrentRow(1)
    press(qtbot, review.left.channels, Qt.Key.Key_Space)
    assert review.channels == shown[:1]
    assert not review.sound.player.playing
    press(qtbot, review.recordings, Qt.Key.Key_Space)
    assert review.sound.player.playing


def test_without_a_device_it_says_so_once_and_offers_a_file(qtbot, window, review, clock):
    told = []
    window.session.told.connect(told.append)
    for _ in range(2):
        review.sound.toggle()
        qtbot.waitUntil(lambda: bool(review.sound.player.silence))
        review.sound.stop()
    assert len(told) == 1
    assert told[0].startswith("No sound device was found")
    assert review.sound.bar.mute.isVisible()
    assert not review.sound.bar.volume.isVisible()
    assert "no device" in review.sound.bar.play.toolTip()
    assert review.sound.bar.write.isVisible()


def test_the_file_is_what_core_computes_and_says_that_it_is_simulated(qtbot, window, review, tmp_path, monkeypatch):
    path = tmp_path / "heard"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    review.pointing.choose((4.0, 5.0))
    review.sound.use_speed(0.5)
    review.sound.use_volume(0.1)  # that of the listener, not of the file
    menu = QMenu()
    review.sound.fill_menu(menu, 4.5)
    next(a for a in menu.actions() if a.text() == "Write the sound to a file…").trigger()
    settle(qtbot, window.session)
    expected = doppler_sound(review.recording, 0, 4.0, 5.0, speed=0.5)
    with soundfile.SoundFile(path.with_suffix(".wav")) as file:
        np.testing.assert_allclose(file.read(dtype="float32"), expected, atol=1 / 32000)
        assert file.comment.startswith("SIMULATED; tcd_simulated, gate 1, 0:04.00 to 0:05.00, ½×")
    assert "2.0 s of sound written to" in window.message.text
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(tmp_path / "no" / "such.wav"), ""))
    review.sound.write()
    settle(qtbot, window.session)
    assert "such.wav" in window.message.text


def test_a_long_file_is_written_behind_all_else_with_its_progress(qtbot, window, review, tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "LONG_S", 1.0)
    shares = []
    monkeypatch.setattr(review.bar, "show_reading", shares.append)
    review.sound.write_to(tmp_path / "page.wav", (0.0, 10.0))
    assert window.session.background.busy
    qtbot.waitUntil(lambda: not window.session.background.busy, timeout=20_000)
    assert soundfile.info(tmp_path / "page.wav").duration == pytest.approx(10.0, abs=1e-3)
    told = [share for share in shares if share is not None]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert shares[-1] is None


def test_playing_never_keeps_the_window_waiting(qtbot, window, review, monkeypatch):
    go_on = threading.Event()

    def slow():
        go_on.wait(30)  # as drivers take their time
        return Silent("slow")

    review.sound.player.open_output = slow
    for step in (review.sound.toggle, review.sound.stop, review.sound.toggle, review.sound.stop):
        step()
    assert not go_on.is_set()  # every step came back while the driver was still opening
    assert not review.sound.player.playing
    go_on.set()


def test_leaving_the_room_stops_the_sound(qtbot, window, review):
    review.sound.toggle()
    assert review.sound.player.playing
    window.enter("annotate")
    assert not review.sound.player.playing
