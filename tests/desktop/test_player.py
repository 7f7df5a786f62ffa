"""The player: what is heard is what core computes, and the place is that of what was heard."""

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import resources
from core.errors import InputError
from core.signals import SoundStream, doppler_sound, open_recording
from desktop.services import player as player_module
from desktop.services import speaker
from desktop.services.player import Player, Track
from desktop.services.speaker import Loudspeaker, Silent, open_output


@pytest.fixture
def tcd():
    return open_recording(resources.path("demo/tcd_simulated.wav"))


@pytest.fixture
def player(qtbot, qapp):
    made = Player()
    yield made
    made.stop()
    qtbot.waitUntil(lambda: made._last is None or not made._last.is_alive())


class Clock:
    """A time that passes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Recorder(Silent):
    """Silence that keeps what it was given."""

    def __init__(self, clock):
        super().__init__("recorded", clock)
        self.kept = []

    def start(self, take):
        def keep(out):
            n = take(out)
            self.kept.append(out[:n].copy())
            return n

        super().start(keep)

    @property
    def sound(self):
        return np.concatenate(self.kept)


def maker(recording, speed=1.0):
    return lambda start, stop, fs: SoundStream(recording, 0, start, stop, speed=speed, fs_out=fs)


def through(qtbot, player, clock, step=0.2):
    """Let time pass until the sound ends."""

    def on():
        clock.now += step
        return not player.playing

    qtbot.waitUntil(on, timeout=20_000)


@pytest.mark.parametrize("speed", [1.0, 0.25])
def test_what_is_heard_is_what_core_computes(qtbot, player, tcd, speed):
    clock, places = Clock(), []
    output = Recorder(clock)
    player.open_output = lambda: output
    player.moved.connect(places.append)
    player.play(maker(tcd, speed), (4.0, 5.5))
    assert player.playing
    assert player.at_s == 4.0
    through(qtbot, player, clock, 0.05)
    np.testing.assert_array_equal(output.sound, doppler_sound(tcd, 0, 4.0, 5.5, speed=speed))
    assert places == sorted(places)
    assert 4.0 <= places[0] < 4.3
    assert 5.3 < places[-1] <= 5.5 + 1 / 4385


def test_the_place_is_that_of_what_was_heard(qtbot, player, tcd):
    clock = Clock()
    player.open_output = lambda: Silent("none", clock)
    player.play(maker(tcd, 0.5), (10.0, 20.0))
    qtbot.waitUntil(lambda: player.silence == "none")
    qtbot.waitUntil(lambda: player._playing._output is not None)
    ahead = lambda: player._playing.track.waiting > 1.6 * 44_100  # noqa: E731 - a condition, used twice
    qtbot.waitUntil(ahead)
    clock.now = 1.0
    qtbot.waitUntil(lambda: player.at_s == pytest.approx(10.5, abs=0.01))
    qtbot.waitUntil(ahead)
    clock.now = 2.5
    qtbot.waitUntil(lambda: player.at_s == pytest.approx(11.25, abs=0.01))


def test_over_and_over_begins_at_the_start_of_the_stretch(qtbot, player, tcd):
    clock = Clock()
    output = Recorder(clock)
    player.open_output = lambda: output
    player.play(maker(tcd), (4.0, 4.4), 4.3, loop=True)
    once = doppler_sound(tcd, 0, 4.0, 4.4)
    first = len(doppler_sound(tcd, 0, 4.3, 4.4))
    qtbot.waitUntil(
        lambda: setattr(clock, "now", clock.now + 0.05) or (len(output.kept) > 0 and len(output.sound) > 3 * len(once))
    )
    assert 4.0 <= player.at_s <= 4.4
    np.testing.assert_array_equal(output.sound[first : first + 2 * len(once)], np.concatenate([once, once]))


def test_volume_holds_at_once():
    track, out = Track(), np.ones((6, 2), np.float32)
    track.give(np.full((4, 2), 0.5, np.float32))
    track.volume = 0.5
    assert track.take(out[:3]) == 3
    assert track.take(out[3:]) == 1
    assert out[:, 0].tolist() == [0.25, 0.25, 0.25, 0.25, 0, 0]
    assert track.waiting == 0


def test_another_sound_waits_until_the_first_let_go_of_the_device(qtbot, player, tcd):
    log = []

    class Held(Silent):
        def __init__(self):
            super().__init__("held", Clock())
            log.append("open")

        def stop(self):
            time.sleep(0.2)  # as devices take
            log.append("close")

    player.open_output = Held
    for n in (1, 2):
        player.play(maker(tcd), (n, 9.0))
        qtbot.waitUntil(lambda n=n: log.count("open") == n)
    for n in (3, 4, 5):
        player.play(maker(tcd), (n, 9.0))  # stopped before they began, all but the last
    qtbot.waitUntil(lambda: log.count("open") == 3)
    player.stop()
    qtbot.waitUntil(lambda: log == ["open", "close"] * 3)


@pytest.mark.parametrize("how", ["broken", "frozen"])
def test_a_device_that_goes_away_is_told_in_plain_words(qtbot, player, tcd, monkeypatch, how):
    monkeypatch.setattr(player_module, "FROZEN_S", 0.2)

    class Unplugged:
        fs, silence, heard, broken = 44_100, "", 0, False

        def start(self, take):
            take(np.empty((1024, 2), np.float32))
            self.broken = how == "broken"

        def stop(self):
            self.stopped = True

    output, errors = Unplugged(), []
    player.open_output = lambda: output
    player.failed.connect(errors.append)
    player.play(maker(tcd), (0.0, 60.0))
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], InputError)
    assert "device went away" in str(errors[0])
    assert not player.playing
    assert output.stopped


def test_what_cannot_be_read_is_told(qtbot, player, tcd):
    errors = []
    player.open_output = lambda: Silent("none")
    player.failed.connect(errors.append)
    player.play(lambda start, stop, fs: SoundStream(tcd, "no such", start, stop), (0.0, 1.0))
    qtbot.waitUntil(lambda: bool(errors))
    assert "there is no channel 'no such'" in str(errors[0])


class Device:
    """What `sounddevice` offers of PortAudio, with a time that passes when it is told to."""

    def __init__(self):
        self.now, self.open = 100.0, []

    def query_devices(self, kind):
        return {"default_samplerate": 48000.0}

    def OutputStream(self, samplerate, channels, dtype, latency, callback):
        device = self

        class Stream(SimpleNamespace):
            time = property(lambda self: device.now)

            def start(self):
                self.active = True

            def abort(self, ignore_errors):
                self.active = False

            def close(self, ignore_errors):
                device.open.remove(self)

            def ask(self, frames):
                out = np.full((frames, 2), np.nan, np.float32)
                times = SimpleNamespace(outputBufferDacTime=device.now + self.latency, currentTime=device.now)
                callback(out, frames, times, None)
                return out

        assert (samplerate, channels, dtype) == (48000, 2, "float32")
        self.open.append(Stream(active=False, latency=latency))
        return self.open[0]


def test_the_sound_device_counts_what_was_heard_not_what_it_took(monkeypatch):
    device = Device()
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    output, track = Loudspeaker(), Track()
    stream = device.open[0]
    assert (output.fs, output.heard) == (48000, 0)
    track.give(np.full((4800, 2), 0.25, np.float32))
    output.start(track.take)
    assert not output.broken
    assert (stream.ask(2400) == 0.25).all()
    assert output.heard == 0  # not heard yet
    device.now += speaker.LATENCY_S + 0.02
    assert output.heard == 960
    device.now += 0.03
    assert (stream.ask(4800)[2400:] == 0).all()
    device.now += 1.0
    stream.ask(4800)
    assert output.heard == 4800
    stream.active = False
    assert output.broken
    output.stop()
    assert device.open == []
    assert not output.broken


def test_without_a_device_it_is_silent_and_says_why(monkeypatch):
    looked = []

    def none(kind):
        raise OSError("PortAudio library not found")

    gone = SimpleNamespace(
        query_devices=none, _terminate=lambda: looked.append(1), _initialize=lambda: looked.append(2)
    )
    monkeypatch.setitem(sys.modules, "sounddevice", gone)
    assert open_output().silence == "PortAudio library not found"
    assert looked == [1, 2]
    device = Device()  # plugged in since
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    found = open_output()
    assert found.silence == ""
    found.stop()
