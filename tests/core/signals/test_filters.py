import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from core.errors import InputError
from core.signals import (
    FILTER_PRESETS,
    Band,
    Channel,
    Filters,
    Recording,
    apply_filters,
    apply_montage,
    default_filters,
    make_montage,
    open_recording,
)
from tests.core.signals.arrays import Floats

BANDS = [
    (256.0, Band(0.5, 70.0, 50.0)),
    (250.0, Band(0.05, 100.0)),
    (4385.0, Band(100.0)),
    (160.0, Band(None, 40.0, 60.0)),
]


def recording(*rows, fs=250.0, kinds=("eeg",)):
    channels = tuple(
        Channel(f"c{n}", fs, "µV", len(x), kind) for n, (x, kind) in enumerate(zip(rows, kinds, strict=True))
    )
    return Recording(Path("memory.edf"), "test", channels, Floats(rows))


def filtered(x, fs, band, kind="eeg"):
    return apply_filters(recording(x, fs=fs, kinds=(kind,)), Filters({kind: band}))


@settings(max_examples=60, deadline=None)
@given(
    which=st.sampled_from(BANDS),
    window=st.tuples(st.floats(0, 1), st.integers(0, 3000)),
    gaps=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 500)), max_size=4),
    offset=st.sampled_from([0.0, 1e5]),
    walk=st.booleans(),
)
def test_any_window_is_that_part_of_the_whole(which, window, gaps, offset, walk):
    fs, band = which
    x = np.random.default_rng(len(gaps)).standard_normal(60_000)
    x = (np.cumsum(x) if walk else x) + offset
    spread = x.std()
    for at, length in gaps:
        x[int(at * len(x)) : int(at * len(x)) + length] = np.nan
    shown = filtered(x, fs, band)
    whole = shown.read(0, 0, len(x))
    start = int(window[0] * (len(x) - 1))
    stop = min(len(x), start + window[1])
    part = shown.read(0, start, stop)
    np.testing.assert_array_equal(np.isnan(part), np.isnan(x[start:stop]))
    np.testing.assert_allclose(part, whole[start:stop], rtol=0, atol=1e-6 * spread)


@pytest.mark.parametrize(("f", "gain"), [(0.05, 0.0), (0.5, 0.5), (10.0, 1.0), (50.0, 0.0), (70.0, 0.5), (110.0, 0.0)])
def test_what_passes_and_without_delay(f, gain):
    fs, n = 256.0, 60_000
    t = np.arange(n) / fs
    y = filtered(np.sin(2 * np.pi * f * t), fs, Band(0.5, 70.0, 50.0)).read(0, 20_000, 40_000)
    carrier = np.exp(-2j * np.pi * f * t[20_000:40_000]) * np.hanning(20_000)
    amplitude = 2j * (y * carrier).sum() / np.hanning(20_000).sum()
    assert amplitude.real == pytest.approx(gain, abs=0.03)
    assert amplitude.imag == pytest.approx(0, abs=0.01)  # no delay


def test_pieces_between_gaps_do_not_know_of_each_other():
    x = np.random.default_rng(0).standard_normal(4000)
    x[2000:2003] = np.nan
    x[3001:3002] = np.inf
    one = filtered(x, 250.0, Band(0.5, 40.0)).read(0, 0, 4000)
    y = x.copy()
    y[2003:] = np.nan
    np.testing.assert_array_equal(one[:2000], filtered(y, 250.0, Band(0.5, 40.0)).read(0, 0, 4000)[:2000])
    assert np.flatnonzero(np.isnan(one)).tolist() == [2000, 2001, 2002, 3001]
    alone = np.full(10, np.nan)
    alone[4] = 3.0
    assert filtered(alone, 250.0, Band(None, 40.0)).read(0, 0, 10)[4] == pytest.approx(3.0)
    assert filtered(alone, 250.0, Band(1.0)).read(0, 0, 10)[4] == pytest.approx(0.0)


def test_a_large_offset_leaves_no_step_at_the_ends():
    x = 1e5 + np.random.default_rng(0).standard_normal(20_000)
    assert np.abs(filtered(x, 250.0, Band(0.5)).read(0, 0, 20_000)).max() < 20


def test_a_wall_filter_of_i_and_q_is_that_of_the_complex_signal():
    fs, n = 5000.0, 20_000
    t = np.arange(n) / fs
    z = 200 * np.exp(2j * np.pi * 20 * t) + np.exp(2j * np.pi * -900 * t)
    one = recording(z.real, z.imag, fs=fs, kinds=("doppler_i", "doppler_q"))
    shown = apply_filters(one, Filters({"doppler": Band(100.0)}))
    y = shown.read_iq(0, 5000, 15_000)
    np.testing.assert_allclose(y, np.exp(2j * np.pi * -900 * t[5000:15_000]), atol=0.4)  # the wall 56 dB lower
    power = np.abs(np.fft.fft(y * np.hanning(len(y)))) ** 2
    assert np.fft.fftfreq(len(y), 1 / fs)[power.argmax()] == -900
    real = open_recording(resources.path("demo/tcd_simulated.wav"))
    assert default_filters(real).sentence() == "Doppler above 100 Hz"
    assert apply_filters(real, default_filters(real)).simulated


def test_memory_is_that_of_the_window_and_its_margins():
    class Zeros:
        def read(self, channel, start, stop):
            return np.zeros(stop - start)

    one = Recording(Path("m"), "test", (Channel("x", 250.0, "µV", 10**9, "eeg"),), Zeros())
    shown = apply_filters(one, Filters({"eeg": Band(0.5, 40.0)}))
    shown.read(0, 0, 10)
    tracemalloc.start()
    shown.read(0, 500_000_000, 500_010_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_sentence_of_the_status_line():
    filters = Filters({"eeg": Band(0.5, 40.0, 50.0), "ecg": Band(0.05, 150.0), "eog": Band()})
    assert filters.sentence() == "EEG 0.5–40 Hz, notch 50; ECG 0.05–150 Hz"
    assert Filters({"eeg": Band(0.5), "ecg": Band(None, 40.0), "other": Band(None, None, 60.0)}).sentence() == (
        "EEG above 0.5 Hz; ECG below 40 Hz; Other notch 60 Hz"
    )
    assert Filters().sentence() == Filters({"eeg": Band()}).sentence() == "no filter"
    assert Filters.from_json(filters.to_json()) == filters


def test_what_is_not_filtered_is_the_same_and_montages_compose():
    one = recording(np.ones(100), np.arange(100.0), kinds=("eeg", "ecg"))
    assert apply_filters(one, Filters({"eog": Band(1.0)})) is one
    shown = apply_filters(one, Filters({"eeg": Band(1.0)}))
    np.testing.assert_array_equal(shown.read(1, 3, 70), np.arange(3.0, 70.0))
    real = open_recording(resources.path("demo/S001R04.edf"))
    bipolar = apply_montage(real, make_montage("longitudinal", real))
    band = Filters({"eeg": Band(0.5, 40.0)})
    both, filtered_first = apply_filters(bipolar, band), apply_filters(real, band)
    assert both.derivation == f"{bipolar.derivation} filters:eeg:0.5-40.0-None"
    first = [c.name for c in real.channels if c.name.upper() in ("F7", "T7")]
    expected = filtered_first.read(first[0], 500, 900) - filtered_first.read(first[1], 500, 900)
    np.testing.assert_allclose(both.read("F7-T7", 500, 900), expected, atol=1e-5)  # both are linear
    keys = {apply_filters(one, Filters({"eeg": b})).derivation for b in (Band(1.0), Band(2.0), Band(None, 1.0))}
    assert len(keys) == 3


def test_frequencies_that_cannot_be_are_refused():
    with pytest.raises(InputError, match=r"c0 is sampled at 100 Hz: it cannot be filtered at 70, 50 Hz"):
        filtered(np.zeros(100), 100.0, Band(0.5, 70.0, 50.0))
    for fields in ({"high_pass_hz": 0}, {"low_pass_hz": -1.0}, {"notch_hz": "50"}, {"high_pass_hz": float("nan")}):
        with pytest.raises(InputError, match="must be a number above 0, or nothing"):
            Band(**fields)
    with pytest.raises(InputError, match="nothing lies above 40 Hz and below 30 Hz"):
        Band(40.0, 30.0)
    with pytest.raises(InputError, match="filtering has no doppler_i"):
        Filters({"doppler_i": Band(100.0)})
    for wrong in ([], {"eeg": 1}, {"x": {}}, {"eeg": {"low": 1.0}}, {"eeg": {"low_pass_hz": "1"}}):
        with pytest.raises(InputError):
            Filters.from_json(wrong)


def test_damage_is_told_once_whatever_was_derived(tmp_path):
    class Broken:
        def read(self, channel, start, stop):
            raise OSError("gone")

    channels = tuple(Channel(name, 250.0, "µV", 1000, "eeg") for name in ("F3", "C3"))
    (tmp_path / "memory.edf").touch()  # what has gone altogether is told of in other words
    one = Recording(tmp_path / "memory.edf", "test", channels, Broken())
    shown = apply_filters(apply_montage(one, make_montage("average", one)), Filters({"eeg": Band(1.0)}))
    with pytest.raises(InputError, match=r"memory\.edf: samples 0 to 1000 cannot be read \(OSError: gone\)\. The"):
        shown.read(0, 100, 200)


def test_defaults_are_what_the_sampling_rates_allow():
    one = recording(np.zeros(10), np.zeros(10), fs=90.0, kinds=("eeg", "other"))
    assert default_filters(one, 60).by_kind == {"eeg": Band(0.5, None, None)}
    one = recording(np.zeros(10), np.zeros(10), fs=500.0, kinds=("eeg", "ecg"))
    assert default_filters(one, 60).by_kind == {"eeg": Band(0.5, 70.0, 60), "ecg": Band(0.5, 40.0, 60)}
    apply_filters(one, default_filters(one))
    assert {preset.kind for preset in FILTER_PRESETS.values()} == {"eeg", "ecg", "emg", "eog", "doppler"}
