import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.signals import (
    Channel,
    Recording,
    doppler_shift_hz,
    gate_of,
    grid_for,
    levels_of,
    log_spectrogram,
    open_recording,
    read_tile,
    velocity_cm_s,
)
from tests.core.signals.arrays import Floats

FS = 4385.0


def gate(z, fs=FS):
    kinds = ("doppler_i", "doppler_q")
    channels = tuple(Channel(kind[-1].upper(), fs, "1", len(z), kind) for kind in kinds)
    return Recording(Path("memory.wav"), "test", channels, Floats((z.real, z.imag)))


def eeg(x, fs=160.0):
    return Recording(Path("memory.edf"), "test", (Channel("Cz", fs, "µV", len(x), "eeg"),), Floats((x,)))


def noise(n):
    rng = np.random.default_rng(0)
    return rng.standard_normal(n) + 1j * rng.standard_normal(n)


@settings(max_examples=80, deadline=None)
@given(length_s=st.floats(0.05, 90_000), pixels=st.integers(100, 4000), hours=st.floats(0.001, 30))
def test_one_to_two_columns_a_pixel_and_tiles_that_cover_the_page(length_s, pixels, hours):
    n = int(hours * 3600 * FS)
    channels = (Channel("I", FS, "1", n, "doppler_i"), Channel("Q", FS, "1", n, "doppler_q"))
    one = Recording(Path("m"), "test", channels, Floats(()))
    grid = grid_for(one, 0, length_s, pixels)
    shown = min(length_s, one.duration)
    columns = shown * FS / grid.hop
    assert columns <= 2 * pixels + 1
    assert columns >= pixels - 1 or grid.hop == grid.nfft // 32  # else nearer frames would show the same
    assert grid.hop & (grid.hop - 1) == 0
    assert grid.nfft == 128
    assert grid.share == 1.0 or grid.share == grid.nfft / grid.hop
    assert grid_for(one, 1, length_s, pixels) == grid
    start = 0.3 * one.duration
    tiles = grid.tiles(start, shown)
    assert grid.span(tiles[0])[0] <= start + 1e-9
    assert grid.span(tiles[-1])[1] >= min(start + shown, one.duration) - 1e-6
    assert grid.tiles(one.duration + 1e6, 10) == range(grid.n_tiles, grid.n_tiles)


def test_tiles_side_by_side_are_the_spectrogram_of_the_whole():
    z = noise(40_000)
    one = gate(z)
    grid = grid_for(one, "Q", 2.0, 500)
    tiles = [read_tile(one, "Q", grid, k) for k in range(grid.n_tiles)]
    db = np.concatenate([tile.db for tile in tiles], axis=1)
    assert db.dtype == np.float32
    assert (tiles[0].stop_s, tiles[0].start_s) == (tiles[1].start_s, 0.0)
    before = grid.nfft // 2 - grid.hop // 2  # samples that the first frame would begin before the recording
    lost = -(-before // grid.hop)
    expected = log_spectrogram(z[lost * grid.hop - before :], FS, grid.nfft, grid.hop)
    np.testing.assert_allclose(db[:, lost : lost + expected.db.shape[1]], expected.db, atol=0.01)
    assert np.isnan(db[:, :lost]).all()
    assert np.isnan(db[:, lost + expected.db.shape[1] :]).all()
    np.testing.assert_array_equal(tiles[0].freqs_hz, expected.freqs_hz)
    middles = (np.arange(db.shape[1]) + 0.5) * grid.hop / FS
    np.testing.assert_allclose(
        middles[lost : lost + 5], (lost * grid.hop - before) / FS + expected.times_s[:5], atol=1e-9
    )


def test_forward_flow_is_above_zero_and_real_signals_have_one_side():
    t = np.arange(20_000) / FS
    one = gate(np.exp(2j * np.pi * -700 * t))
    grid = grid_for(one, 0, 4.0, 400)
    tile = read_tile(one, 0, grid, 1)
    assert tile.freqs_hz[np.nanmean(tile.db, axis=1).argmax()] == pytest.approx(-700, abs=FS / 128)
    real = open_recording(resources.path("demo/S001R04.edf"))
    grid = grid_for(real, 0, 10.0, 600)
    tile = read_tile(real, 0, grid, 0)
    assert (grid.nfft, grid.two_sided) == (128, False)
    assert tile.db.shape == (65, 256)
    assert tile.freqs_hz[[0, -1]].tolist() == [0.0, 80.0]


@pytest.mark.parametrize(
    ("kind", "fs", "hz"),
    [
        ("eeg", 256.0, 1),
        ("eog", 512.0, 1),
        ("ecg", 256.0, 2),
        ("other", 256.0, 2),
        ("doppler_forward", 4385.0, 4385 / 128),
        ("doppler_reverse", 4385.0, 4385 / 128),
        ("audio", 11_025.0, 11_025 / 256),
    ],
)
def test_rows_are_as_far_apart_as_suits_the_kind(kind, fs, hz):
    one = Recording(Path("m"), "test", (Channel("x", fs, "1", 100_000, kind),), Floats(()))
    freqs_hz = grid_for(one, 0, 10.0, 600).freqs_hz
    assert freqs_hz[1] - freqs_hz[0] == hz


@pytest.mark.parametrize(("pixels", "looks"), [(600, 1), (512, 16), (1, 1)])
def test_an_offset_is_no_slow_wave(pixels, looks):
    n = 2**20
    x = np.sin(2 * np.pi * 10 * np.arange(n) / 160) + np.random.default_rng(0).standard_normal(n)
    drifting = x + 46_000 + np.linspace(0, 50, n)
    grid = grid_for(eeg(x), 0, 20.0 if pixels == 600 else n / 160, pixels, nfft=128)
    assert grid.looks == looks
    plain, shifted = (read_tile(eeg(of), 0, grid, 0).db for of in (x, drifting))
    np.testing.assert_allclose(shifted[:, 20:60], plain[:, 20:60], atol=2)
    assert grid.freqs_hz[np.nanmean(shifted, axis=1).argmax()] == 10.0
    np.testing.assert_allclose(levels_of(eeg(drifting), 0, grid), levels_of(eeg(x), 0, grid), atol=0.5)


def test_what_does_not_move_is_shown_of_a_gate():
    one = gate(np.full(4000, 3 + 4j))
    tile = read_tile(one, 0, grid_for(one, 0, 0.5, 400), 0)
    assert tile.freqs_hz[np.nanmean(tile.db, axis=1).argmax()] == 0.0


def test_a_frame_with_an_infinite_sample_is_missing():
    x = np.random.default_rng(0).standard_normal(16_000)
    x[8000] = np.inf
    grid = grid_for(eeg(x), 0, 20.0, 400)
    db = np.concatenate([read_tile(eeg(x), 0, grid, k).db for k in range(grid.n_tiles)], axis=1)
    assert np.isnan(db[:, 8000 // grid.hop]).all()
    assert np.isfinite(db[:, 4000 // grid.hop]).all()


def test_a_column_of_a_long_page_is_the_mean_power_of_all_its_frames_or_of_its_middle_one():
    z = noise(256 * 8192 + 200) * np.repeat([1, 10], [256 * 4096, 256 * 4096 + 200])
    one = gate(z)
    grid = grid_for(one, 0, len(z) / FS, 1000)
    assert (grid.hop, grid.looks, grid.share) == (2048, 16, 1.0)
    tile = read_tile(one, 0, grid, 1)
    x = z[256 * 2048 :][: 256 * 2048].reshape(256, 16, 128) * np.blackman(128)
    power = (np.abs(np.fft.fftshift(np.fft.fft(x), axes=-1)) ** 2).mean(axis=1).T
    np.testing.assert_allclose(tile.db, 10 * np.log10(power), atol=0.01)
    grid = grid_for(one, 0, len(z) / FS, 200)
    assert (grid.hop, grid.looks, grid.share) == (8192, 1, 128 / 8192)
    one.source.reads.clear()
    tile = read_tile(one, 0, grid, 0)
    assert sum(stop - start for _, start, stop in one.source.reads) == 2 * 256 * 128  # I and Q of the frames only
    expected = log_spectrogram(z[100 * 8192 + 4096 - 64 :][:128], FS, 128, 128).db[:, 0]
    np.testing.assert_allclose(tile.db[:, 100], expected, atol=0.01)


def test_what_touches_a_gap_is_missing_and_nothing_else():
    x = np.random.default_rng(0).standard_normal(160 * 100)
    x[8000:8100] = np.nan
    one = eeg(x)
    grid = grid_for(one, 0, 20.0, 400)
    db = np.concatenate([read_tile(one, 0, grid, k).db for k in range(grid.n_tiles)], axis=1)
    begins = np.arange(db.shape[1]) * grid.hop + grid.hop // 2 - grid.nfft // 2
    touches = (begins < 0) | (begins + grid.nfft > len(x)) | ((begins + grid.nfft > 8000) & (begins < 8100))
    np.testing.assert_array_equal(np.isnan(db).all(axis=0), touches)
    np.testing.assert_array_equal(np.isnan(db).any(axis=0), touches)
    grid = grid_for(one, 0, 100.0, 30, nfft=32)  # several frames a column: those that are whole
    assert grid.looks > 4
    assert not np.isnan(read_tile(one, 0, grid, 0).db[:, 8200 // grid.hop]).any()


def test_memory_and_levels_do_not_grow_with_the_recording():
    class Endless:
        reads = 0

        def read(self, channel, start, stop):
            Endless.reads += 1
            return np.random.default_rng((start, channel)).standard_normal(stop - start)

    channels = (Channel("I", FS, "1", 10**10, "doppler_i"), Channel("Q", FS, "1", 10**10, "doppler_q"))
    one = Recording(Path("m"), "test", channels, Endless())
    for length_s in (1.0, 100.0, 5000.0, 86_400.0):
        grid = grid_for(one, 0, length_s, 1900)
        read_tile(one, 0, grid, 0)
        tracemalloc.start()
        read_tile(one, 0, grid, grid.n_tiles // 2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40_000_000
    Endless.reads = 0
    low, high = levels_of(one, 0, grid, (0, 3))
    assert Endless.reads <= 2 * 120
    expected = 10 * np.log10(2 * (np.blackman(128) ** 2).sum()) - 2.51  # mean of the dB of exponential power
    assert low == pytest.approx(expected, abs=0.2)
    assert high - low == pytest.approx(3 * 5.57, abs=0.3)


def test_levels_of_silence_of_gaps_and_wrong_ones():
    one = eeg(np.zeros(1000))
    grid = grid_for(one, 0, 5.0, 100)
    assert levels_of(one, 0, grid) == (0.0, 1.0)
    assert levels_of(eeg(np.full(1000, np.nan)), 0, grid) == (0.0, 1.0)
    for clip in ((3, 0), (0, np.nan), ("0", 3)):
        with pytest.raises(InputError, match="clip_"):
            levels_of(one, 0, grid, clip)


def test_grids_and_tiles_that_cannot_be():
    one = eeg(np.zeros(1000))
    for wrong in ({"length_s": 0}, {"pixels": 0}, {"nfft": 1}, {"nfft": 48}, {"nfft": 1024}, {"channel": "x"}):
        with pytest.raises(InputError):
            grid_for(**{"recording": one, "channel": 0, "length_s": 5.0, "pixels": 100, **wrong})
    grid = grid_for(one, 0, 5.0, 100)
    for index in (-1, grid.n_tiles):
        with pytest.raises(InputError, match="there is no tile"):
            read_tile(one, 0, grid, index)


def test_the_doppler_equation():
    assert velocity_cm_s(1300, 2e6) == pytest.approx(50.05)  # 1540 · 1300 / (2 · 2 MHz) = 0.5005 m/s
    assert velocity_cm_s(1300, 2e6, 60) == pytest.approx(100.1)
    f = np.array([-500.0, 0.0, 900.0])
    np.testing.assert_allclose(doppler_shift_hz(velocity_cm_s(f, 2.5e6, 30), 2.5e6, 30), f)
    for wrong in ({"emission_hz": 0}, {"angle_deg": 90}, {"angle_deg": -1}, {"sound_speed_m_s": 0}):
        with pytest.raises(InputError):
            velocity_cm_s(**{"frequency_hz": 100.0, "emission_hz": 2e6, **wrong})
    assert gate_of(gate(noise(10)), "Q") == 0
    assert gate_of(eeg(np.zeros(3)), 0) is None
