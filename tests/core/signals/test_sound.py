import shutil
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.cli import main
from core.errors import InputError
from core.signals import (
    Band,
    Channel,
    Filters,
    Recording,
    SoundStream,
    apply_filters,
    doppler_sound,
    loudness_of,
    open_recording,
    write_sound,
)
from core.signals import sound as module
from tests.core.signals.arrays import Floats

FS, S = 4385.0, 4.0
T = np.arange(int(S * FS)) / FS


def recording(*rows, kinds, fs=FS):
    channels = tuple(Channel(kind, fs, "1", len(x), kind) for x, kind in zip(rows, kinds, strict=True))
    return Recording(Path("memory.wav"), "test", channels, Floats(rows))


def gate(z, fs=FS):
    return recording(z.real, z.imag, kinds=("doppler_i", "doppler_q"), fs=fs)


def tone(f, size=1.0):
    return size * np.exp(2j * np.pi * f * T)


def loud(y):
    """RMS of both ears in the middle, dB."""
    return 20 * np.log10(np.sqrt((y[len(y) // 4 : -len(y) // 4].astype(float) ** 2).mean(axis=0)) + 1e-12)


def pitch(y, fs=44_100):
    power = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return power.argmax() * fs / len(y)


@pytest.mark.parametrize("f", [60, 500, 1500, 2100])
def test_flow_towards_the_probe_is_left_and_away_from_it_right(f):
    left, right = loud(doppler_sound(gate(tone(f)), 0, 0, S))
    assert left - right > 30
    left, right = loud(doppler_sound(gate(tone(-f)), "doppler_q", 0, S))
    assert right - left > 30


def test_both_directions_at_once_keep_their_pitch_and_their_balance():
    y = doppler_sound(gate(tone(500) + 0.1 * tone(-800)), 0, 0, S)
    assert pitch(y[:, 0]) == pytest.approx(500, abs=0.5)
    assert pitch(y[:, 1]) == pytest.approx(800, abs=0.5)
    left, right = loud(y)
    assert left - right == pytest.approx(20, abs=0.5)
    assert len(y) == int(S * FS) * 8820 // 877
    assert y.dtype == np.float32


def test_channels_that_the_machine_parted_and_any_other():
    kinds = ("doppler_forward", "doppler_reverse", "ecg")
    one = recording(tone(300).real, 0.5 * tone(700).real, 100 + tone(40).real, kinds=kinds)
    for channel in (0, 1):
        y = doppler_sound(one, channel, 0, S)
        assert (pitch(y[:, 0]), pitch(y[:, 1])) == pytest.approx((300, 700), abs=0.5)
        assert np.subtract(*loud(y)) == pytest.approx(6, abs=0.3)
    y = doppler_sound(one, "ecg", 0, S)
    np.testing.assert_array_equal(y[:, 0], y[:, 1])
    assert pitch(y[:, 0]) == pytest.approx(40, abs=0.5)
    assert abs(y.mean()) < 0.01  # its offset is taken out


@settings(max_examples=15, deadline=None)
@given(block_s=st.floats(0.05, 3), start=st.floats(0, 2), fs=st.sampled_from([4385.0, 5000.0, 11_025.0, 173.61]))
def test_blocks_join_without_a_trace(block_s, start, fs):
    rng = np.random.default_rng(0)
    z = rng.standard_normal(8000) + 1j * rng.standard_normal(8000)
    z[3000:3200] = np.nan
    stop = start + 1.2
    whole = doppler_sound(gate(z, fs), 0, start, stop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_S", block_s)
        blocks = list(SoundStream(gate(z, fs), 0, start, stop))
    np.testing.assert_allclose(np.concatenate([np.zeros((0, 2)), *blocks]), whole, atol=1e-6)


def test_no_clicks_at_ends_and_gaps_and_silence_in_them():
    z = tone(200)
    z[8000:9000] = np.nan
    y = doppler_sound(gate(z), 0, 0, S)
    steepest = 0.5 * 2 * np.pi * 200 / 44_100  # of the tone itself
    assert np.abs(np.diff(y, axis=0)).max() < 1.3 * steepest
    assert np.abs(y[[0, -1]]).max() == 0
    gap = slice(round(8100 / FS * 44_100), round(8900 / FS * 44_100))
    assert np.abs(y[gap]).max() == 0
    assert np.abs(y).max() > 0.4


def test_slower_is_lower():
    for speed, f in ((1.0, 400), (0.5, 200), (0.25, 100), (2.0, 800)):
        y = doppler_sound(gate(tone(400)), 0, 1, 3, speed=speed)
        assert len(y) / 44_100 == pytest.approx(2 / speed, abs=0.01)
        assert pitch(y[:, 0]) == pytest.approx(f, abs=1)
    stream = SoundStream(gate(tone(400)), 0, 1, 3, speed=0.5)
    assert stream.time_at(0) == pytest.approx(1, abs=1 / FS)
    assert stream.time_at(stream.n_samples // 2) == pytest.approx(2, abs=1e-3)
    assert stream.time_at(10**9) == stream.stop_s


def test_loudness_is_that_of_the_recording_not_of_the_selection():
    z = tone(500) * np.where(T < 2, 0.1, 1.0)
    quiet, noisy = (loud(doppler_sound(gate(z), 0, *window))[0] for window in ((0.2, 1.8), (2.2, 3.8)))
    assert noisy - quiet == pytest.approx(20, abs=0.5)
    for size in (1e-6, 1e6):
        assert loud(doppler_sound(gate(size * z), 0, 2.2, 3.8))[0] == pytest.approx(noisy, abs=0.01)
    known = loudness_of(gate(z), 0)
    assert known.peak == pytest.approx(1, abs=0.05)
    again = np.concatenate(list(SoundStream(gate(z), 0, 2.2, 3.8, loudness=known)))
    np.testing.assert_array_equal(again, doppler_sound(gate(z), 0, 2.2, 3.8))


def test_loud_sound_is_pressed_together_and_silence_stays():
    y = doppler_sound(gate(tone(500, 3.0)), 0, 0, S, volume=10)
    assert 0.99 < np.abs(y).max() <= 1
    assert np.abs(doppler_sound(gate(tone(500)), 0, 0, S, volume=0)).max() == 0
    assert np.abs(doppler_sound(gate(0 * T + 0j), 0, 0, S)).max() == 0
    assert np.abs(doppler_sound(gate(np.nan * tone(1)), 0, 0, S)).max() == 0
    assert doppler_sound(gate(tone(500)), 0, 9, 10).shape == (0, 2)
    assert len(doppler_sound(gate(tone(500)[:100]), 0, 0, 1)) > 0


def test_playing_a_day_needs_the_memory_of_a_block():
    class Noise:
        def read(self, channel, start, stop):
            return np.random.default_rng(channel).standard_normal(stop - start)

    n = int(24 * 3600 * FS)
    channels = (Channel("I", FS, "1", n, "doppler_i"), Channel("Q", FS, "1", n, "doppler_q"))
    stream = SoundStream(Recording(Path("m"), "test", channels, Noise()), 0, 3600.0)
    blocks = iter(stream)
    next(blocks)
    tracemalloc.start()
    played = sum(len(block) for block in islice(blocks, 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000
    assert played / 44_100 == pytest.approx(10, abs=2)
    assert stream.n_samples / 44_100 == pytest.approx(23 * 3600, rel=1e-6)


def test_written_and_read_again(tmp_path, capsys):
    real = resources.path("demo/tcd_simulated.wav")
    out = tmp_path / "écoute.wav"
    assert main(["sound", str(real), str(out), "--start", "1", "--stop", "3", "--speed", "0.5"]) == 0
    assert "4.0 s of sound (simulated recording)" in capsys.readouterr().out
    again = open_recording(out)
    assert (again.simulated, again.fs, again.duration) == (True, (44_100.0,) * 2, pytest.approx(4, abs=0.01))
    expected = doppler_sound(open_recording(real), 0, 1, 3, speed=0.5)
    np.testing.assert_allclose(soundfile.read(out)[0], expected, atol=1e-4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["écoute.wav"]
    ecg = resources.path("demo/208.hea")
    assert main(["sound", str(ecg), str(out), "--stop", "2", "--channel", "1", "--replace"]) == 0
    assert not open_recording(out).simulated
    assert main(["sound", str(ecg), str(tmp_path / "b.wav"), "--channel", "nothing"]) == 1
    assert "there is no channel" in capsys.readouterr().err


def test_what_cannot_be_played_or_written(tmp_path):
    one = gate(tone(500))
    for wrong in (
        {"speed": 0},
        {"speed": 100},
        {"volume": -1},
        {"volume": np.nan},
        {"fs_out": 100},
        {"start_s": np.nan},
    ):
        with pytest.raises(InputError, match=f"{next(iter(wrong))} must be"):
            SoundStream(one, 0, **wrong)
    with pytest.raises(InputError, match=r"ends in \.wav"):
        write_sound(tmp_path / "a.mp3", np.zeros((10, 2)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="could not be written"):
        write_sound(tmp_path / "file" / "a.wav", np.zeros((10, 2)))
    write_sound(tmp_path / "a.wav", np.zeros((10, 2)), 8000)
    (tmp_path / "a.wav").chmod(0o600)

    class Broken(SoundStream):
        def __iter__(self):
            yield np.zeros((10, 2), np.float32)
            raise InputError("samples cannot be read")

    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(InputError, match="cannot be read"):
        write_sound(tmp_path / "a.wav", Broken(one, 0))
    assert (tmp_path / "a.wav").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav", "file"]


def test_sound_never_replaces_the_recording_that_it_plays(tmp_path, capsys):
    wav, link = tmp_path / "b.wav", tmp_path / "link.wav"
    shutil.copyfile(resources.path("demo/tcd_simulated.wav"), wav)
    link.hardlink_to(wav)
    before = wav.read_bytes()
    some = apply_filters(open_recording(wav), Filters({"doppler": Band(high_pass_hz=50.0)}))
    for target in (wav, link):
        with pytest.raises(InputError, match="is the recording b itself"):
            write_sound(target, SoundStream(some, 0, 0, 0.1))
        assert main(["sound", str(wav), str(target), "--replace"]) == 1
        assert "is the recording b itself" in capsys.readouterr().err
    assert wav.read_bytes() == before


def test_sound_never_replaces_a_part_of_its_recording(tmp_path):
    for name in ("208.hea", "208.dat"):
        shutil.copyfile(resources.path(f"demo/{name}"), tmp_path / name)
    (tmp_path / "208.wav").hardlink_to(tmp_path / "208.dat")
    before = (tmp_path / "208.dat").read_bytes()
    with pytest.raises(InputError, match="is a file of the recording 208"):
        write_sound(tmp_path / "208.wav", SoundStream(open_recording(tmp_path / "208.hea"), 0, 0, 0.1))
    assert (tmp_path / "208.dat").read_bytes() == before


def test_the_command_replaces_a_file_only_when_that_is_said(tmp_path, capsys):
    ecg, out = str(resources.path("demo/208.hea")), tmp_path / "a.wav"
    out.write_bytes(b"another sound")
    assert main(["sound", ecg, str(out), "--stop", "1"]) == 1
    assert "--replace" in capsys.readouterr().err
    assert out.read_bytes() == b"another sound"
    assert main(["sound", ecg, str(out), "--stop", "1", "--replace"]) == 0
    assert soundfile.info(out).frames == 44_100
