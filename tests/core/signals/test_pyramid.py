"""What a pyramid answers: never an extreme lost, wherever it is looked at and however far it is built."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, JobCancelled
from core.jobs import NullReporter
from core.signals import build_pyramid, open_pyramid, open_recording
from tests.core.signals.arrays import Floats, Integers, recording
from tests.core.signals.test_edf import write_edf


class StopAfter(NullReporter):
    """Asks to stop after some steps."""

    def __init__(self, steps):
        self.left = steps

    def progress(self, done, total, message=""):
        self.left -= 1

    def check(self):
        if self.left <= 0:
            raise JobCancelled("stopped as asked")


def some_recording(kind, n, fs, seed):
    """Return two channels with gaps, the second stored upside down where integers are stored."""
    rng = np.random.default_rng(seed)
    missing = np.zeros(n, bool)
    for _ in range(2):
        at, length = rng.integers(0, n), int(rng.integers(0, n // 3 + 1))
        missing[at : at + length] = True
    if kind == "float":
        x = rng.standard_normal((2, n)).cumsum(axis=1).astype(np.float32).astype(np.float64)
        x[:, missing] = np.nan
        return recording(Floats(list(x)), fs)
    dtype = np.dtype(kind)
    x = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (2, n), dtype=dtype, endpoint=True)
    return recording(Integers(list(x), [0.5, -0.1], [3.0, -7.0], missing), fs)


def check_line(x, fs, line, start_s, stop_s, built_s):
    """Check that each bin holds exactly the extremes of its samples, and that no sample of the window is left out."""
    t, low, high = line
    assert len(t) == len(low) == len(high)
    firsts = np.rint(t * fs).astype(int)
    size = int(np.diff(firsts).max(initial=1)) if len(t) > 1 else len(x)
    window = x[max(0, int(np.floor(start_s * fs))) : int(np.ceil(stop_s * fs)) + 1]
    if len(window) and len(t):
        assert firsts[0] <= max(0, start_s * fs)
        assert len(t) == 1 or firsts[-1] + size >= min(len(x) - 1, stop_s * fs)
    for n, first in enumerate(firsts):
        if len(t) == 1:  # its length is not known: it holds at least the window
            inside = window[np.isfinite(window)]
            assert not len(inside) or np.isnan(low[0]) or low[0] <= inside.min() <= inside.max() <= high[0]
        elif np.isnan(low[n]):
            inside = x[first : first + size]
            assert np.isnan(inside).all() or (first + size) / fs > built_s
        else:
            inside = x[first : first + size]
            assert (low[n], high[n]) == (np.nanmin(inside), np.nanmax(inside))


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["float", "int16", "int32"]),
    n=st.one_of(st.integers(1, 300), st.integers(1, 60_000)),
    fs=st.sampled_from([0.05, 1.0, 7.3, 100.0]),
    seed=st.integers(0, 1000),
    window=st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)),
    n_bins=st.integers(1, 300),
    steps=st.sampled_from([0, 1, 3, 10_000]),
)
def test_every_bin_holds_the_extremes_of_its_samples(tmp_path_factory, kind, n, fs, seed, window, n_bins, steps):
    some, folder = some_recording(kind, n, fs, seed), tmp_path_factory.mktemp("p")
    pyramid = open_pyramid(some, folder)
    try:
        build_pyramid(some, folder, StopAfter(steps))
    except JobCancelled:
        assert pyramid.built_s < some.duration
    start_s, stop_s = sorted(share * n / fs for share in window)
    for number, line in enumerate(pyramid.query_page([0, 1], start_s, stop_s, n_bins)):
        check_line(some.read(number, 0, n), fs, line, start_s, stop_s, np.inf)  # short enough to be read from samples
        known = pyramid.query(number, start_s, stop_s, n_bins)
        for a, b in zip(line, known, strict=True):
            np.testing.assert_array_equal(a, b)


@settings(max_examples=40, deadline=None)
@given(steps=st.integers(0, 12), window=st.tuples(st.floats(0, 1), st.floats(0, 1)), n_bins=st.integers(1, 40))
def test_long_windows_are_missing_where_nothing_is_built_yet(tmp_path_factory, steps, window, n_bins):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.signals.pyramid.FROM_SAMPLES", 0)
        n, fs = 120_000, 10.0
        some, folder = some_recording("int16", n, fs, steps), tmp_path_factory.mktemp("p")
        pyramid = open_pyramid(some, folder)
        try:
            build_pyramid(some, folder, StopAfter(steps))
        except JobCancelled:
            assert pyramid.built_s == pytest.approx(steps * 4096 / fs)
        start_s, stop_s = sorted(share * n / fs for share in window)
        line = pyramid.query(1, start_s, stop_s, n_bins)
        check_line(some.read(1, 0, n), fs, line, start_s, stop_s, pyramid.built_s)
        t, low, _ = line
        if len(t) > 1 and t[1] - t[0] >= 6.4:
            assert np.isnan(low[t >= pyramid.built_s]).all()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 20_000), spike=st.floats(0, 1), window=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_extreme_is_ever_lost(tmp_path_factory, n, spike, window):
    x = np.sin(np.arange(n) / 7.0)
    at = min(int(spike * n), n - 1)
    x[at] = 50.0
    pyramid = build_pyramid(recording(Floats([x])), tmp_path_factory.mktemp("p"))
    start, stop = sorted(f * n / 100.0 for f in window)
    for n_bins in (10, 200):
        _, low, high = pyramid.query(0, start, stop, n_bins)
        if start <= at / 100.0 <= stop:
            assert high.max() == 50.0
        assert np.all(low <= high)


def test_zoomed_in_gives_the_samples_and_zoomed_out_about_one_value_per_bin(tmp_path):
    x = np.random.default_rng(0).standard_normal(500_000)
    pyramid = build_pyramid(recording(Floats([x])), tmp_path)
    t, low, high = pyramid.query("c0", 10.0, 12.0, 1000)
    assert low is high
    np.testing.assert_array_equal(low, x[1000:1201])
    np.testing.assert_array_equal(t, np.arange(1000, 1201) / 100.0)
    for stop_s in (100.0, 700.0, 5000.0):
        t, low, high = pyramid.query("c0", 0.0, stop_s, 1000)
        assert 700 <= len(t) <= 2000
    np.testing.assert_allclose([low.min(), high.max()], [x.min(), x.max()], rtol=1e-6)


def test_bins_stay_the_same_when_the_window_moves(tmp_path):
    x = np.random.default_rng(0).standard_normal(200_000)
    pyramid = build_pyramid(recording(Floats([x])), tmp_path)
    for length_s in (30.0, 1500.0):
        (t, low, _), (moved_t, moved_low, _) = (
            pyramid.query(0, start_s, start_s + length_s, 200) for start_s in (100.0, 100.37)
        )
        known, moved = (dict(zip(at, line, strict=True)) for at, line in ((t, low), (moved_t, moved_low)))
        common = known.keys() & moved.keys()
        assert len(common) > 0.95 * len(t)
        assert [known[at] for at in common] == [moved[at] for at in common]


def test_channels_of_different_rates_share_a_page(tmp_path):
    x = [np.arange(50_000.0), np.arange(500.0), np.empty(0), -np.arange(50_000.0)]
    some = recording(Floats(x), [100.0, 1.0, 1.0, 100.0])
    lines = build_pyramid(some, tmp_path).query_page(["c3", 1, 2, 0], 0.0, 500.0, 50)
    assert [len(t) for t, _, _ in lines][2] == 0
    for number, line in zip([3, 1, 0], [lines[0], lines[1], lines[3]], strict=True):
        check_line(x[number], some.fs[number], line, 0.0, 500.0, np.inf)


def test_a_page_of_an_edf_with_a_gap_and_a_gain_below_zero(tmp_path):
    digits = np.random.default_rng(0).integers(-3000, 3000, (40, 100))
    onsets = np.arange(40.0) + 30 * (np.arange(40) >= 20)
    path = write_edf(tmp_path / "gap.edf", [digits, digits], onsets)
    head = path.read_bytes()
    at = 256 + (16 + 80 + 8) * 3  # the physical minima: of the first channel, above its maximum
    path.write_bytes(head[:at] + b"32767   " + head[at + 8 : at + 24] + b"-32768  " + head[at + 32 :])
    some = open_recording(path)
    pyramid = build_pyramid(some, tmp_path / "arrays")
    assert np.load(pyramid.folder / "levels-0.npy", allow_pickle=False).dtype == np.int16
    for n_bins in (7, 50, 400, 10_000):
        for number, line in enumerate(pyramid.query_page([0, 1], 0.0, 70.0, n_bins)):
            x = some.read(number, 0, 7000)
            assert np.isnan(x[2000:5000]).all()
            check_line(x, 100.0, line, 0.0, 70.0, np.inf)
    x, y = (some.read(number, 0, 2000) for number in range(2))
    np.testing.assert_allclose(x, -1 - y)


def test_open_before_it_is_built(tmp_path):
    some = recording(Floats([np.ones(500_000)]))
    pyramid = open_pyramid(some, tmp_path)
    assert (pyramid.built_s, pyramid.complete) == (0.0, False)
    assert list(tmp_path.iterdir()) == []
    build_pyramid(some, tmp_path)
    assert (pyramid.built_s, pyramid.complete) == (5000.0, True)


def test_unknown_channel(tmp_path):
    with pytest.raises(InputError, match="no channel"):
        open_pyramid(recording(Floats([np.ones(5)])), tmp_path).query_page([0, "x"], 0, 1, 5)
